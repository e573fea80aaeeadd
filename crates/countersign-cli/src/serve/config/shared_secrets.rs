//! Rejects secrets shared by two endpoints or tenants if deliveries could then be forged.

use std::collections::{BTreeSet, HashMap};

use countersign::{Handshake, Scheme, Secret};
use ring::digest::{SHA256, digest};

use super::place::Place;
use crate::secrets::possible_keys;
use crate::usage_error::UsageError;

/// The users of each key. Keys are stored as digests.
#[derive(Default, Clone)]
pub(in crate::serve) struct SecretUsers(Vec<(SecretUser, BTreeSet<KeyDigest>)>);

pub(in crate::serve) type KeyDigest = [u8; 32];

/// An endpoint, or one of its tenants.
#[derive(Clone)]
pub(in crate::serve) struct SecretUser {
    pub(super) path: String,
    pub(super) scheme: Scheme,
    pub(super) tenant: Option<String>,
    pub(super) at: Place,
}

impl SecretUsers {
    pub(super) fn add<'a>(
        &mut self,
        user: SecretUser,
        secrets: impl IntoIterator<Item = &'a Secret>,
    ) {
        self.0.push((user, secrets.into_iter().flat_map(key_digests).collect()));
    }

    /// The same for secrets whose key digests are known already.
    pub(super) fn add_keys(&mut self, user: SecretUser, keys: BTreeSet<KeyDigest>) {
        self.0.push((user, keys));
    }

    /// The users of one endpoint.
    pub(super) fn of_path(&self, path: &str) -> Self {
        Self(self.0.iter().filter(|(user, _)| user.path == path).cloned().collect())
    }

    /// Adds other users.
    pub(in crate::serve) fn extend(&mut self, others: &Self) {
        self.0.extend(others.0.iter().cloned());
    }

    /// Adds keys that an endpoint without tenants received while it runs.
    pub(in crate::serve) fn add_received(&mut self, keys: &BTreeSet<KeyDigest>) {
        self.0.iter_mut().for_each(|(_, known)| known.extend(keys));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(SecretUser, BTreeSet<KeyDigest>)> {
        self.0.iter()
    }

    /// Rejects a secret that is shared so that another user's deliveries could be forged with it,
    /// or would be accepted.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        self.check_each(|users| reject_oracle(users).and_then(|()| reject_shared_tenants(users)))
    }

    /// Rejects a secret that one endpoint signs challenges with and another endpoint accepts.
    pub(super) fn check_oracles(&self) -> Result<(), UsageError> {
        self.check_each(reject_oracle)
    }

    /// Rejects a secret of two tenants.
    pub(super) fn check_tenants(&self) -> Result<(), UsageError> {
        self.check_each(reject_shared_tenants)
    }

    fn check_each(
        &self,
        check: impl Fn(&[&SecretUser]) -> Result<(), UsageError>,
    ) -> Result<(), UsageError> {
        let mut by_key: HashMap<&KeyDigest, Vec<usize>> = HashMap::new();
        for (index, (_, digests)) in self.0.iter().enumerate() {
            digests.iter().for_each(|digest| by_key.entry(digest).or_default().push(index));
        }
        // In the order of the configuration, so that the same error is always reported first.
        let mut shared: Vec<Vec<usize>> =
            by_key.into_values().filter(|users| users.len() > 1).collect();
        shared.sort_unstable();
        shared.into_iter().try_for_each(|users| {
            check(&users.iter().map(|index| &self.0[*index].0).collect::<Vec<_>>())
        })
    }
}

impl FromIterator<(SecretUser, BTreeSet<KeyDigest>)> for SecretUsers {
    fn from_iter<T: IntoIterator<Item = (SecretUser, BTreeSet<KeyDigest>)>>(users: T) -> Self {
        Self(users.into_iter().collect())
    }
}

impl SecretUser {
    pub(super) fn is_tenant(&self) -> bool {
        self.tenant.is_some()
    }

    /// Whether any client can get a signature with the secret.
    pub(super) fn signs_unsigned_challenges(&self) -> bool {
        self.scheme.handshakes().iter().any(Handshake::signs_unsigned_challenge)
    }
}

/// Rejects an endpoint that signs unsigned challenges with the secret of another one.
///
/// A second endpoint of the same scheme may share it: for such schemes, the library rejects bodies
/// that could have been signed as a challenge.
fn reject_oracle(users: &[&SecretUser]) -> Result<(), UsageError> {
    for oracle in users.iter().filter(|user| user.signs_unsigned_challenges()) {
        let mut others = users.iter();
        let other = others.find(|user| user.path != oracle.path && user.scheme != oracle.scheme);
        if let Some(other) = other {
            return Err(other.at.fix(format!(
                "`{}` and `{}` share a secret, with which the handshake of scheme `{}` signs what \
                 any caller sends: deliveries to `{}` could be forged. Use a separate secret for \
                 each endpoint, in a file for `--config`",
                oracle.path,
                other.path,
                oracle.scheme.name(),
                other.path,
            )));
        }
    }
    Ok(())
}

/// Rejects two tenants of one endpoint with the same secret: a delivery to one tenant would verify
/// for the other.
fn reject_shared_tenants(users: &[&SecretUser]) -> Result<(), UsageError> {
    for (index, user) in users.iter().enumerate() {
        let mut others = users[..index].iter();
        if let Some(other) = others.find(|o| o.path == user.path && o.tenant != user.tenant) {
            let name = |user: &SecretUser| user.tenant.clone().unwrap_or_default();
            return Err(user.at.fix(format!(
                "the tenants `{}` and `{}` of `{}` share a secret, so that a delivery to one \
                 verifies for the other: use a separate secret for each, or the same name",
                name(other),
                name(user),
                user.path
            )));
        }
    }
    Ok(())
}

/// The digests of all keys that a secret can encode.
pub(in crate::serve) fn key_digests(secret: &Secret) -> Vec<KeyDigest> {
    let digests = possible_keys(secret).into_iter().map(|key| {
        let mut known = KeyDigest::default();
        known.copy_from_slice(digest(&SHA256, without_padding(&key)).as_ref());
        known
    });
    digests.collect()
}

/// HMAC pads a key with zeros, so that keys which differ only in zeros at the end are the same.
fn without_padding(key: &[u8]) -> &[u8] {
    let end = key.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    key.get(..end).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_same_key_share_a_digest() {
        for (one, other) in [
            ("ab&amp;cd", "ab&cd"),
            ("whsec_YWJj", "abc"),
            ("YWIA", "ab"),
            ("0aff", "Cv8"),
            ("user:password", "dXNlcjpwYXNzd29yZA=="),
        ] {
            let digests = [one, other].map(|text| key_digests(&Secret::new(text).unwrap()));
            assert!(digests[0].iter().any(|digest| digests[1].contains(digest)), "{one}, {other}");
        }
        let digests = ["ab&ampcd", "ab&cd"].map(|text| key_digests(&Secret::new(text).unwrap()));
        assert!(!digests[0].iter().any(|digest| digests[1].contains(digest)));
    }
}
