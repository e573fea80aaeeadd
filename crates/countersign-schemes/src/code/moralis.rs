//! Moralis Streams.

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, SignRequest, SignatureCoverage, SignedRequest,
    VerifyRequest, is_same, json,
};
use countersign_core::{ConfigError, Scheme, Secret, SecretProblem, VerifyError, VerifyErrorKind};
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

pub(crate) fn signing() -> impl CustomScheme {
    Moralis
}

/// Hashes the body, followed by the secret.
struct Moralis;

impl CustomScheme for Moralis {
    type Key = Key;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Key, ConfigError> {
        Ok(key(scheme, secret)?)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<Key>,
    ) -> Result<BodyCheck, VerifyError> {
        let presented = presented(request)?;
        Ok(BodyCheck::new(move |body| {
            let found = keys.find(|key| is_same(&digest(body, key), &presented));
            let signed_by = found.map(|by| by.over(without_retries(body)));
            signed_by.ok_or_else(|| VerifyErrorKind::SignatureMismatch.into())
        }))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let secret = request.secrets().iter().next();
        let secret = secret.ok_or_else(|| request.problem("give a secret"))?;
        let digest = digest(request.body(), &key(request.scheme(), secret)?);
        let signature = format!("{PREFIX}{}", const_hex::encode(digest));
        Ok(SignedRequest::with_headers([(SIGNATURE, signature)]))
    }
}

type Key = Zeroizing<Vec<u8>>;

fn key(scheme: &Scheme, secret: &Secret) -> Result<Key, SecretProblem> {
    secret.dangerous_shared_key(scheme.secret_format())
}

fn presented(request: &VerifyRequest<'_>) -> Result<[u8; 32], VerifyError> {
    let text = request.required(SIGNATURE, VerifyErrorKind::MissingSignature)?;
    let malformed = || request.rejection(VerifyErrorKind::MalformedSignature, SIGNATURE);
    let hex = text.strip_prefix(PREFIX.as_bytes()).ok_or_else(malformed)?;
    let mut digest = [0; 32];
    // `const_hex` would also accept a second prefix.
    if hex.len() != 64 || const_hex::decode_to_slice(hex, &mut digest).is_err() {
        return Err(malformed());
    }
    Ok(digest)
}

fn digest(body: &[u8], key: &[u8]) -> [u8; 32] {
    Keccak256::new().chain_update(body).chain_update(key).finalize().into()
}

/// The body without its attempt number, which differs in every attempt: so that the rest identifies
/// the event. A body without one is left unchanged.
fn without_retries(body: &[u8]) -> Vec<u8> {
    match json::member(body, RETRIES) {
        Some(value) if body[value.clone()].iter().all(u8::is_ascii_digit) => {
            [&body[..value.start], &body[value.end..]].concat()
        }
        _ => body.to_vec(),
    }
}

const SIGNATURE: &str = "x-signature";
const PREFIX: &str = "0x";
const RETRIES: &str = "retries";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_differ_only_in_the_excluded_attempt_number() {
        let body = |retries: &str| format!(r#"{{"confirmed":true,"retries":{retries},"tag":"a"}}"#);
        let first = without_retries(body("0").as_bytes());
        assert_eq!(first, without_retries(body("12").as_bytes()));
        assert_eq!(first, br#"{"confirmed":true,"retries":,"tag":"a"}"#);
        let spaced = |retries: &str| format!("{{ \"retries\" : {retries} }}");
        assert_eq!(
            without_retries(spaced("3").as_bytes()),
            without_retries(spaced("10").as_bytes())
        );
        let with_log = br#"{"retries":1,"log":{"retries":2}}"#;
        assert_eq!(without_retries(with_log), br#"{"retries":,"log":{"retries":2}}"#);
        for whole in [
            r#"{"log":{"retries":2}}"#,
            r#"{"text":"\"retries\":3"}"#,
            r#"{"retries":{"0":1}}"#,
            r#"{"retries":"1"}"#,
            r#"{"retries":1,"retries":2}"#,
            r#"[{"retries":1}]"#,
            r#""retries":1"#,
            r#"{"confirmed":true}"#,
            "",
        ] {
            assert_eq!(without_retries(whole.as_bytes()), whole.as_bytes());
        }
    }
}
