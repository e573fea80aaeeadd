//! The spine: `begin`, `admit`, `settle`.

mod repeats;

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::budget::Reserved;
use crate::error::ConfigError;
use crate::headers::Head;
use crate::idempotency::{
    Applied, Attempt, Claim, ClaimOutcome, CompleteOutcome, Counters, Endpoint, EventKey,
    Fingerprint, Holder, IdempotencyStore, ReleaseOutcome, SettlementQueue, StoreError, Timer,
    replied,
};
use crate::observe::{Notice, Stopwatch};
use crate::outcome::{Answer, OutagePolicy, OutcomeRule, SuccessCompletes, Verdict};
use crate::scheme::{Retries, Tolerance, least_retention};
use crate::verifier::{Arrived, Arriving, Verified, Verifier};

pub use repeats::Repeats;

/// Receives the deliveries of one endpoint: proves each, claims its event, and
/// settles the claim by what the handler made of it.
///
/// An adapter is these three calls plus its framework's types: [`begin`], then
/// the body into [`Arriving::push`], then [`admit`], the handler, and [`settle`].
///
/// Cheap to clone; the clones are one receiver.
///
/// [`begin`]: Self::begin
/// [`admit`]: Self::admit
/// [`settle`]: Self::settle
pub struct Receiver<S: IdempotencyStore>(Arc<Inner<S>>);

struct Inner<S: IdempotencyStore> {
    verifier: Verifier,
    /// The store, and what this process knows and the store does not.
    queue: Arc<SettlementQueue<S>>,
    settings: Settings,
    /// Whether the last claim failed: its cause is reported once an outage.
    store_fails: AtomicBool,
}

#[derive(Clone)]
struct Settings {
    endpoint: Endpoint,
    lease: Duration,
    retention: Duration,
    ack_deadline: Duration,
    in_flight_wait: Duration,
    /// How long the store may take for one call.
    store_timeout: Duration,
    outage: OutagePolicy,
    /// By each delivery's identity, if not said.
    repeats: Option<Repeats>,
    rule: Arc<dyn OutcomeRule>,
    dead_letters: Option<Arc<dyn DeadLetters>>,
}

impl<S: IdempotencyStore> Receiver<S> {
    /// A receiver for the endpoint of this name.
    #[must_use]
    pub fn new(verifier: Verifier, store: S, endpoint: Endpoint) -> Self {
        let profile = verifier.scheme().profile();
        let ack_deadline = profile.ack_deadline().max(LEAST_ACK_DEADLINE);
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
        let queue = Arc::new(SettlementQueue::new(store, verifier.watch().clone()));
        Self(Arc::new(Inner { verifier, queue, settings, store_fails: AtomicBool::new(false) }))
    }

