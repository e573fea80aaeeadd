//! Copies of an endpoint's secrets for the inspector, which diagnoses and signs with them. They never
//! leave the program.

use std::sync::{Arc, PoisonError, RwLock};

use countersign::{Secret, Secrets};

use super::handshake_secret::HandshakeSecret;
use super::secrets_source::{Reloaded, SecretsSource, Table};
use crate::inspect::SecretSource;
use crate::secrets;

/// The secrets of one endpoint.
pub(super) enum SecretCopies {
    Own(RwLock<Own>),
    Kept(Arc<HandshakeSecret>),
    OfTenants(Arc<Table>),
}

/// Secrets of the configuration, and those that a reload replaced.
pub(super) struct Own {
    active: Vec<Secret>,
    retired: Vec<Secret>,
}

impl SecretCopies {
    pub(super) fn of(live: &SecretsSource, fresh: &Reloaded) -> Arc<Self> {
        Arc::new(match (live, fresh) {
            (SecretsSource::Kept { kept, .. }, _) => Self::Kept(Arc::clone(kept)),
            (SecretsSource::OfTenants { table, .. }, _) => Self::OfTenants(Arc::clone(table)),
            (_, Reloaded::Own(secrets)) => {
                let (active, retired) = (copy(secrets), Vec::new());
                Self::Own(RwLock::new(Own { active, retired }))
            }
            // Both are always of one kind.
            (_, Reloaded::Kept(kept)) => Self::Kept(Arc::clone(kept)),
            (_, Reloaded::OfTenants(table)) => Self::OfTenants(Arc::clone(table)),
        })
    }

    /// A copy of reloaded secrets, to [use](Self::replace) once they are active.
    pub(super) fn copy_of(fresh: &Reloaded) -> Option<Vec<Secret>> {
        match fresh {
            Reloaded::Own(secrets) => Some(copy(secrets)),
            Reloaded::Kept(_) | Reloaded::OfTenants(_) => None,
        }
    }

    pub(super) fn replace(&self, fresh: Option<Vec<Secret>>) {
        let (Self::Own(own), Some(fresh)) = (self, fresh) else { return };
        let mut own = own.write().unwrap_or_else(PoisonError::into_inner);
        let former = std::mem::replace(&mut own.active, fresh);
        let is_active = |secret: &Secret| {
            own.active.iter().any(|it| it.dangerous_reveal() == secret.dangerous_reveal())
        };
        let replaced: Vec<Secret> =
            former.iter().filter(|it| !is_active(it)).map(Secret::dangerous_copy).collect();
        own.retired.splice(0..0, replaced);
        own.retired.truncate(MAX_RETIRED);
    }
}

impl SecretSource for SecretCopies {
    fn active(&self, tenant: Option<&str>) -> Option<Secrets> {
        match self {
            Self::Own(own) => {
                let own = own.read().unwrap_or_else(PoisonError::into_inner);
                secrets::collect(own.active.iter().map(Secret::dangerous_copy).collect())
            }
            Self::Kept(kept) => kept.current().ok(),
            Self::OfTenants(table) => table.secrets(tenant?).ok().flatten(),
        }
    }

    fn retired(&self) -> Vec<Secret> {
        match self {
            Self::Own(own) => {
                let own = own.read().unwrap_or_else(PoisonError::into_inner);
                own.retired.iter().map(Secret::dangerous_copy).collect()
            }
            Self::Kept(_) | Self::OfTenants(_) => Vec::new(),
        }
    }

    fn are_of_tenants(&self) -> bool {
        matches!(self, Self::OfTenants(_))
    }
}

fn copy(secrets: &Secrets) -> Vec<Secret> {
    secrets.iter().map(Secret::dangerous_copy).collect()
}

const MAX_RETIRED: usize = 8;
