//! The digest of the signed bytes, which is an event's id if there is no other.

use sha2::{Digest, Sha256};

use crate::scheme::{Identity, Scheme};
use crate::signature_headers::{Piece, SignedPieces};

/// The digest that is used as the id of a delivery without one, and the
/// delivery's identity. An empty body distinguishes no events.
///
/// For [`Identity::Unknown`], the digest covers the whole signed payload, so
/// that one signature is one event. For [`Identity::Content`], it excludes the
/// time of the attempt. If only the body and the template's literal text are
/// left, it is the digest of the body alone.
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
            // Without the time, only the lengths separate the pieces unambiguously.
            Piece::Body(_) | Piece::Other(_) if has_others => add_field(&mut digest, bytes),
            Piece::Body(_) => digest.update(bytes),
            Piece::Time(_) | Piece::Other(_) => {}
        }
    }
    (text(digest), identity)
}

/// The digest of the ids of a batch's elements, in order. Each value is
/// preceded by its length, so that no two lists give the same digest.
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
