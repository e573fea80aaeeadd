//! Receives deliveries whose event is claimed in the transaction of its effect.
//!
//! ```text
//! Verified -> begin -> claim -> handler -> commit | rollback -> response
//! ```

mod run;
mod settings;

use std::any::type_name;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

pub use run::{InboxRun, run_in_transaction};
pub use settings::InboxSettings;

use super::receiver::response_deadline;
use super::settings::MIN_ACK_DEADLINE;
use super::{
    BodySource, EarlyResponse, HeadSource, OutcomeRule, ReceiveFuture, ReceivedDelivery,
    SuccessCompletes, Verdict,
};
use crate::error::ConfigError;
use crate::idempotency::{
    Grant, InboxClaim, InboxDatabase, InboxError, InboxErrorKind, Repeats, TransactionSlot,
};
use crate::telemetry::{
    EventLabel, Once, Settlement, Stopwatch, StoreConfiguration, TelemetryEvent,
};
use crate::time::runtime::{MAX_TIMEOUT, Runtime};
use crate::verify::{Verified, Verifier};

/// Receives the deliveries of one endpoint, and claims each event in the database transaction of its
/// effect: [`Receiver`](crate::Receiver) for an inbox.
///
/// Cheap to clone; all clones share one state.
#[doc(alias("inbox", "transaction", "exactly once"))]
pub struct InboxReceiver<D: InboxDatabase>(Arc<Inner<D>>);

struct Inner<D> {
    verifier: Verifier,
    database: Arc<D>,
    settings: InboxSettings,
    ack_deadline: Duration,
    /// Whether the last transaction failed. Only the first failure of an outage is reported.
    fails: AtomicBool,
}

impl<D: InboxDatabase> InboxReceiver<D> {
    /// Creates a receiver for the endpoint of the verifier. If several endpoints share a database,
    /// give each a name of its own with [`Verifier::with_endpoint`].
    #[must_use]
    pub fn new(verifier: Verifier, database: D) -> Self {
        let settings = InboxSettings::new(&verifier);
        let ack_deadline = verifier.scheme().profile().ack_deadline().max(MIN_ACK_DEADLINE);
        Self::of(verifier, Arc::new(database), settings, ack_deadline)
    }

    fn of(
        verifier: Verifier,
        database: Arc<D>,
        settings: InboxSettings,
        ack_deadline: Duration,
    ) -> Self {
        let verifier = verifier.with_ack_deadline(ack_deadline);
        let fails = AtomicBool::new(false);
        Self(Arc::new(Inner { verifier, database, settings, ack_deadline, fails }))
    }

    fn with(&self, settings: InboxSettings, ack_deadline: Duration) -> Self {
        let inner = &self.0;
        Self::of(inner.verifier.clone(), Arc::clone(&inner.database), settings, ack_deadline)
    }

    /// Sets how long a row is kept; see [`InboxSettings::with_retention`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::Retention`] if an event could be redelivered after its row is deleted.
    pub fn with_retention(self, retention: Duration) -> Result<Self, ConfigError> {
        let settings = self.0.settings.clone().with_retention(retention)?;
        Ok(self.with(settings, self.0.ack_deadline))
    }

    /// Sets what happens to a duplicate; see [`InboxSettings::with_repeats`].
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

