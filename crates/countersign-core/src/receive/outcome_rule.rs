//! How the status of a handler settles its claim.

/// How a claim is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an event is done or it is not")]
pub enum Verdict {
    /// The event is done.
    Complete,
    /// The event is released, so that a redelivery can be handled.
    Release,
}

/// Decides from the handler's status how the claim is settled. Implemented for
/// closures.
pub trait OutcomeRule: Send + Sync + 'static {
    /// The verdict for this HTTP status of the handler. If this panics, the claim is
    /// settled by [`SuccessCompletes`], and the panic is reported.
    fn verdict(&self, status: u16) -> Verdict;
}

impl<F: Fn(u16) -> Verdict + Send + Sync + 'static> OutcomeRule for F {
    fn verdict(&self, status: u16) -> Verdict {
        self(status)
    }
}

/// The default rule: a 2xx status completes the claim, any other status releases it.
/// Senders retry after the statuses that they count as a failure.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SuccessCompletes;

impl OutcomeRule for SuccessCompletes {
    fn verdict(&self, status: u16) -> Verdict {
        if (200..300).contains(&status) { Verdict::Complete } else { Verdict::Release }
    }
}
