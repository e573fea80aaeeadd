//! What one delivery is verified with.

use std::ops::Deref;
use std::sync::Arc;

use super::keyring::Keyring;
use super::{Inner, SecretSource, Verifier};
use crate::error::{VerifyError, VerifyErrorKind};

/// A snapshot for verifying one delivery: the shared configuration and the secrets.
#[derive(Clone)]
pub(super) struct VerifierSnapshot {
    inner: Arc<Inner>,
    /// The secrets that were looked up for this delivery; used instead of those in
    /// `inner`.
    found: Option<Arc<Keyring>>,
}

impl Verifier {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn snapshot(&self) -> Result<VerifierSnapshot, VerifyError> {
        let found = match &self.held {
            SecretSource::Inside => None,
            SecretSource::Found(keyring) => Some(Arc::clone(keyring)),
            SecretSource::Replaceable(replaceable) => Some(replaceable.current()),
            SecretSource::OfTenants(_) => return Err(VerifyErrorKind::Misconfigured.into()),
        };
        Ok(VerifierSnapshot { inner: Arc::clone(&self.inner), found })
    }
}

impl VerifierSnapshot {
    pub(super) fn shared(&self) -> &Arc<Inner> {
        &self.inner
    }

    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn keyring(&self) -> &Keyring {
        match &self.found {
            None => &self.inner.keyring,
            Some(found) => found,
        }
    }
}

impl Deref for VerifierSnapshot {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}
