//! The events that metrics and tracing record.

use std::time::Duration;

use crate::idempotency::{EventKey, Grant, StoreError};
use crate::receive::outcome::EarlyResponse;
use crate::time::clock::Clock;
use crate::verify::Verified;

/// Something that happened to a delivery or its claim.
#[cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(dead_code, reason = "metrics and tracing each use only some of them")
)]
pub(crate) enum TelemetryEvent<'a> {
    /// A request was rejected before or during verification, or was a handshake.
    Responded(&'a EarlyResponse),
    /// A delivery was verified.
    Verified {
        verified: &'a Verified,
        clock: &'a dyn Clock,
        /// The time from the head to the end of the body.
        body_took: Duration,
        /// The time from the end of the body to the end of verification.
        verify_took: Duration,
    },
    /// The body of a verified delivery is not the JSON that was expected.
    MalformedJson,
    /// The event key of a verified delivery is known.
    Identified(&'a EventKey),
    /// The store was called once for a claim.
    StoreQueried(Duration),
    /// A claim failed, for the first time since one succeeded.
    StoreFailed(&'a StoreError),
    /// A claim succeeded, for the first time since one failed.
    StoreRecovered,
    /// A delivery waited for another attempt at its event.
    Waited(Duration),
    /// The event was claimed.
    Claimed(Grant),
    /// The event was not claimed, and this response was sent.
    NotClaimed(&'a EarlyResponse),
    /// The handler responded with this status, or ended with an error.
    Handled { status: Option<u16>, took: Duration },
    /// The handler panicked.
    HandlerPanicked { took: Duration },
    /// The handler was dropped before its end.
    HandlerStopped { took: Duration },
    /// The handler timed out: the sender got a response, and the handler is still
    /// running.
    HandlerTimedOut,
    /// The outcome rule panicked at this status.
    RulePanicked { status: u16 },
    /// The claim was settled by its holder.
    Settled(Settlement),
    /// A success was recorded for an event that another attempt had claimed too.
    LateCompletion,
    /// A renewal found the event claimed by another attempt.
    LeaseLost,
    /// A renewal failed, or had no reply in time.
    RenewalFailed,
    /// A claim was released in the background.
    ReleaseRetried,
    /// A claim could not be released before its lease expired.
    ReleaseLost,
    /// A success was recorded in the background.
    CompletionRetried,
    /// A success was recorded whose event was claimed while the store was
    /// unavailable.
    CompletedAfterOutage,
    /// A success was never recorded.
    CompletionLost,
}

/// How a claim ended.
#[derive(Clone, Copy)]
pub(crate) enum Settlement {
    Completed,
    Released,
    /// The claim was dropped without being settled.
    Dropped,
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl Settlement {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Released => "released",
            Self::Dropped => "dropped",
        }
    }
}
