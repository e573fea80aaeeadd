//! A signed JWT that contains a digest of the body: used by Plaid and FusionAuth.

mod algorithm;
mod jwk;
mod key;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

pub(crate) use algorithm::JwtAlgorithm;
use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MAX_PUBLIC_TAGS, PublicKey, SignRequest,
    SignatureCoverage, SignedRequest, VerifyRequest, encode, is_same, json, json::Value,
};
use countersign_core::{
    ConfigError, Encoding, KeyIdentity, Scheme, Secret, Secrets, VerifyError, VerifyErrorKind,
};
use key::{Key, SignWith, read_keys};

/// The scheme's header contains a JWT with a claim that is the SHA-256 of the
/// body. The token is verified before the body is read.
///
/// If the scheme has a timestamp, it is the claim `iat`.
pub(crate) struct BodyDigestJwt {
    /// The accepted algorithms, whatever the token's header says.
    pub(crate) algorithms: &'static [JwtAlgorithm],
    /// The encoding of the digest.
    pub(crate) digest: Encoding,
}

impl CustomScheme for BodyDigestJwt {
    /// One secret can be a set of keys.
    type Key = Vec<Key>;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Vec<Key>, ConfigError> {
        read_keys(secret, self.algorithms).map_err(|error| error.of(scheme, None))
    }

    fn check(&self, scheme: &Scheme, _: &Secrets, _: &[Vec<Key>]) -> Result<(), ConfigError> {
        if self.algorithms.iter().all(|algorithm| algorithm.way().is_some()) {
            PublicKey::required().map_err(|error| error.of(scheme, None))?;
        }
        Ok(())
    }

    fn is_valid_at(&self, keys: &Vec<Key>, unix_ms: i64) -> bool {
        keys.iter().any(|key| key.is_live(unix_ms))
    }

    fn identities(&self, keys: &[Vec<Key>]) -> Vec<KeyIdentity> {
        keys.iter().flatten().flat_map(Key::identities).collect()
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<Vec<Key>>,
    ) -> Result<BodyCheck, VerifyError> {
        let header = header_of(request.scheme());
        let text = request.required(header, VerifyErrorKind::MissingSignature)?;
        let rejected = |kind| request.rejection(kind, header);
        let malformed = || rejected(VerifyErrorKind::MalformedSignature);
        let token = Token::read(text).ok_or_else(malformed)?;
        let signed_by = self.signed_by(&token, &keys, request.now_unix_ms()).map_err(rejected)?;

        let claims = json::at(&token.claims, &[DIGEST_POINTER, "/iat", "/exp", "/nbf"]);
        let [Value::Text(digest), issued, expires, begins] = &claims[..] else {
            return Err(malformed());
        };
        let digest = self.digest_of(digest).ok_or_else(malformed)?;
        let signed_at_ms = issued_at(request, issued)?;
        check_validity(request.now_unix_ms(), expires, begins)?;
        Ok(BodyCheck::new(move |body| {
            if !is_same(&Sha256::digest(body), &digest) {
                return Err(VerifyErrorKind::SignatureMismatch.into());
            }
            // The token signs the digest of the body.
            let signed_by = signed_by.over(token.signed);
            Ok(signed_at_ms.into_iter().fold(signed_by, KeyMatch::at_unix_ms))
        }))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let scheme = request.scheme();
        let secret = request.secrets().iter().next();
        let secret = secret.ok_or_else(|| request.problem("give a key"))?;
        let key =
            SignWith::read(secret, self.algorithms).map_err(|error| error.of(scheme, Some(0)))?;
        let header = serde_json::json!({ "alg": key.algorithm().name(), "typ": "JWT" });
        let mut claims = serde_json::Map::new();
        let digest = encode(&Sha256::digest(request.body()), self.digest);
        claims.insert(DIGEST.to_owned(), digest.into());
        if scheme.tolerance().is_some() {
            // Dates before 1970 are not supported.
            let Ok(unix_ms) = u64::try_from(request.unix_ms()) else {
                return Err(request.problem("its timestamps cannot represent this time"));
            };
            claims.insert("iat".to_owned(), (unix_ms / 1000).into());
        }
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims.into()));
        let signature = key.sign(signed.as_bytes());
        let signature = signature.ok_or_else(|| request.problem("the key cannot sign"))?;
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(SignedRequest::with_headers([(header_of(scheme), token)]))
    }
}

