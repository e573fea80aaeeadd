//! Deterministic simulation: the real `Receiver`, its claims, its settlement queue and its outage
//! policies, in a world with faults, on one thread and in virtual time.
//!
//! A seed decides everything: the order of the tasks, the faults, the tokens. A seed whose world
//! breaks a promise is made smaller, and its history is printed; the seed replays it.

mod clock;
mod drive;
mod faults;
mod oracle;
mod plan;
mod process;
mod random;
mod sender;
mod shrink;
mod store;
mod sweep;
mod world;

pub use drive::{Outcome, simulate};
pub use plan::Run;
pub use shrink::explain;
pub use sweep::sweep;
pub use world::Stats;

/// The causes for which an event may be handled twice, in the order of `Stats::doubles`.
#[must_use]
pub fn causes() -> Vec<String> {
    faults::Cause::ALL.map(|cause| format!("{cause:?}")).to_vec()
}
