//! Secrets that two endpoints or two tenants share, where one could then forge for the other.

use std::collections::HashMap;

use countersign::{Handshake, Scheme, Secret};
use ring::digest::{SHA256, digest};

use super::place::Place;
use crate::mend::Mend;
use crate::secrets::possible_keys;

/// Who accepts which key. Keys are known by their digests.
#[derive(Default)]
pub(super) struct SecretUsers {
    users: Vec<SecretUser>,
    by_key: HashMap<[u8; 32], Vec<usize>>,
}

/// An endpoint, or one of its tenants.
#[derive(Clone)]
pub(super) struct SecretUser {
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
        let index = self.users.len();
        self.users.push(user);
        for key in secrets.into_iter().flat_map(|secret| possible_keys(secret.dangerous_reveal())) {
            let mut known = [0; 32];
            known.copy_from_slice(digest(&SHA256, &key).as_ref());
            let users = self.by_key.entry(known).or_default();
            if users.last() != Some(&index) {
                users.push(index);
            }
        }
    }

    /// Rejects a secret that is accepted where another user's deliveries could be forged with it.
    pub(super) fn check(&self) -> Result<(), Mend> {
        // In the order of the configuration, so that the same error is always said first.
        let mut shared: Vec<&Vec<usize>> =
            self.by_key.values().filter(|users| users.len() > 1).collect();
        shared.sort_unstable();
        shared.into_iter().try_for_each(|users| {
            let users: Vec<&SecretUser> = users.iter().map(|index| &self.users[*index]).collect();
            refuse_oracle(&users).and_then(|()| refuse_shared_tenants(&users))
        })
    }
}

/// Rejects an endpoint that signs unsigned challenges with the secret of another one.
///
/// A second endpoint of the same scheme may have it: core verifies no body there that a challenge
/// can have signed.
pub(super) fn refuse_oracle(users: &[&SecretUser]) -> Result<(), Mend> {
    let signs = |user: &&&SecretUser| {
        user.scheme.handshakes().iter().any(Handshake::signs_unsigned_challenge)
    };
    for oracle in users.iter().filter(signs) {
        let mut others = users.iter();
        let other = others.find(|user| user.path != oracle.path && user.scheme != oracle.scheme);
        if let Some(other) = other {
            return Err(other.at.mend(format!(
                "`{}` and `{}` share a secret, with which the handshake of scheme `{}` signs what \
                 any caller sends: deliveries to `{}` could be forged. Give each endpoint a secret \
                 of its own, in a file for `--config`",
                oracle.path,
                other.path,
                oracle.scheme.name(),
                other.path,
            )));
        }
    }
    Ok(())
}

/// Rejects two tenants of one endpoint with one secret: what one of them is sent would verify for
/// the other.
fn refuse_shared_tenants(users: &[&SecretUser]) -> Result<(), Mend> {
    for (index, user) in users.iter().enumerate() {
        let mut others = users[..index].iter();
        if let Some(other) = others.find(|o| o.path == user.path && o.tenant != user.tenant) {
            let name = |user: &SecretUser| user.tenant.clone().unwrap_or_default();
            return Err(user.at.mend(format!(
                "the tenants `{}` and `{}` of `{}` share a secret, so that a delivery to one \
                 verifies for the other: give each a secret of its own, or both one name",
                name(other),
                name(user),
                user.path
            )));
        }
    }
    Ok(())
}
