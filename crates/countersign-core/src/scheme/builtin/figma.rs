//! Figma.

use serde_json::Value as Json;

use super::describe;
use crate::crypto::algorithm::Algorithm;
use crate::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, PresentedSignatures, SignRequest,
    SignatureCoverage, SignedRequest, VerifyRequest,
};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::json::{self, Value};
use crate::scheme::{Evidence, Identity, Retries, Scheme, SchemeBuilder, SchemeField};
use crate::secret::Secret;
use crate::secret::secret_format::SecretFormat;

pub(super) fn scheme() -> SchemeBuilder {
    describe("figma", "Figma", "Figma, Webhooks v2, from memory")
        .algorithm(Algorithm::Token)
        .signed_payload("")
        .rule(Figma)
        .fallback_identity(Identity::Content)
        .identity_basis("`/timestamp` of the trigger (@figma/rest-api-spec 0.43.0)")
        .event_type("body:/event_type")
        // It is parsed before it is verified.
        .body_limit(512 * 1024)
        .retries(Retries::Unknown)
        .unconfirmed([
            SchemeField::AckDeadline,
            SchemeField::Retries,
            SchemeField::EventId,
            SchemeField::EventType,
        ])
        .evidence(Evidence::Secondary)
        .note("No source confirms this scheme: test it before you rely on it.")
        .note("The objects that contain what is signed may have at most 4,096 members, because they are read before the delivery is verified.")
        .note("The passcode is in the body, at `passcode`: do not log bodies. The event's id is the digest of the body without it.")
        .note(super::TOKEN)
}

/// Sends the passcode inside the body.
struct Figma;

impl CustomScheme for Figma {
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Nothing
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
        let scheme = request.scheme().clone();
        Ok(BodyCheck::new(move |body| check_body(&scheme, &keys, body)))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let body = serde_json::from_slice(request.body());
        let Ok(Json::Object(mut body)) = body else {
            return Err(request.problem("the body must be a JSON object with the passcode"));
        };
        let passcode = request.secrets().iter().next().map(|it| it.text(SecretFormat::Text));
        body.insert(PASSCODE.to_owned(), passcode.into());
        Ok(SignedRequest::with_body(Json::Object(body).to_string()))
    }
}

fn check_body(
    scheme: &Scheme,
    keys: &LiveKeys<MacKey>,
    body: &[u8],
) -> Result<KeyMatch, VerifyError> {
    let rejected = |kind| VerifyError::body_field(kind, POINTER);
    let values = json::unproved(body, &[POINTER])?;
    let values = values.ok_or_else(|| rejected(VerifyErrorKind::MissingSignature))?;
    let passcode = match values.into_iter().next() {
        Some(Value::Text(passcode)) => passcode,
        Some(Value::Missing) | None => return Err(rejected(VerifyErrorKind::MissingSignature)),
        Some(_) => return Err(rejected(VerifyErrorKind::MalformedSignature)),
    };
    let candidate = PresentedSignatures::one(scheme, passcode.as_bytes());
    let candidate = candidate.ok_or_else(|| rejected(VerifyErrorKind::MalformedSignature))?;
    let signed_by = keys.signed_by(&[], &candidate)?;
    let rest = without_passcode(body);
    Ok(signed_by.over(rest.ok_or_else(|| rejected(VerifyErrorKind::MalformedSignature))?))
}

/// The body without the passcode: with a digest of both, anyone who reads it in
/// a log could guess passcodes.
fn without_passcode(body: &[u8]) -> Option<Vec<u8>> {
    let value = json::member(body, PASSCODE)?;
    Some([&body[..value.start], &body[value.end..]].concat())
}

const PASSCODE: &str = "passcode";
const POINTER: &str = "/passcode";
