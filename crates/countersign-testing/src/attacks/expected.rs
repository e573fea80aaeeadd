//! The responses of a receiver, and those of a correct one.

use std::fmt;

use http::StatusCode;

/// The result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AttackAnswer {
    /// A response with this status.
    Status(u16),
    /// The receiver closed the connection without a response.
    Closed,
    /// The receiver did not respond in time.
    Silent,
    /// No connection could be opened.
    Unreachable,
}

impl AttackAnswer {
    /// Whether the receiver acknowledged the delivery.
    #[must_use]
    pub fn is_success(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }
}

impl From<u16> for AttackAnswer {
    fn from(status: u16) -> Self {
        Self::Status(status)
    }
}

impl From<StatusCode> for AttackAnswer {
    fn from(status: StatusCode) -> Self {
        Self::Status(status.as_u16())
    }
}

impl fmt::Display for AttackAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Closed => f.write_str("closed"),
            Self::Silent => f.write_str("no answer"),
            Self::Unreachable => f.write_str("unreachable"),
        }
    }
}

/// The responses of a correct receiver to a request.
///
/// They never include a 404 or a 5xx. A 404 means that there is no endpoint,
/// and a 5xx that the receiver itself failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// A 2xx.
    Accepted,
    /// 400, 401, 403 or 422.
    Rejected,
    /// The same, or 431: the server may reject such headers before the receiver
    /// sees them.
    RejectedHead,
    /// The same as `Rejected`, or 411 or 415: the server may reject a request
    /// without a body's length and type.
    RejectedBare,
    /// 413 or 400, or a closed connection.
    RejectedSize,
    /// 408, 400, 401, 403 or 413, or a closed connection, within the time
    /// limit.
    GivenUp,
}

impl Expected {
    /// Whether a correct receiver could respond this way.
    #[must_use]
    pub fn admits(self, answer: AttackAnswer) -> bool {
        use AttackAnswer::{Closed, Status};
        match self {
            Self::Accepted => answer.is_success(),
            Self::Rejected => matches!(answer, Status(400 | 401 | 403 | 422)),
            Self::RejectedHead => matches!(answer, Status(400 | 401 | 403 | 422 | 431)),
            Self::RejectedBare => matches!(answer, Status(400 | 401 | 403 | 411 | 415 | 422)),
            Self::RejectedSize => matches!(answer, Status(413 | 400) | Closed),
            Self::GivenUp => matches!(answer, Status(400 | 401 | 403 | 408 | 413) | Closed),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "2xx",
            Self::Rejected => "400, 401, 403, 422",
            Self::RejectedHead => "400, 401, 403, 422, 431",
            Self::RejectedBare => "400, 401, 403, 411, 415, 422",
            Self::RejectedSize => "413, 400, closed",
            Self::GivenUp => "408, 400, 401, 403, 413, closed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_or_crashed_receiver_never_passes() {
        use Expected::{Accepted, GivenUp, Rejected, RejectedBare, RejectedHead, RejectedSize};
        for expected in [Accepted, Rejected, RejectedHead, RejectedBare, RejectedSize, GivenUp] {
            for status in [101, 301, 404, 405, 409, 429, 500, 502, 503] {
                assert!(!expected.admits(status.into()), "{expected} {status}");
            }
            assert!(!expected.admits(AttackAnswer::Silent), "{expected}");
            assert!(!expected.admits(AttackAnswer::Unreachable), "{expected}");
        }
    }
}
