//! What the benchmarks verify, and who verifies it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `delivery.rs` | deliveries as their providers would send them |
//! | `contender.rs` | Countersign, its references, and how a call is timed |
//!
//! `benches/verify.rs` gives absolute times, `benches/ratios.rs` the ratios that
//! the budgets are about, `benches/memory_store.rs` and `benches/redis_store.rs`
//! the stores, and `tests/allocations.rs` counts allocations.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a benchmark of something that fails must not go on"
)]

mod contender;
mod delivery;

pub use contender::{Contender, forged, standard_webhooks, venum};
pub use delivery::{Delivery, SECRET, verifier};
