//! Rejects secrets shared by two endpoints or tenants if deliveries could then be forged.

use std::collections::{BTreeSet, HashMap};

use countersign::handshake::Handshake;
use countersign::secrets::KeyIdentity;
use countersign::{ConfigError, Scheme, Secret};

use super::place::Place;
use crate::output;
use crate::secrets::{self, possible_keys};
use crate::usage_error::UsageError;

/// The users of each key. Keys are stored as digests.
#[derive(Default, Clone)]
pub(in crate::serve) struct SecretUsers(Vec<(SecretUser, BTreeSet<KeyDigest>)>);

/// A key, or another text that a secret can encode.
pub(in crate::serve) type KeyDigest = KeyIdentity;

/// An endpoint, or one of its tenants.
#[derive(Clone)]
pub(in crate::serve) struct SecretUser {
    pub(super) path: String,
    pub(super) scheme: Scheme,
    pub(super) tenant: Option<String>,
    pub(super) at: Place,
    /// If none of the secrets is valid, what to do.
    pub(super) none_is_valid: Option<&'static str>,
}

impl SecretUsers {
    pub(super) fn add<'a>(
        &mut self,
        user: SecretUser,
        secrets: impl IntoIterator<Item = &'a Secret>,
    ) {
        let secrets: Vec<&Secret> = secrets.into_iter().collect();
        let keys = all_keys(&secrets, &user.scheme);
        self.0.push((user, keys));
    }

    /// Reports the users that have no valid secret, when their secrets become active.
    pub(in crate::serve) fn note_if_none_is_valid(&self) {
        for (user, _) in &self.0 {
            let Some(fix) = user.none_is_valid else { continue };
            let (whose, which) = match &user.tenant {
                Some(tenant) => (format!(" of the tenant `{tenant}`"), " to it"),
                None => (String::new(), ""),
            };
            output::note(&format!(
                "{}: no secret{whose} is valid now, so every delivery{which} is answered 503: \
                 {fix}",
                user.at
            ));
        }
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
        let mut by_key: HashMap<KeyDigest, Vec<(KeyDigest, usize)>> = HashMap::new();
        for (index, (_, keys)) in self.0.iter().enumerate() {
            for key in keys {
                by_key.entry(key.without_scope()).or_default().push((*key, index));
            }
        }
        // In the order of the configuration, so that the same error is always reported first.
        let mut shared: Vec<Vec<usize>> =
            by_key.values().flat_map(|users| overlapping(users)).collect();
        shared.retain(|users| users.len() > 1);
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

/// The users of one key: a group for each scope, to which the users of all scopes belong as well.
fn overlapping(users: &[(KeyDigest, usize)]) -> Vec<Vec<usize>> {
    let scopes: BTreeSet<KeyDigest> = users.iter().map(|(key, _)| *key).collect();
    let group = |scope: KeyDigest| {
        let of_scope = users.iter().filter(|(key, _)| key.overlaps(scope));
        let group: BTreeSet<usize> = of_scope.map(|(_, index)| *index).collect();
        group.into_iter().collect()
    };
    if scopes.len() == 1 {
        return scopes.into_iter().map(group).collect();
    }
    scopes.into_iter().filter(|scope| scope.has_scope()).map(group).collect()
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

/// All keys that these secrets can encode, and those that they have in this scheme.
pub(in crate::serve) fn all_keys(secrets: &[&Secret], scheme: &Scheme) -> BTreeSet<KeyDigest> {
    let possible = secrets.iter().flat_map(|secret| key_digests(secret));
    // Secrets that the scheme cannot use are an error when its verifier is created.
    possible.chain(keys_of(secrets, scheme).unwrap_or_default()).collect()
}

fn keys_of(secrets: &[&Secret], scheme: &Scheme) -> Result<Vec<KeyDigest>, ConfigError> {
    let copies = secrets.iter().map(|secret| secrets::again(secret));
    let copies = secrets::collect(copies.collect::<Result<Vec<_>, _>>()?);
    copies.map_or(Ok(Vec::new()), |secrets| secrets.key_identities(scheme))
}

/// All keys that a secret can encode, whatever its scheme.
pub(in crate::serve) fn key_digests(secret: &Secret) -> Vec<KeyDigest> {
    possible_keys(secret).into_iter().map(KeyDigest::new).collect()
}

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::*;

    /// The tenants `a` and `b` of one endpoint, with a secret each.
    fn tenants(scheme: &str, a: &str, b: &str) -> SecretUsers {
        let mut users = SecretUsers::default();
        for (tenant, secret) in [("a", a), ("b", b)] {
            let user = SecretUser {
                path: "/t".to_owned(),
                scheme: schemes::named(scheme).unwrap(),
                tenant: Some(tenant.to_owned()),
                at: Place::option("--config"),
                none_is_valid: None,
            };
            users.add(user, [&Secret::new(secret).unwrap()]);
        }
        users
    }

    #[test]
    fn two_notations_of_a_public_key_are_one_key() {
        let jwk =
            r#"{"kty":"OKP","crv":"Ed25519","x":"Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"}"#;
        for same in [
            PUBLIC.replace('\n', "\r\n"),
            format!("# the key\n{PUBLIC}"),
            PUBLIC.trim_end().to_owned(),
            jwk.to_owned(),
            jwk.replace(',', ", "),
            format!(r#"{{"keys":[{jwk}]}}"#),
        ] {
            let shared = tenants("fusionauth", PUBLIC, &same).check().unwrap_err().to_string();
            assert!(shared.contains("the tenants `a` and `b` of `/t` share a secret"), "{shared}");
        }
        let other = PUBLIC.replace("Gb9E", "Gb9F");
        assert!(tenants("fusionauth", PUBLIC, &other).check().is_ok());
    }

    #[test]
    fn tenants_with_a_common_certificate_need_different_topics() {
        let topics = |names: &[&str]| {
            let arn = |name: &&str| format!("arn:aws:sns:us-east-1:123456789012:{name}\n");
            names.iter().map(arn).collect::<String>() + RSA_PUBLIC
        };
        for (a, b, is_shared) in [
            (&["x"][..], &["y"][..], false),
            (&["x", "y"], &["z"], false),
            (&["x"], &["x"], true),
            (&["x"], &["y", "x"], true),
            (&["x"], &[], true),
            (&[], &["x"], true),
            (&[], &[], true),
        ] {
            let checked = tenants("aws-sns", &topics(a), &topics(b)).check();
            assert_eq!(checked.is_err(), is_shared, "{a:?}, {b:?}");
        }
    }

    #[test]
    fn a_long_hmac_key_and_its_digest_are_one_key() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        use ring::digest::{SHA256, digest};

        let long: Vec<u8> = (1..=100).collect();
        let text = |key: &[u8]| format!("whsec_{}", STANDARD.encode(key));
        let digest = text(digest(&SHA256, &long).as_ref());
        assert!(tenants("svix", &text(&long), &digest).check().is_err());
        // A key that fits into a block is used as it is.
        let short = &long[..64];
        let digest = text(ring::digest::digest(&SHA256, short).as_ref());
        assert!(tenants("svix", &text(short), &digest).check().is_ok());
    }

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

    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----\n";
    const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzObP1GMh/NXvFpSYvhmk\n\
        oAjFecXMdqYuf2bMsKeTpw18l6a0wbMdD6ih0aVOR2ddLEWq/xsPoL2sSunAwMZO\n\
        gSTLkhMiW2aUC6ev5GPtoJV1xlHU2Lnng03gJszO17UaupR4JSRgk4GJCqj4wNzn\n\
        Vdk8YK/cS525nT8egFYkd2y+o74NPE77d2mOEF2PvYox/msYJ2zPLUzwNSAu9t2J\n\
        5g+31QDBEcEgzzgEBJP9PLd+napYL85ZxTKLYbwtbp7qQl5VWi0EuBjz4tGjF9c2\n\
        B92ShXNUTkPY3wpymvTNM3DLF7vVfxAG3E5sxomNEc5D2rovoKM7dxKT6C//morX\n\
        uwIDAQAB\n\
        -----END PUBLIC KEY-----\n";
}
