//! Replaces the secrets of a verifier while it is in use.

use std::fmt;
use std::mem;
use std::sync::{Arc, PoisonError, RwLock};

use super::keyring::Keyring;
use super::{SecretSource, Verifier};
use crate::error::{ConfigError, SecretProblem};
use crate::scheme::Scheme;
use crate::secret::Secrets;
use crate::time::clock::Clock;

impl Verifier {
    /// Returns the verifier and a handle that replaces its secrets while it is in use.
    ///
    /// The handle applies to all clones of the returned verifier, even if they are
    /// configured further. It does not apply to clones that were made before. A second
    /// call on the returned verifier returns the same handle.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets, Signer, Verifier};
    /// use countersign_schemes as schemes;
    ///
    /// let scheme = schemes::github();
    /// let verifier = Verifier::new(scheme.clone(), Secret::new("old")?)?;
    /// let (verifier, secrets) = verifier.with_secrets_handle()?;
    ///
    /// let by_new = Signer::new(scheme, Secret::new("new")?)?.sign(b"{}")?;
    /// assert!(verifier.verify(&by_new, "{}").is_err());
    ///
    /// secrets.replace(Secrets::new(Secret::new("new")?).with_previous(Secret::new("old")?))?;
    /// assert!(verifier.verify(&by_new, "{}").is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Tenants`] if a resolver provides the secrets; see
    /// [`invalidate_tenant`](Self::invalidate_tenant).
    pub fn with_secrets_handle(mut self) -> Result<(Self, SecretsHandle), ConfigError> {
        let keyring = match &self.held {
            SecretSource::Inside => {
                Arc::new(mem::take(&mut Arc::make_mut(&mut self.inner).keyring))
            }
            SecretSource::Found(keyring) => Arc::clone(keyring),
            SecretSource::Replaceable(replaceable) => {
                let handle = SecretsHandle(Arc::clone(replaceable));
                return Ok((self, handle));
            }
            SecretSource::OfTenants(_) => {
                let problem = "the resolver provides the secrets: call `forget_tenant` to look \
                               them up again";
                return Err(ConfigError::Tenants { problem });
            }
        };
        let scheme = self.inner.scheme.clone();
        let clock = Arc::clone(&self.inner.clock);
        let replaceable = Arc::new(Replaceable { scheme, clock, keyring: RwLock::new(keyring) });
        self.held = SecretSource::Replaceable(Arc::clone(&replaceable));
        Ok((self, SecretsHandle(replaceable)))
    }
}

/// Replaces the secrets of a verifier while it is in use; see
/// [`Verifier::with_secrets_handle`]. Clones are the same handle.
#[derive(Clone)]
pub struct SecretsHandle(Arc<Replaceable>);

impl SecretsHandle {
    /// Replaces all secrets at once. A delivery whose headers were already checked
    /// still uses the previous secrets.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`]. Also [`SecretProblem::Expired`] if all secrets have expired,
    /// and [`SecretProblem::NotValidNow`] if none is valid now for another reason, by the
    /// clock that the verifier had when the handle was created. The previous secrets then
    /// stay in use.
    pub fn replace(&self, secrets: impl Into<Secrets>) -> Result<(), ConfigError> {
        let prepared = Keyring::prepare(&self.0.scheme, &secrets.into())?;
        let clock = &*self.0.clock;
        if !prepared.is_usable(clock) {
            let problem = match prepared.is_expired(clock) {
                true => SecretProblem::Expired,
                false => SecretProblem::NotValidNow,
            };
            return Err(problem.into());
        }
        self.set(prepared);
        Ok(())
    }

    /// Replaces all secrets at once, even if none of the new ones is valid now: deliveries
    /// are rejected as [`Misconfigured`](crate::VerifyErrorKind::Misconfigured) until one
    /// is. Use it to revoke the secrets of an endpoint, or to set those of a later time.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`]. The previous secrets then stay in use.
    pub fn replace_even_if_none_is_valid(
        &self,
        secrets: impl Into<Secrets>,
    ) -> Result<(), ConfigError> {
        self.set(Keyring::prepare(&self.0.scheme, &secrets.into())?);
        Ok(())
    }

    fn set(&self, mut prepared: Keyring) {
        let mut keyring = self.0.keyring.write().unwrap_or_else(PoisonError::into_inner);
        prepared.tenant.clone_from(&keyring.tenant);
        let replaced = mem::replace(&mut *keyring, Arc::new(prepared));
        drop(keyring);
        // Wiped after the lock is released.
        drop(replaced);
    }
}

/// The secrets that a handle can replace.
pub(super) struct Replaceable {
    scheme: Scheme,
    clock: Arc<dyn Clock>,
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
