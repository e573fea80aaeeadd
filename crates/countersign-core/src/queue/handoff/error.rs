//! Why a queue did not store a delivery.

use std::error::Error;
use std::fmt;

use crate::error::Causes;
use crate::idempotency::{Effect, StoreError};

/// A delivery could not be handed off. The response is 503, and the retry of the sender finds out
/// whether the message was stored nevertheless.
pub struct HandoffError {
    kind: HandoffErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of a [`HandoffError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandoffErrorKind {
    /// The queue cannot be reached, or has no free connection. The message was not stored.
    Unavailable,
    /// The queue did not reply: the message may have been stored. If it was, the retry is a
    /// duplicate.
    NoReply,
    /// The queue has rejected the message, and would reject it again: its tables are missing, a
    /// right is missing, or the message is too large. The message was not stored.
    NotAccepted,
}

impl HandoffError {
    /// An error of this kind, without a cause.
    #[must_use]
    pub fn new(kind: HandoffErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error of this kind, with its cause.
    pub fn with_source(
        kind: HandoffErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> HandoffErrorKind {
        self.kind
    }
}

impl fmt::Display for HandoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            HandoffErrorKind::Unavailable => "the queue is unavailable, and nothing was stored",
            HandoffErrorKind::NoReply => {
                "the queue did not reply: the message may have been stored, which a retry finds out"
            }
            HandoffErrorKind::NotAccepted => {
                "the queue has rejected the message, and would reject it again"
            }
        })
    }
}

impl fmt::Debug for HandoffError {
    /// Shows the text and its causes, because a `main` that returns the error prints it with
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Causes(self))
    }
}

impl Error for HandoffError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<HandoffErrorKind> for HandoffError {
    fn from(kind: HandoffErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<StoreError> for HandoffError {
    /// For a queue that is also an [`IdempotencyStore`](crate::IdempotencyStore).
    fn from(error: StoreError) -> Self {
        let kind = match error.effect() {
            Effect::NotApplied => HandoffErrorKind::Unavailable,
            Effect::Unknown => HandoffErrorKind::NoReply,
        };
        Self::with_source(kind, error)
    }
}
