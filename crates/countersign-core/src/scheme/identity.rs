//! How a scheme's deliveries are told apart, and what the provider does with the
//! response.

use super::{Interactive, RetrySignature};

/// How well what is signed tells one event from another.
///
/// As text: `id`, `content`, `unknown`. It decides what a repeat is: a delivery
/// with the [`event_id`](crate::Verified::event_id) of an event that was handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "every receiver has to decide for each of them")]
pub enum Identity {
    /// A signed field names the event. A repeat is a duplicate.
    Id,
    /// No signed field names the event, but the provider is known to send
    /// distinct bytes for distinct events. A repeat within the retry window is a
    /// duplicate.
    Content,
    /// Distinct events can have equal bytes. A repeat may be another event.
    Unknown,
}

impl Interactive {
    /// Whether it holds for a delivery that has an id, or for one that has none.
    pub(crate) fn applies(self, has_id: bool) -> bool {
        match self {
            Self::No => false,
            Self::Yes => true,
            Self::WithId => has_id,
            Self::WithoutId => !has_id,
        }
    }
}

impl RetrySignature {
    /// Whether a signed time is the same in every attempt at an event.
    pub(crate) fn keeps_time(self) -> bool {
        self == Self::Same
    }
}

/// What [`Scheme::identity_basis`](crate::Scheme::identity_basis) says where
/// nothing is stated.
pub(super) const NO_BASIS: &str =
    "not stated, so deliveries with equal bytes may be distinct events";
