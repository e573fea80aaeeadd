//! The keys that are valid now: the only keys of a verifier that custom signing code can access.

use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use smallvec::SmallVec;

use super::KeyMatch;
use crate::secret::resolver::KeyResolver;

/// The keys of the secrets that are valid at the time of a request, in the order of the secrets.
/// Cheap to clone.
///
/// An expired or not yet valid secret is not among them, so a [`CustomScheme`](crate::custom::CustomScheme)
/// cannot accept its signatures. Only these keys can create a [`KeyMatch`].
pub struct LiveKeys<K> {
    /// The keys of all secrets.
    keys: Arc<[K]>,
    /// The indices of the valid ones.
    live: SmallVec<[usize; 4]>,
    resolver: Option<Arc<dyn KeyResolver>>,
}

impl<K> LiveKeys<K> {
    pub(super) fn new(
        keys: Arc<[K]>,
        resolver: Option<Arc<dyn KeyResolver>>,
        is_live: impl Fn(usize) -> bool,
    ) -> Self {
        let live: SmallVec<_> = (0..keys.len()).filter(|number| is_live(*number)).collect();
        // A resolver adds keys to those of the secrets. If all secrets have expired, the resolver
        // is not used alone: the secrets can restrict what it is accepted for.
        let resolver = resolver.filter(|_| keys.is_empty() || !live.is_empty());
        Self { keys, live, resolver }
    }

    /// The keys, starting with that of the current secret.
    pub fn iter(&self) -> impl Iterator<Item = LiveKey<'_, K>> {
        self.live.iter().map(|number| LiveKey { number: *number, key: &self.keys[*number] })
    }

    /// The first key for which this is true, as the key that signed the delivery.
    pub fn find(&self, has_signed: impl Fn(&K) -> bool) -> Option<KeyMatch> {
        self.iter().find(|key| has_signed(key)).map(|key| key.signed_it())
    }

    /// Whether this is true for the key of any secret, valid now or not: for a restriction that
    /// must remain when the secret that states it expires.
    #[must_use]
    pub fn any_given(&self, states: impl Fn(&K) -> bool) -> bool {
        self.keys.iter().any(states)
    }

    /// Looks up the public key with this name, if the secrets have a [`KeyResolver`]. Returns
    /// `None` if secrets were given and none of them is valid now, or if the resolver panics.
    #[must_use]
    pub fn look_up(&self, name: &str) -> Option<LookedUp> {
        let resolver = self.resolver.as_ref()?;
        // A panic would close the connection without a response.
        let found = catch_unwind(AssertUnwindSafe(|| resolver.key(name)));
        let text = found.ok().flatten()?;
        Some(LookedUp { number: self.keys.len(), text })
    }

    /// Whether keys can be looked up: there is a [`KeyResolver`] and, if secrets were given, at least
    /// one of them is valid now.
    #[must_use]
    pub fn has_resolver(&self) -> bool {
        self.resolver.is_some()
    }
}

impl<K> Clone for LiveKeys<K> {
    fn clone(&self) -> Self {
        Self {
            keys: Arc::clone(&self.keys),
            live: self.live.clone(),
            resolver: self.resolver.clone(),
        }
    }
}

impl<K> fmt::Debug for LiveKeys<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKeys").field("live", &self.live).finish_non_exhaustive()
    }
}

/// One key that is valid now; dereferences to the prepared key.
pub struct LiveKey<'a, K> {
    number: usize,
    key: &'a K,
}

impl<K> LiveKey<'_, K> {
    /// The index of its secret, counted from 0.
    #[must_use]
    pub fn secret_number(&self) -> usize {
        self.number
    }

    /// States that this key signed the delivery.
    #[must_use]
    pub fn signed_it(&self) -> KeyMatch {
        KeyMatch::secret(self.number)
    }
}

impl<'a, K> LiveKey<'a, K> {
    /// The prepared key, for the lifetime of the keys.
    #[must_use]
    pub fn key(&self) -> &'a K {
        self.key
    }
}

impl<K> Deref for LiveKey<'_, K> {
    type Target = K;

    fn deref(&self) -> &K {
        self.key
    }
}

impl<K> fmt::Debug for LiveKey<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveKey").field("number", &self.number).finish_non_exhaustive()
    }
}

/// A public key that a [`KeyResolver`] returned.
pub struct LookedUp {
    number: usize,
    text: String,
}

impl LookedUp {
    /// The key as text, as the resolver returned it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// States that this key signed the delivery.
    #[must_use]
    pub fn signed_it(&self) -> KeyMatch {
        KeyMatch::secret(self.number)
    }
}

impl fmt::Debug for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookedUp").finish_non_exhaustive()
    }
}
