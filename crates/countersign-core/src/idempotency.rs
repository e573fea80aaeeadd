//! Idempotency: the claim of an event, and the stores that hold claims.
//!
//! ```text
//!            claim                    complete
//! absent ------------> in progress ------------> done   (until the retention ends)
//!                       ^   |    ^
//!                 claim |   |    | claim, once the lease has run out
//!                       |   |    |
//!                       |   |release
//!                       |   v
//!                       failed   (claimable at once)
//! ```
//!
//! The module [`protocol`](crate::protocol) contains the steps as pure functions. A store applies
//! each step atomically. Guarantees:
//!
//! - At most one attempt holds an event at a time. Every step carries the token of
//!   its attempt, which identifies the holder.
//! - Done is final: no late failure and no new claim changes it.
//! - If an attempt crashes, its lease runs out, and the event can be claimed again.
//! - After an attempt is released, a delayed claim of it is not granted, even if
//!   the release arrives first.
//! - A done event is remembered for the retention, counted from its completion.

mod bounded;
mod claim;
mod counters;
mod inbox;
mod key;
mod memory;
mod outage;
mod protocol;
mod renewal;
mod repeats;
mod settlement;
mod store;
mod waiters;

pub use claim::{Claim, Degraded, Grant};
pub use counters::Counters;
pub use inbox::{
    InboxClaim, InboxDatabase, InboxError, InboxErrorKind, InboxEvent, InboxRow, InboxTransaction,
    Order, TransactionSlot,
};
pub use key::{EventKey, Fingerprint};
pub use memory::MemoryStore;
pub use outage::Outage;
pub use protocol::{Record, State, claim, complete, release, renew};
pub use renewal::LeaseLost;
pub use repeats::Repeats;
pub use store::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, Health, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning, Token,
};

pub(crate) use bounded::{bounded, caught, replied};
pub(crate) use claim::Holder;
pub(crate) use settlement::SettlementQueue;
pub(crate) use waiters::Waiters;
