//! What an endpoint does with a duplicate: a delivery with the id of an event that
//! was handled or is in progress.

use crate::scheme::{Identity, Retries, Scheme};
use crate::verify::Verified;

/// What an endpoint does with a duplicate delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the handler is called, or it is not")]
pub enum Repeats {
    /// The handler is not called. A duplicate of a handled event gets the response
    /// 200. A duplicate of an event in flight gets 503 if the event is still in
    /// flight after a wait. If distinct events have the same id, all but the first
    /// are lost.
    Suppress,
    /// The handler is called for a duplicate, which is marked as a
    /// [possible duplicate](crate::Grant::possible_duplicate). A duplicate of an
    /// event in flight waits for it for a short time. Retries and replays of a
    /// handled event are handled again. At most four duplicates of one event are
    /// handled at the same time; the others get 503.
    Handle,
}

impl Repeats {
    /// The default for the duplicates of a scheme's deliveries with this identity.
    #[must_use]
    pub fn default_for(scheme: &Scheme, identity: Identity) -> Self {
        let profile = scheme.profile();
        let is_interactive = profile.interactive().applies(identity == Identity::Id);
        decide(identity, is_interactive, profile.retries())
    }

    pub(crate) fn by_default(verified: &Verified) -> Self {
        Self::default_for(verified.scheme(), verified.identity())
    }
}

/// Suppresses duplicates that are known to be the same event, unless the provider
/// reads the response, or the identity is `Content` and the provider never retries.
fn decide(identity: Identity, is_interactive: bool, retries: &Retries) -> Repeats {
    match identity {
        _ if is_interactive => Repeats::Handle,
        Identity::Id => Repeats::Suppress,
        // The provider never retries, so a duplicate is one that a user has sent again to have it
        // handled.
        Identity::Content if *retries == Retries::Never => Repeats::Handle,
        Identity::Content => Repeats::Suppress,
        Identity::Unknown => Repeats::Handle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_duplicates_are_suppressed() {
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
