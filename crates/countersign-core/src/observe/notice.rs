//! Everything that is told.

use std::time::Duration;

use crate::clock::Clock;
use crate::idempotency::{EventKey, Grant, StoreError};
use crate::outcome::Answer;
use crate::verifier::Verified;

/// Something that has happened to a delivery, or in its wake.
#[cfg_attr(
    not(all(feature = "metrics", feature = "tracing")),
    allow(dead_code, reason = "not everything is of interest to everybody")
)]
pub(crate) enum Notice<'a> {
    /// A request was answered before anything of it was proved, or was a
    /// handshake.
    Answered(&'a Answer),
    /// A delivery was proved.
    Verified {
        verified: &'a Verified,
        clock: &'a dyn Clock,
        /// From the head to the end of the body.
        body_took: Duration,
        /// From there to the proof.
        verify_took: Duration,
    },
    /// The body of a proved delivery is not the JSON that was expected.
    MalformedJson,
    /// The event of a proved delivery is known.
    Identified(&'a EventKey),
    /// The store was asked once for a claim.
    Asked(Duration),
    /// A claim failed, for the first time since one succeeded.
    StoreFailed(&'a StoreError),
    /// A claim succeeded, for the first time since one failed.
    StoreRecovered,
    /// A delivery has waited for another attempt at its event.
    Waited(Duration),
    /// The event was claimed.
    Claimed(Grant),
    /// It was not, and the delivery was answered so.
    NotClaimed(&'a Answer),
    /// The handler has answered with this status, or ended with an error.
    Handled { status: Option<u16>, took: Duration },
    /// The handler panicked.
    HandlerPanicked { took: Duration },
    /// The handler was dropped before its end.
    HandlerStopped { took: Duration },
    /// The sender was answered in the place of a handler that goes on.
    HandlerTimedOut,
    /// The outcome rule panicked at this status.
    RulePanicked { status: u16 },
    /// The claim was settled by whoever had it.
    Settled(Settlement),
    /// A success was recorded of an event that another attempt has, or had, too.
    CompletedLate,
    /// A renewal found the event in other hands.
    LeaseLost,
    /// A claim was given back in the background.
    GivenBack,
    /// A claim could not be given back before its lease ran out.
    GiveBackLost,
    /// A success was recorded in the background.
    RecordedInBackground,
    /// A success was recorded whose event was claimed while the store was
    /// unavailable.
    RecordedAfterOutage,
    /// A success was never recorded.
    RecordLost,
}

/// How a claim ended.
#[derive(Clone, Copy)]
pub(crate) enum Settlement {
    Completed,
    Released,
    /// Nobody has settled it.
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
