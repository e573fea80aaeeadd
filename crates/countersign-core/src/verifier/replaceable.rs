//! Secrets that are replaced while deliveries arrive.

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

use super::{Held, Verifier};
use crate::error::ConfigError;
use crate::keyring::Keyring;
use crate::scheme::Scheme;
use crate::secret::Secrets;

impl Verifier {
    /// The verifier, and a handle by which its secrets are replaced while it is
    /// in use.
    ///
    /// The handle counts for all clones of what is returned, whatever is set on
    /// them later; not for those that were made before. Asked again, it is the
    /// same handle.
    ///
    /// ```
    /// use countersign_core::{Scheme, Secret, Secrets, Signer, Verifier};
    ///
    /// let scheme = Scheme::named("github")?;
    /// let verifier = Verifier::new(scheme.clone(), Secret::new("old")?)?;
    /// let (verifier, secrets) = verifier.with_secrets_handle()?;
    ///
    /// let by_new = Signer::new(scheme, Secret::new("new")?)?.sign(&[("", ""); 0], b"{}")?;
    /// assert!(verifier.verify(&by_new, "{}").is_err());
    ///
    /// secrets.replace(Secrets::new(Secret::new("new")?).with_previous(Secret::new("old")?))?;
    /// assert!(verifier.verify(&by_new, "{}").is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] where the secrets are a resolver's to replace;
    /// see [`forget_tenant`](Self::forget_tenant).
    pub fn with_secrets_handle(mut self) -> Result<(Self, SecretsHandle), ConfigError> {
        let keyring = match &self.held {
            Held::Inside => Arc::new(mem::take(&mut Arc::make_mut(&mut self.inner).keyring)),
            Held::Found(keyring) => Arc::clone(keyring),
            Held::Replaceable(replaceable) => {
                let handle = SecretsHandle(Arc::clone(replaceable));
                return Ok((self, handle));
            }
            Held::OfTenants(_) => {
                let problem = "their secrets are the resolver's to replace: tell the verifier to \
                               forget a tenant, and it asks again";
                return Err(ConfigError::Tenants { problem });
            }
        };
        let scheme = self.inner.scheme.clone();
        let replaceable = Arc::new(Replaceable { scheme, keyring: RwLock::new(keyring) });
        self.held = Held::Replaceable(Arc::clone(&replaceable));
        Ok((self, SecretsHandle(replaceable)))
    }
}

/// Replaces the secrets of a verifier while it is in use; see
/// [`Verifier::with_secrets_handle`]. Clones are the same handle.
#[derive(Clone)]
pub struct SecretsHandle(Arc<Replaceable>);

impl SecretsHandle {
    /// Puts these secrets in the place of the others, all at once. Deliveries
    /// whose headers have been judged go on with those that were there then.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`]; the others then stay.
    pub fn replace(&self, secrets: impl Into<Secrets>) -> Result<(), ConfigError> {
        let mut prepared = Keyring::prepare(&self.0.scheme, &secrets.into())?;
        let mut keyring = self.0.keyring.write().unwrap_or_else(PoisonError::into_inner);
        prepared.tenant.clone_from(&keyring.tenant);
        let replaced = mem::replace(&mut *keyring, Arc::new(prepared));
        drop(keyring);
        // Wiped outside of the lock.
        drop(replaced);
        Ok(())
    }
}

/// The secrets that a handle replaces.
pub(super) struct Replaceable {
    scheme: Scheme,
    keyring: RwLock<Arc<Keyring>>,
}

impl Replaceable {
    pub(super) fn current(&self) -> Arc<Keyring> {
        Arc::clone(&self.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for SecretsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsHandle")
            .field("scheme", &self.0.scheme.name())
            .field("secrets", &self.0.current().keys.len())
            .finish_non_exhaustive()
    }
}
