//! One delivery, and the answer that it must get.

use std::fmt;

use countersign::VerifyErrorKind;

/// What is sent to one endpoint.
#[derive(Debug)]
pub(super) struct Delivery {
    /// The scheme of the endpoint.
    pub(super) scheme: &'static str,
    /// What it is, for people.
    pub(super) what: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) expected: Expected,
}

impl Delivery {
    pub(super) fn refused_as(self, kind: VerifyErrorKind) -> Self {
        Self { expected: Expected::Refused(kind), ..self }
    }
}

/// How a receiver must judge a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// The secret of this index has signed it.
    Verified {
        secret: usize,
    },
    Refused(VerifyErrorKind),
}

impl Expected {
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Verified { .. } => 200,
            Self::Refused(kind) => kind.status(),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified { secret } => write!(f, "verified, secret {secret}"),
            Self::Refused(kind) => f.write_str(kind.code()),
        }
    }
}
