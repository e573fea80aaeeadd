//! How a provider delivers: timeouts, retries, body size.

use std::time::Duration;

use super::{Interactive, RetrySignature};

/// How a provider delivers: how long it waits for a response, whether it
/// retries, how much it sends, and so how long an event must be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderProfile {
    pub(super) body_limit: usize,
    pub(super) ack_deadline: Duration,
    pub(super) retries: Retries,
    pub(super) retention: Duration,
    pub(super) interactive: Interactive,
    pub(super) retry_signature: RetrySignature,
}

impl ProviderProfile {
    /// The maximum accepted body size, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.body_limit
    }

    /// How long the provider waits for a response.
    #[must_use]
    pub fn ack_deadline(&self) -> Duration {
        self.ack_deadline
    }

    /// When the provider retries a delivery that was not acknowledged.
    #[must_use]
    pub fn retries(&self) -> &Retries {
        &self.retries
    }

    /// How long a handled event is remembered.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// Deliveries whose response body the provider reads.
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

/// A provider's retry schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retries {
    /// Never.
    Never,
    /// After each of these delays, each counted from the previous attempt.
    After(Vec<Duration>),
    /// Repeatedly, until this long after the first attempt.
    Within(Duration),
    /// Not known.
    Unknown,
}

impl Retries {
    /// The time from the first attempt to the last; `None` if it is not known.
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

/// The minimum time for which a success must be remembered, counted from its
/// completion. The last retry can come one retry window later, and each retry
/// can be replayed for as long as a single delivery is accepted (`accepted`:
/// past plus future tolerance).
pub(crate) fn min_retention(retries: &Retries, accepted: Option<Duration>) -> Duration {
    retry_window(retries).saturating_add(accepted.unwrap_or_default())
}

/// The default retention: the minimum plus a quarter of the retry window, since
/// retries can be late, and at least one day.
pub(super) fn default_retention(retries: &Retries, accepted: Option<Duration>) -> Duration {
    let margin = retry_window(retries) / 4;
    min_retention(retries, accepted).saturating_add(margin).max(A_DAY)
}

fn retry_window(retries: &Retries) -> Duration {
    retries.window().unwrap_or(UNKNOWN_RETRY_WINDOW)
}

pub(super) const DEFAULT_ACK_DEADLINE: Duration = Duration::from_secs(5);
pub(super) const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The assumption for unknown schedules: three days of retries, as the large
/// providers with the longest retry windows do.
const UNKNOWN_RETRY_WINDOW: Duration = Duration::from_secs(3 * 24 * 60 * 60);
