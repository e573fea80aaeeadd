//! The settings of a receiver, and their defaults.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::receiver::Inner;
use super::{DeadLetters, OutagePolicy, OutcomeRule, Receiver, SuccessCompletes};
use crate::error::ConfigError;
use crate::idempotency::{IdempotencyStore, Repeats};
use crate::scheme::{Retries, min_retention};
use crate::time::runtime::MAX_TIMEOUT;
use crate::time::tolerance::Tolerance;
use crate::verify::Verifier;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) lease: Duration,
    pub(super) retention: Duration,
    pub(super) ack_deadline: Duration,
    pub(super) in_flight_wait: Duration,
    /// The timeout of one store call.
    pub(super) store_timeout: Duration,
    pub(super) outage: OutagePolicy,
    /// If not set, it depends on the identity of each delivery.
    pub(super) repeats: Option<Repeats>,
    pub(super) rule: Arc<dyn OutcomeRule>,
    pub(super) dead_letters: Option<Arc<dyn DeadLetters>>,
}

impl<S: IdempotencyStore> Receiver<S> {
    /// Sets the lease: how long an attempt holds its event without a renewal.
    /// Defaults to 30 s; the minimum is 1 s, and the maximum a year.
    ///
    /// Adapters renew the lease after each third of it, so a handler may take
    /// longer. If the process crashes, the event can be claimed again after this
    /// time.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        self.dangerous_with_lease(lease.max(MIN_LEASE))
    }

    /// As [`with_lease`](Self::with_lease), without the minimum. For tests.
    ///
    /// Dangerous: if a lease ends before it can be renewed, a second handler gets
    /// the event while the first handler still runs.
    #[must_use]
    pub fn dangerous_with_lease(self, lease: Duration) -> Self {
        self.with(|settings| settings.lease = lease.min(MAX_TIMEOUT))
    }

    /// Sets how long a handled event is remembered, counted from its completion.
    /// Defaults to the profile's retention, plus the difference if the verifier's
    /// tolerance is wider than the scheme's. The maximum is 10 years.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Retention`] if the retention is shorter than the sum of the
    /// provider's retry window (3 days if it is unknown) and the past and future
    /// tolerance. A retry, or a replay of the last retry, could then arrive after
    /// the event is forgotten.
    pub fn with_retention(self, retention: Duration) -> Result<Self, ConfigError> {
        let verifier = &self.0.verifier;
        let retries = verifier.scheme().profile().retries();
        let least = min_retention(retries, accepted_for(verifier.tolerance()));
        if retention < least {
            return Err(ConfigError::Retention { least });
        }
        Ok(self.dangerous_with_retention(retention))
    }

    /// As [`with_retention`](Self::with_retention), without the minimum.
    ///
    /// Dangerous: an event that is redelivered after this time is handled again.
    #[must_use]
    pub fn dangerous_with_retention(self, retention: Duration) -> Self {
        self.with(|settings| settings.retention = retention.min(MAX_RETENTION))
    }

    /// Sets how long the sender waits for the response. Defaults to the profile's
    /// value; the minimum is 100 ms, and the maximum a year.
    ///
    /// Other limits depend on it:
    ///
    /// - The body may take a third of it, and 2 s at most, unless
    ///   [`Verifier::with_body_timeout`] sets another limit.
    /// - A duplicate of an event in flight waits for a third of it, and 2 s at
    ///   most, including the store calls. At most four wait for one event; the
    ///   others do not wait.
    /// - One store call may take a quarter of it, but at least 250 ms and at most
    ///   10 s. After that the store counts as unavailable.
    #[must_use]
    pub fn with_ack_deadline(self, deadline: Duration) -> Self {
        let deadline = deadline.clamp(MIN_ACK_DEADLINE, MAX_TIMEOUT);
        let verifier = self.0.verifier.clone().with_ack_deadline(deadline);
        let mut settings = self.0.settings.clone();
        settings.ack_deadline = deadline;
        settings.in_flight_wait = in_flight_wait(deadline);
        settings.store_timeout = store_timeout(deadline);
        self.rebuilt(verifier, settings)
    }

    /// Sets what happens while the store is unavailable, or too full for a new
    /// event. Defaults to [`OutagePolicy::LocalFallback`] if the sender never
    /// retries, and to [`OutagePolicy::FailClosed`] otherwise.
    #[must_use]
    pub fn with_outage_policy(self, policy: OutagePolicy) -> Self {
        self.with(|settings| settings.outage = policy)
    }

    /// Sets what happens to a duplicate: a delivery with the id of an event that
    /// was handled or is in progress.
    ///
    /// Defaults to [`Repeats::Suppress`] for deliveries whose [`Identity`] is `Id`,
    /// or `Content` unless the provider never retries. Defaults to
    /// [`Repeats::Handle`] for all other deliveries, and for those whose response
    /// the provider [reads](crate::Interactive).
    ///
    /// [`Identity`]: crate::Identity
    #[must_use]
    pub fn with_repeats(self, repeats: Repeats) -> Self {
        self.with(|settings| settings.repeats = Some(repeats))
    }

    /// Sets which statuses of the handler complete the event. Defaults to 2xx.
    #[must_use]
    pub fn with_outcome_rule(self, rule: impl OutcomeRule) -> Self {
        self.with(|settings| settings.rule = Arc::new(rule))
    }

    /// Sets where events go that exceeded the maximum number of crashed attempts.
    /// Defaults to none: their deliveries get the response 503.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: impl DeadLetters) -> Self {
        self.with(|settings| settings.dead_letters = Some(Arc::new(dead_letters)))
    }

    /// Returns a receiver with changed settings, which shares the store.
    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        self.rebuilt(self.0.verifier.clone(), settings)
    }

    fn rebuilt(&self, verifier: Verifier, settings: Settings) -> Self {
        let inner = &self.0;
        let (queue, waiters) = (Arc::clone(&inner.queue), Arc::clone(&inner.waiters));
        let (repeats, store_fails) = (Arc::clone(&inner.repeats), AtomicBool::new(false));
        Self(Arc::new(Inner { verifier, queue, settings, waiters, repeats, store_fails }))
    }
}