impl BodyDigestJwt {
    /// Returns the key that signed a token. The algorithm must be accepted, and must fit the key.
    fn signed_by(
        &self,
        token: &Token,
        keys: &LiveKeys<Vec<Key>>,
        now_ms: i64,
    ) -> Result<KeyMatch, VerifyErrorKind> {
        let algorithm = JwtAlgorithm::named(&token.algorithm)
            .filter(|algorithm| self.algorithms.contains(algorithm))
            .ok_or(VerifyErrorKind::UnsupportedSignature)?;
        let kid = token.kid.as_deref();
        let may_sign = |key: &&Key| key.is_named(kid) && key.is_live(now_ms);
        let mut known: Vec<(&Key, KeyMatch)> = Vec::new();
        for live in keys.iter() {
            let named = live.key().iter().filter(may_sign);
            known.extend(named.map(|key| (key, live.signed_it())));
        }
        let found;
        if let Some(kid) = kid {
            // A key without an id may be another one than the token names.
            if !known.iter().any(|(key, _)| key.has_id(kid))
                && let Some(looked_up) = keys.look_up(kid)
            {
                found = key::read_public(looked_up.text()).unwrap_or_default();
                let named = found.iter().filter(may_sign);
                known.extend(named.map(|key| (key, looked_up.signed_it())));
            }
            known.sort_by_key(|(key, _)| !key.has_id(kid));
        }
        if known.is_empty() {
            return Err(VerifyErrorKind::UnknownKey);
        }
        known.retain(|(key, _)| key.is_for(algorithm));
        if known.is_empty() {
            return Err(VerifyErrorKind::UnsupportedSignature);
        }
        let signed = known
            .into_iter()
            .take(MAX_KEYS)
            .find(|(key, _)| key.verifies(algorithm, token.signed.as_bytes(), &token.signature));
        signed.map(|(_, signed_by)| signed_by).ok_or(VerifyErrorKind::SignatureMismatch)
    }

    fn digest_of(&self, text: &str) -> Option<Vec<u8>> {
        let digest = match self.digest {
            Encoding::Hex => const_hex::decode(text).ok(),
            _ => STANDARD.decode(text).ok(),
        };
        digest.filter(|digest| digest.len() == 32)
    }
}

/// A parsed token. Nothing in it has been verified yet.
struct Token {
    /// Header and claims as they were sent.
    signed: String,
    algorithm: String,
    kid: Option<String>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

impl Token {
    fn read(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_TOKEN {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = decode(header)?;
        // Extensions marked as critical must be understood, RFC 7515 section 4.1.11. None are
        // supported.
        let [Value::Text(algorithm), kid, Value::Missing] =
            &json::at(&header, &["/alg", "/kid", "/crit"])[..]
        else {
            return None;
        };
        let kid = match kid {
            Value::Text(kid) if kid.len() <= MAX_KID => Some(kid.clone()),
            Value::Missing => None,
            _ => return None,
        };
        Some(Self {
            signed: signed.to_owned(),
            algorithm: algorithm.clone(),
            kid,
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }
}

/// When a token was issued. Required if the scheme has a timestamp.
fn issued_at(request: &VerifyRequest<'_>, issued: &Value) -> Result<Option<i64>, VerifyError> {
    if request.scheme().tolerance().is_none() {
        return Ok(None);
    }
    let rejected = |kind| request.rejection(kind, header_of(request.scheme()));
    match issued {
        Value::Text(seconds) => match request.check_time(seconds.as_bytes())? {
            Some(unix_ms) => Ok(Some(unix_ms)),
            None => Err(rejected(VerifyErrorKind::MalformedTimestamp)),
        },
        Value::Missing => Err(rejected(VerifyErrorKind::MissingTimestamp)),
        _ => Err(rejected(VerifyErrorKind::MalformedTimestamp)),
    }
}

/// Checks the validity period of a token, if it has one.
fn check_validity(now_ms: i64, expires: &Value, begins: &Value) -> Result<(), VerifyError> {
    let at = |value: &Value| match value {
        Value::Missing => Ok(None),
        Value::Text(seconds) => match seconds.parse::<i64>() {
            Ok(seconds) => Ok(Some(seconds.saturating_mul(1000))),
            Err(_) => Err(VerifyErrorKind::MalformedTimestamp),
        },
        _ => Err(VerifyErrorKind::MalformedTimestamp),
    };
    if at(expires)?.is_some_and(|expires| now_ms.saturating_sub(LEEWAY_MS) >= expires) {
        return Err(VerifyErrorKind::TimestampTooOld.into());
    }
    if at(begins)?.is_some_and(|begins| now_ms.saturating_add(LEEWAY_MS) < begins) {
        return Err(VerifyErrorKind::TimestampInFuture.into());
    }
    Ok(())
}

fn header_of(scheme: &Scheme) -> &str {
    scheme.headers().next().unwrap_or_default()
}

const DIGEST: &str = "request_body_sha256";
const DIGEST_POINTER: &str = "/request_body_sha256";
/// Longer than the tokens of all known providers, and short enough to parse
/// before verification.
const MAX_TOKEN: usize = 8 * 1024;
const MAX_KID: usize = 256;
/// How many keys are tried for a token without a key id, or with one that several keys share.
const MAX_KEYS: usize = MAX_PUBLIC_TAGS;
/// The allowed clock difference.
const LEEWAY_MS: i64 = 60_000;
