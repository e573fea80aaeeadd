//! The key of an event, and the fingerprint of a body.

use std::fmt;

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::verify::{Endpoint, Verified};

/// The idempotency key under which an event is claimed.
///
/// It covers the scheme, the endpoint, the location of the event's id (none if the id is the digest
/// of the signed bytes), the id and, if there are tenants, the tenant. Each field is preceded by
/// its length, so that different events never share a key: not those of two tenants or two
/// endpoints, not the order 7 and the refund 7, not an id that contains a delimiter. It can only be
/// built from a [`Verified`], so no event can be claimed by an id that was not signed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EventKey {
    endpoint: Endpoint,
    digest: [u8; 32],
}

impl EventKey {
    /// The key of a delivery's event at this endpoint.
    #[must_use]
    pub fn of(verified: &Verified, endpoint: &Endpoint) -> Self {
        let (scheme, event) = (verified.scheme(), verified.event());
        let mut digest = Sha256::new();
        if event.is_digest {
            // Not the length of any field: so an id whose text equals a digest has another key.
            digest.update([u8::MAX; 8]);
        }
        add(&mut digest, [scheme.name()].into_iter());
        add(&mut digest, [endpoint.name()].into_iter());
        if let Some(place) = event.place.and_then(|place| scheme.event_id.get(place)) {
            add(&mut digest, place.canonical());
        }
        for field in [event.id.as_str()].into_iter().chain(verified.tenant()) {
            add(&mut digest, [field].into_iter());
        }
        Self { endpoint: endpoint.clone(), digest: digest.finalize().into() }
    }

    /// The endpoint at which the event is claimed.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The SHA-256 digest of scheme, endpoint, location of the id, id and tenant.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The start of the digest, which logs show.
    pub(crate) fn short_digest(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.digest;
        [a, b, c, d]
    }
}

/// Adds one field, given in pieces, preceded by its length.
fn add<'a>(digest: &mut Sha256, pieces: impl Iterator<Item = &'a str> + Clone) {
    let length: usize = pieces.clone().map(str::len).sum();
    digest.update((length as u64).to_be_bytes());
    pieces.for_each(|piece| digest.update(piece));
}

impl fmt::Debug for EventKey {
    /// Includes the endpoint and the start of the digest, but no id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = const_hex::encode(self.short_digest());
        f.debug_struct("EventKey")
            .field("endpoint", &self.endpoint.name())
            .field("digest", &digest)
            .finish_non_exhaustive()
    }
}

/// The fingerprint of a signed body: its 64-bit XXH3 hash.
///
/// It is stored with the event, to detect the same id with a different body. No
/// decision depends on it alone. It is not a cryptographic digest: the
/// signature already covers the body, and only a holder of the secret could
/// sign two bodies with the same fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a delivery's body.
    #[must_use]
    pub fn of(verified: &Verified) -> Self {
        Self(xxh3_64(verified.body()))
    }

    /// A fingerprint that a store has saved.
    #[must_use]
    pub fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// The fingerprint, for a store to save.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
pub(super) mod sample {
    use super::EventKey;
    use crate::scheme::Scheme;
    use crate::secret::Secret;
    use crate::verify::sign::Signer;
    use crate::verify::{Endpoint, Verifier};

    /// The keys of `count` different events.
    pub(crate) fn keys(count: usize) -> Vec<EventKey> {
        let scheme = Scheme::builder("acme")
            .signature_header("X-Acme-Signature")
            .signed_payload("{body}")
            .event_id("body:/event_id")
            .build()
            .unwrap();
        let secret = || Secret::new("a secret").unwrap();
        let signer = Signer::new(scheme.clone(), secret()).unwrap();
        let verifier = Verifier::new(scheme, secret()).unwrap();
        let endpoint = Endpoint::new("tests");
        let key = |i: usize| {
            let body = format!(r#"{{"event_id":"{i}"}}"#);
            let headers = signer.sign(body.as_bytes()).unwrap();
            EventKey::of(&verifier.verify(&headers, body).unwrap(), &endpoint)
        };
        (0..count).map(key).collect()
    }
}
