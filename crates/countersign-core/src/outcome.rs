//! What the sender sees: the answers that the receiver itself gives, and what a
//! handler's answer does to the claim.

use std::fmt;
use std::time::Duration;

use crate::error::VerifyError;
use crate::handshake::HandshakeAnswer;

/// An answer that the receiver gives in the handler's place. The body is always
/// empty, but for a handshake's; the code is for the log, the metrics and the
/// response's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// The delivery must not be believed.
    Refused(VerifyError),
    /// The request was no event, but the provider's question whether anybody is
    /// there.
    Handshake(Box<HandshakeAnswer>),
    /// The key that the provider has handed over could not be kept.
    SecretNotKept,
    /// The event is done: 200, so that it is not sent again.
    #[non_exhaustive]
    Duplicate {
        /// Whether the body that was handled is the one of this delivery. Where
        /// it is not, the sender uses one id for two events.
        fingerprint_matches: bool,
        /// When it was done, in Unix milliseconds, by the store's clock.
        done_at_unix_ms: i64,
    },
    /// Another attempt holds the event, and was still at it after the wait.
    #[non_exhaustive]
    InFlight {
        /// How long the other attempt's lease lasts at the most, unless it is
        /// renewed.
        retry_after: Duration,
    },
    /// Too many attempts have died with this event in hand.
    #[non_exhaustive]
    Exhausted {
        /// Whether it has been handed over as a dead letter, and so is done.
        dead_lettered: bool,
    },
    /// The store cannot be asked, and the endpoint fails closed.
    StoreUnavailable,
    /// The store is full of events that it must not forget.
    StoreFull,
    /// The handler panicked.
    HandlerFailed,
    /// The handler is past its deadline. It still finishes.
    HandlerTimeout,
    /// The receiver cannot take more at this moment.
    Busy,
}

impl Answer {
    /// The stable name, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Handshake(_) => "handshake",
            Self::SecretNotKept => "secret_not_kept",
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

    /// The HTTP status. Whatever is worth sending again is 503, the one status
    /// that every sender retries; never 409, 410, 425 or 429.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Refused(error) => error.status(),
            Self::Handshake(answer) => answer.status(),
            Self::Duplicate { .. } | Self::Exhausted { dead_lettered: true } => 200,
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

    /// The value of `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            // The handler may be done in a moment; the lease is renewed for as long as it is not.
            Self::InFlight { retry_after } => {
                Some(retry_after.as_secs().div_ceil(3).clamp(1, LONGEST_IN_FLIGHT_S))
            }
            Self::Exhausted { dead_lettered: false } => Some(EXHAUSTED_S),
            Self::StoreUnavailable | Self::StoreFull | Self::HandlerTimeout | Self::Busy => Some(1),
            _ => None,
        }
    }
}

const LONGEST_IN_FLIGHT_S: u64 = 5;
/// Somebody has to look at the event first. Asking a sender to wait longer than
/// this gains nothing.
const EXHAUSTED_S: u64 = 30;

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => fmt::Display::fmt(error, f),
            Self::Handshake(answer) => write!(f, "the handshake `{}`", answer.name()),
            Self::SecretNotKept => f.write_str("the key of a handshake could not be kept"),
            Self::Duplicate { fingerprint_matches: true, .. } => {
                f.write_str("the event was handled before")
            }
            Self::Duplicate { fingerprint_matches: false, .. } => {
                f.write_str("an event with this id and another body was handled before")
            }
            Self::InFlight { .. } => f.write_str("another attempt is handling the event"),
            Self::Exhausted { dead_lettered: true } => f.write_str(
                "too many attempts have died of the event: handed over as a dead letter",
            ),
            Self::Exhausted { dead_lettered: false } => {
                f.write_str("too many attempts have died of the event")
            }
            Self::StoreUnavailable => f.write_str("the idempotency store cannot be asked"),
            Self::StoreFull => f.write_str("the idempotency store is full"),
            Self::HandlerFailed => f.write_str("the handler panicked"),
            Self::HandlerTimeout => f.write_str("the handler is past its deadline and goes on"),
            Self::Busy => f.write_str("the receiver cannot take more at this moment"),
        }
    }
}

impl From<VerifyError> for Answer {
    fn from(error: VerifyError) -> Self {
        Self::Refused(error)
    }
}

/// What a handler's answer means for the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an event is done or it is not")]
pub enum Verdict {
    /// The event is done.
    Complete,
    /// The event is given back, to be sent again.
    Release,
}

/// Decides by the handler's status what becomes of the event. Implemented for
/// closures.
pub trait OutcomeRule: Send + Sync + 'static {
    /// What this HTTP status of the handler means. If it panics, the claim is
    /// settled by [`SuccessCompletes`], and the panic is reported.
    fn verdict(&self, status: u16) -> Verdict;
}

impl<F: Fn(u16) -> Verdict + Send + Sync + 'static> OutcomeRule for F {
    fn verdict(&self, status: u16) -> Verdict {
        self(status)
    }
}

/// The default rule: 2xx completes, everything else releases, for whatever the
/// sender takes for a failure it sends again.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SuccessCompletes;

impl OutcomeRule for SuccessCompletes {
    fn verdict(&self, status: u16) -> Verdict {
        if (200..300).contains(&status) { Verdict::Complete } else { Verdict::Release }
    }
}

/// What an endpoint does while its store is unavailable, or too full for a new event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutagePolicy {
    /// Answers 503 and handles nothing: the sender sends again. The default
    /// where the sender does.
    FailClosed,
    /// Goes on with a bounded table of its own process: an event that comes to
    /// two processes during the outage is handled twice. The default where the
    /// sender does not send again, so that refusing would lose the event.
    LocalFallback,
    /// Handles everything, duplicates too.
    FailOpen,
}