impl Settings {
    pub(super) fn new(verifier: &Verifier) -> Self {
        let profile = verifier.scheme().profile();
        let ack_deadline = profile.ack_deadline().max(MIN_ACK_DEADLINE);
        let outage = match profile.retries() {
            Retries::Never => OutagePolicy::LocalFallback,
            _ => OutagePolicy::FailClosed,
        };
        Self {
            lease: DEFAULT_LEASE,
            retention: default_retention(verifier),
            ack_deadline,
            in_flight_wait: in_flight_wait(ack_deadline),
            store_timeout: store_timeout(ack_deadline),
            outage,
            repeats: None,
            rule: Arc::new(SuccessCompletes),
            dead_letters: None,
        }
    }
}

fn in_flight_wait(ack_deadline: Duration) -> Duration {
    MAX_WAIT.min(ack_deadline / 3)
}

/// A quarter of the deadline: the body may take a third, and the handler needs the
/// rest.
fn store_timeout(ack_deadline: Duration) -> Duration {
    (ack_deadline / 4).clamp(MIN_STORE_TIMEOUT, MAX_STORE_TIMEOUT)
}

/// The profile's retention, and more if the tolerance is wider than the scheme's: a
/// replay is then accepted for longer.
pub(super) fn default_retention(verifier: &Verifier) -> Duration {
    let scheme = verifier.scheme();
    let [accepted, usual] =
        [verifier.tolerance(), scheme.tolerance()].map(|t| accepted_for(t).unwrap_or_default());
    let retention = scheme.profile().retention().saturating_add(accepted.saturating_sub(usual));
    retention.min(MAX_RETENTION)
}

/// How long one delivery is accepted; `None` if there is no limit.
pub(super) fn accepted_for(tolerance: Option<Tolerance>) -> Option<Duration> {
    tolerance.and_then(|tolerance| tolerance.window())
}

const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// A third of it leaves time to retry a failed renewal.
pub(in crate::receive) const MIN_LEASE: Duration = Duration::from_secs(1);
/// 10 years: a store can add it to the current time in milliseconds.
pub(super) const MAX_RETENTION: Duration = Duration::from_secs(315_576_000);
/// No handler that does any work responds sooner over a network.
pub(super) const MIN_ACK_DEADLINE: Duration = Duration::from_millis(100);
/// The timeout of the Redis store.
const MIN_STORE_TIMEOUT: Duration = Duration::from_millis(250);
const MAX_STORE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_WAIT: Duration = Duration::from_secs(2);