    /// The database.
    #[must_use]
    pub fn database(&self) -> &D {
        &self.0.database
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &InboxSettings {
        &self.0.settings
    }

    /// The time within which the response must be sent, as
    /// [`Receiver::response_deadline`](crate::Receiver::response_deadline).
    #[must_use]
    pub fn response_deadline(&self) -> Duration {
        response_deadline(self.0.ack_deadline)
    }

    /// Logs the configuration of the endpoint, as [`Verifier::log_configuration`], and how its events
    /// are claimed.
    pub fn log_configuration(&self) {
        let database = type_name::<D>();
        let database = database.split('<').next().unwrap_or(database);
        self.0.verifier.report_configuration(Some(StoreConfiguration {
            store: database.rsplit("::").next().unwrap_or(database),
            retention: self.0.settings.retention(),
            lease: None,
            ack_deadline: self.0.ack_deadline,
        }));
    }

    /// Whether a layer with this receiver has already passed on this request, whose extensions have
    /// these values: it is applied twice to the same route. This is logged once.
    #[must_use]
    pub fn has_passed_on(&self, verified: Option<&Verified>, grant: Option<&Grant>) -> bool {
        let is_twice = grant.is_some() && verified.is_some_and(|it| it.is_of(self.verifier()));
        if is_twice && self.verifier().is_first(Once::AppliedTwice) {
            self.record(&TelemetryEvent::AppliedTwice);
        }
        is_twice
    }

    /// Receives a delivery without claiming its event: [`Verifier::receive`] of the receiver's
    /// verifier. [`handle`](Self::handle) is the next step.
    pub fn receive<H, B, R>(&self, head: H, body: B, runtime: R) -> ReceiveFuture<H, B, R>
    where
        H: HeadSource,
        B: BodySource,
        R: Runtime,
    {
        self.log_configuration();
        self.verifier().receive(head, body, runtime)
    }

    /// Begins a transaction, claims the event of a delivery in it, runs the handler, ends the
    /// transaction by the handler's status, and responds: a 2xx commits, any other status and `None`
    /// roll back.
    ///
    /// Do not drop this future, for example when the client disconnects: run it with
    /// [`run_detached`](crate::run_detached).
    ///
    /// `began` is the moment at which the request arrived. If the event cannot be claimed before
    /// most of the [response deadline](Self::response_deadline) has passed, the handler is not
    /// called, and the response is [`EarlyResponse::Busy`].
    ///
    /// `respond` is called after the commit: the response says whether the event is handled.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` has room for its arguments twice: as given, and as used"
    )]
    pub fn handle<Q, T, F, R: Runtime>(
        self,
        delivery: ReceivedDelivery,
        request: Q,
        began: R::Instant,
        runtime: R,
        handler: impl FnOnce(Q, Verified, Grant, TransactionSlot<D::Transaction>) -> F,
        respond: impl FnOnce(Result<T, EarlyResponse>),
    ) -> impl Future<Output = ()>
    where
        F: Future<Output = (T, Option<u16>)>,
    {
        async move {
            let mut opening = pin!(self.open(&delivery.verified));
            let left = self.response_deadline().saturating_sub(runtime.elapsed(began));
            let opened = in_time(opening.as_mut(), left - left / 10, &runtime).await;
            let Some(opened) = opened else {
                self.record(&EarlyResponse::Busy.not_claimed());
                respond(Err(EarlyResponse::Busy));
                // Not dropped: some drivers leave a connection inside of a transaction if the
                // future that begins it is dropped.
                if let Ok((transaction, _)) = opening.await {
                    self.0.database.roll_back(transaction).await;
                }
                return;
            };
            let (transaction, grant) = match opened {
                Ok(opened) => opened,
                Err(early) => {
                    self.record(&early.not_claimed());
                    return respond(Err(early));
                }
            };
            self.record(&TelemetryEvent::Claimed(grant.into()));
            let slot = TransactionSlot::new(transaction);
            let work = handler(request, delivery.verified.clone(), grant, slot.clone());
            let (response, status) = work.await;
            match self.end(&slot, status).await {
                Ok(()) => respond(Ok(response)),
                Err(early) => respond(Err(early)),
            }
        }
    }

    /// Begins a transaction and claims the event in it.
    async fn open(&self, verified: &Verified) -> Result<(D::Transaction, Grant), EarlyResponse> {
        let Inner { database, settings, .. } = &*self.0;
        let event = settings.event(verified);
        let label = match verified.event_label() {
            EventLabel::Private => EventLabel::Digest(event.key.short_digest()),
            label => label,
        };
        self.record(&TelemetryEvent::Identified(label));
        let since = Stopwatch::start();
        let opened = open(&**database, settings, verified).await;
        self.record(&TelemetryEvent::StoreQueried(since.elapsed()));
        let failed = opened.as_ref().err().filter(|error| is_outage(error));
        self.report_database(failed);
        match opened? {
            Opened::Granted(transaction, grant) => Ok((transaction, grant)),
            Opened::Early(early) => Err(early),
        }
    }

    /// Commits or rolls back by the handler's status.
    ///
    /// # Errors
    ///
    /// The response instead of the handler's, if its effect is not known to be committed.
    async fn end(
        &self,
        slot: &TransactionSlot<D::Transaction>,
        status: Option<u16>,
    ) -> Result<(), EarlyResponse> {
        let verdict = status.map_or(Verdict::Release, |status| SuccessCompletes.verdict(status));
        let ended = match (slot.close(), verdict) {
            (Some(transaction), Verdict::Complete) => {
                self.0.database.commit(transaction).await.map(|()| Settlement::Completed)
            }
            (Some(transaction), Verdict::Release) => {
                self.0.database.roll_back(transaction).await;
                Ok(Settlement::Released)
            }
            // It is rolled back when the handler's task drops it.
            (None, Verdict::Release) => Ok(Settlement::Released),
            (None, Verdict::Complete) => Err(InboxErrorKind::Kept.into()),
        };
        let settlement = ended.inspect_err(|error| {
            self.record(&TelemetryEvent::StoreFailed(error));
            self.record(&TelemetryEvent::Settled(Settlement::Dropped));
        })?;
        self.record(&TelemetryEvent::Settled(settlement));
        Ok(())
    }

    /// Reports the first error and the end of an outage.
    fn report_database(&self, error: Option<&InboxError>) {
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

/// A transaction in which the event is claimed, or the response without one.
enum Opened<T> {
    Granted(T, Grant),
    Early(EarlyResponse),
}

/// Begins a transaction and claims the event in it. If it is not granted, the transaction is
/// rolled back.
async fn open<D: InboxDatabase>(
    database: &D,
    settings: &InboxSettings,
    verified: &Verified,
) -> Result<Opened<D::Transaction>, InboxError> {
    let mut transaction = database.begin().await?;
    let row = database.claim(&mut transaction, &settings.event(verified)).await;
    let granted = row.map(|row| settings.claim(verified, row).granted());
    let early = match granted {
        Ok(Ok(grant)) => return Ok(Opened::Granted(transaction, grant)),
        Ok(Err(early)) => Ok(Opened::Early(early)),
        Err(error) => Err(error),
    };
    database.roll_back(transaction).await;
    early
}

impl InboxClaim {
    /// What the handler should know about its claim.
    ///
    /// # Errors
    ///
    /// The response, if the delivery is not to be handled.
    pub fn granted(self) -> Result<Grant, EarlyResponse> {
        let possible_duplicate = match self {
            Self::First => false,
            Self::Repeat => true,
            Self::Duplicate { same_body, at_unix_ms } => {
                let (fingerprint_matches, done_at_unix_ms) = (same_body, at_unix_ms);
                return Err(EarlyResponse::Duplicate { fingerprint_matches, done_at_unix_ms });
            }
            Self::InFlight => return Err(EarlyResponse::InFlight { retry_after: Duration::ZERO }),
        };
        Ok(Grant { attempt: 1, reclaimed: false, degraded: None, possible_duplicate })
    }
}

/// Whether the error is one of the database, not of two transactions that met.
fn is_outage(error: &InboxError) -> bool {
    !matches!(error.kind(), InboxErrorKind::Locked | InboxErrorKind::Conflict)
}

/// The future's output, or `None` if it is not ready within this time. The future is not dropped.
pub(super) async fn in_time<F: Future>(
    mut future: Pin<&mut F>,
    within: Duration,
    runtime: &impl Runtime,
) -> Option<F::Output> {
    // Created only if the database does not reply at once.
    let mut end = None;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        let end = end.get_or_insert_with(|| Box::pin(runtime.sleep(within)));
        end.as_mut().poll(cx).map(|()| None)
    })
    .await
}

impl From<InboxError> for EarlyResponse {
    fn from(error: InboxError) -> Self {
        match error.kind() {
            InboxErrorKind::Locked | InboxErrorKind::Conflict => {
                Self::InFlight { retry_after: Duration::ZERO }
            }
            InboxErrorKind::Kept => Self::HandlerFailed,
            _ => Self::StoreUnavailable,
        }
    }
}

impl<D: InboxDatabase> Clone for InboxReceiver<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: InboxDatabase> fmt::Debug for InboxReceiver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxReceiver")
            .field("verifier", &self.0.verifier)
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
