//! Checks of secrets before they are used.

use super::keyring::Keyring;
use crate::crypto::key_identity::KeyIdentity;
use crate::error::ConfigError;
use crate::scheme::Scheme;
use crate::secret::Secrets;

impl Secrets {
    /// Whether a delivery of this scheme can verify with these secrets at this time, in Unix
    /// milliseconds: at least one of them is valid, and so is its key. A certificate or a JWK can
    /// state by itself when it expires. If no secret is valid, deliveries are rejected as
    /// [`Misconfigured`](crate::VerifyErrorKind::Misconfigured).
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets};
    /// use countersign_schemes as schemes;
    ///
    /// let secrets = Secrets::new(Secret::new("secret")?.valid_until_unix_ms(1_796_083_200_000));
    /// let scheme = schemes::github();
    /// assert!(secrets.is_any_valid_at(&scheme, 1_796_083_200_000)?);
    /// assert!(!secrets.is_any_valid_at(&scheme, 1_796_083_200_001)?);
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`](crate::Verifier::new), if a secret cannot be used.
    pub fn is_any_valid_at(&self, scheme: &Scheme, unix_ms: i64) -> Result<bool, ConfigError> {
        Ok(Keyring::prepare(scheme, self)?.is_usable_at(unix_ms))
    }

    /// The identities of all keys of these secrets, when they are used with this scheme. Compare
    /// them to find a key that two endpoints or tenants share, even if it is given as different
    /// texts: as PEM and as a JWK, or as a long HMAC key and its digest.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets};
    /// use countersign_schemes as schemes;
    ///
    /// let scheme = schemes::svix();
    /// let of = |text: &str| Secrets::new(Secret::new(text)?).key_identities(&scheme);
    /// let (one, other) = (of("whsec_c2VjcmV0")?, of("v1,whsec_c2VjcmV0")?);
    /// assert!(one[0].overlaps(other[0]));
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`](crate::Verifier::new), if a secret cannot be used.
    pub fn key_identities(&self, scheme: &Scheme) -> Result<Vec<KeyIdentity>, ConfigError> {
        let mut identities = Keyring::prepare(scheme, self)?.identities();
        if !scheme.algorithm().is_shared() {
            return Ok(identities);
        }
        let for_each_key = self.one_for_each_key(scheme.secret_format())?;
        let secrets = for_each_key.as_ref().map_or(self, |(secrets, _)| secrets);
        for (index, secret) in secrets.iter().enumerate() {
            let key = secret.key(scheme.secret_format());
            let key = key.map_err(|problem| ConfigError::from(problem).of_secret(index))?;
            identities.push(KeyIdentity::of_shared(scheme.algorithm(), &key));
        }
        Ok(identities)
    }
}
