//! The active secrets of one endpoint.

use std::fmt;
use std::sync::Arc;

use super::Secret;
use crate::secret::resolver::KeyResolver;

/// The active secrets of one endpoint, the current one first.
///
/// During a rotation, both the new and the old secret are active. A delivery is
/// accepted if its signature matches any of them. [`Verified`](crate::Verified)
/// returns which one matched.
///
/// ```
/// use countersign_core::{Secret, Secrets};
///
/// let secrets = Secrets::new(Secret::new("new")?.named("2026-11"))
///     .with_previous(Secret::new("old")?.named("2026-05"));
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
pub struct Secrets {
    pub(super) live: Vec<Secret>,
    pub(super) resolver: Option<Arc<dyn KeyResolver>>,
}

impl Secrets {
    /// Creates a set with the current secret.
    #[must_use]
    pub fn new(current: Secret) -> Self {
        Self { live: vec![current], resolver: None }
    }

    /// Creates a set without secrets. The public keys are looked up with the
    /// resolver, for the schemes whose deliveries name their key.
    #[must_use]
    pub fn resolved(resolver: impl KeyResolver + 'static) -> Self {
        Self { live: Vec::new(), resolver: Some(Arc::new(resolver)) }
    }

    /// Adds a resolver for public keys that are not among the secrets, for the
    /// schemes whose deliveries name their key.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl KeyResolver + 'static) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Adds a previous secret that is still accepted. Secrets are tried in order.
    /// Each one costs one more MAC, if no secret before it matches.
    #[doc(alias("rotate", "rotation"))]
    #[must_use]
    pub fn with_previous(mut self, previous: Secret) -> Self {
        self.live.push(previous);
        self
    }

    /// The secrets, starting with the current one.
    pub fn iter(&self) -> std::slice::Iter<'_, Secret> {
        self.live.iter()
    }

    /// The resolver of public keys, if there is one.
    #[must_use]
    pub fn resolver(&self) -> Option<&Arc<dyn KeyResolver>> {
        self.resolver.as_ref()
    }

    /// The names of the secrets, followed by `None` for the resolver's keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.iter().map(Secret::name).chain(self.resolver.as_ref().map(|_| None))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("live", &self.live)
            .field("resolver", &self.resolver.is_some())
            .finish()
    }
}

impl From<Secret> for Secrets {
    fn from(current: Secret) -> Self {
        Self::new(current)
    }
}
