//! What a provider does around a delivery.

use std::time::Duration;

use super::{Interactive, RetrySignature};

/// How a provider treats its deliveries: how long it waits for the answer,
/// whether it sends again, how much it sends, and so how long an event has to
/// be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub(super) body_limit: usize,
    pub(super) ack_deadline: Duration,
    pub(super) retries: Retries,
    pub(super) retention: Duration,
    pub(super) interactive: Interactive,
    pub(super) retry_signature: RetrySignature,
}

impl Profile {
    /// The largest body that is accepted, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// How long the provider waits for the answer.
    #[must_use]
    pub fn ack_deadline(&self) -> Duration {
        self.ack_deadline
    }

    /// When the provider sends a delivery again that was not acknowledged.
    #[must_use]
    pub fn retries(&self) -> &Retries {
        &self.retries
    }

    /// How long a handled event is remembered.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// Which deliveries' responses the provider reads.
    #[must_use]
    pub fn interactive(&self) -> Interactive {
        self.interactive
    }

    /// How a retry is signed.
    #[must_use]
    pub fn retry_signature(&self) -> RetrySignature {
        self.retry_signature
    }
}

/// When a provider sends a delivery again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retries {
    /// Never.
    Never,
    /// After each of these delays, each counted from the attempt before.
    After(Vec<Duration>),
    /// Again and again until this long after the first attempt.
    Within(Duration),
    /// Nothing is known of it.
    Unknown,
}

impl Retries {
    /// From the first attempt to the last; `None` where it is not known.
    #[must_use]
    pub fn window(&self) -> Option<Duration> {
        match self {
            Self::Never => Some(Duration::ZERO),
            Self::After(delays) => {
                Some(delays.iter().fold(Duration::ZERO, |sum, delay| sum.saturating_add(*delay)))
            }
            Self::Within(window) => Some(*window),
            Self::Unknown => None,
        }
    }
}

/// The minimum time for which a success has to be remembered, counted from its
/// completion: the last retry may come a retry window later, and each retry can
/// be replayed for as long as one delivery is accepted (`accepted`: past and
/// future tolerance together).
pub(crate) fn least_retention(retries: &Retries, accepted: Option<Duration>) -> Duration {
    retry_window(retries).saturating_add(accepted.unwrap_or_default())
}

/// The retention of a scheme that states none: a quarter of the retry window
/// more than the minimum, since retries can be late, and at least a day.
pub(super) fn default_retention(retries: &Retries, accepted: Option<Duration>) -> Duration {
    let margin = retry_window(retries) / 4;
    least_retention(retries, accepted).saturating_add(margin).max(A_DAY)
}

fn retry_window(retries: &Retries) -> Duration {
    retries.window().unwrap_or(UNKNOWN_RETRY_WINDOW)
}

pub(super) const DEFAULT_ACK_DEADLINE: Duration = Duration::from_secs(5);
pub(super) const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Of what nothing is known is taken to send again for three days, as the most
/// patient of the large providers do.
const UNKNOWN_RETRY_WINDOW: Duration = Duration::from_secs(3 * 24 * 60 * 60);
