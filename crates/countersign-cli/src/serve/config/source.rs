//! A secret that was read once and can be copied.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign::{ConfigError, Secret, Secrets};

use super::place::Place;
use super::toml::Moment;
use crate::output;
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

    /// Reports if none of the secrets is valid now.
    pub(super) fn warn_if_none_is_valid(sources: &[Self]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        if let Some(first) = sources.first()
            && sources.iter().all(|source| !source.is_valid_at(now))
        {
            output::note(&format!(
                "{}: no secret is valid now, so every delivery is answered 503: add one whose \
                 `not_before` and `not_after` include the current time",
                first.at
            ));
        }
    }

    fn is_valid_at(&self, unix_ms: i64) -> bool {
        self.not_before.is_none_or(|Moment(from)| unix_ms >= from)
            && self.not_after.is_none_or(|Moment(until)| unix_ms <= until)
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
