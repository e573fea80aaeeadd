//! How a scheme distinguishes events, and how the provider uses the response.

use super::{Interactive, RetrySignature};

/// How well the signed data distinguishes one event from another.
///
/// As text: `id`, `content`, `unknown`. It determines what happens to a redelivery: a delivery with
/// the [`event_id`](crate::Verified::event_id) of an event that was already handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every receiver has to decide for each of them")]
pub enum Identity {
    /// A signed field identifies the event. A redelivery is a duplicate.
    Id,
    /// No signed field identifies the event, but the provider is known to send
    /// distinct bytes for distinct events. A redelivery within the retry window
    /// is a duplicate.
    Content,
    /// Distinct events can have equal bytes. A redelivery can be another event.
    Unknown,
}

impl Interactive {
    /// Whether it includes deliveries with an id (or without one).
    #[must_use]
    pub fn applies(self, has_id: bool) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::WithId => has_id,
            Self::WithoutId => !has_id,
        }
    }
}

impl RetrySignature {
    /// Whether a signed timestamp is the same in every attempt of an event.
    pub(crate) fn keeps_time(self) -> bool {
        self == Self::Same
    }
}

/// The text of [`Scheme::identity_basis`](crate::Scheme::identity_basis) if the
/// scheme sets none.
pub(super) const NO_BASIS: &str =
    "not stated, so deliveries with equal bytes can be distinct events";
