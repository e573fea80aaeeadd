//! The secrets of an endpoint, and how they are replaced while it runs.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use countersign::{ConfigError, Secrets, SecretsHandle, Verifier};

use super::config::Source;
use super::kept::Kept;
use crate::mend::Mend;

/// Where the secrets of an endpoint are while it runs.
pub(super) enum Live {
    Own(SecretsHandle),
    Kept { verifier: Verifier, kept: Arc<Kept> },
    OfTenants { verifier: Verifier, table: Arc<Table> },
}

/// Secrets as they were just read.
pub(super) enum Fresh {
    Own(Secrets),
    Kept(Arc<Kept>),
    OfTenants(Arc<Table>),
}

impl Live {
    /// Puts fresh secrets in the place of those that are there. Whether an endpoint has tenants,
    /// or a key that is handed over, does not change while it runs: then neither do its secrets.
    pub(super) fn replace(&self, fresh: Fresh) -> Result<(), Mend> {
        match (self, fresh) {
            (Self::Own(handle), Fresh::Own(secrets)) => Ok(handle.replace(secrets)?),
            (Self::Kept { kept, .. }, Fresh::Kept(fresh)) => kept.replace_with(&fresh),
            (Self::OfTenants { verifier, table }, Fresh::OfTenants(fresh)) => {
                table.replace_with(&fresh);
                verifier.forget_tenants();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Has the endpoint wait for the handshake in which its key is handed over, for so long.
    pub(super) fn arm(&self, within: Option<Duration>) {
        let Self::Kept { verifier, kept } = self else { return };
        match within {
            Some(within) => kept.arm(verifier, within),
            None => verifier.disarm_handshake(),
        }
    }
}

/// The secrets of every tenant, by its name.
#[derive(Default)]
pub(super) struct Table(RwLock<BTreeMap<String, Vec<Source>>>);

impl Table {
    pub(super) fn new(tenants: BTreeMap<String, Vec<Source>>) -> Self {
        Self(RwLock::new(tenants))
    }

    pub(super) fn secrets(&self, tenant: &str) -> Result<Option<Secrets>, ConfigError> {
        let tenants = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).map_or(Ok(None), |sources| Source::secrets(sources))
    }

    fn replace_with(&self, fresh: &Self) {
        let fresh = std::mem::take(&mut *fresh.0.write().unwrap_or_else(PoisonError::into_inner));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
    }
}
