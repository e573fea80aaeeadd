//! The events that metrics and tracing record.

#[cfg(any(feature = "metrics", feature = "tracing"))]
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::error::{VerifyError, VerifyErrorKind};
use crate::time::clock::Clock;
use crate::time::tolerance::Tolerance;

/// Something that happened to a delivery or its claim.
pub(crate) enum TelemetryEvent<'a> {
    /// A request was rejected before or during verification.
    Rejected(Response<'a>),
    /// A request was a handshake, and was answered.
    Handshake { code: &'static str, status: u16 },
    /// A delivery was verified.
    Verified {
        secret: SecretLabel<'a>,
        body_bytes: usize,
        signed_at_unix_ms: Option<i64>,
        clock: &'a dyn Clock,
        /// The time from the head to the end of the body.
        body_took: Duration,
        /// The time from the end of the body to the end of verification.
        verify_took: Duration,
    },
    /// The body of a verified delivery is not the JSON that was expected.
    MalformedJson,
    /// The event of a verified delivery is known.
    Identified(EventLabel<'a>),
    /// An endpoint starts with this configuration.
    Configured(Configuration),
    /// A secret of the endpoint looks wrong.
    SecretWarning(&'a dyn fmt::Display),
    /// Other code in front of the receiver has probably changed the body.
    BodyChanged(&'static str),
    /// A layer is applied twice to the same route.
    AppliedTwice,
    /// The store was called once for a claim.
    StoreQueried(Duration),
    /// A claim failed, for the first time since one succeeded.
    StoreFailed(&'a (dyn Error + 'static)),
    /// A claim succeeded, for the first time since one failed.
    StoreRecovered,
    /// A delivery waited for another attempt at its event.
    Waited(Duration),
    /// The event was claimed.
    Claimed(Granted),
    /// The event was not claimed, and this response was sent.
    NotClaimed {
        response: Response<'a>,
        /// Whether the event was handled before with another body.
        has_other_body: bool,
    },
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

/// A response that was sent instead of the handler's.
#[derive(Clone, Copy)]
pub(crate) struct Response<'a> {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) reason: &'a dyn fmt::Display,
    pub(crate) severity: Severity,
}

/// How much attention a response needs: the level of its event.
#[derive(Clone, Copy)]
pub(crate) enum Severity {
    Debug,
    Info,
    Warn,
    Error,
}

impl<'a> From<&'a VerifyError> for Response<'a> {
    fn from(error: &'a VerifyError) -> Self {
        // Any client that knows the path can cause the first kinds, in any number.
        let severity = match error.kind() {
            VerifyErrorKind::UnknownTenant => Severity::Info,
            kind if kind.status() < 500 => Severity::Info,
            _ => Severity::Warn,
        };
        Self { code: error.code(), status: error.status(), reason: error, severity }
    }
}

/// The secret that signed a delivery: its name, or its index if it has no name. For a
/// tenant always the index: names would give as many label values as there are tenants.
#[derive(Clone, Copy)]
pub(crate) enum SecretLabel<'a> {
    Name(&'a str),
    Index(usize),
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl<'a> SecretLabel<'a> {
    pub(super) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Name(name) => Cow::Borrowed(name),
            // The usual ones need no allocation.
            Self::Index(0) => Cow::Borrowed("0"),
            Self::Index(1) => Cow::Borrowed("1"),
            Self::Index(index) => Cow::Owned(index.to_string()),
        }
    }
}

/// The event of a delivery, for the logs.
#[derive(Clone, Copy)]
pub(crate) enum EventLabel<'a> {
    Id(&'a str),
    /// The id is not shown.
    Private,
    /// The first bytes of the digest of the event's key.
    Digest([u8; 4]),
}

/// The configuration of an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Configuration {
    /// `None` if they are looked up for each tenant.
    pub(crate) secrets: Option<usize>,
    /// `None` if the scheme signs no timestamp.
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) body_limit: usize,
    pub(crate) body_timeout: Duration,
    /// `None` if events are not deduplicated.
    pub(crate) store: Option<StoreConfiguration>,
}

/// How the events of an endpoint are claimed.
#[derive(Clone, Copy)]
pub(crate) struct StoreConfiguration {
    pub(crate) store: &'static str,
    pub(crate) retention: Duration,
    /// `None` if events are claimed without a lease.
    pub(crate) lease: Option<Duration>,
    pub(crate) ack_deadline: Duration,
}

/// A claim that was granted.
#[derive(Clone, Copy)]
pub(crate) struct Granted {
    pub(crate) attempt: u32,
    pub(crate) reclaimed: bool,
    pub(crate) possible_duplicate: bool,
    /// Set if the claim is not held in the store.
    pub(crate) degraded: Option<DegradedClaim>,
}

/// How an event was claimed while the store was unavailable.
#[derive(Clone, Copy)]
pub(crate) enum DegradedClaim {
    /// In this process only.
    LocalFallback,
    /// Not at all.
    FailOpen,
}

#[cfg(any(feature = "metrics", feature = "tracing"))]
impl DegradedClaim {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::LocalFallback => "local_fallback",
            Self::FailOpen => "fail_open",
        }
    }
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
