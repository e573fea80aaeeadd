//! A secret that was read once and can be copied.

use countersign::{Clock, ConfigError, Scheme, Secret, Secrets, SystemClock};

use super::place::Place;
use super::toml::Moment;
use crate::secrets;

/// A secret, its source, and its settings in the file.
pub(in crate::serve) struct Source {
    pub(super) read: Secret,
    pub(super) name: String,
    pub(super) not_before: Option<Moment>,
    pub(super) not_after: Option<Moment>,
    pub(super) kept: secrets::Place,
    pub(super) at: Place,
}

impl Source {
    /// All secrets, the current one first; `None` if there are none.
    pub(in crate::serve) fn secrets(sources: &[Self]) -> Result<Option<Secrets>, ConfigError> {
        let secrets = sources.iter().map(Self::secret).collect::<Result<Vec<_>, _>>()?;
        Ok(secrets::collect(secrets))
    }

    /// Whether a delivery of the scheme can verify with any of these secrets now. Also true for
    /// secrets that the scheme cannot use, because that is an error when its verifier is created.
    pub(in crate::serve) fn is_any_valid(sources: &[Self], scheme: &Scheme) -> bool {
        let secrets = Self::secrets(sources).ok().flatten();
        secrets.is_none_or(|secrets| is_any_valid(&secrets, scheme))
    }

    pub(in crate::serve) fn secret(&self) -> Result<Secret, ConfigError> {
        let mut secret = secrets::again(&self.read)?.named(&self.name);
        if let Some(Moment(unix_ms)) = self.not_before {
            secret = secret.valid_from_unix_ms(unix_ms);
        }
        if let Some(Moment(unix_ms)) = self.not_after {
            secret = secret.valid_until_unix_ms(unix_ms);
        }
        Ok(secret)
    }
}

/// The same for secrets of the library.
pub(super) fn is_any_valid(secrets: &Secrets, scheme: &Scheme) -> bool {
    secrets.is_any_valid_at(scheme, SystemClock::new().now_unix_ms()).unwrap_or(true)
}

/// What to do if no secret is valid.
pub(super) const ADD_A_VALID_ONE: &str = "add one whose `not_before` and `not_after` include the \
    current time, and whose certificate or JWK has not expired";
