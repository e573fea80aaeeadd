//! Receives the deliveries of one endpoint. All adapters use it.
//!
//! ```text
//! request -> secrets -> headers, timestamp -> body (limit, deadline, budget) -> MAC -> compare -> Verified
//!         -> claim -> handler -> settle -> response
//! ```
//!
//! The first line is the receive loop: `future.rs` drives an `incoming.rs`. The second is
//! `handle.rs`, with `claim.rs` and `settle.rs`; with an inbox, it is `inbox.rs`, and with a queue
//! `handoff.rs`.

mod changed_body;
mod claim;
mod detached;
mod early_response;
mod forget;
mod future;
mod handle;
mod handoff;
mod inbox;
mod incoming;
mod outcome_rule;
mod receiver;
mod settings;
mod settle;
mod source;

pub use claim::{DeadLetters, OutagePolicy};
pub use detached::{Detached, Panicked, TaskOutcome, run_detached};
pub use early_response::EarlyResponse;
pub use future::ReceiveFuture;
pub use handle::ClaimFuture;
pub use handoff::{HandedOff, HandoffReceiver};
pub use inbox::{InboxReceiver, InboxRun, InboxSettings, run_in_transaction};
pub use incoming::ReceivedDelivery;
pub use outcome_rule::{OutcomeRule, SuccessCompletes, Verdict};
pub use receiver::Receiver;
pub use settle::Settled;
pub use source::{BodySource, HeadSource};
