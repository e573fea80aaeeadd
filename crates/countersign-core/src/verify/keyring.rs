//! The keys of a verifier: the secrets of one endpoint or one tenant, prepared for its scheme.

use std::sync::Arc;

use crate::crypto::key_identity::KeyIdentity;
use crate::crypto::mac::Key;
use crate::custom::CustomVerifier;
use crate::error::{ConfigError, SecretProblem};
use crate::scheme::Scheme;
use crate::secret::{SecretWarning, Secrets};
use crate::time::clock::Clock;
use crate::time::validity::Validity;

/// Secrets that are prepared for one scheme.
#[derive(Clone, Default)]
pub(crate) struct Keyring {
    /// One key for each active secret, the current one first.
    pub(crate) keys: Vec<Key>,
    /// Verifies instead of the keys, if the scheme is implemented in code.
    pub(crate) rule: Option<Arc<dyn CustomVerifier>>,
    /// The index of the secret of each key; `None` if every secret has one key.
    numbers: Option<Box<[usize]>>,
    /// The names of the secrets, in the same order.
    pub(crate) names: Vec<Option<Box<str>>>,
    /// The validity of the secrets, in the same order; `None` if all are always
    /// valid.
    validities: Option<Box<[Validity]>>,
    /// The tenant that the secrets belong to, if there are tenants.
    pub(crate) tenant: Option<Arc<str>>,
    /// What looks wrong with the secrets.
    pub(crate) warnings: Vec<SecretWarning>,
}

impl Keyring {
    pub(crate) fn prepare(scheme: &Scheme, secrets: &Secrets) -> Result<Self, ConfigError> {
        let warnings = secrets.warnings(scheme);
        let for_each_key = secrets.one_for_each_key(scheme.secret_format)?;
        let (secrets, numbers) = match &for_each_key {
            Some((secrets, numbers)) => (secrets, Some(numbers.clone())),
            None => (secrets, None),
        };
        let names: Vec<_> = secrets.names().map(|name| name.map(Box::from)).collect();
        let (keys, rule) = match &scheme.rule {
            None => {
                secrets.reject_resolver(scheme)?;
                (scheme.keys(secrets)?, None)
            }
            Some(ruled) => (vec![Key::OfRule; names.len()], Some(ruled.prepare(scheme, secrets)?)),
        };
        let validities = validities(secrets)?;
        Ok(Self { keys, rule, numbers, names, validities, tenant: None, warnings })
    }

    pub(crate) fn of_tenant(mut self, tenant: Arc<str>) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The index of the secret of the key with this index.
    pub(crate) fn secret_number(&self, key: usize) -> usize {
        self.numbers.as_ref().and_then(|numbers| numbers.get(key).copied()).unwrap_or(key)
    }

    /// Whether a secret is valid now.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn is_valid(&self, index: usize, clock: &dyn Clock) -> bool {
        let Some(validities) = &self.validities else { return true };
        validities.get(index).is_none_or(|validity| validity.contains(clock.now_unix_ms()))
    }

    /// Whether any secret is valid now and its key can be used, or there is only a resolver.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn is_usable(&self, clock: &dyn Clock) -> bool {
        (self.validities.is_none() && self.rule.is_none()) || self.is_usable_at(clock.now_unix_ms())
    }

    pub(crate) fn is_usable_at(&self, unix_ms: i64) -> bool {
        let validity = |index: usize| self.validities.as_ref()?.get(index);
        let is_live = |index| validity(index).is_none_or(|validity| validity.contains(unix_ms));
        match &self.rule {
            Some(rule) => rule.is_usable(unix_ms, &is_live),
            None => (0..self.keys.len()).any(is_live),
        }
    }

    /// The identities of all public keys, and of those that custom code identifies.
    pub(crate) fn identities(&self) -> Vec<KeyIdentity> {
        let of_rule = self.rule.iter().flat_map(|rule| rule.identities());
        self.keys.iter().filter_map(Key::public_identity).chain(of_rule).collect()
    }

    /// Whether all secrets have expired.
    pub(crate) fn is_expired(&self, clock: &dyn Clock) -> bool {
        let Some(validities) = &self.validities else { return false };
        let now_ms = clock.now_unix_ms();
        validities.iter().all(|validity| validity.until_unix_ms < now_ms)
    }

    /// Whether a signature by the key with this index is accepted now. A key from a resolver has
    /// the index after those of the secrets. It is accepted if there are no secrets, or if at
    /// least one of them is valid.
    pub(crate) fn may_have_signed(&self, key: usize, clock: &dyn Clock) -> bool {
        let secrets = self.validities.as_ref().map_or(0, |validities| validities.len());
        if secrets == 0 || key < secrets {
            return self.is_valid(key, clock);
        }
        (0..secrets).any(|secret| self.is_valid(secret, clock))
    }

    /// The first key that is valid now. It signs responses.
    pub(crate) fn current(&self, clock: &dyn Clock) -> Option<&Key> {
        let valid = (0..self.keys.len()).find(|index| self.is_valid(*index, clock))?;
        self.keys.get(valid)
    }
}

fn validities(secrets: &Secrets) -> Result<Option<Box<[Validity]>>, ConfigError> {
    let all: Box<[Validity]> = secrets.iter().map(|secret| secret.validity()).collect();
    match all.iter().position(|validity| validity.is_empty()) {
        Some(index) => {
            Err(ConfigError::Secret { problem: SecretProblem::NeverValid, index: Some(index) })
        }
        None => Ok(all.iter().any(|validity| *validity != Validity::ALWAYS).then_some(all)),
    }
}