    /// For how long a handler that shows no sign of life keeps its event.
    /// Defaults to 30 s, and is 1 s at the minimum. Adapters renew it at a third,
    /// so a handler may take longer; an event of a process that died is free after
    /// this time.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        self.dangerous_with_lease(lease.max(LEAST_LEASE))
    }

    /// As [`with_lease`](Self::with_lease), however short: for tests.
    ///
    /// Dangerous: a lease that ends before it can be renewed gives an event to a
    /// second handler while the first one still runs.
    #[must_use]
    pub fn dangerous_with_lease(self, lease: Duration) -> Self {
        self.with(|settings| settings.lease = lease)
    }

    /// How long a handled event is remembered, counted from its completion.
    /// Defaults to the profile's, and as much more as the verifier's tolerance
    /// is wider than the scheme's.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Retention`] if that is less than the provider's retry
    /// window (3 days if it is unknown) and the past and future tolerance
    /// together: a retry, or a replay of the last one, could come later.
    pub fn with_retention(self, retention: Duration) -> Result<Self, ConfigError> {
        let verifier = &self.0.verifier;
        let retries = verifier.scheme().profile().retries();
        let least = least_retention(retries, accepted_for(verifier.tolerance()));
        if retention < least {
            return Err(ConfigError::Retention { least });
        }
        Ok(self.dangerous_with_retention(retention))
    }

    /// How long a handled event is remembered, however short.
    ///
    /// Dangerous: what comes again later is handled again.
    #[must_use]
    pub fn dangerous_with_retention(self, retention: Duration) -> Self {
        self.with(|settings| settings.retention = retention)
    }

    /// How long the sender waits for the answer. Defaults to the profile's, and
    /// is 100 ms at the minimum.
    /// The body may take a third of it, unless
    /// [`with_body_timeout`](Self::with_body_timeout) says otherwise, and a
    /// duplicate of an event in flight waits for a third of it: both 2 s at the
    /// most. The store may take a quarter of it for one call, 250 ms at the minimum
    /// and 10 s at the maximum; then it counts as unavailable.
    #[must_use]
    pub fn with_ack_deadline(self, deadline: Duration) -> Self {
        let deadline = deadline.max(LEAST_ACK_DEADLINE);
        let verifier = self.0.verifier.clone().with_ack_deadline(deadline);
        let mut settings = self.0.settings.clone();
        settings.ack_deadline = deadline;
        settings.in_flight_wait = in_flight_wait(deadline);
        settings.store_timeout = store_timeout(deadline);
        self.rebuilt(verifier, settings)
    }

    /// How long a whole body may take to arrive. Defaults to the verifier's.
    #[must_use]
    pub fn with_body_timeout(self, timeout: Duration) -> Self {
        let verifier = self.0.verifier.clone().with_body_timeout(timeout);
        self.rebuilt(verifier, self.0.settings.clone())
    }

    /// What happens while the store cannot be asked. Defaults to
    /// [`OutagePolicy::FailClosed`] where the sender sends again, and to
    /// [`OutagePolicy::LocalFallback`] where it does not.
    #[must_use]
    pub fn with_outage_policy(self, policy: OutagePolicy) -> Self {
        self.with(|settings| settings.outage = policy)
    }

    /// What becomes of a repeat: a delivery with the id of an event that was
    /// handled or is being handled.
    ///
    /// Defaults to [`Repeats::Suppress`] for deliveries whose [`Identity`] is
    /// `Id`, or `Content` if the provider sends again by itself; to
    /// [`Repeats::Handle`] for all others, and for those whose response the
    /// provider [reads](crate::Interactive).
    ///
    /// [`Identity`]: crate::Identity
    #[must_use]
    pub fn with_repeats(self, repeats: Repeats) -> Self {
        self.with(|settings| settings.repeats = Some(repeats))
    }

    /// Where the bodies of this endpoint's deliveries name their event. As
    /// [`Verifier::with_event_id`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] if it cannot be parsed, or the signature does not
    /// cover it.
    pub fn with_event_id(self, place: &str) -> Result<Self, ConfigError> {
        let verifier = self.0.verifier.clone().with_event_id(place)?;
        Ok(self.rebuilt(verifier, self.0.settings.clone()))
    }

    /// Which statuses of the handler complete the event. Defaults to 2xx.
    #[must_use]
    pub fn with_outcome_rule(self, rule: impl OutcomeRule) -> Self {
        self.with(|settings| settings.rule = Arc::new(rule))
    }

    /// Takes events of which too many attempts have died. Defaults to nobody:
    /// they are answered 503.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: impl DeadLetters) -> Self {
        self.with(|settings| settings.dead_letters = Some(Arc::new(dead_letters)))
    }

    /// A receiver with changed settings; it shares the store.
    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = self.0.settings.clone();
        change(&mut settings);
        self.rebuilt(self.0.verifier.clone(), settings)
    }

    fn rebuilt(&self, verifier: Verifier, settings: Settings) -> Self {
        let inner = &self.0;
        let (queue, store_fails) = (Arc::clone(&inner.queue), AtomicBool::new(false));
        Self(Arc::new(Inner { verifier, queue, settings, store_fails }))
    }

    /// What proves the deliveries.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.0.verifier
    }

    /// Where the claims are held.
    #[must_use]
    pub fn store(&self) -> &S {
        self.0.queue.store()
    }

    /// How long a handled event is remembered, counted from its completion.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.0.settings.retention
    }

    /// How long the sender waits for the answer.
    #[must_use]
    pub fn ack_deadline(&self) -> Duration {
        self.0.settings.ack_deadline
    }

    /// How soon the answer has to leave: it has to travel, too, and so a tenth
    /// before the deadline, half a second at the most.
    #[must_use]
    pub fn answer_within(&self) -> Duration {
        let deadline = self.ack_deadline();
        deadline - MOST_TRAVEL.min(deadline / 10)
    }

    /// What has happened here that the answers do not tell.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.0.queue.counters().snapshot()
    }

    /// Tells the store what could not be told at once: claims that were dropped,
    /// successes whose record could not be written, and what was claimed in this
    /// process while the store was unavailable. It ends when the receiver and its
    /// claims are gone and everything is told.
    ///
    /// Given out to be spawned on the user's runtime with its `sleep`, and again
    /// only once it was dropped, as by the end of that runtime, or if that runtime
    /// is kept and not driven: nothing pending has been looked at for 2 s. Adapters
    /// spawn it at any request.
    pub fn background<T: Timer>(
        &self,
        timer: T,
    ) -> Option<impl Future<Output = ()> + Send + use<S, T>> {
        self.0.queue.background(timer)
    }

    /// Tells the store what is pending, for so long at the most, and returns the
    /// events whose success is still not recorded: without the store's record
    /// they may be handled again after a restart. For a shutdown, once the
    /// handlers have ended.
    ///
    /// The [`background`](Self::background) future may run meanwhile, or be gone.
    pub async fn flush(&self, within: Duration, timer: &impl Timer) -> Vec<EventKey> {
        self.0.queue.drain(within, timer).await
    }

    /// Judges the head of a delivery, before a byte of its body is read. Waits
    /// only where a tenant's secrets have to be asked for, and then for as long
    /// as the caller lets it.
    ///
    /// # Errors
    ///
    /// The answer for a request of which no more has to be read.
    pub fn begin<'h>(
        &self,
        head: impl Into<Head<'h>>,
    ) -> impl Future<Output = Result<Arriving, Answer>> + Send {
        let head = head.into();
        let resolving = self.0.verifier.resolve(head);
        async move { resolving.await?.arrive(head) }
    }

    /// Proves a delivery whose body has come, and claims its event.
    ///
    /// # Errors
    ///
    /// The answer for a request that is not to be handled.
    pub async fn admit(
        &self,
        arriving: Arriving,
        timer: &impl Timer,
    ) -> Result<Delivery<S>, Answer> {
        let Arrived { verified, reserved } = arriving.finish(None)?;
        let claim = self.claim(&verified, timer).await?;
        Ok(Delivery { verified, claim, reserved })
    }

    /// Claims the event of a proved delivery: the second half of
    /// [`admit`](Self::admit). Waits a little for another attempt that holds it.
    ///
    /// # Errors
    ///
    /// The answer for a delivery that is not to be handled.
    pub async fn claim(&self, verified: &Verified, timer: &impl Timer) -> Result<Claim<S>, Answer> {
        let claimed = self.claim_event(verified, timer).await;
        match &claimed {
            Ok(claim) => self.tell(&Notice::Claimed(claim.grant())),
            Err(answer) => self.tell(&Notice::NotClaimed(answer)),
        }
        claimed
    }

    fn tell(&self, notice: &Notice<'_>) {
        self.0.verifier.watch().tell(notice);
    }

    async fn claim_event(
        &self,
        verified: &Verified,
        timer: &impl Timer,
    ) -> Result<Claim<S>, Answer> {
        let (key, attempt) = (self.identify(verified), self.attempt(verified)?);
        // Made before the store is asked: should nobody hear its answer, the event is not to stay in
        // nobody's hands.
        let claim = Claim::new(key, attempt, Arc::clone(&self.0.queue));
        match self.patient_claim(claim.key(), claim.attempt(), timer).await {
            // A store without room is no more use to a new event than one that does not answer.
            Ok(ClaimOutcome::AtCapacity) if self.0.settings.outage != OutagePolicy::FailClosed => {
                Box::pin(self.without_store(claim, Applied::No, verified, timer)).await
            }
            Ok(outcome) => match granted(outcome).and_then(|grant| self.held(&claim, grant)) {
                Ok((holder, (epoch, reclaimed))) => {
                    Ok(claim.held(holder).granted(epoch, reclaimed))
                }
                // In boxes, this and what follows: they are rare, and would double what every
                // request carries.
                Err(answer) => Box::pin(self.not_granted(answer, claim, verified, timer)).await,
            },
            Err(error) => {
                Box::pin(self.without_store(claim, error.applied(), verified, timer)).await
            }
        }
    }

    /// Where a claim that the store has granted is held. An endpoint that would go
    /// on without the store has to know what it has in hand itself.
    ///
    /// # Errors
    ///
    /// The answer for an event that another attempt of this process got, or has
    /// handled, without the store, while this one waited for the store.
    fn held(&self, claim: &Claim<S>, grant: (u32, bool)) -> Result<(Holder, (u32, bool)), Answer> {
        let (queue, key, attempt) = (&self.0.queue, claim.key(), claim.attempt());
        let (holder, known) = match self.0.settings.outage {
            OutagePolicy::FailOpen => (Holder::Store, None),
            OutagePolicy::FailClosed => (Holder::Store, queue.look(key, attempt)),
            OutagePolicy::LocalFallback => {
                (Holder::StoreAndKnown, queue.hold(key, attempt, grant.0))
            }
        };
        let Some(Err(answer)) = known.map(granted) else { return Ok((holder, grant)) };
        queue.push_release(key, attempt);
        Err(answer)
    }

    fn identify(&self, verified: &Verified) -> EventKey {
        let key = EventKey::of(verified, &self.0.settings.endpoint);
        self.tell(&Notice::Identified(&key));
        key
    }

    fn attempt(&self, verified: &Verified) -> Result<Attempt, Answer> {
        let Settings { lease, retention, .. } = self.0.settings;
        Attempt::new(Fingerprint::of(verified), lease, retention)
            .map_err(|_| Answer::StoreUnavailable)
    }

    /// Settles the claim by the status of the handler's answer. Whatever comes
    /// of that, the sender gets the handler's own answer. Waits for the store for as
    /// long as its caller lets it: a claim whose settling is dropped is settled in
    /// the background.
    pub async fn settle(&self, claim: Claim<S>, status: u16) -> Settled {
        match self.verdict(status) {
            Verdict::Complete => Settled::Completed(claim.complete().await),
            Verdict::Release => Settled::Released(claim.release().await),
        }
    }

    /// As [`settle`](Self::settle), and releases the claim of a handler that ended
    /// without a status. Waits for the store as long as
    /// [`with_ack_deadline`](Self::with_ack_deadline) lets it: if it has not
    /// replied by then, or panics, the claim is settled in the background.
    pub async fn settle_in_time(
        &self,
        claim: Claim<S>,
        status: Option<u16>,
        timer: &impl Timer,
    ) -> Settled {
        let within = self.0.settings.store_timeout;
        match status.map_or(Verdict::Release, |status| self.verdict(status)) {
            Verdict::Complete => {
                Settled::Completed(replied(pin!(claim.complete()), within, timer).await)
            }
            Verdict::Release => {
                Settled::Released(replied(pin!(claim.release()), within, timer).await)
            }
        }
    }

    /// What the rule says. One that panics has not undone what a handler has done.
    fn verdict(&self, status: u16) -> Verdict {
        let rule = &self.0.settings.rule;
        catch_unwind(AssertUnwindSafe(|| rule.verdict(status))).unwrap_or_else(|_| {
            self.tell(&Notice::RulePanicked { status });
            SuccessCompletes.verdict(status)
        })
    }

    /// Claims, and while another attempt holds the event asks again for a
    /// while, with the same token.
    async fn patient_claim(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        timer: &impl Timer,
    ) -> Result<ClaimOutcome, StoreError> {
        let outcome = self.ask(key, attempt, timer).await;
        if matches!(outcome, Ok(ClaimOutcome::InFlight { .. }))
            && !self.0.settings.in_flight_wait.is_zero()
        {
            return Box::pin(self.ask_again(key, attempt, timer)).await;
        }
        outcome
    }

    async fn ask_again(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        timer: &impl Timer,
    ) -> Result<ClaimOutcome, StoreError> {
        let longest = self.0.settings.in_flight_wait;
        let mut left = longest;
        let mut pause = FIRST_PAUSE;
        loop {
            pause = pause.min(left);
            timer.sleep(pause).await;
            left -= pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let outcome = self.ask(key, attempt, timer).await;
            if left.is_zero() || !matches!(outcome, Ok(ClaimOutcome::InFlight { .. })) {
                self.tell(&Notice::Waited(longest - left));
                return outcome;
            }
        }
    }

    /// Claims at the store, unless this process knows better than the store:
    /// what it holds, or has done, and could not tell yet.
    async fn ask(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        timer: &impl Timer,
    ) -> Result<ClaimOutcome, StoreError> {
        if self.0.settings.outage != OutagePolicy::FailOpen
            && let Some(outcome) = self.0.queue.look(key, attempt)
        {
            return Ok(outcome);
        }
        let since = Stopwatch::start();
        let call = pin!(self.store().claim(key, attempt));
        let outcome = replied(call, self.0.settings.store_timeout, timer).await;
        self.tell(&Notice::Asked(since.elapsed()));
        self.report_store(outcome.as_ref().err());
        outcome
    }

    /// Reports the first error of an outage, and its end.
    fn report_store(&self, error: Option<&StoreError>) {
        let fails = &self.0.store_fails;
        if fails.load(Ordering::Relaxed) != error.is_some()
            && fails.swap(error.is_some(), Ordering::Relaxed) != error.is_some()
        {
            self.tell(&error.map_or(Notice::StoreRecovered, Notice::StoreFailed));
        }
    }

    /// What the outage policy makes of a delivery whose claim the store has not
    /// answered.
    async fn without_store(
        &self,
        claim: Claim<S>,
        applied: Applied,
        verified: &Verified,
        timer: &impl Timer,
    ) -> Result<Claim<S>, Answer> {
        let queue = &self.0.queue;
        let may_be_in_store = applied == Applied::Maybe;
        let (holder, outcome) = match self.0.settings.outage {
            OutagePolicy::FailClosed => {
                if !may_be_in_store {
                    claim.disarm();
                }
                return Err(Answer::StoreUnavailable);
            }
            // The claim goes on with the same token: what the store may have granted it is not given
            // back while the handler runs.
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
                self.not_granted(answer, claim.held(holder), verified, timer).await
            }
        }
    }

    /// What becomes of a delivery whose event is with somebody else: it is handled
    /// as a repeat; or its answer, once the dead letters have it if they should.
    async fn not_granted(
        &self,
        answer: Answer,
        claim: Claim<S>,
        verified: &Verified,
        timer: &impl Timer,
    ) -> Result<Claim<S>, Answer> {
        if let (Answer::Exhausted { .. }, Some(dead_letters)) =
            (&answer, &self.0.settings.dead_letters)
            && catch_unwind(AssertUnwindSafe(|| dead_letters.take(verified)))
                .is_ok_and(|taken| taken.is_ok())
        {
            // Done by other hands. Should this not be recorded, the next delivery is handed over once
            // more.
            let within = self.0.settings.store_timeout;
            let _ = replied(pin!(claim.complete()), within, timer).await;
            return Err(Answer::Exhausted { dead_lettered: true });
        }
        let is_repeat = matches!(answer, Answer::Duplicate { .. } | Answer::InFlight { .. });
        if is_repeat && self.repeats(verified) == Repeats::Handle {
            return Ok(claim.of_repeat());
        }
        claim.disarm();
        Err(answer)
    }

    fn repeats(&self, verified: &Verified) -> Repeats {
        self.0.settings.repeats.unwrap_or_else(|| Repeats::by_default(verified))
    }
}

