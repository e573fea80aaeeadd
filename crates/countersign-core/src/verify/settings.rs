//! The settings of a verifier, and their defaults.

use std::sync::Arc;
use std::time::Duration;

use super::{Endpoint, Verifier};
use crate::body::budget::BufferBudget;
use crate::error::ConfigError;
use crate::handshake::HandshakeSecretStore;
use crate::scheme::Scheme;
use crate::telemetry::Recorder;
use crate::time::clock::Clock;
use crate::time::runtime::MAX_TIMEOUT;
use crate::time::tolerance::Tolerance;

impl Verifier {
    /// Sets the clock that timestamps are checked against. Defaults to the operating
    /// system's clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        Arc::make_mut(&mut self.inner).clock = Arc::new(clock);
        self
    }

    /// Sets the tolerance: how far a timestamp may differ from the current time.
    /// Defaults to the scheme's tolerance. Has no effect if the scheme signs no
    /// timestamp.
    ///
    /// If you widen it, keep handled events for at least [`Tolerance::window`].
    #[doc(alias("max_age", "clock_skew"))]
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        Arc::make_mut(&mut self.inner).tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum size of a body, in bytes. Defaults to the limit in the
    /// scheme's profile.
    ///
    /// A few schemes parse the body before it is verified. The limits that they have
    /// in addition are in their [notes](Scheme::notes).
    ///
    /// With an adapter, a body must also fit into the
    /// [budget](Self::with_buffer_budget). One request may use three quarters of it,
    /// including its head: 48 MiB of the default budget. A larger limit needs a budget
    /// of at least four thirds of the limit. Otherwise a body that exceeds its share is
    /// always rejected with 503 `busy`.
    #[doc(alias = "max_body_size")]
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.inner).body_limit = bytes;
        self
    }

    /// Sets the maximum time for the whole body to arrive, counted from the first wait for it.
    /// Adapters apply it. Defaults to a
    /// third of the time that the provider waits for the response, and to 2 s at most:
    /// the rest is for the handler. The maximum is a year.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.inner).body_timeout = Some(timeout.min(MAX_TIMEOUT));
        self
    }

    /// Sets how long the provider waits for the response, if it differs from the
    /// scheme's profile. The body timeout depends on it, unless it was set.
    pub(crate) fn with_ack_deadline(mut self, deadline: Duration) -> Self {
        Arc::make_mut(&mut self.inner).ack_deadline = deadline;
        self
    }

    /// Sets the minimum rate of a body, in bytes per second, which the adapters apply.
    /// They check it every two seconds, so it has an effect only if the
    /// [body timeout](Self::with_body_timeout) is longer. Defaults to 1,024. With 0,
    /// only the deadline of the whole body applies.
    #[must_use]
    pub fn with_min_body_rate(mut self, bytes_per_second: u64) -> Self {
        Arc::make_mut(&mut self.inner).min_body_rate = bytes_per_second;
        self
    }

    /// Sets the memory budget for the bodies that the adapters buffer. Defaults to
    /// [`BufferBudget::of_process`].
    #[must_use]
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        Arc::make_mut(&mut self.inner).budget = budget;
        self
    }

    /// Sets how the adapters save the key that a provider sends in a handshake (see
    /// [`handshake_window`](Self::open_handshake_window)). Defaults to none: the adapters then do
    /// not complete such handshakes.
    #[must_use]
    pub fn with_handshake_secret_store(mut self, secret_store: impl HandshakeSecretStore) -> Self {
        Arc::make_mut(&mut self.inner).secret_store = Some(Arc::new(secret_store));
        self
    }

    /// Sets the place of the event id in the bodies of this endpoint: `/id`, `/a+/b`
    /// for several values together, or `/events/*/id` for all elements of an array.
    /// It is used before the places that the scheme defines. Deliveries that have it
    /// get the identity [`Id`](crate::Identity::Id).
    ///
    /// The values must differ between distinct events. If you use the id of a ticket,
    /// all events of the ticket count as one event, and all but the first are lost.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] as for [`Scheme::with_event_id`](crate::Scheme::with_event_id).
    pub fn with_event_id(mut self, place: &str) -> Result<Self, ConfigError> {
        let scheme = self.inner.scheme.clone().with_event_id(place)?;
        Arc::make_mut(&mut self.inner).scheme = scheme;
        Ok(self)
    }

    /// Sets the name of the endpoint. Defaults to the scheme's name.
    ///
    /// It is part of the event's key in the store, and a label of every metric: use a small number
    /// of names that stay the same.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<Endpoint>) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.endpoint = endpoint.into();
        inner.watch = Recorder::new(inner.scheme.name(), inner.endpoint.name());
        inner.once = Arc::default();
        self
    }

    /// Keeps the ids of this endpoint's events out of the logs, for ids that are personal, such as a
    /// customer's number or an e-mail address. The field `event` of the span is then the start of the
    /// digest of the event's key, which is the same for all deliveries of an event. Defaults to the
    /// id itself, because people search the logs for it.
    #[must_use]
    pub fn with_private_event_ids(mut self) -> Self {
        Arc::make_mut(&mut self.inner).has_private_event_ids = true;
        self
    }

    /// For an adapter that only observes: the log says of a rejected request that it was passed on.
    /// Verification and metrics are the same.
    #[must_use]
    pub fn in_shadow(mut self) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.watch = inner.watch.clone().in_shadow();
        inner.once = Arc::default();
        self
    }

    /// The name of the endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.inner.endpoint
    }

    /// The scheme of the deliveries.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.inner.scheme
    }

    /// How far a timestamp may differ from the current time; `None` if the scheme
    /// signs no timestamp.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.inner.tolerance
    }

    /// The maximum size of a body, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.inner.body_limit
    }

    /// The deadline for the whole body.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        let usual = || MAX_BODY_TIMEOUT.min(self.inner.ack_deadline / 3);
        self.inner.body_timeout.unwrap_or_else(usual)
    }

    /// The minimum rate of a body, in bytes per second.
    #[must_use]
    pub fn min_body_rate(&self) -> u64 {
        self.inner.min_body_rate
    }

    /// The memory budget for the bodies that the adapters buffer.
    #[must_use]
    pub fn buffer_budget(&self) -> &BufferBudget {
        &self.inner.budget
    }
}

const MAX_BODY_TIMEOUT: Duration = Duration::from_secs(2);
