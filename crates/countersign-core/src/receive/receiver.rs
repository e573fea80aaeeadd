//! The receiver: `receive`, `claim` and `settle` handle one delivery.

mod forget;
mod repeats;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::ConfigError;
use crate::idempotency::{
    Attempt, Claim, ClaimOutcome, CompleteOutcome, Counters, Effect, EventKey, Fingerprint, Holder,
    IdempotencyStore, ReleaseOutcome, SettlementQueue, StoreError, Waiters, bounded, replied,
};
use crate::receive::outcome::{
    EarlyResponse, OutagePolicy, OutcomeRule, SuccessCompletes, Verdict,
};
use crate::scheme::{Retries, min_retention};
use crate::telemetry::{Stopwatch, TelemetryEvent};
use crate::time::runtime::Runtime;
use crate::time::tolerance::Tolerance;
use crate::verify::{Endpoint, Verified, Verifier};

pub use repeats::Repeats;

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
pub struct Receiver<S: IdempotencyStore>(Arc<Inner<S>>);

struct Inner<S: IdempotencyStore> {
    verifier: Verifier,
    /// The store, and the state that is not recorded there yet.
    queue: Arc<SettlementQueue<S>>,
    settings: Settings,
    /// The duplicates that wait for an event in flight.
    waiters: Arc<Waiters>,
    /// The duplicates that are handled.
    repeats: Arc<Waiters>,
    /// Whether the last claim failed. Only the first failure of an outage is
    /// reported.
    store_fails: AtomicBool,
}

#[derive(Clone)]
struct Settings {
    endpoint: Endpoint,
    lease: Duration,
    retention: Duration,
    ack_deadline: Duration,
    in_flight_wait: Duration,
    /// The timeout of one store call.
    store_timeout: Duration,
    outage: OutagePolicy,
    /// If not set, it depends on the identity of each delivery.
    repeats: Option<Repeats>,
    rule: Arc<dyn OutcomeRule>,
    dead_letters: Option<Arc<dyn DeadLetters>>,
}

impl<S: IdempotencyStore> Receiver<S> {
    /// Creates a receiver for an endpoint.
    #[must_use]
    pub fn new(verifier: Verifier, store: S, endpoint: Endpoint) -> Self {
        let profile = verifier.scheme().profile();
        let ack_deadline = profile.ack_deadline().max(MIN_ACK_DEADLINE);
        let outage = match profile.retries() {
            Retries::Never => OutagePolicy::LocalFallback,
            _ => OutagePolicy::FailClosed,
        };
        let settings = Settings {
            endpoint,
            lease: DEFAULT_LEASE,
            retention: default_retention(&verifier),
            ack_deadline,
            in_flight_wait: in_flight_wait(ack_deadline),
            store_timeout: store_timeout(ack_deadline),
            outage,
            repeats: None,
            rule: Arc::new(SuccessCompletes),
            dead_letters: None,
        };
        let verifier = verifier.with_ack_deadline(ack_deadline).with_endpoint(&settings.endpoint);
        let queue = Arc::new(SettlementQueue::new(store, verifier.recorder().clone()));
        let (waiters, repeats) = Default::default();
        let store_fails = AtomicBool::new(false);
        Self(Arc::new(Inner { verifier, queue, settings, waiters, repeats, store_fails }))
    }

