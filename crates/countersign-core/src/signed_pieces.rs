//! Everything that is signed, in pieces, and its digest as an event's id.

use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::scheme::{Identity, Scheme};

/// Everything that is signed, in order.
pub(crate) type SignedPieces<'a> = SmallVec<[Piece<'a>; 5]>;

/// A piece of what is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// The body or, if custom signing code signs something else in its place,
    /// that.
    Body(&'a [u8]),
    /// The timestamp.
    Time(&'a [u8]),
    /// What else the template holds.
    Other(&'a [u8]),
}

/// The digest that is the id of a delivery without one, and the delivery's
/// identity.
///
/// That of [`Identity::Unknown`] covers everything that is signed: the signed
/// payload itself, so that one signature is one event. That of
/// [`Identity::Content`] leaves the time of the attempt out, and with it the
/// template's own text if nothing else is left of it: then it is the body's.
pub(crate) fn digest(scheme: &Scheme, pieces: &SignedPieces<'_>) -> (String, Identity) {
    let has_body = pieces.iter().any(|piece| matches!(piece, Piece::Body([_, ..])));
    // An empty body tells nothing apart.
    let identity = if has_body { scheme.fallback_identity() } else { Identity::Unknown };
    let is_whole = identity == Identity::Unknown || scheme.profile().retry_signature().keeps_time();
    let mut digest = Sha256::new();
    for piece in pieces {
        match piece {
            Piece::Body(bytes) => digest.update(bytes),
            Piece::Time(bytes) if is_whole => digest.update(bytes),
            Piece::Other(bytes) if is_whole || scheme.template.signs_other_values() => {
                digest.update(bytes);
            }
            _ => {}
        }
    }
    (text(digest), identity)
}

/// The digest of the ids of a batch's elements, in their order: each value
/// behind its length, so that no two lists give the same.
pub(crate) fn digest_of_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    for id in ids {
        digest.update((id.len() as u64).to_be_bytes());
        digest.update(id);
    }
    text(digest)
}

fn text(digest: Sha256) -> String {
    format!("sha256:{}", const_hex::encode(digest.finalize()))
}
