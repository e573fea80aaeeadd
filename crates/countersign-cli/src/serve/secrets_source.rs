//! The active secrets of an endpoint, which can be replaced while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use countersign::secrets::SecretsHandle;
use countersign::{ConfigError, Scheme, Secrets, Verifier};

use super::config::{KeyDigest, Source};
use super::handshake_secret::HandshakeSecret;
use crate::usage_error::UsageError;

/// The active secrets of an endpoint.
pub(super) enum SecretsSource {
    Own(SecretsHandle),
    Kept { verifier: Verifier, kept: Arc<HandshakeSecret> },
    OfTenants { verifier: Verifier, table: Arc<Table> },
}

/// Secrets of a reloaded configuration.
pub(super) enum Reloaded {
    Own(Secrets),
    Kept(Arc<HandshakeSecret>),
    OfTenants(Arc<Table>),
}

impl SecretsSource {
    /// Replaces the active secrets. Nothing is replaced if the kind of the secrets (own, from a
    /// handshake, of tenants) has changed, because that requires a restart.
    pub(super) fn replace(&self, fresh: Reloaded) -> Result<(), UsageError> {
        match (self, fresh) {
            (Self::Own(handle), Reloaded::Own(secrets)) => Ok(handle.replace(secrets)?),
            (Self::Kept { kept, .. }, Reloaded::Kept(fresh)) => kept.replace_with(&fresh),
            (Self::OfTenants { verifier, table }, Reloaded::OfTenants(fresh)) => {
                table.replace_with(&fresh)?;
                verifier.invalidate_tenants();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The keys that became active since the last call other than by [`replace`](Self::replace).
    pub(super) fn take_received(&self) -> BTreeSet<KeyDigest> {
        match self {
            Self::Kept { kept, .. } => kept.take_received(),
            Self::Own(_) | Self::OfTenants { .. } => BTreeSet::new(),
        }
    }

    /// Arms the endpoint for the handshake that delivers its key, for this time; `None` disarms it.
    pub(super) fn set_handshake_window(&self, within: Option<Duration>) {
        let Self::Kept { verifier, kept } = self else { return };
        match within {
            Some(within) => kept.open_window(verifier, within),
            None => verifier.close_handshake_window(),
        }
    }
}

/// The secrets of each tenant, by its name.
pub(super) struct Table {
    scheme: Scheme,
    tenants: RwLock<BTreeMap<String, Vec<Source>>>,
}

impl Table {
    pub(super) fn new(scheme: Scheme, tenants: BTreeMap<String, Vec<Source>>) -> Self {
        Self { scheme, tenants: RwLock::new(tenants) }
    }

    pub(super) fn secrets(&self, tenant: &str) -> Result<Option<Secrets>, ConfigError> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).map_or(Ok(None), |sources| Source::secrets(sources))
    }

    /// Replaces the secrets of all tenants, unless a tenant that has a valid secret would have
    /// none: all its deliveries would be rejected.
    fn replace_with(&self, fresh: &Self) -> Result<(), UsageError> {
        let mut fresh = fresh.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let is_valid = |sources: &[Source]| Source::is_any_valid(sources, &self.scheme);
        let mut known =
            fresh.iter().filter_map(|(name, new)| Some((name, new, tenants.get(name)?)));
        if let Some((name, ..)) = known.find(|(_, new, old)| !is_valid(new) && is_valid(old)) {
            return Err(UsageError::new(format!(
                "no new secret of the tenant `{}` is valid now: add one that is, or remove the \
                 tenant",
                name.escape_debug()
            )));
        }
        drop(tenants);
        let fresh = std::mem::take(&mut *fresh);
        *self.tenants.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}
