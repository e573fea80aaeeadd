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
/// identity. An empty body tells nothing apart.
///
/// That of [`Identity::Unknown`] covers everything that is signed: the signed
/// payload itself, so that one signature is one event. That of
/// [`Identity::Content`] leaves the time of the attempt out, and with it the
/// template's own text if nothing else is left of it: then it is the body's.
pub(crate) fn digest(
    scheme: &Scheme,
    pieces: &SignedPieces<'_>,
    is_empty: bool,
) -> (String, Identity) {
    let identity = if is_empty { Identity::Unknown } else { scheme.fallback_identity() };
    let is_whole = identity == Identity::Unknown || scheme.profile().retry_signature().keeps_time();
    let has_others = scheme.template.signs_other_values();
    let mut digest = Sha256::new();
    for piece in pieces {
        let (Piece::Body(bytes) | Piece::Time(bytes) | Piece::Other(bytes)) = *piece;
        match piece {
            _ if is_whole => digest.update(bytes),
            // Without the time, nothing else may say where one piece ends.
            Piece::Body(_) | Piece::Other(_) if has_others => add_field(&mut digest, bytes),
            Piece::Body(_) => digest.update(bytes),
            Piece::Time(_) | Piece::Other(_) => {}
        }
    }
    (text(digest), identity)
}

/// The digest of the ids of a batch's elements, in their order: each value
/// behind its length, so that no two lists give the same.
pub(crate) fn digest_of_ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Sha256::new();
    ids.into_iter().for_each(|id| add_field(&mut digest, id.as_bytes()));
    text(digest)
}

fn add_field(digest: &mut Sha256, bytes: &[u8]) {
    digest.update((bytes.len() as u64).to_be_bytes());
    digest.update(bytes);
}

fn text(digest: Sha256) -> String {
    format!("sha256:{}", const_hex::encode(digest.finalize()))
}
