//! What tells one event from all others, and one body from another.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::verifier::Verified;

/// The name of a place that handles events.
///
/// Deliveries of one event to two endpoints are handled twice, once by each;
/// processes that share the work of one endpoint give it the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Arc<str>);

impl Endpoint {
    /// An endpoint of this name. Names are compared to the letter.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The key under which an event is claimed.
///
/// It covers the scheme, the endpoint, the place that the event's id comes from
/// (none if the id is the digest of what was signed), the id and, if there are
/// tenants, the tenant, each preceded by its length, so that nothing different
/// shares a key: not two tenants, not two endpoints, not the order 7 and the
/// refund 7, not an id that contains somebody's delimiter. It can be built from a [`Verified`] only: nobody claims
/// an event by an id that was not signed.
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
            // No length of the field that follows: an id that spells out a digest has another key.
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

    /// The digest over scheme, endpoint, place of the id, id and tenant: SHA-256.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

/// Adds one field, which is given in pieces, behind its length.
fn add<'a>(digest: &mut Sha256, pieces: impl Iterator<Item = &'a str> + Clone) {
    let length: usize = pieces.clone().map(str::len).sum();
    digest.update((length as u64).to_be_bytes());
    pieces.for_each(|piece| digest.update(piece));
}

impl fmt::Debug for EventKey {
    /// Shows the endpoint and the beginning of the digest, no id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = const_hex::encode(&self.digest[..4]);
        f.debug_struct("EventKey")
            .field("endpoint", &self.endpoint.name())
            .field("digest", &digest)
            .finish_non_exhaustive()
    }
}

/// The fingerprint of a signed body: its XXH3, 64 bits.
///
/// It is remembered with the event, so that the same id with another body is
/// seen. It decides nothing by itself, and is no cryptographic digest: one such
/// over the body has been computed already, and whoever could make two bodies
/// with one fingerprint holds the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a delivery's body.
    #[must_use]
    pub fn of(verified: &Verified) -> Self {
        Self(xxh3_64(verified.body()))
    }

    /// A fingerprint that a store has kept.
    #[must_use]
    pub fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// The fingerprint, for a store to keep.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
pub(super) mod sample {
    use super::{Endpoint, EventKey};
    use crate::scheme::Scheme;
    use crate::secret::Secret;
    use crate::sign::Signer;
    use crate::verifier::Verifier;

    /// The keys of so many events.
    pub(crate) fn keys(count: usize) -> Vec<EventKey> {
        let scheme = Scheme::named("jupiter").unwrap();
        let secret = || Secret::new("a secret").unwrap();
        let signer = Signer::new(scheme.clone(), secret()).unwrap();
        let verifier = Verifier::new(scheme, secret()).unwrap();
        let endpoint = Endpoint::new("tests");
        let key = |i: usize| {
            let body = format!(r#"{{"event_id":"{i}"}}"#);
            let headers = signer.sign(&[("", ""); 0], body.as_bytes()).unwrap();
            EventKey::of(&verifier.verify(&headers, body).unwrap(), &endpoint)
        };
        (0..count).map(key).collect()
    }
}
