//! The settings of an inbox, and what a row means for a delivery.

use std::time::Duration;

use crate::error::ConfigError;
use crate::idempotency::{EventKey, Fingerprint, InboxClaim, InboxEvent, InboxRow, Repeats};
use crate::receive::settings::{MAX_RETENTION, accepted_for, default_retention};
use crate::scheme::min_retention;
use crate::verify::{Endpoint, Verified, Verifier};

/// The settings of an inbox: the endpoint whose events it holds, how long, and what happens to a
/// duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxSettings {
    endpoint: Endpoint,
    retention: Duration,
    min_retention: Duration,
    /// If not set, it depends on the identity of each delivery.
    repeats: Option<Repeats>,
}

impl InboxSettings {
    /// The settings for the endpoint of the verifier, with the defaults of its scheme.
    #[must_use]
    pub fn new(verifier: &Verifier) -> Self {
        let retries = verifier.scheme().profile().retries();
        Self {
            endpoint: verifier.endpoint().clone(),
            retention: default_retention(verifier),
            min_retention: min_retention(retries, accepted_for(verifier.tolerance())),
            repeats: None,
        }
    }

    /// Sets how long a row is kept, counted from the claim. Defaults to the profile's retention,
    /// plus the difference if the verifier's tolerance is wider than the scheme's. The maximum is 10
    /// years.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Retention`] if an event could be redelivered after its row is deleted.
    pub fn with_retention(self, retention: Duration) -> Result<Self, ConfigError> {
        if retention < self.min_retention {
            return Err(ConfigError::Retention { least: self.min_retention });
        }
        Ok(self.dangerous_with_retention(retention))
    }

    /// As [`with_retention`](Self::with_retention), without the minimum.
    ///
    /// Dangerous: an event that is redelivered after this time is handled again.
    #[must_use]
    pub fn dangerous_with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention.min(MAX_RETENTION);
        self
    }

    /// Sets what happens to a duplicate. Defaults to [`Repeats::default_for`] the delivery.
    #[must_use]
    pub fn with_repeats(mut self, repeats: Repeats) -> Self {
        self.repeats = Some(repeats);
        self
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How long a row is kept.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.retention
    }

    /// The event of a delivery, as a row.
    #[must_use]
    pub fn event(&self, verified: &Verified) -> InboxEvent {
        let key = EventKey::of(verified, &self.endpoint);
        InboxEvent::new(key, Fingerprint::of(verified), self.retention)
    }

    /// What the row of its event means for a delivery.
    #[must_use]
    pub fn claim(&self, verified: &Verified, row: InboxRow) -> InboxClaim {
        match row {
            InboxRow::Inserted => InboxClaim::First,
            InboxRow::Found { .. } | InboxRow::InFlight if self.handles_repeats(verified) => {
                InboxClaim::Repeat
            }
            InboxRow::Found { fingerprint, at_unix_ms } => InboxClaim::Duplicate {
                same_body: fingerprint == Fingerprint::of(verified),
                at_unix_ms,
            },
            InboxRow::InFlight => InboxClaim::InFlight,
        }
    }

    /// Whether a duplicate of this delivery is handled.
    pub(in crate::receive) fn handles_repeats(&self, verified: &Verified) -> bool {
        self.repeats.unwrap_or_else(|| Repeats::by_default(verified)) == Repeats::Handle
    }
}

impl From<&Verifier> for InboxSettings {
    fn from(verifier: &Verifier) -> Self {
        Self::new(verifier)
    }
}
