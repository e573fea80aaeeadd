//! What a store of claims has to do.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::key::{EventKey, Fingerprint};

/// Remembers which events are being handled and which are done.
///
/// Every operation is one atomic step of the protocol in
/// [`protocol`](crate::protocol): a store that reads first and writes then
/// grants one event twice. None has a default that is put together from
/// others.
///
/// # Time
///
/// Every call has to end: give each a deadline of your own, and return
/// [`StoreError::maybe_applied`] if it has passed. The receiver bounds the calls,
/// too, as a last resort. It waits for a `claim`, a `complete` and a `release` for
/// a quarter of the ack deadline, 250 ms at the minimum and 10 s at the maximum
/// ([`Receiver::with_ack_deadline`](crate::Receiver::with_ack_deadline)), for a
/// `renew` for a third of the lease, and for what it repeats in the background for
/// 10 s. Then it drops the future, which must not break the store, and goes on as
/// if the call had failed and may have been applied. A panic counts as such an
/// error, too. `Claim::complete`, `Claim::release` and `Claim::renew`, called by
/// hand, wait for as long as their caller lets them.
///
/// The suite in `countersign-conformance` holds an implementation to all of
/// this but the time.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Claims an event for one attempt, first and before anything else.
    ///
    /// Claiming again with the same token is the same grant: after an error
    /// that was perhaps applied, the same attempt is simply sent again.
    fn claim(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Records that the event is done. A late success is recorded too, for the
    /// effect has happened, and is reported as late.
    fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<CompleteOutcome, StoreError>> + Send;

    /// Prolongs the lease of the attempt that holds the event, from now on.
    fn renew(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<RenewOutcome, StoreError>> + Send;

    /// Gives the event back: it can be claimed again at once, by another
    /// attempt. A claim of this one that arrives later is not granted.
    fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ReleaseOutcome, StoreError>> + Send;

    /// Forgets the event, whatever its state, so that it can be handled again.
    /// Says whether it was known.
    fn forget(&self, key: &EventKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Looks at the store's health, at start-up and now and then.
    fn probe(&self) -> impl Future<Output = Result<Health, StoreError>> + Send;
}

/// One attempt at handling an event, and what the store needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Proves that a step is this attempt's.
    pub token: Token,
    /// The fingerprint of the body that this attempt handles.
    pub fingerprint: Fingerprint,
    /// For how long, from the step on, nobody else gets the event. Judged by
    /// the store's clock.
    pub lease: Duration,
    /// For how long the event is remembered, from its last step on: a success
    /// from its completion.
    pub retention: Duration,
    /// After this many attempts that died with the event in hand it is not
    /// given out again.
    pub most_crashes: u32,
}

impl Attempt {
    /// A new attempt, with a token of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where the operating system gives no random bytes.
    pub fn new(
        fingerprint: Fingerprint,
        lease: Duration,
        retention: Duration,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            token: Token::random()?,
            fingerprint,
            lease,
            retention,
            most_crashes: MOST_CRASHES,
        })
    }
}

/// An event that five attempts have died of is likely to kill the sixth.
const MOST_CRASHES: u32 = 5;

/// The random name of one attempt, 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A fresh token from the operating system's random numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it gives none.
    pub fn random() -> Result<Self, StoreError> {
        DRAWN.with_borrow_mut(Drawn::next).map(Self)
    }

    /// A token that a store has kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The token, for a store to keep.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for Token {
    /// Shows the beginning, which is enough to tell attempts apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", const_hex::encode(&self.0[..4]))
    }
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { tokens: [[0; 16]; 32], left: 0 }) };
}

/// Random numbers that this thread has drawn, but not used yet: to ask the
/// operating system for each by itself takes longer than a claim.
///
/// A fork copies them, but not the runtime that would go on to use them.
struct Drawn {
    tokens: [[u8; 16]; 32],
    left: usize,
}

impl Drawn {
    fn next(&mut self) -> Result<[u8; 16], StoreError> {
        if self.left == 0 {
            getrandom::fill(self.tokens.as_flattened_mut()).map_err(StoreError::not_applied)?;
            self.left = self.tokens.len();
        }
        self.left -= 1;
        Ok(self.tokens[self.left])
    }
}

/// What came of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// The event is this attempt's.
    Granted {
        /// Which attempt at the event this is, counted from 1.
        epoch: u32,
        /// Whether an earlier attempt died with the event in hand, so that its
        /// effect may be there already.
        reclaimed: bool,
    },
    /// Another attempt holds it.
    InFlight {
        /// How long that one's lease lasts at the most.
        retry_after: Duration,
    },
    /// It is done.
    Done {
        /// Whether the body that was handled is the one of this attempt.
        fingerprint_matches: bool,
        /// When it was done, in Unix milliseconds, by the store's clock.
        at_unix_ms: i64,
    },
    /// Too many attempts have died with it in hand.
    Exhausted {
        /// How many.
        crashes: u32,
    },
    /// This attempt has been released before its claim arrived: the claim was
    /// delayed, and no caller waits for it any more.
    AlreadyReleased,
    /// The store is full of events that it must not forget.
    AtCapacity,
}

