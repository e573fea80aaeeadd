//! A secret as it was read, to be given out more than once.

use countersign::{ConfigError, Secret, Secrets};

use super::place::Place;
use super::words::Moment;
use crate::secrets;

/// Where a secret was read, what was read there, and what the file says of it.
pub(in crate::serve) struct Source {
    pub(super) read: Secret,
    pub(super) name: String,
    pub(super) not_before: Option<Moment>,
    pub(super) not_after: Option<Moment>,
    pub(super) kept: secrets::Place,
    pub(super) at: Place,
}

impl Source {
    /// All of them, the current one first; `None` where there are none.
    pub(in crate::serve) fn secrets(sources: &[Self]) -> Result<Option<Secrets>, ConfigError> {
        let secrets = sources.iter().map(Self::secret).collect::<Result<Vec<_>, _>>()?;
        Ok(secrets::collect(secrets))
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
