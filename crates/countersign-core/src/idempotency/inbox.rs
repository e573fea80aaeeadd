//! The inbox: the claim of an event is a row in the database transaction of its effect.
//!
//! ```text
//! begin -> claim: insert the row -> effect -> commit     the event is handled
//!             |                        |
//!             `- there is a row        `- rollback: neither row nor effect
//! ```
//!
//! The row and the effect are committed together, or neither is. So no lease, no token and no
//! settlement is necessary: an attempt that crashes leaves nothing.

mod error;
mod transaction;

use std::future::Future;
use std::time::Duration;

use super::key::{EventKey, Fingerprint};

pub use error::{InboxError, InboxErrorKind};
pub use transaction::{InboxTransaction, TransactionSlot};

/// What an inbox says about the event of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the caller must decide about each of them")]
pub enum InboxClaim {
    /// The event is new: handle it in this transaction, and commit.
    First,
    /// The event was handled before, or is being handled, and this delivery must be handled
    /// nevertheless, because it can be another event with the same signed bytes, or because the
    /// endpoint handles duplicates (see [`Repeats`](crate::Repeats)). Handle it in this
    /// transaction, and commit.
    Repeat,
    /// The event was handled before: roll back, and respond with 200.
    Duplicate {
        /// Whether the handled body equals the body of this delivery. If not, the sender uses one
        /// id for two events.
        same_body: bool,
        /// When the event was claimed, in Unix milliseconds.
        at_unix_ms: i64,
    },
    /// Another transaction is handling the event: roll back, and respond with 503 and
    /// `Retry-After`.
    InFlight,
}

/// What [`InboxDatabase::claim`] has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a row is inserted, found, or cannot be seen yet")]
pub enum InboxRow {
    /// There was no row, or an expired one. Now the transaction has inserted its own.
    Inserted,
    /// There is a row.
    Found {
        /// The fingerprint in the row.
        fingerprint: Fingerprint,
        /// When the event was claimed, in Unix milliseconds.
        at_unix_ms: i64,
    },
    /// Another transaction has the row and is not committed yet.
    InFlight,
}

/// The event of a delivery, as an inbox stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxEvent {
    /// The key of the row. [`EventKey::digest`] is its value.
    pub key: EventKey,
    /// The fingerprint of the body.
    pub fingerprint: Fingerprint,
    /// How long the row is kept.
    pub retention: Duration,
}

impl InboxEvent {
    pub(crate) fn new(key: EventKey, fingerprint: Fingerprint, retention: Duration) -> Self {
        Self { key, fingerprint, retention }
    }
}

/// Whether a message is newer than all messages of its stream that were handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a message is newer, or it is not")]
pub enum Order {
    /// No message with this sequence number or a higher one was handled.
    Fresh,
    /// A message with this sequence number or a higher one was handled. Do not overwrite its effect.
    Stale,
}

/// A database whose transactions an [`InboxReceiver`](crate::InboxReceiver) begins, lends to the
/// handler, and commits.
///
/// Every call must end in a limited time. A future of these methods can be dropped only if the
/// runtime shuts down. A transaction that is dropped must be rolled back, and its connection must
/// not be used again inside of it.
pub trait InboxDatabase: Send + Sync + 'static {
    /// An open transaction. It owns its connection.
    type Transaction: Send + 'static;

    /// Begins a transaction.
    fn begin(&self) -> impl Future<Output = Result<Self::Transaction, InboxError>> + Send;

    /// Inserts the row of the event in this transaction, if there is none.
    fn claim(
        &self,
        transaction: &mut Self::Transaction,
        event: &InboxEvent,
    ) -> impl Future<Output = Result<InboxRow, InboxError>> + Send;

    /// Commits the transaction. If the reply of the database is lost, the kind of the error is
    /// [`CommitUnknown`](InboxErrorKind::CommitUnknown).
    fn commit(
        &self,
        transaction: Self::Transaction,
    ) -> impl Future<Output = Result<(), InboxError>> + Send;

    /// Rolls the transaction back. If that fails, closes its connection.
    fn roll_back(&self, transaction: Self::Transaction) -> impl Future<Output = ()> + Send;
}
