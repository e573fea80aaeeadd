//! Receives deliveries that a queue stores, so that they are answered before they are handled.
//!
//! ```text
//! Verified -> message -> Handoff::hand_off -> 202 | 200 | 503
//! ```

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::inbox::in_time;
use super::receiver::response_deadline;
use super::settings::MIN_ACK_DEADLINE;
use super::{
    BodySource, EarlyResponse, HeadSource, InboxSettings, ReceiveFuture, ReceivedDelivery,
};
use crate::error::ConfigError;
use crate::idempotency::{Grant, Repeats, Token};
use crate::queue::{Handoff, HandoffDelivery, HandoffError, HandoffOutcome, Message};
use crate::scheme::{Identity, Interactive};
use crate::telemetry::{EventLabel, Settlement, Stopwatch, StoreConfiguration, TelemetryEvent};
use crate::time::runtime::{MAX_TIMEOUT, Runtime};
use crate::verify::{Verified, Verifier};

/// Receives the deliveries of one endpoint, and hands each off to a queue:
/// [`Receiver`](crate::Receiver) for events that are handled later.
///
/// Cheap to clone; all clones share one state.
#[doc(alias("queue", "202", "answer early"))]
pub struct HandoffReceiver<Q: Handoff>(Arc<Inner<Q>>);

struct Inner<Q> {
    verifier: Verifier,
    queue: Arc<Q>,
    settings: InboxSettings,
    ack_deadline: Duration,
    /// Whether the last hand-off failed. Only the first failure of an outage is reported.
    fails: AtomicBool,
}

/// A delivery that the queue has. An adapter responds with 202.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandedOff {
    /// Whether the event was done before, and its message is marked as a possible duplicate.
    pub possible_duplicate: bool,
}

impl<Q: Handoff> HandoffReceiver<Q> {
    /// Creates a receiver for the endpoint of the verifier. If several endpoints share a queue, give
    /// each a name of its own with [`Verifier::with_endpoint`]: events with the same id at endpoints
    /// with the same name are one event.
    #[must_use]
    pub fn new(verifier: Verifier, queue: Q) -> Self {
        let settings = InboxSettings::new(&verifier);
        let ack_deadline = verifier.scheme().profile().ack_deadline().max(MIN_ACK_DEADLINE);
        Self::of(verifier, Arc::new(queue), settings, ack_deadline)
    }

    fn of(
        verifier: Verifier,
        queue: Arc<Q>,
        settings: InboxSettings,
        ack_deadline: Duration,
    ) -> Self {
        let verifier = verifier.with_ack_deadline(ack_deadline);
        let fails = AtomicBool::new(false);
        Self(Arc::new(Inner { verifier, queue, settings, ack_deadline, fails }))
    }

    fn with(&self, settings: InboxSettings, ack_deadline: Duration) -> Self {
        let inner = &self.0;
        Self::of(inner.verifier.clone(), Arc::clone(&inner.queue), settings, ack_deadline)
    }

    /// Sets how long an event is remembered, counted from the hand-off. Defaults to the profile's
    /// retention, plus the difference if the verifier's tolerance is wider than the scheme's. The
    /// maximum is 10 years.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Retention`] if an event could be redelivered after it is forgotten.
    pub fn with_retention(self, retention: Duration) -> Result<Self, ConfigError> {
        let settings = self.0.settings.clone().with_retention(retention)?;
        Ok(self.with(settings, self.0.ack_deadline))
    }

    /// Sets what happens to a duplicate. Defaults to [`Repeats::default_for`] the delivery. With
    /// [`Repeats::Handle`] it is stored again, marked as a possible duplicate.
    #[must_use]
    pub fn with_repeats(self, repeats: Repeats) -> Self {
        self.with(self.0.settings.clone().with_repeats(repeats), self.0.ack_deadline)
    }

    /// Sets how long the sender waits for the response. Defaults to the profile's value; the minimum
    /// is 100 ms, and the maximum a year.
    #[must_use]
    pub fn with_ack_deadline(self, deadline: Duration) -> Self {
        self.with(self.0.settings.clone(), deadline.clamp(MIN_ACK_DEADLINE, MAX_TIMEOUT))
    }

    /// The verifier of the deliveries.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The queue.
    #[must_use]
    pub fn queue(&self) -> &Q {
        &self.0.queue
    }

    /// The time within which the response must be sent, as
    /// [`Receiver::response_deadline`](crate::Receiver::response_deadline).
    #[must_use]
    pub fn response_deadline(&self) -> Duration {
        response_deadline(self.0.ack_deadline)
    }

    /// Logs the configuration of the endpoint, as [`Verifier::log_configuration`], and the queue.
    pub fn log_configuration(&self) {
        let queue = type_name::<Q>();
        let queue = queue.split('<').next().unwrap_or(queue);
        self.0.verifier.report_configuration(Some(StoreConfiguration {
            store: queue.rsplit("::").next().unwrap_or(queue),
            retention: self.0.settings.retention(),
            lease: None,
            ack_deadline: self.0.ack_deadline,
        }));
    }

    /// Receives a delivery without handing it off: [`Verifier::receive`] of the receiver's verifier.
    /// [`hand_off`](Self::hand_off) is the next step.
    pub fn receive<H, B, R>(&self, head: H, body: B, runtime: R) -> ReceiveFuture<H, B, R>
    where
        H: HeadSource,
        B: BodySource,
        R: Runtime,
    {
        self.log_configuration();
        self.verifier().receive(head, body, runtime)
    }

    /// Whether the provider reads the response to this delivery (TwiML, a slash command). No queue
    /// can give it: call the handler instead of [`hand_off`](Self::hand_off).
    #[must_use]
    pub fn is_interactive(&self, verified: &Verified) -> bool {
        let interactive = verified.scheme().profile().interactive();
        interactive.applies(verified.identity() == Identity::Id)
    }