/// What came of recording a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompleteOutcome {
    /// The attempt held the event, and it is done.
    Recorded,
    /// Another attempt has, or had, taken the event over. It is done all the
    /// same, for the effect has happened, perhaps twice.
    RecordedLate,
    /// The store knew no claim of the event: it was held elsewhere while the
    /// store was unavailable, or its record is gone. It is done from now on.
    RecordedUnclaimed,
    /// Another attempt had recorded its own success before.
    AlreadyDone,
}

/// What came of prolonging a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenewOutcome {
    /// The lease lasts from now on.
    Renewed,
    /// The attempt does not hold the event any more.
    Lost,
}

/// What came of giving an event back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleaseOutcome {
    /// It can be claimed again at once.
    Released,
    /// The attempt did not hold the event. If another one does, or did,
    /// nothing was changed.
    NotHeld,
}

/// How a store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What endangers the promises, worst first; empty where all is well.
    pub warnings: Vec<StoreWarning>,
}

impl Health {
    /// A store with these warnings.
    #[must_use]
    pub fn new(warnings: Vec<StoreWarning>) -> Self {
        Self { warnings }
    }
}

/// Something about a store that endangers what is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreWarning {
    /// Records that were there are gone: handled events may be handled again.
    MemoryLost,
    /// The server drops keys when it is full: handled events may be handled
    /// again.
    Evicts {
        /// The server's policy (`allkeys-lru`).
        policy: String,
    },
    /// The server keeps nothing over a restart.
    NotPersistent,
    /// Writes go to a server that only follows another.
    Replica,
    /// The server takes no new events until there is room.
    Full,
    /// Successes had been recorded on a server that a failover had deposed
    /// without its knowledge.
    Deposed {
        /// How many were recorded again on its successor.
        recorded_again: u64,
        /// How many of these another attempt had claimed there in the meantime:
        /// those events were perhaps handled twice.
        repeated: u64,
        /// How many were not recorded again, because there were too many.
        lost: u64,
    },
    /// What the server says of itself could not be read.
    Unreadable {
        /// What could not be read.
        what: String,
    },
}

impl fmt::Display for StoreWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MemoryLost => f.write_str(
                "the store has lost records: events that were handled may be handled again",
            ),
            Self::Evicts { policy } => write!(
                f,
                "the store drops records when it is full (`{policy}`): set `maxmemory-policy noeviction`"
            ),
            Self::NotPersistent => {
                f.write_str("the store keeps nothing over a restart: switch `appendonly yes` on")
            }
            Self::Replica => f.write_str("the store is a replica: connect to the primary"),
            Self::Full => f.write_str("the store is full: new events are answered 503"),
            Self::Deposed { recorded_again, repeated, lost } => write!(
                f,
                "a failover had deposed the store's primary unnoticed: {recorded_again} successes \
                 were recorded again on its successor, {repeated} of them perhaps handled twice, \
                 and {lost} were not recorded: set `min-replicas-to-write`"
            ),
            Self::Unreadable { what } => write!(f, "the store does not tell its {what}"),
        }
    }
}

/// A store could not do what it was asked.
#[derive(Debug)]
pub struct StoreError {
    applied: Applied,
    source: Box<dyn Error + Send + Sync>,
}

/// Whether a step that failed may have happened all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it cannot have happened, or it can")]
pub enum Applied {
    /// It has not happened.
    No,
    /// It may have: the answer was lost, not (only) the question.
    Maybe,
}

impl StoreError {
    /// The step has not happened.
    pub fn not_applied(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { applied: Applied::No, source: source.into() }
    }

    /// The step may have happened.
    pub fn maybe_applied(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { applied: Applied::Maybe, source: source.into() }
    }

    /// Whether the step may have happened.
    #[must_use]
    pub fn applied(&self) -> Applied {
        self.applied
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.applied {
            Applied::No => "the idempotency store failed, and nothing was changed",
            Applied::Maybe => "the idempotency store failed, and the change may have been made",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::thread;

    use super::*;

    #[test]
    fn no_token_is_drawn_twice() {
        let draw = || (0..100).map(|_| Token::random().unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(draw)).collect();
        let mut seen = HashSet::from([Token::from_bytes([0; 16])]);
        for token in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            assert!(seen.insert(token), "{token:?}");
        }
    }
}
