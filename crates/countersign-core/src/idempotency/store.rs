//! The trait for idempotency stores, and the results of its operations.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::key::{EventKey, Fingerprint};

/// Records which events are in progress and which are done.
///
/// Every operation is one atomic step of the protocol in
/// [`protocol`](crate::protocol). A store that first reads and then writes can
/// grant one event twice. For this reason no operation has a default implementation
/// that combines others.
///
/// # Time
///
/// Every call must end. Give each call a deadline, and return
/// [`StoreError::unknown_effect`] when the deadline has passed.
///
/// As a last resort, the receiver also limits the calls, unless the store states a shorter
/// [`deadline`](Self::deadline) of its own. It waits for a `claim`, a
/// `complete`, a `release` and a `forget` for a quarter of the ack deadline, at least
/// 250 ms and at most 10 s
/// ([`Receiver::with_ack_deadline`](crate::Receiver::with_ack_deadline)). It waits for a
/// `claim` that it retries while the event is in flight, at most until that wait ends,
/// for a `renew` for a third of the lease, and for a call that it retries in the
/// background for 10 s. Then it drops the future, which must not break the store,
/// and continues as if the call had failed and may have been applied. A panic also
/// counts as such an error. If you call `Claim::complete`, `Claim::release` and
/// `Claim::renew` yourself, they have no timeout.
///
/// The test suite in `countersign-conformance` checks all of this except the time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a store of claims",
    label = "not an idempotency store",
    note = "use `MemoryStore` for one process, `SqliteStore` (feature `sqlite`) for one machine, `RedisStore` (feature `redis`) or `PostgresStore` (feature `postgres`) for several, or implement `IdempotencyStore`"
)]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Claims an event for one attempt, before anything else is done with it.
    ///
    /// A second claim with the same token returns the same grant. So after an error
    /// that may have been applied, the same attempt is retried.
    fn claim(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ClaimOutcome, StoreError>> + Send;

    /// Records that the event is done. A late success is also recorded, because the
    /// effect has happened. It is reported as late.
    fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<CompleteOutcome, StoreError>> + Send;

    /// Renews the lease of the attempt that holds the event, from now on.
    fn renew(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<RenewOutcome, StoreError>> + Send;

    /// Releases the event: another attempt can claim it at once. A claim of this
    /// attempt that arrives later is not granted.
    fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<ReleaseOutcome, StoreError>> + Send;

    /// Forgets the event in any state, so that it can be handled again. Returns
    /// whether the store knew it.
    ///
    /// A process that handles or has handled the event may still know it: call
    /// [`Receiver::forget`](crate::Receiver::forget) there.
    fn forget(&self, key: &EventKey) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Checks the store's health, at start-up and from time to time.
    fn probe(&self) -> impl Future<Output = Result<Health, StoreError>> + Send;

    /// The time within which every call except `probe` ends, if the store keeps to it with
    /// timers of its own. If this is not longer than the receiver's own limit, the receiver
    /// starts no timer for the calls, which saves it a part of the time of each delivery.
    ///
    /// The default is `None`: the receiver limits the calls.
    fn deadline(&self) -> Option<Duration> {
        None
    }
}

/// One attempt at handling an event, with the values that the store needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Identifies the attempt in every step.
    pub token: Token,
    /// The fingerprint of the body that this attempt handles.
    pub fingerprint: Fingerprint,
    /// How long no other attempt gets the event, counted from the step, by the
    /// store's clock.
    pub lease: Duration,
    /// How long the event is remembered, counted from its last step. For a done
    /// event, this is its completion.
    pub retention: Duration,
    /// The number of crashed attempts after which the event is not granted again.
    pub max_crashes: u32,
}

impl Attempt {
    /// Creates an attempt with a new token.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the operating system returns no random bytes.
    pub fn new(
        fingerprint: Fingerprint,
        lease: Duration,
        retention: Duration,
    ) -> Result<Self, StoreError> {
        Ok(Self::with_token(Token::random()?, fingerprint, lease, retention))
    }

    /// Creates an attempt with this token.
    pub(crate) fn with_token(
        token: Token,
        fingerprint: Fingerprint,
        lease: Duration,
        retention: Duration,
    ) -> Self {
        Self { token, fingerprint, lease, retention, max_crashes: MAX_CRASHES }
    }
}

/// An event that crashed five attempts is likely to crash the sixth.
const MAX_CRASHES: u32 = 5;

/// The random id of one attempt, 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// Creates a token from the operating system's random numbers.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the operating system returns none.
    pub fn random() -> Result<Self, StoreError> {
        DRAWN.with_borrow_mut(Drawn::next).map(Self)
    }

    /// A token that a store has saved.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The token, for a store to save.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Debug for Token {
    /// Shows the first bytes, which are enough to distinguish attempts in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", const_hex::encode(&self.0[..4]))
    }
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { tokens: [[0; 16]; 32], left: 0 }) };
}

