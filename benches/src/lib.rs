//! Deliveries and contenders that the benchmarks share.
//!
//! | file | contents |
//! | --- | --- |
//! | `delivery.rs` | deliveries as their providers would send them |
//! | `contender.rs` | Countersign, the libraries it is compared with, and the timing of a call |
//!
//! `benches/verify.rs` measures absolute times and `benches/ratios.rs` the ratios
//! for which there are budgets. `benches/memory_store.rs`, `benches/sqlite_store.rs`
//! and `benches/redis_store.rs` measure the stores. `tests/allocations.rs` counts
//! allocations.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a benchmark of a failing call must not continue"
)]

mod contender;
mod delivery;

pub use contender::{Contender, forged, standard_webhooks, venum};
pub use delivery::{Delivery, SECRET, verifier};
