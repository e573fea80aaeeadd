//! Deliveries that the benchmarks share, as their providers would send them.
//!
//! `benches/http.rs` compares the adapters with handlers written by hand,
//! `benches/memory_store.rs`, `benches/sqlite_store.rs`,
//! `benches/postgres_store.rs` and `benches/redis_store.rs` measure the stores, and
//! `benches/unauthenticated.rs` measures requests that are rejected, and
//! `benches/growth.rs` what costs more the more there is of it. `tests/allocations.rs`
//! counts allocations. The package `libraries` compares verification with other
//! libraries, and the package `watching` measures the cost of metrics and tracing.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a benchmark of a failing call must not continue"
)]

mod delivery;

pub use delivery::{Delivery, SECRET, verifier};
