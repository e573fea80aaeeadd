//! The keys that are valid now: all that a rule ever sees of a verifier's secrets.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use super::{KeyResolver, SignedBy};

/// The keys of the secrets that are valid at the time of a request, in the order of the
/// secrets. Cheap to clone.
///
/// A secret outside of its time is not among them, so a [`SigningRule`](crate::SigningRule)
/// cannot accept what it has signed. A [`SignedBy`] comes from one of them and from nowhere
/// else.
pub struct LiveKeys<K> {
    /// Of all secrets.
    keys: Arc<[K]>,
    /// The numbers of those that are valid.
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
        // A resolver adds keys to those of the secrets. Secrets that have all expired do not leave
        // it alone: they may have restricted what it is accepted for.
        let resolver = resolver.filter(|_| keys.is_empty() || !live.is_empty());
        Self { keys, live, resolver }
    }

    /// The keys, that of the current secret first.
    pub fn iter(&self) -> impl Iterator<Item = LiveKey<'_, K>> {
        self.live.iter().map(|number| LiveKey { number: *number, key: &self.keys[*number] })
    }

    /// The first key of which this is true, as the one that has signed the delivery.
    pub fn find(&self, has_signed: impl Fn(&K) -> bool) -> Option<SignedBy> {
        self.iter().find(|key| has_signed(key)).map(|key| key.signed_it())
    }

    /// Whether this is true of the key of any secret, valid now or not: for a restriction that
    /// must not end with the secret that states it.
    pub(crate) fn any_given(&self, states: impl Fn(&K) -> bool) -> bool {
        self.keys.iter().any(states)
    }

    /// Looks up the public key of this name, if the secrets have a [`KeyResolver`]. None is found
    /// if secrets were given and none of them is valid now.
    #[must_use]
    pub fn look_up(&self, name: &str) -> Option<LookedUp> {
        let text = self.resolver.as_ref()?.key(name)?;
        Some(LookedUp { number: self.keys.len(), text })
    }

    /// Whether keys can be looked up: if there is a [`KeyResolver`], and not if secrets were given
    /// and none of them is valid now.
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

/// One key that is valid now; dereferences to what the rule has prepared.
pub struct LiveKey<'a, K> {
    number: usize,
    key: &'a K,
}

impl<K> LiveKey<'_, K> {
    /// The number of its secret, counted from 0.
    #[must_use]
    pub fn secret_number(&self) -> usize {
        self.number
    }

    /// States that this key has signed the delivery.
    #[must_use]
    pub fn signed_it(&self) -> SignedBy {
        SignedBy::secret(self.number)
    }
}

impl<'a, K> LiveKey<'a, K> {
    /// What the rule has prepared, for as long as the keys live.
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

/// A public key that a [`KeyResolver`] has given.
pub struct LookedUp {
    number: usize,
    text: String,
}

impl LookedUp {
    /// The key as text, as the resolver gave it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// States that this key has signed the delivery.
    #[must_use]
    pub fn signed_it(&self) -> SignedBy {
        SignedBy::secret(self.number)
    }
}

impl fmt::Debug for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookedUp").finish_non_exhaustive()
    }
}
