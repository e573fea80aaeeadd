//! A map behind a lock, with one flaw or none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use countersign::store::protocol::{self, Record, State};
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError, Token,
};
use countersign::{Clock, EventKey, ManualClock};
use tokio::sync::Barrier;

/// Typical mistakes of stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    /// The first two claims of an event in this state both read its record
    /// before either of them writes.
    ChecksThenActs(Raced),
    AnybodyReleases,
    FailureUndoesSuccess,
    IgnoresLateSuccess,
    ResendIsAnother,
    ForgetsWithTheLease,
    RetentionStartsAgain,
    RetentionCountsFromTheClaim,
    RetentionEndsLease,
    GrantsTheReleased,
    IgnoresEarlyRelease,
    DropsWhenFull,
}

/// The claims of a [`Flaw::ChecksThenActs`] that race each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raced {
    /// Claims of an event without a record.
    New,
    /// Claims of an event that another attempt has abandoned.
    Abandoned,
}

pub(super) struct FlawedStore {
    clock: ManualClock,
    flaw: Flaw,
    events: Mutex<Events>,
    /// Where the two claims of a race wait for each other.
    races: Mutex<HashMap<EventKey, Race>>,
}

/// How many claims of an event have reached the race, and where two of them
/// wait for each other.
type Race = (usize, Arc<Barrier>);

/// The record of each event, and when it expires.
type Events = HashMap<EventKey, (Record, i64)>;

impl FlawedStore {
    pub(super) fn new(clock: ManualClock, flaw: Flaw) -> Self {
        Self { clock, flaw, events: Mutex::default(), races: Mutex::default() }
    }

    fn step<T>(
        &self,
        key: &EventKey,
        attempt: &Attempt,
        step: impl FnOnce(Option<&Record>, i64) -> (T, Option<Record>),
    ) -> T {
        let mut events = self.events();
        let known = self.known(&events, key);
        let record = known.as_ref().map(|(record, _)| record);
        let (outcome, changed) = step(record, self.clock.now_unix_ms());
        let again = record.filter(|_| self.flaw == Flaw::RetentionStartsAgain).copied();
        if let Some(changed) = changed.or(again) {
            self.keep(&mut events, key, attempt, known, changed);
        }
        outcome
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap()
    }

    fn known(&self, events: &Events, key: &EventKey) -> Option<(Record, i64)> {
        let now_ms = self.clock.now_unix_ms();
        events.get(key).filter(|(_, expires_ms)| now_ms < *expires_ms).copied()
    }

    fn keep(
        &self,
        events: &mut Events,
        key: &EventKey,
        attempt: &Attempt,
        known: Option<(Record, i64)>,
        record: Record,
    ) {
        let now_ms = self.clock.now_unix_ms();
        let expires_ms = match (record.state, self.flaw, known) {
            (State::InProgress { lease_until_ms }, Flaw::ForgetsWithTheLease, _) => lease_until_ms,
            (_, Flaw::RetentionEndsLease, _) => now_ms + ms(attempt.retention),
            (_, Flaw::ForgetsWithTheLease | Flaw::RetentionCountsFromTheClaim, Some((_, ends))) => {
                ends
            }
            _ => now_ms + ms(record.keep_for(attempt)),
        };
        if self.flaw == Flaw::DropsWhenFull && events.len() >= 5000 {
            events.clear();
        }
        events.insert(key.clone(), (record, expires_ms));
    }

    /// Holds the first claim of an event until a second one has also read. This
    /// forces the interleaving on any number of cores.
    async fn let_another_read(&self, key: &EventKey) {
        let barrier = {
            let mut races = self.races.lock().unwrap();
            let (claims, barrier) =
                races.entry(key.clone()).or_insert_with(|| (0, Arc::new(Barrier::new(2))));
            *claims += 1;
            (*claims <= 2).then(|| Arc::clone(barrier))
        };
        if let Some(barrier) = barrier {
            barrier.wait().await;
        }
    }
}

impl Raced {
    fn is_in(self, record: Option<&Record>) -> bool {
        match self {
            Self::New => record.is_none(),
            Self::Abandoned => record.is_some(),
        }
    }
}

impl FlawedStore {
    fn flawed_claim(
        &self,
        record: Option<&Record>,
        attempt: &Attempt,
        now_ms: i64,
    ) -> (ClaimOutcome, Option<Record>) {
        match (protocol::claim(record, attempt, now_ms), record, self.flaw) {
            ((ClaimOutcome::AlreadyReleased, _), Some(record), Flaw::GrantsTheReleased) => {
                let forgetful = Record { token: Token::from_bytes([0; 16]), ..*record };
                protocol::claim(Some(&forgetful), attempt, now_ms)
            }
            (step, ..) => step,
        }
    }
}

impl IdempotencyStore for FlawedStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        let mut attempt = attempt.clone();
        if self.flaw == Flaw::ResendIsAnother {
            attempt.token = Token::random()?;
        }
        let Flaw::ChecksThenActs(raced) = self.flaw else {
            return Ok(self.step(key, &attempt, |record, now_ms| {
                self.flawed_claim(record, &attempt, now_ms)
            }));
        };
        let known = self.known(&self.events(), key);
        let record = known.as_ref().map(|(record, _)| record);
        if raced.is_in(record) {
            self.let_another_read(key).await;
        }
        let (outcome, changed) = protocol::claim(record, &attempt, self.clock.now_unix_ms());
        if let Some(changed) = changed {
            self.keep(&mut self.events(), key, &attempt, known, changed);
        }
        Ok(outcome)
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        Ok(self.step(key, attempt, |record, now_ms| {
            match protocol::complete(record, attempt, now_ms) {
                (CompleteOutcome::RecordedLate, _) if self.flaw == Flaw::IgnoresLateSuccess => {
                    (CompleteOutcome::AlreadyDone, None)
                }
                step => step,
            }
        }))
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        Ok(self.step(key, attempt, |record, now_ms| protocol::renew(record, attempt, now_ms)))
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        Ok(self.step(key, attempt, |record, _| match (record, self.flaw) {
            (Some(record), Flaw::AnybodyReleases | Flaw::FailureUndoesSuccess)
                if may_release(record, attempt, self.flaw) =>
            {
                let failed = Record { state: State::Failed, ..*record };
                (ReleaseOutcome::Released, Some(failed))
            }
            (None, Flaw::IgnoresEarlyRelease) => (ReleaseOutcome::NotHeld, None),
            _ => protocol::release(record, attempt),
        }))
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        let mut events = self.events();
        let known = self.known(&events, key).is_some();
        events.remove(key);
        Ok(known)
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        Ok(Health::default())
    }
}

fn may_release(record: &Record, attempt: &Attempt, flaw: Flaw) -> bool {
    match record.state {
        State::InProgress { .. } => flaw == Flaw::AnybodyReleases,
        State::Failed => false,
        State::Done { .. } => flaw == Flaw::FailureUndoesSuccess && record.token == attempt.token,
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}
