//! Countersign and the libraries it is compared with.
//!
//! `benches/verify.rs` measures absolute times, and `benches/ratios.rs` the ratios
//! for which there are budgets.

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a benchmark of a failing call must not continue"
)]

mod contender;

pub use contender::{Contender, forged, standard_webhooks, venum};