    /// Checks that the provider reads the response of no delivery, so that all can be handed off.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Interactive`] if it reads some.
    pub fn check_not_interactive(&self) -> Result<(), ConfigError> {
        let scheme = self.verifier().scheme();
        match scheme.profile().interactive() {
            Interactive::No => Ok(()),
            _ => Err(ConfigError::Interactive { scheme: scheme.name().to_owned() }),
        }
    }

    /// The delivery for the queue. `target` is the path and query of the request line, and `headers`
    /// has all headers of the request.
    ///
    /// The id of its message is derived from the event, so that it is the same for all deliveries of
    /// the event. If deliveries with equal bytes can be different events, it is random.
    ///
    /// # Errors
    ///
    /// The response, if the operating system returns no random bytes.
    pub fn delivery<N: AsRef<str>, V: AsRef<[u8]>>(
        &self,
        verified: &Verified,
        (method, target): (&str, &str),
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Result<HandoffDelivery, EarlyResponse> {
        let settings = &self.0.settings;
        let event = settings.event(verified);
        let handles_repeats = settings.handles_repeats(verified);
        let id = if handles_repeats {
            Token::random().map_err(|_| EarlyResponse::StoreUnavailable)?.to_bytes()
        } else {
            event.key.digest().first_chunk().copied().unwrap_or_default()
        };
        let id = format!("msg_{}", const_hex::encode(id));
        let now_ms = self.verifier().clock().now_unix_ms();
        let head = (method, target);
        let message = Message::new(id, (verified, &event.key), head, headers, now_ms);
        Ok(HandoffDelivery::new(event, message, handles_repeats))
    }

    /// Hands a delivery off to the queue, and responds: 202 only if the queue has it.
    ///
    /// Do not drop this future, for example when the client disconnects: run it with
    /// [`run_detached`](crate::run_detached).
    ///
    /// `began` is the moment at which the request arrived. If the queue does not reply before most
    /// of the [response deadline](Self::response_deadline) has passed, the response is
    /// [`EarlyResponse::Busy`], and the retry of the sender finds out whether the message was stored.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` has room for its arguments twice: as given, and as used"
    )]
    pub fn hand_off<R: Runtime>(
        self,
        received: ReceivedDelivery,
        delivery: HandoffDelivery,
        began: R::Instant,
        runtime: R,
        respond: impl FnOnce(Result<HandedOff, EarlyResponse>),
    ) -> impl Future<Output = ()> {
        async move {
            let mut storing = pin!(self.store(&received.verified, &delivery));
            let left = self.response_deadline().saturating_sub(runtime.elapsed(began));
            let stored = in_time(storing.as_mut(), left - left / 10, &runtime).await;
            let is_late = stored.is_none();
            let response = stored.unwrap_or(Err(EarlyResponse::Busy));
            match &response {
                Ok(handed_off) => {
                    self.record(&TelemetryEvent::Claimed(handed_off.grant().into()));
                    self.record(&TelemetryEvent::Settled(Settlement::Completed));
                }
                Err(early) => self.record(&early.not_claimed()),
            }
            respond(response);
            if is_late {
                // Not dropped: some drivers leave a connection inside of a transaction if the future
                // that begins it is dropped.
                let _ = storing.await;
            }
        }
    }

    async fn store(
        &self,
        verified: &Verified,
        delivery: &HandoffDelivery,
    ) -> Result<HandedOff, EarlyResponse> {
        let label = match verified.event_label() {
            EventLabel::Private => EventLabel::Digest(delivery.event.key.short_digest()),
            label => label,
        };
        self.record(&TelemetryEvent::Identified(label));
        let since = Stopwatch::start();
        let outcome = self.0.queue.hand_off(delivery).await;
        self.record(&TelemetryEvent::StoreQueried(since.elapsed()));
        self.report_queue(outcome.as_ref().err());
        match outcome? {
            HandoffOutcome::Stored { possible_duplicate } => Ok(HandedOff { possible_duplicate }),
            HandoffOutcome::Duplicate { same_body, at_unix_ms } => {
                let (fingerprint_matches, done_at_unix_ms) = (same_body, at_unix_ms);
                Err(EarlyResponse::Duplicate { fingerprint_matches, done_at_unix_ms })
            }
            HandoffOutcome::InFlight { retry_after } => {
                Err(EarlyResponse::InFlight { retry_after })
            }
            HandoffOutcome::Full => Err(EarlyResponse::StoreFull),
        }
    }

    /// Reports the first error and the end of an outage.
    fn report_queue(&self, error: Option<&HandoffError>) {
        if self.0.fails.swap(error.is_some(), Ordering::Relaxed) != error.is_some() {
            self.record(&match error {
                Some(error) => TelemetryEvent::StoreFailed(error),
                None => TelemetryEvent::StoreRecovered,
            });
        }
    }

    fn record(&self, event: &TelemetryEvent<'_>) {
        self.0.verifier.recorder().record(event);
    }
}

impl HandedOff {
    /// The claim, for telemetry.
    fn grant(self) -> Grant {
        let possible_duplicate = self.possible_duplicate;
        Grant { attempt: 1, reclaimed: false, degraded: None, possible_duplicate }
    }
}

impl From<HandoffError> for EarlyResponse {
    fn from(_: HandoffError) -> Self {
        Self::StoreUnavailable
    }
}

impl<Q: Handoff> Clone for HandoffReceiver<Q> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q: Handoff> fmt::Debug for HandoffReceiver<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffReceiver")
            .field("verifier", &self.0.verifier)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
