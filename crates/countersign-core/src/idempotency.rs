//! Each event once: one claim, held safely.
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
//! The module [`protocol`](crate::protocol) is the protocol, as pure functions; a store applies them
//! atomically, each in one step. What holds:
//!
//! - At most one attempt holds an event at a time, and every step proves by its
//!   token that it is the holder's.
//! - Done is absorbing: no late failure and no new claim undoes it.
//! - An attempt that dies loses its lease, and the event can be claimed again.
//! - An attempt that was released is over: a claim of it that was delayed is not
//!   granted, even if the release arrives first.
//! - A success is remembered for the retention, counted from its completion.

mod bounded;
mod claim;
mod counters;
mod key;
mod memory;
mod renewal;
mod settlement;
mod store;
mod transition;

pub use claim::{Claim, Degraded, Grant};
pub use counters::Counters;
pub use key::{Endpoint, EventKey, Fingerprint};
pub use memory::MemoryStore;
pub use settlement::Timer;
pub use store::{
    Applied, Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning, Token,
};
pub use transition::{Record, State, claim, complete, release, renew};

pub(crate) use bounded::{bounded, replied};
pub(crate) use claim::Holder;
pub(crate) use settlement::SettlementQueue;
