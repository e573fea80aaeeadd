//! The receiver of one endpoint: its verifier, its store and its settings.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::OutagePolicy;
use super::settings::Settings;
use crate::idempotency::{Counters, EventKey, Grant, IdempotencyStore, SettlementQueue, Waiters};
use crate::telemetry::{Once, StoreConfiguration, TelemetryEvent};
use crate::time::clock::{Clock, LeaseClock, MonotonicClock};
use crate::time::runtime::Runtime;
use crate::verify::{Verified, Verifier};

/// Receives the deliveries of one endpoint: verifies each delivery, claims its
/// event, and settles the claim by the handler's status.
///
/// An adapter consists of three calls and its framework's types: [`receive`], then
/// [`claim`], the handler, and [`settle`].
///
/// Cheap to clone; all clones share one state.
///
/// [`receive`]: Self::receive
/// [`claim`]: Self::claim
/// [`settle`]: Self::settle
#[doc(alias("deduplicate", "idempotency"))]
pub struct Receiver<S: IdempotencyStore>(pub(super) Arc<Inner<S>>);

pub(super) struct Inner<S: IdempotencyStore> {
    pub(super) verifier: Verifier,
    /// The store, and the state that is not recorded there yet.
    pub(super) queue: Arc<SettlementQueue<S>>,
    pub(super) settings: Settings,
    /// The duplicates that wait for an event in flight.
    pub(super) waiters: Arc<Waiters>,
    /// The duplicates that are handled.
    pub(super) repeats: Arc<Waiters>,
    /// Whether the last claim failed. Only the first failure of an outage is
    /// reported.
    pub(super) store_fails: AtomicBool,
}

impl<S: IdempotencyStore> Receiver<S> {
    /// Creates a receiver for the endpoint of the verifier. If several endpoints share a store, give
    /// each a name of its own with [`Verifier::with_endpoint`]: events with the same id at endpoints
    /// with the same name are one event.
    #[must_use]
    pub fn new(verifier: Verifier, store: S) -> Self {
        Self::with_lease_clock(verifier, store, LeaseClock::Monotonic(MonotonicClock::start()))
    }

    /// As [`new`](Self::new), with a clock for the leases and retentions that this process counts
    /// itself. For tests and simulations that advance the time.
    ///
    /// The clock must not go back: an event could be held for longer than its claim. The default
    /// clock starts at the operating system's time and then counts the time that passes.
    #[must_use]
    pub fn new_with_clock(verifier: Verifier, store: S, clock: impl Clock + 'static) -> Self {
        Self::with_lease_clock(verifier, store, LeaseClock::Given(Arc::new(clock)))
    }

    fn with_lease_clock(verifier: Verifier, store: S, clock: LeaseClock) -> Self {
        let settings = Settings::new(&verifier);
        let verifier = verifier.with_ack_deadline(settings.ack_deadline);
        let queue = Arc::new(SettlementQueue::new(store, verifier.recorder().clone(), clock));
        let (waiters, repeats) = Default::default();
        let store_fails = AtomicBool::new(false);
        Self(Arc::new(Inner { verifier, queue, settings, waiters, repeats, store_fails }))
    }

    /// Logs the configuration of the endpoint, as [`Verifier::log_configuration`], and how its events
    /// are claimed.
    pub fn log_configuration(&self) {
        let store = type_name::<S>();
        let store = store.split('<').next().unwrap_or(store);
        self.0.verifier.report_configuration(Some(StoreConfiguration {
            store: store.rsplit("::").next().unwrap_or(store),
            retention: self.retention(),
            lease: Some(self.0.settings.lease),
            ack_deadline: self.ack_deadline(),
        }));
    }

    /// Whether a layer or a middleware with this receiver has already passed on this request, whose
    /// extensions have these values: it is applied twice to the same route. This is logged once.
    #[must_use]
    pub fn has_passed_on(&self, verified: Option<&Verified>, grant: Option<&Grant>) -> bool {
        let is_twice = grant.is_some() && verified.is_some_and(|it| it.is_of(self.verifier()));
        if is_twice && self.verifier().is_first(Once::AppliedTwice) {
            self.record(&TelemetryEvent::AppliedTwice);
        }
        is_twice
    }

    /// The verifier of the deliveries.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// The store that holds the claims.
    #[must_use]
    pub fn store(&self) -> &S {
        self.0.queue.store()
    }

    /// How long a handled event is remembered, counted from its completion.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.0.settings.retention
    }

    /// How long the sender waits for the response.
    #[must_use]
    pub fn ack_deadline(&self) -> Duration {
        self.0.settings.ack_deadline
    }

    /// The time within which the response must be sent: the ack deadline minus a
    /// tenth of it, and minus 500 ms at most. The rest is for the network.
    #[must_use]
    pub fn response_deadline(&self) -> Duration {
        response_deadline(self.ack_deadline())
    }

    /// What happens while the store is unavailable.
    #[must_use]
    pub fn outage_policy(&self) -> OutagePolicy {
        self.0.settings.outage
    }

    /// Counts of the events that the responses do not show.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.queue.counters().snapshot()
    }

    /// Returns the background task that completes pending store calls: releases of
    /// dropped claims, successes that could not be recorded, and claims that were
    /// made in this process while the store was unavailable. The task ends when the
    /// receiver and its claims are dropped and nothing is pending.
    ///
    /// Spawn it on your runtime, and pass the runtime. Adapters call this
    /// at every request.
    ///
    /// Returns `None` while a task exists. It returns a new task if the previous
    /// one was dropped, for example because its runtime ended. It also does so if
    /// the previous one is stalled: calls are pending, and its runtime has not
    /// polled it for 2 s.
    pub fn settlement_task<T: Runtime>(
        &self,
        runtime: T,
    ) -> Option<impl Future<Output = ()> + Send + use<S, T>> {
        self.0.queue.background(runtime)
    }

    /// Sends all pending calls to the store, for at most `within`, and returns the
    /// events whose success is still not recorded. These may be handled again after
    /// a restart. Call it at shutdown, after the handlers have ended.
    ///
    /// A call without a reply is sent again, after a quarter of `within`, but at
    /// least 1 s and at most 10 s. A call that the settlement task has sent, and that
    /// has no reply yet, is sent again at once.
    ///
    /// The [`settlement_task`](Self::settlement_task) future may run at the same time, or may
    /// have been dropped.
    pub async fn flush(&self, within: Duration, runtime: &impl Runtime) -> Vec<EventKey> {
        self.0.queue.drain(within, runtime).await
    }

    pub(super) fn record(&self, notice: &TelemetryEvent<'_>) {
        self.0.verifier.recorder().record(notice);
    }
}

impl<S: IdempotencyStore> Clone for Receiver<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: IdempotencyStore> fmt::Debug for Receiver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("verifier", &self.0.verifier)
            .field("endpoint", &self.0.verifier.endpoint().name())
            .finish_non_exhaustive()
    }
}

/// The time within which the response must be sent.
pub(super) fn response_deadline(ack_deadline: Duration) -> Duration {
    ack_deadline - MAX_TRAVEL.min(ack_deadline / 10)
}

const MAX_TRAVEL: Duration = Duration::from_millis(500);
