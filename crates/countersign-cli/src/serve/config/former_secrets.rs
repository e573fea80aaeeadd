//! Keys that were replaced since the start.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::shared_secrets::{KeyDigest, SecretUser, SecretUsers};
use crate::usage_error::UsageError;

/// The former keys of endpoints and tenants: what was signed with such a key stays valid, and would
/// be accepted by another endpoint or tenant that gets the same key. Keys are stored as digests.
#[derive(Clone)]
pub(in crate::serve) struct FormerSecrets {
    by_user: BTreeMap<Name, (SecretUser, BTreeSet<KeyDigest>)>,
    limit: usize,
}

/// The path of the endpoint, and the tenant.
type Name = (String, Option<String>);

impl FormerSecrets {
    pub(in crate::serve) fn new() -> Self {
        Self { by_user: BTreeMap::new(), limit: LIMIT }
    }

    /// Adds the keys that the users of one endpoint have before a change, but not after it.
    pub(in crate::serve) fn add(&mut self, before: &SecretUsers, after: &SecretUsers) {
        let after: HashMap<_, _> = after.iter().map(|(user, keys)| (&user.tenant, keys)).collect();
        for (user, keys) in before.iter().filter(|(user, _)| is_relevant(user)) {
            let now = after.get(&user.tenant);
            let is_former = |key: &&KeyDigest| !now.is_some_and(|now| now.contains(*key));
            let mut former = keys.iter().filter(is_former).copied().peekable();
            if former.peek().is_some() {
                let name = (user.path.clone(), user.tenant.clone());
                let (_, keys) =
                    self.by_user.entry(name).or_insert_with(|| (user.clone(), BTreeSet::new()));
                keys.extend(former);
            }
        }
    }

    /// Rejects more keys than the program remembers.
    pub(in crate::serve) fn check_number(&self) -> Result<(), UsageError> {
        let number: usize = self.by_user.values().map(|(_, keys)| keys.len()).sum();
        if number > self.limit {
            return Err(UsageError::new(format!(
                "secrets have been replaced so often that their former keys exceed the maximum of \
                 {}: restart the program",
                self.limit
            )));
        }
        Ok(())
    }

    /// Rejects a secret that is shared by active users, or that an active user shares with the
    /// former one of another user.
    pub(in crate::serve) fn check(&self, active: &SecretUsers) -> Result<(), UsageError> {
        self.with(active, SecretUser::signs_unsigned_challenges).check_oracles()?;
        self.with(active, SecretUser::is_tenant).check_tenants()
    }

    /// The active users, after those of the former keys: errors name the place of an active one.
    fn with(&self, active: &SecretUsers, is_relevant: fn(&SecretUser) -> bool) -> SecretUsers {
        let former = self.by_user.values().filter(|(user, _)| is_relevant(user));
        former.chain(active.iter()).cloned().collect()
    }
}

/// Whether another user must not get the former keys of this one.
fn is_relevant(user: &SecretUser) -> bool {
    user.is_tenant() || user.signs_unsigned_challenges()
}

/// Bounds the memory to some 200 MB. A secret has up to about five possible keys.
const LIMIT: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use countersign::{Secret, schemes};

    use super::*;
    use crate::serve::config::Place;

    fn users(path: &str, scheme: &str, secrets: &[(Option<&str>, &str)]) -> SecretUsers {
        let mut users = SecretUsers::default();
        for (tenant, secret) in secrets {
            let user = SecretUser {
                path: path.to_owned(),
                scheme: schemes::named(scheme).unwrap(),
                tenant: tenant.map(str::to_owned),
                at: Place::option("--config"),
                none_is_valid: None,
            };
            users.add(user, [&Secret::new(*secret).unwrap()]);
        }
        users
    }

    #[test]
    fn a_former_key_of_a_tenant_or_signing_endpoint_is_rejected_elsewhere() {
        let mut former = FormerSecrets::new();
        let tenants = |a: &str, b: &str| users("/t", "github", &[(Some("a"), a), (Some("b"), b)]);
        let x = |secret: &str| users("/x", "x-twitter", &[(None, secret)]);
        let github = |secret: &str| users("/gh", "github", &[(None, secret)]);
        for (before, after) in [(1, 2), (2, 3), (3, 4)] {
            let key = |of: &str, number| format!("key {number} of {of}");
            former.add(&tenants(&key("a", before), "b's"), &tenants(&key("a", after), "b's"));
            former.add(&x(&key("x", before)), &x(&key("x", after)));
            former.add(&github(&key("gh", before)), &github(&key("gh", after)));
        }
        for number in 1..4 {
            let [a, of_x, gh] = ["a", "x", "gh"].map(|of| format!("key {number} of {of}"));
            let shared = former.check(&tenants("new", &a)).unwrap_err().to_string();
            assert!(shared.contains("the tenants `a` and `b` of `/t` share"), "{shared}");
            let shared = former.check(&github(&of_x)).unwrap_err().to_string();
            assert!(shared.contains("`/x` and `/gh` share"), "{shared}");
            // The same user may get its former key again. What others have signed is of no use
            // to anyone else.
            for active in [tenants(&a, "b's"), x(&of_x), x(&gh), x(&a), tenants(&gh, "b's")] {
                assert!(former.check(&active).is_ok(), "{number}");
            }
        }
        // The last key of `/x` is not a former one.
        assert!(former.check(&github("key 4 of x")).is_ok());
        let mut both = github("key 4 of x");
        both.extend(&x("key 4 of x"));
        assert!(former.check(&both).is_err());
    }

    #[test]
    fn too_many_former_keys_are_an_error_and_current_keys_do_not_count() {
        let mut former = FormerSecrets { limit: 3, ..FormerSecrets::new() };
        let x = |secret: &str| users("/x", "x-twitter", &[(None, secret)]);
        for number in 0..3 {
            former.add(&x("not base64!"), &x("not base64!"));
            former.add(&x(&format!("not base64! {number}")), &x("not base64!"));
            former.add(&x(&format!("not base64! {number}")), &x("not base64!"));
        }
        assert!(former.check_number().is_ok());
        former.add(&x("not base64! 3"), &x("not base64!"));
        let error = former.check_number().unwrap_err().to_string();
        assert!(error.contains("maximum of 3") && error.contains("restart"), "{error}");
    }
}
