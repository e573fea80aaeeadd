//! The keys of a scheme: secrets, prepared for its algorithm and its format.

use super::Scheme;
use crate::crypto::mac::{Key, KeyError};
use crate::error::{ConfigError, SecretProblem};
use crate::secret::{Secret, SecretWarning, Secrets};

impl Scheme {
    /// Prepares the keys of a scheme, one for each secret.
    pub(crate) fn keys(&self, secrets: &Secrets) -> Result<Vec<Key>, ConfigError> {
        let prepared = secrets
            .iter()
            .enumerate()
            .map(|(index, secret)| self.key(secret).map_err(|error| error.of(self, Some(index))));
        prepared.collect()
    }

    /// Prepares the key of one secret.
    pub(crate) fn key(&self, secret: &Secret) -> Result<Key, KeyError> {
        let key = match self.algorithm.is_shared() {
            true => secret.dangerous_shared_key(self.secret_format)?,
            false => secret.key(self.secret_format)?,
        };
        if let Some(must_be) = self.key_length
            && key.len() != must_be
        {
            return Err(SecretProblem::WrongLength { is: key.len(), must_be }.into());
        }
        Key::new(self.algorithm, self.template.secret, &key)
    }
}

impl KeyError {
    /// The error for the secret with this index, if the index is known.
    #[must_use]
    pub fn of(self, scheme: &Scheme, index: Option<usize>) -> ConfigError {
        match self {
            Self::Secret(problem) => ConfigError::Secret { problem, index },
            Self::FeatureRequired(feature) => {
                ConfigError::FeatureRequired { scheme: scheme.name().to_owned(), feature }
            }
        }
    }
}

impl Secrets {
    /// Returns warnings about these secrets, when they are used with this scheme. Log
    /// them when a service starts. A warning does not prevent the use of a secret.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets};
    /// use countersign_schemes as schemes;
    ///
    /// let secrets = Secrets::new(Secret::new("'a' ")?.named("GITHUB_SECRET"));
    /// for warning in secrets.warnings(&schemes::github()) {
    ///     eprintln!("warning: {warning}");
    /// }
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn warnings(&self, scheme: &Scheme) -> Vec<SecretWarning> {
        SecretWarning::all(self, scheme.algorithm, scheme.secret_format)
    }

    /// Rejects a resolver, for the schemes whose deliveries name no key.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Resolver`] if there is one.
    pub fn reject_resolver(&self, scheme: &Scheme) -> Result<(), ConfigError> {
        match self.resolver() {
            Some(_) => Err(ConfigError::Resolver { scheme: scheme.name().to_owned() }),
            None => Ok(()),
        }
    }
}