fn in_flight_wait(ack_deadline: Duration) -> Duration {
    LONGEST_WAIT.min(ack_deadline / 3)
}

/// Beside it the body may take a third of the deadline, and the handler needs its
/// share.
fn store_timeout(ack_deadline: Duration) -> Duration {
    (ack_deadline / 4).clamp(LEAST_STORE_TIMEOUT, LONGEST_STORE_TIMEOUT)
}

/// A tolerance that is wider than the scheme's lets a replay come later.
fn default_retention(verifier: &Verifier) -> Duration {
    let scheme = verifier.scheme();
    let [accepted, usual] =
        [verifier.tolerance(), scheme.tolerance()].map(|t| accepted_for(t).unwrap_or_default());
    scheme.profile().retention().saturating_add(accepted.saturating_sub(usual))
}

/// For how long one delivery is accepted; `None` if nothing limits it.
fn accepted_for(tolerance: Option<Tolerance>) -> Option<Duration> {
    tolerance.and_then(|tolerance| tolerance.window())
}

/// The epoch and whether it is reclaimed, or the answer, that a claim's outcome
/// means.
fn granted(outcome: ClaimOutcome) -> Result<(u32, bool), Answer> {
    Err(match outcome {
        ClaimOutcome::Granted { epoch, reclaimed } => return Ok((epoch, reclaimed)),
        ClaimOutcome::Done { fingerprint_matches, at_unix_ms } => {
            Answer::Duplicate { fingerprint_matches, done_at_unix_ms: at_unix_ms }
        }
        ClaimOutcome::InFlight { retry_after } => Answer::InFlight { retry_after },
        // Nobody waits for this: the attempt was released before. Should anybody, another delivery
        // gets the event.
        ClaimOutcome::AlreadyReleased => Answer::InFlight { retry_after: Duration::ZERO },
        ClaimOutcome::AtCapacity => Answer::StoreFull,
        ClaimOutcome::Exhausted { .. } => Answer::Exhausted { dead_lettered: false },
    })
}

