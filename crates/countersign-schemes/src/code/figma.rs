//! Figma.

use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, PresentedSignatures, SignRequest,
    SignatureCoverage, SignedRequest, VerifyRequest, json, json::Value,
};
use countersign_core::{ConfigError, Scheme, SecretFormat, VerifyError, VerifyErrorKind};

use super::json_body;
use super::mac_scheme::MacScheme;

/// Sends the passcode inside the body.
pub(crate) fn signing() -> impl CustomScheme {
    MacScheme::new(begin, sign).with_coverage(SignatureCoverage::Nothing)
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let scheme = request.scheme().clone();
    Ok(BodyCheck::new(move |body| check_body(&scheme, &keys, body)))
}

fn check_body(
    scheme: &Scheme,
    keys: &LiveKeys<MacKey>,
    body: &[u8],
) -> Result<KeyMatch, VerifyError> {
    let rejected = |kind| VerifyError::body_field(kind, POINTER);
    let places = json::locate(body, &[POINTER]).map_err(|why| why.error(POINTER))?;
    let place = places.into_iter().next().flatten();
    let passcode = match json::value(body, place, MAX_PASSCODE) {
        Value::Text(passcode) => passcode,
        Value::Missing => return Err(rejected(VerifyErrorKind::MissingSignature)),
        _ => return Err(rejected(VerifyErrorKind::MalformedSignature)),
    };
    let candidate = PresentedSignatures::one(scheme, passcode.as_bytes());
    let candidate = candidate.ok_or_else(|| rejected(VerifyErrorKind::MalformedSignature))?;
    let signed_by = keys.signed_by(&[], &candidate)?;
    let rest = without_passcode(body);
    Ok(signed_by.over(rest.ok_or_else(|| rejected(VerifyErrorKind::MalformedSignature))?))
}

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
    let mut body = json_body::object(request, " with the passcode")?;
    let passcode = request.secrets().iter().next().map(|it| it.dangerous_text(SecretFormat::Text));
    body.insert(PASSCODE.to_owned(), passcode.into());
    json_body::signed(request, body, &[POINTER])
}

/// The body without the passcode: with a digest of both, anyone who reads it in
/// a log could guess passcodes.
fn without_passcode(body: &[u8]) -> Option<Vec<u8>> {
    let value = json::member(body, PASSCODE)?;
    Some([&body[..value.start], &body[value.end..]].concat())
}

/// The maximum length of a passcode, in bytes of the body. Figma allows 100 characters.
const MAX_PASSCODE: usize = 4096;
const PASSCODE: &str = "passcode";
const POINTER: &str = "/passcode";