    /// Sets the lease: how long an attempt holds its event without a renewal.
    /// Defaults to 30 s; the minimum is 1 s.
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
        self.with(|settings| settings.lease = lease)
    }

    /// Sets how long a handled event is remembered, counted from its completion.
    /// Defaults to the profile's retention, plus the difference if the verifier's
    /// tolerance is wider than the scheme's.
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
        self.with(|settings| settings.retention = retention)
    }

    /// Sets how long the sender waits for the response. Defaults to the profile's
    /// value; the minimum is 100 ms.
    ///
    /// Other limits depend on it:
    ///
    /// - The body may take a third of it, and 2 s at most, unless
    ///   [`with_body_timeout`](Self::with_body_timeout) sets another limit.
    /// - A duplicate of an event in flight waits for a third of it, and 2 s at
    ///   most, including the store calls. At most four wait for one event; the
    ///   others do not wait.
    /// - One store call may take a quarter of it, but at least 250 ms and at most
    ///   10 s. After that the store counts as unavailable.
    #[must_use]
    pub fn with_ack_deadline(self, deadline: Duration) -> Self {
        let deadline = deadline.max(MIN_ACK_DEADLINE);
        let verifier = self.0.verifier.clone().with_ack_deadline(deadline);
        let mut settings = self.0.settings.clone();
        settings.ack_deadline = deadline;
        settings.in_flight_wait = in_flight_wait(deadline);
        settings.store_timeout = store_timeout(deadline);
        self.rebuilt(verifier, settings)
    }

    /// Sets the deadline for the whole body. Defaults to the verifier's.
    #[must_use]
    pub fn with_body_timeout(self, timeout: Duration) -> Self {
        let verifier = self.0.verifier.clone().with_body_timeout(timeout);
        self.rebuilt(verifier, self.0.settings.clone())
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

    /// Sets the place of the event id in the bodies of this endpoint, as
    /// [`Verifier::with_event_id`] does.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] if it cannot be parsed, or the signature does not
    /// cover it.
    pub fn with_event_id(self, place: &str) -> Result<Self, ConfigError> {
        let verifier = self.0.verifier.clone().with_event_id(place)?;
        Ok(self.rebuilt(verifier, self.0.settings.clone()))
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
        let deadline = self.ack_deadline();
        deadline - MAX_TRAVEL.min(deadline / 10)
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

    /// Claims the event of a delivery that [`receive`](Self::receive) returned. If
    /// another attempt holds the event, waits for it for a short time.
    ///
    /// # Errors
    ///
    /// The response, if the delivery is not to be handled.
    pub async fn claim(
        &self,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let claimed = self.claim_event(verified, runtime).await;
        match &claimed {
            Ok(claim) => self.record(&TelemetryEvent::Claimed(claim.grant().into())),
            Err(answer) => self.record(&answer.not_claimed()),
        }
        claimed
    }

    fn record(&self, notice: &TelemetryEvent<'_>) {
        self.0.verifier.recorder().record(notice);
    }

    async fn claim_event(
        &self,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let (key, attempt) = (self.identify(verified), self.attempt(verified)?);
        // Created before the store is called: if this future is dropped before the reply, the drop
        // of the claim releases the event.
        let claim = Claim::new(key, attempt, Arc::clone(&self.0.queue));
        match self.claim_with_wait(claim.key(), claim.attempt(), runtime).await {
            // For a new event, a full store is as useless as an unavailable one.
            Ok(ClaimOutcome::AtCapacity) if self.0.settings.outage != OutagePolicy::FailClosed => {
                Box::pin(self.apply_outage_policy(claim, Effect::NotApplied, verified, runtime))
                    .await
            }
            Ok(outcome) => match granted(outcome).and_then(|grant| self.held(&claim, grant)) {
                Ok((holder, (epoch, reclaimed))) => {
                    Ok(claim.held(holder).granted(epoch, reclaimed))
                }
                // Boxed, here and below: these cases are rare, and unboxed they would double the
                // size of the future of every request.
                Err(answer) => Box::pin(self.not_granted(answer, claim, verified, runtime)).await,
            },
            Err(error) => {
                Box::pin(self.apply_outage_policy(claim, error.effect(), verified, runtime)).await
            }
        }
    }

    /// Returns the holder of a claim that the store has granted. This process also
    /// remembers the claim until its handler ends: the lease may run out in the store
    /// because it cannot be renewed, or the store may become unavailable.
    ///
    /// # Errors
    ///
    /// The response, if another attempt of this process holds the event, or has
    /// handled it, although the store has granted it.
    fn held(
        &self,
        claim: &Claim<S>,
        grant: (u32, bool),
    ) -> Result<(Holder, (u32, bool)), EarlyResponse> {
        let (queue, key, attempt) = (&self.0.queue, claim.key(), claim.attempt());
        // Only the local fallback needs to know in an outage what was handled before it.
        let is_remembered = self.0.settings.outage == OutagePolicy::LocalFallback;
        let known = queue.hold(key, attempt, grant.0, is_remembered);
        let Some(Err(answer)) = known.map(granted) else {
            return Ok((Holder::StoreAndKnown { is_remembered }, grant));
        };
        queue.push_release(key, attempt);
        Err(answer)
    }

    fn identify(&self, verified: &Verified) -> EventKey {
        let key = EventKey::of(verified, &self.0.settings.endpoint);
        self.record(&TelemetryEvent::Identified(key.short_digest()));
        key
    }

    fn attempt(&self, verified: &Verified) -> Result<Attempt, EarlyResponse> {
        let Settings { lease, retention, .. } = self.0.settings;
        Attempt::new(Fingerprint::of(verified), lease, retention)
            .map_err(|_| EarlyResponse::StoreUnavailable)
    }

    /// Settles the claim by the handler's status. If the handler ended without a status,
    /// the claim is released. The sender gets the handler's response, even if settling
    /// fails.
    ///
    /// If the store does not reply within the timeout of a store call (see
    /// [`with_ack_deadline`](Self::with_ack_deadline)), or panics, or if the future is
    /// dropped, the claim is settled in the background.
    pub async fn settle(
        &self,
        claim: Claim<S>,
        status: impl Into<Option<u16>>,
        runtime: &impl Runtime,
    ) -> Settled {
        let within = self.0.settings.store_timeout;
        match status.into().map_or(Verdict::Release, |status| self.verdict(status)) {
            Verdict::Complete => {
                Settled::Completed(replied(pin!(claim.complete()), within, runtime).await)
            }
            Verdict::Release => {
                Settled::Released(replied(pin!(claim.release()), within, runtime).await)
            }
        }
    }

    /// Returns the rule's verdict. If the rule panics, the default rule decides,
    /// because the handler has already run.
    fn verdict(&self, status: u16) -> Verdict {
        let rule = &self.0.settings.rule;
        catch_unwind(AssertUnwindSafe(|| rule.verdict(status))).unwrap_or_else(|_| {
            self.record(&TelemetryEvent::RulePanicked { status });
            SuccessCompletes.verdict(status)
        })
    }

    /// Claims the event. While another attempt holds it, retries for a limited time
    /// with the same token, unless too many duplicates of the event do so already.
    async fn claim_with_wait(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &impl Runtime,
    ) -> Result<ClaimOutcome, StoreError> {
        let since = runtime.now();
        match self.query_store(key, attempt, runtime).await {
            Ok(in_flight @ ClaimOutcome::InFlight { .. }) => match self.0.waiters.enter(key) {
                Some(_waiting) => {
                    Box::pin(self.poll_in_flight(in_flight, since, key, attempt, runtime)).await
                }
                None => Ok(in_flight),
            },
            outcome => outcome,
        }
    }

    /// Retries the claim of an event in flight until the wait is over, which began with
    /// the first query. The time of the queries counts, so that a slow store does not
    /// make the wait longer.
    async fn poll_in_flight<R: Runtime>(
        &self,
        mut in_flight: ClaimOutcome,
        since: R::Instant,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &R,
    ) -> Result<ClaimOutcome, StoreError> {
        let longest = self.0.settings.in_flight_wait;
        let mut pause = FIRST_PAUSE;
        // As much as the last query took is left for the next one, and as much again, because it
        // may take longer.
        let mut reserve = Duration::ZERO;
        let outcome = loop {
            let left = longest.saturating_sub(runtime.elapsed(since));
            if left.is_zero() || left < reserve {
                break Ok(in_flight);
            }
            runtime.sleep(pause.min(left - reserve)).await;
            pause = (pause * 2).min(MAX_PAUSE);
            let began = runtime.elapsed(since);
            let query = pin!(self.query_store(key, attempt, runtime));
            let Some(outcome) = bounded(query, longest.saturating_sub(began), runtime).await else {
                // The store may have granted this claim in the meantime.
                self.0.queue.push_release(key, attempt);
                break Ok(in_flight);
            };
            reserve = runtime.elapsed(since).saturating_sub(began).saturating_mul(2);
            match outcome {
                Ok(again @ ClaimOutcome::InFlight { .. }) => in_flight = again,
                outcome => break outcome,
            }
        };
        self.record(&TelemetryEvent::Waited(runtime.elapsed(since)));
        outcome
    }

    /// Claims the event in the store, unless this process holds or has handled the
    /// event and has not recorded that in the store yet.
    async fn query_store(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        runtime: &impl Runtime,
    ) -> Result<ClaimOutcome, StoreError> {
        if self.0.settings.outage != OutagePolicy::FailOpen
            && let Some(outcome) = self.0.queue.look(key, attempt)
        {
            return Ok(outcome);
        }
        let since = Stopwatch::start();
        // In a block, because a store can also panic before it returns its future.
        let call = pin!(async { self.store().claim(key, attempt).await });
        let outcome = replied(call, self.0.settings.store_timeout, runtime).await;
        self.record(&TelemetryEvent::StoreQueried(since.elapsed()));
        self.report_store(outcome.as_ref().err());
        outcome
    }

    /// Reports the first error and the end of an outage.
    fn report_store(&self, error: Option<&StoreError>) {
        let fails = &self.0.store_fails;
        if fails.load(Ordering::Relaxed) != error.is_some()
            && fails.swap(error.is_some(), Ordering::Relaxed) != error.is_some()
        {
            self.record(&match error {
                Some(error) => TelemetryEvent::StoreFailed(error),
                None => TelemetryEvent::StoreRecovered,
            });
        }
    }

    /// Applies the outage policy to a delivery whose claim failed because the store
    /// is unavailable or full.
    async fn apply_outage_policy(
        &self,
        claim: Claim<S>,
        applied: Effect,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let queue = &self.0.queue;
        let may_be_in_store = applied == Effect::Unknown;
        let (holder, outcome) = match self.0.settings.outage {
            OutagePolicy::FailClosed => {
                if !may_be_in_store {
                    claim.disarm();
                }
                return Err(EarlyResponse::StoreUnavailable);
            }
            // The claim keeps its token. If the store has granted it, it is not released while the
            // handler runs.
            OutagePolicy::LocalFallback => {
                let outcome = queue.claim(claim.key(), claim.attempt(), may_be_in_store);
                (Holder::Here, granted(outcome))
            }
            OutagePolicy::FailOpen => (Holder::Nowhere { may_be_in_store }, Ok((1, false))),
        };
        match outcome {
            Ok((epoch, reclaimed)) => {
                queue.counters().degraded();
                Ok(claim.held(holder).granted(epoch, reclaimed))
            }
            Err(answer) => {
                if may_be_in_store {
                    queue.push_release(claim.key(), claim.attempt());
                }
                self.not_granted(answer, claim.held(holder), verified, runtime).await
            }
        }
    }

    /// Decides about a delivery whose claim was not granted. An exhausted event is
    /// passed to the dead letters, if there are any. A duplicate is handled if the
    /// endpoint handles duplicates, unless too many of its event are being handled.
    /// Otherwise this returns the response.
    async fn not_granted(
        &self,
        answer: EarlyResponse,
        claim: Claim<S>,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        if let (EarlyResponse::Exhausted { .. }, Some(dead_letters)) =
            (&answer, &self.0.settings.dead_letters)
            && catch_unwind(AssertUnwindSafe(|| dead_letters.take(verified)))
                .is_ok_and(|taken| taken.is_ok())
        {
            // The event is now done. If that is not recorded, the next delivery is passed to the
            // dead letters again.
            let within = self.0.settings.store_timeout;
            let _ = replied(pin!(claim.complete()), within, runtime).await;
            return Err(EarlyResponse::Exhausted { dead_lettered: true });
        }
        let is_repeat =
            matches!(answer, EarlyResponse::Duplicate { .. } | EarlyResponse::InFlight { .. });
        if !is_repeat || self.repeats(verified) == Repeats::Suppress {
            claim.disarm();
            return Err(answer);
        }
        if let Some(place) = self.0.repeats.enter(claim.key()) {
            return Ok(claim.of_repeat(place));
        }
        claim.disarm();
        Err(match answer {
            EarlyResponse::InFlight { .. } => answer,
            // The event is done, but in flight again while duplicates of it are handled.
            _ => EarlyResponse::InFlight { retry_after: Duration::ZERO },
        })
    }

    fn repeats(&self, verified: &Verified) -> Repeats {
        self.0.settings.repeats.unwrap_or_else(|| Repeats::by_default(verified))
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
fn default_retention(verifier: &Verifier) -> Duration {
    let scheme = verifier.scheme();
    let [accepted, usual] =
        [verifier.tolerance(), scheme.tolerance()].map(|t| accepted_for(t).unwrap_or_default());
    scheme.profile().retention().saturating_add(accepted.saturating_sub(usual))
}

/// How long one delivery is accepted; `None` if there is no limit.
fn accepted_for(tolerance: Option<Tolerance>) -> Option<Duration> {
    tolerance.and_then(|tolerance| tolerance.window())
}

/// Converts the outcome of a claim into the epoch and whether the event is
/// reclaimed, or into the response.
fn granted(outcome: ClaimOutcome) -> Result<(u32, bool), EarlyResponse> {
    Err(match outcome {
        ClaimOutcome::Granted { attempt: epoch, reclaimed } => return Ok((epoch, reclaimed)),
        ClaimOutcome::Done { fingerprint_matches, at_unix_ms } => {
            EarlyResponse::Duplicate { fingerprint_matches, done_at_unix_ms: at_unix_ms }
        }
        ClaimOutcome::InFlight { retry_after } => EarlyResponse::InFlight { retry_after },
        // No caller waits for this, because the attempt was released before. If one does, another
        // delivery gets the event.
        ClaimOutcome::AlreadyReleased => EarlyResponse::InFlight { retry_after: Duration::ZERO },
        ClaimOutcome::AtCapacity => EarlyResponse::StoreFull,
        ClaimOutcome::Exhausted { .. } => EarlyResponse::Exhausted { dead_lettered: false },
    })
}

/// The result of settling a claim.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled {
    /// The event is done. An error means that this is not recorded in the store
    /// yet.
    Completed(Result<CompleteOutcome, StoreError>),
    /// The event is released. An error means that the store has not released it
    /// yet.
    Released(Result<ReleaseOutcome, StoreError>),
}

/// Saves events that cannot be handled. Implemented for closures.
pub trait DeadLetters: Send + Sync + 'static {
    /// Saves the delivery. After `Ok` the event counts as done.
    ///
    /// # Errors
    ///
    /// Any error, if the delivery could not be saved. The delivery then gets the
    /// response 503.
    fn take(&self, verified: &Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

impl<F> DeadLetters for F
where
    F: Fn(&Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
        + Send
        + Sync
        + 'static,
{
    fn take(&self, verified: &Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self(verified)
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
            .field("endpoint", &self.0.settings.endpoint.name())
            .finish_non_exhaustive()
    }
}

const DEFAULT_LEASE: Duration = Duration::from_secs(30);
/// A third of it leaves time to retry a failed renewal.
const MIN_LEASE: Duration = Duration::from_secs(1);
/// No handler that does any work responds sooner over a network.
const MIN_ACK_DEADLINE: Duration = Duration::from_millis(100);
/// The timeout of the Redis store.
const MIN_STORE_TIMEOUT: Duration = Duration::from_millis(250);
const MAX_STORE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_TRAVEL: Duration = Duration::from_millis(500);
const MAX_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(200);
