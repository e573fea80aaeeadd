//! What becomes of a repeat: a delivery with the id of an event that was handled
//! or is being handled.

use crate::scheme::{Identity, Retries, Scheme};
use crate::verifier::Verified;

/// What an endpoint does with a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handler is called, or it is not")]
pub enum Repeats {
    /// A repeat of a handled event is answered 200 in the handler's place; one of
    /// an event in flight is answered 503 if that is still in flight after a
    /// wait. If distinct events have the same id, all but the first are lost.
    Suppress,
    /// A repeat reaches the handler, flagged as a
    /// [possible duplicate](crate::Grant::possible_duplicate). One of an event in
    /// flight waits for it for a moment. Retries and replays of an event that was
    /// handled are handled again.
    Handle,
}

impl Repeats {
    /// What is done with the repeats of a scheme's deliveries of this identity,
    /// unless the endpoint says.
    #[must_use]
    pub fn default_for(scheme: &Scheme, identity: Identity) -> Self {
        let profile = scheme.profile();
        let is_interactive = profile.interactive().applies(identity == Identity::Id);
        decide(identity, is_interactive, profile.retries())
    }

    pub(super) fn by_default(verified: &Verified) -> Self {
        Self::default_for(verified.scheme(), verified.identity())
    }
}

/// Suppresses what is known to be the same event, unless there is nothing to
/// gain by it, or the provider reads the response.
fn decide(identity: Identity, is_interactive: bool, retries: &Retries) -> Repeats {
    match identity {
        _ if is_interactive => Repeats::Handle,
        Identity::Id => Repeats::Suppress,
        // Nothing is sent again but what somebody wants to be handled again.
        Identity::Content if *retries == Retries::Never => Repeats::Handle,
        Identity::Content => Repeats::Suppress,
        Identity::Unknown => Repeats::Handle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_the_same_event_is_suppressed() {
        use Identity::{Content, Id, Unknown};
        use Repeats::{Handle, Suppress};
        let (never, unknown) = (Retries::Never, Retries::Unknown);
        for (identity, is_interactive, retries, repeats) in [
            (Id, false, &unknown, Suppress),
            (Id, false, &never, Suppress),
            (Id, true, &unknown, Handle),
            (Content, false, &unknown, Suppress),
            (Content, false, &never, Handle),
            (Content, true, &unknown, Handle),
            (Unknown, false, &unknown, Handle),
            (Unknown, false, &never, Handle),
            (Unknown, true, &unknown, Handle),
        ] {
            let decided = decide(identity, is_interactive, retries);
            assert_eq!(decided, repeats, "{identity}, {is_interactive}, {retries:?}");
        }
    }
}