/// Random numbers that this thread has read but not used yet. Reading each one
/// separately from the operating system takes longer than a claim.
///
/// A fork copies them, but not the runtime that would use them.
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

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimOutcome {
    /// This attempt holds the event.
    Granted {
        /// The number of this attempt at the event, counted from 1.
        attempt: u32,
        /// Whether an earlier attempt crashed while it held the event, so that its
        /// effect may already exist.
        reclaimed: bool,
    },
    /// Another attempt holds the event.
    InFlight {
        /// The maximum remaining time of the other attempt's lease.
        retry_after: Duration,
    },
    /// The event is done.
    Done {
        /// Whether the handled body equals the body of this attempt.
        fingerprint_matches: bool,
        /// When it was done, in Unix milliseconds. The clock is the store's, or that of
        /// the process that recorded it.
        at_unix_ms: i64,
    },
    /// The event exceeded the maximum number of crashed attempts.
    Exhausted {
        /// The number of crashed attempts.
        crashes: u32,
    },
    /// This attempt was released before its claim arrived. The claim was delayed,
    /// and no caller waits for it.
    AlreadyReleased,
    /// The store is full of events that it must not forget.
    AtCapacity,
}

/// The result of recording a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompleteOutcome {
    /// The attempt held the event. The event is now done.
    Recorded,
    /// Another attempt had claimed the event in the meantime. The event is done
    /// nevertheless, because the effect has happened, perhaps twice.
    RecordedLate,
    /// The store knew no claim of the event: it was claimed elsewhere while the
    /// store was unavailable, or its record is gone. The event is now done.
    RecordedUnclaimed,
    /// Another attempt had already recorded its success.
    AlreadyDone,
}

/// The result of renewing a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RenewOutcome {
    /// The lease starts again from now.
    Renewed,
    /// The attempt no longer holds the event.
    Lost,
}

/// The result of releasing an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleaseOutcome {
    /// The event can be claimed again at once.
    Released,
    /// The attempt did not hold the event. If another attempt holds or held it,
    /// nothing was changed.
    NotHeld,
}

/// The health of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The problems that endanger the guarantees, worst first; empty if there are
    /// none.
    pub warnings: Vec<StoreWarning>,
}

impl Health {
    /// Creates a health report with these warnings.
    #[must_use]
    pub fn new(warnings: Vec<StoreWarning>) -> Self {
        Self { warnings }
    }
}

/// A problem of a store that endangers the guarantees.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreWarning {
    /// Records were lost: handled events may be handled again.
    MemoryLost,
    /// The server drops keys when it is full: handled events may be handled
    /// again.
    Evicts {
        /// The server's policy (`allkeys-lru`).
        policy: String,
    },
    /// The server does not persist its data: it is lost at a restart.
    NotPersistent,
    /// Writes go to a replica.
    Replica,
    /// The server accepts no new events until there is room.
    Full,
    /// Successes were recorded on a primary that a failover had replaced without
    /// its knowledge.
    Deposed {
        /// The number of successes that were recorded again on the new primary.
        recorded_again: u64,
        /// The number of these whose event another attempt had claimed there in the
        /// meantime: those events were perhaps handled twice.
        repeated: u64,
        /// The number of successes that were not recorded again, because there were
        /// too many.
        lost: u64,
    },
    /// The server's information about itself could not be read.
    Unreadable {
        /// The information that could not be read.
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
                f.write_str("the store does not persist its data: set `appendonly yes`")
            }
            Self::Replica => f.write_str("the store is a replica: connect to the primary"),
            Self::Full => f.write_str("the store is full: new events are rejected with 503"),
            Self::Deposed { recorded_again, repeated, lost } => write!(
                f,
                "a failover had replaced the store's primary unnoticed: {recorded_again} successes \
                 were recorded again on the new primary, {repeated} of them perhaps handled twice, \
                 and {lost} were not recorded: set `min-replicas-to-write`"
            ),
            Self::Unreadable { what } => write!(f, "could not read the store's {what}"),
        }
    }
}

/// An operation of a store failed.
#[derive(Debug)]
pub struct StoreError {
    effect: Effect,
    source: Box<dyn Error + Send + Sync>,
}

/// Whether a failed step may have been applied nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was not applied, or it may have been")]
pub enum Effect {
    /// The step was not applied.
    NotApplied,
    /// The step may have been applied: the request may have arrived, although no
    /// reply did.
    Unknown,
}

impl StoreError {
    /// Creates an error of a step that was not applied.
    pub fn not_applied(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { effect: Effect::NotApplied, source: source.into() }
    }

    /// Creates an error of a step that may have been applied.
    pub fn unknown_effect(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { effect: Effect::Unknown, source: source.into() }
    }

    /// Whether the step may have been applied.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.effect {
            Effect::NotApplied => "the idempotency store failed, and nothing was changed",
            Effect::Unknown => "the idempotency store failed, and the change may have been made",
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
