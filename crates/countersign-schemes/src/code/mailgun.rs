//! Mailgun.

use std::borrow::Cow;

use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, PresentedSignatures, SignRequest,
    SignatureCoverage, SignedRequest, VerifyRequest, json, json::Value,
};
use countersign_core::{ConfigError, Scheme, TimestampUnit, VerifyError, VerifyErrorKind};

use super::form;
use super::form::multipart;
use super::json_body;
use super::mac_scheme::MacScheme;

/// Signs a timestamp and a token inside the body.
pub(crate) fn signing() -> impl CustomScheme {
    MacScheme::new(begin, sign).with_coverage(SignatureCoverage::Nothing)
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let scheme = request.scheme().clone();
    let max_json = max_json(request.body_limit());
    Ok(BodyCheck::new(move |body| check_body(&scheme, &keys, max_json, body)))
}

fn check_body(
    scheme: &Scheme,
    keys: &LiveKeys<MacKey>,
    max_json: usize,
    body: &[u8],
) -> Result<KeyMatch, VerifyError> {
    let rejected = |kind| VerifyError::body_field(kind, "/signature");
    let mut found = VerifyErrorKind::MissingSignature;
    for Signature { time, token, signature } in signatures(body, max_json)? {
        found = VerifyErrorKind::MalformedSignature;
        let Some(candidate) = PresentedSignatures::one(scheme, &signature) else { continue };
        if !is_time(&time) || !is_token(&token) {
            continue;
        }
        found = VerifyErrorKind::SignatureMismatch;
        let signed: [&[u8]; 2] = [&time, &token];
        if let Ok(signed_by) = keys.signed_by(&signed, &candidate) {
            let unix_ms = TimestampUnit::Seconds.parse(&time);
            let unix_ms = unix_ms.ok_or_else(|| rejected(VerifyErrorKind::MalformedTimestamp))?;
            return Ok(signed_by.at_unix_ms(unix_ms).over(signed.concat()));
        }
    }
    Err(rejected(found))
}

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
    let key = request.mac_key()?;
    let mut body = json_body::object(request, ", to hold the signature")?;
    let time = request.timestamp()?;
    let token = request.id().map_or_else(|| request.random_id(), |id| Ok(id.to_owned()))?;
    if !is_token(token.as_bytes()) {
        return Err(request.problem("the id, its token, must have 1 to 256 bytes"));
    }
    let signature = key.sign(&[time.as_bytes(), token.as_bytes()]);
    let signature =
        serde_json::json!({ "timestamp": time, "token": token, "signature": signature });
    body.insert("signature".to_owned(), signature);
    json_body::signed(request, body, &PLACES.concat())
}

/// A signature, and the values that it signs.
struct Signature {
    time: Vec<u8>,
    token: Vec<u8>,
    signature: Vec<u8>,
}

/// The signatures in a body: an event's body is JSON, a route's body is a form.
fn signatures(body: &[u8], max_json: usize) -> Result<Vec<Signature>, VerifyError> {
    match body.trim_ascii_start().first() {
        Some(b'{') if body.len() > max_json => {
            Err(VerifyError::limit(VerifyErrorKind::BodyTooLarge, max_json))
        }
        Some(b'{') => in_json(body),
        _ => Ok(in_form(body)?.into_iter().collect()),
    }
}

fn in_json(body: &[u8]) -> Result<Vec<Signature>, VerifyError> {
    let places = json::locate(body, &PLACES.concat()).map_err(|why| why.error("/signature"))?;
    let values: Vec<_> =
        places.into_iter().map(|place| json::value(body, place, MAX_FIELD)).collect();
    let signature = |values: &[Value]| match values {
        [Value::Text(time), Value::Text(token), Value::Text(signature)] => {
            let [time, token, signature] =
                [time, token, signature].map(|text| text.clone().into_bytes());
            Some(Signature { time, token, signature })
        }
        _ => None,
    };
    Ok(values.chunks_exact(3).filter_map(signature).collect())
}

fn in_form(body: &[u8]) -> Result<Option<Signature>, VerifyError> {
    let names = ["timestamp", "token", "signature"];
    let values = if body.starts_with(b"--") {
        let values = multipart::values(body, names, MAX_FIELDS)?.unwrap_or_default();
        values.map(|value| value.map(Cow::Borrowed))
    } else {
        form::values(body, names, MAX_FIELDS)?
    };
    Ok(match values.map(|value| value.map(Cow::into_owned)) {
        [Some(time), Some(token), Some(signature)] => Some(Signature { time, token, signature }),
        _ => None,
    })
}

/// There is no delimiter: the time has a fixed length, and the rest is the token.
fn is_time(time: &[u8]) -> bool {
    TimestampUnit::Seconds.digits() == Some(time.len())
}

fn is_token(token: &[u8]) -> bool {
    (1..=MAX_TOKEN).contains(&token.len())
}

/// Both sign the same time and token: two signatures of one delivery are never two events.
const PLACES: [[&str; 3]; 2] = [
    ["/signature/timestamp", "/signature/token", "/signature/signature"],
    // For a subaccount's event: signed with the key of its parent account.
    ["/signature/timestamp", "/signature/token", "/signature/parent-signature"],
];
/// For events, which cost more to parse than to hash. Forms contain whole messages; only a small
/// part of them is read for the signature.
fn max_json(body_limit: usize) -> usize {
    MIN_JSON_LIMIT.max(body_limit / 2)
}

const MAX_TOKEN: usize = 256;
const MIN_JSON_LIMIT: usize = 512 * 1024;
/// A route's form has about twenty fields, and one for each attachment.
const MAX_FIELDS: usize = 512;
/// The maximum length of a value of the signature, in bytes of the body. A token has 50 characters.
const MAX_FIELD: usize = 4096;
