//! Time: clocks, runtimes, signed timestamps, and when a secret is valid.

pub(crate) mod clock;
pub(crate) mod runtime;
pub(crate) mod timestamp;
pub(crate) mod tolerance;
pub(crate) mod unit;
pub(crate) mod validity;
