//! What is reported only once.

use std::sync::atomic::{AtomicU8, Ordering};

/// Something that is reported once for each endpoint.
#[derive(Clone, Copy)]
pub(crate) enum Once {
    Configuration,
    BodyRead,
    BodyLimit,
    BodyRewritten,
    AppliedTwice,
}

/// Remembers what was reported.
#[derive(Debug, Default)]
pub(crate) struct OnceFlags(AtomicU8);

impl OnceFlags {
    /// Whether this is the first call for this flag.
    pub(crate) fn is_first(&self, flag: Once) -> bool {
        self.is_first_while(flag, || true)
    }

    /// Whether this is the first call for this flag at which the condition holds, which is evaluated
    /// until then.
    pub(crate) fn is_first_while(&self, flag: Once, condition: impl FnOnce() -> bool) -> bool {
        let bit = 1 << flag as u8;
        // Usually it is set, and a load does not contend with other threads.
        self.0.load(Ordering::Relaxed) & bit == 0
            && condition()
            && self.0.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}
