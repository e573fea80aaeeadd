//! One delivery, or many concurrent copies of it, and the expected response.

use std::fmt;

use countersign::VerifyErrorKind;

/// What is sent to one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// The scheme of the endpoint.
    pub(super) scheme: &'static str,
    /// The description that is printed.
    pub(super) what: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// How many copies are sent concurrently.
    pub(super) copies: usize,
    pub(super) expected: Expected,
}

impl Delivery {
    pub(super) fn rejected_as(self, kind: VerifyErrorKind) -> Self {
        Self { expected: Expected::Rejected(kind), ..self }
    }
}

/// How a correct receiver responds to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Signed with the secret of this index, and handled.
    Handled {
        secret: usize,
    },
    /// Signed with the secret of this index; the event was handled before.
    Duplicate {
        secret: usize,
    },
    /// Exactly one of the copies is handled.
    HandledOnce,
    Rejected(VerifyErrorKind),
}

impl Expected {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Handled { .. } | Self::Duplicate { .. } | Self::HandledOnce => 200,
            Self::Rejected(kind) => kind.status(),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handled { secret } => write!(f, "handled, secret {secret}"),
            Self::Duplicate { secret } => write!(f, "duplicate, secret {secret}"),
            Self::HandledOnce => f.write_str("handled once"),
            Self::Rejected(kind) => f.write_str(kind.code()),
        }
    }
}
