//! Responses that are sent instead of the handler's.

use std::fmt;
use std::time::Duration;

use crate::error::VerifyError;
use crate::error::malformed::MalformedJson;
use crate::handshake::HandshakeAnswer;
use crate::idempotency::LeaseLost;
use crate::telemetry::{Response, Severity, TelemetryEvent};

/// A response that the receiver sends instead of the handler's. Its body is empty,
/// except for a handshake. Its code is for logs, metrics and the extensions of the
/// response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlyResponse {
    /// The delivery failed verification.
    Rejected(VerifyError),
    /// The request was not an event, but a handshake: the provider checks the
    /// endpoint.
    Handshake(Box<HandshakeAnswer>),
    /// The key that the provider sent in a handshake could not be saved.
    SecretNotKept,
    /// The delivery is verified, but its body is not what the handler expects.
    MalformedJson(MalformedJson),
    /// The event is already done. The status is 200, so that it is not redelivered.
    #[non_exhaustive]
    Duplicate {
        /// Whether the handled body equals the body of this delivery. If not, the
        /// sender uses one id for two events.
        fingerprint_matches: bool,
        /// When it was done, in Unix milliseconds, by the store's clock.
        done_at_unix_ms: i64,
    },
    /// Another attempt holds the event, and was still running after the wait; or too
    /// many duplicates of the event are being handled.
    #[non_exhaustive]
    InFlight {
        /// The maximum remaining time of the other attempt's lease, unless it is
        /// renewed.
        retry_after: Duration,
    },
    /// The event exceeded the maximum number of crashed attempts.
    #[non_exhaustive]
    Exhausted {
        /// Whether the event was recorded as a dead letter, and so is done.
        dead_lettered: bool,
    },
    /// The store is unavailable, and the endpoint fails closed.
    StoreUnavailable,
    /// The store is full of events that it must not forget.
    StoreFull,
    /// The handler panicked.
    HandlerFailed,
    /// The handler timed out. It is still running in the background.
    HandlerTimeout,
    /// The receiver is overloaded at the moment, or could not claim the event before
    /// the response had to be sent.
    Busy,
}

impl EarlyResponse {
    /// The stable name, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(error) => error.code(),
            Self::Handshake(_) => "handshake",
            Self::SecretNotKept => "secret_not_kept",
            Self::MalformedJson(error) => error.code(),
            Self::Duplicate { .. } => "duplicate",
            Self::InFlight { .. } => "in_flight",
            Self::Exhausted { .. } => "exhausted",
            Self::StoreUnavailable => "store_unavailable",
            Self::StoreFull => "store_full",
            Self::HandlerFailed => "handler_failed",
            Self::HandlerTimeout => "handler_timeout",
            Self::Busy => "busy",
        }
    }

    /// The HTTP status. If a retry is useful it is 503, the only status that every
    /// sender retries; never 409, 410, 425 or 429.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Rejected(error) => error.status(),
            Self::Handshake(answer) => answer.status(),
            Self::Duplicate { .. } | Self::Exhausted { dead_lettered: true } => 200,
            Self::MalformedJson(error) => error.status(),
            Self::HandlerFailed => 500,
            Self::InFlight { .. }
            | Self::Exhausted { dead_lettered: false }
            | Self::StoreUnavailable
            | Self::StoreFull
            | Self::HandlerTimeout
            | Self::SecretNotKept
            | Self::Busy => 503,
        }
    }

    /// The value of `Retry-After`, in whole seconds, at least 1.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            // The handler may finish soon; its lease is renewed until then.
            Self::InFlight { retry_after } => {
                Some(retry_after.as_secs().div_ceil(3).clamp(1, MAX_IN_FLIGHT_S))
            }
            Self::Exhausted { dead_lettered: false } => Some(EXHAUSTED_S),
            Self::StoreUnavailable | Self::StoreFull | Self::HandlerTimeout | Self::Busy => Some(1),
            _ => None,
        }
    }
}

impl EarlyResponse {
    /// What telemetry records of a request that ends before its event is claimed.
    pub(super) fn responded(&self) -> TelemetryEvent<'_> {
        match self {
            Self::Handshake(answer) => {
                TelemetryEvent::Handshake { code: self.code(), status: answer.status() }
            }
            _ => TelemetryEvent::Rejected(self.facts()),
        }
    }

    /// What telemetry records of a delivery whose event was not claimed.
    pub(super) fn not_claimed(&self) -> TelemetryEvent<'_> {
        let has_other_body = matches!(self, Self::Duplicate { fingerprint_matches: false, .. });
        TelemetryEvent::NotClaimed { response: self.facts(), has_other_body }
    }

    fn facts(&self) -> Response<'_> {
        let severity = match self {
            Self::Rejected(error) => return error.into(),
            Self::Duplicate { fingerprint_matches: true, .. } | Self::InFlight { .. } => {
                Severity::Debug
            }
            Self::Exhausted { dead_lettered: false } => Severity::Error,
            _ => Severity::Warn,
        };
        Response { code: self.code(), status: self.status(), reason: self, severity }
    }
}

const MAX_IN_FLIGHT_S: u64 = 5;
/// A person must look at the event first. A longer delay gains nothing.
const EXHAUSTED_S: u64 = 30;

impl fmt::Display for EarlyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(error) => fmt::Display::fmt(error, f),
            Self::Handshake(answer) => write!(f, "the handshake `{}`", answer.name()),
            Self::SecretNotKept => f.write_str("the key of a handshake could not be saved"),
            Self::MalformedJson(error) => fmt::Display::fmt(error, f),
            Self::Duplicate { fingerprint_matches: true, .. } => {
                f.write_str("the event was handled before")
            }
            Self::Duplicate { fingerprint_matches: false, .. } => {
                f.write_str("an event with this id and another body was handled before")
            }
            Self::InFlight { .. } => f.write_str("another attempt is handling the event"),
            Self::Exhausted { dead_lettered: true } => f.write_str(
                "the event exceeded the maximum number of crashed attempts: recorded as a dead letter",
            ),
            Self::Exhausted { dead_lettered: false } => {
                f.write_str("the event exceeded the maximum number of crashed attempts")
            }
            Self::StoreUnavailable => f.write_str("the idempotency store is unavailable"),
            Self::StoreFull => f.write_str("the idempotency store is full"),
            Self::HandlerFailed => f.write_str("the handler panicked"),
            Self::HandlerTimeout => {
                f.write_str("the handler timed out and is still running in the background")
            }
            Self::Busy => f.write_str("the receiver is overloaded at the moment"),
        }
    }
}

impl From<VerifyError> for EarlyResponse {
    fn from(error: VerifyError) -> Self {
        Self::Rejected(error)
    }
}

impl From<LeaseLost> for EarlyResponse {
    /// Another attempt has the event, or gets it at once.
    fn from(_: LeaseLost) -> Self {
        Self::InFlight { retry_after: Duration::ZERO }
    }
}

impl From<MalformedJson> for EarlyResponse {
    fn from(error: MalformedJson) -> Self {
        Self::MalformedJson(error)
    }
}