/// An authentic, fresh and unhandled delivery, and the claim on its event.
#[non_exhaustive]
pub struct Delivery<S: IdempotencyStore> {
    /// The proof, with the body.
    pub verified: Verified,
    /// The claim, to be settled.
    pub claim: Claim<S>,
    /// The body's part of the budget, to be dropped once the delivery is
    /// answered.
    pub reserved: Reserved,
}

/// What came of settling.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settled {
    /// The event is done. An error means that its record is not written yet.
    Completed(Result<CompleteOutcome, StoreError>),
    /// The event was given back. An error means that this is still to come.
    Released(Result<ReleaseOutcome, StoreError>),
}

/// Takes events that cannot be handled. Implemented for closures.
pub trait DeadLetters: Send + Sync + 'static {
    /// Puts the delivery where it is not lost. After `Ok` it counts as done.
    ///
    /// # Errors
    ///
    /// Where it could not be kept; it then stays with the sender.
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

impl<S: IdempotencyStore> fmt::Debug for Delivery<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("verified", &self.verified)
            .field("claim", &self.claim)
            .finish()
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
/// A third of it leaves time for a renewal that has to be tried again.
const LEAST_LEASE: Duration = Duration::from_secs(1);
/// No network carries an answer sooner from a handler that does something.
const LEAST_ACK_DEADLINE: Duration = Duration::from_millis(100);
/// What the Redis store takes for itself.
const LEAST_STORE_TIMEOUT: Duration = Duration::from_millis(250);
const LONGEST_STORE_TIMEOUT: Duration = Duration::from_secs(10);
const MOST_TRAVEL: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
