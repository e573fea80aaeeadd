//! The receive loop: checks the head of a request, reads its body under a size limit
//! and a deadline, and verifies it. All adapters use it.
//!
//! ```text
//! request -> secrets -> headers, timestamp -> body (limit, deadline, budget) -> MAC -> compare -> Verified
//! ```

pub(crate) mod outcome;
pub(crate) mod receiver;

mod detached;
mod future;
mod handle;
mod incoming;
mod source;

pub use detached::{Detached, Panicked, TaskOutcome, run_detached};
pub use future::ReceiveFuture;
pub use handle::ClaimFuture;
pub use incoming::ReceivedDelivery;
pub use source::{BodySource, HeadSource};
