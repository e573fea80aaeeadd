//! Box.

use super::{describe, minutes, seconds};
use crate::crypto::algorithm::Encoding;
use crate::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, PresentedSignatures, SignRequest, SignatureCoverage,
    SignedRequest, VerifyRequest,
};
use crate::error::{ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
use crate::scheme::{Evidence, Retries, RetrySignature, Scheme, SchemeBuilder, SchemeField};
use crate::secret::{Secret, Secrets};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

pub(super) fn scheme() -> SchemeBuilder {
    describe("box", "Box", "box-typescript-sdk-gen 1.19.1, webhooks tests")
        .signature_header(SIGNATURES[0])
        .fallback_signature_header(SIGNATURES[1])
        .encoding(Encoding::Base64)
        .signed_payload("{body}{ts}")
        .timestamp_header("box-delivery-timestamp", TimestampUnit::Rfc3339)
        .tolerances(Tolerance::new(minutes(10), minutes(1)))
        .rule(TwoKeys)
        .event_id("body:/id")
        .identity_basis("`/id`: \"the ID in the payload body remains the same\" (Box, webhooks v2)")
        .retry_signature(RetrySignature::New)
        .event_type("body:/trigger")
        .ack_deadline(seconds(30))
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries])
        .evidence(Evidence::Docs)
        .note("The first secret is the primary key, the second the secondary key. Each signs its own header, and one match is enough. More than two are not accepted.")
        .note("The provider's SDK rejects all timestamps in the future. Here one minute is allowed, for clock differences.")
        .note("`box-delivery-id` is not signed.")
}

/// Two keys, each for its own header.
struct TwoKeys;

impl CustomScheme for TwoKeys {
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn headers(&self) -> Vec<&str> {
        GATES.map(|(header, _)| header).into()
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn check(&self, scheme: &Scheme, secrets: &Secrets, _: &[MacKey]) -> Result<(), ConfigError> {
        secrets.reject_resolver(scheme)?;
        at_max_two(secrets)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
        begin(request, keys)
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        at_max_two(request.secrets())?;
        let keys = request.mac_keys()?;
        let time = request.timestamp()?;
        let message = [request.body(), time.as_bytes()];
        let signatures = SIGNATURES.iter().zip(&keys);
        let signatures = signatures.map(|(header, key)| (*header, key.sign(&message)));
        let rest = [(TIMESTAMP, time.clone())]
            .into_iter()
            .chain(GATES.map(|(header, value)| (header, value.to_owned())));
        Ok(SignedRequest::with_headers(signatures.chain(rest)))
    }
}

fn at_max_two(secrets: &Secrets) -> Result<(), ConfigError> {
    if secrets.iter().count() <= SIGNATURES.len() {
        return Ok(());
    }
    let problem = SecretProblem::Malformed { give: "at most the primary and the secondary key" };
    Err(ConfigError::Secret { problem, index: Some(SIGNATURES.len()) })
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let mut candidates: [Option<PresentedSignatures>; 2] = [None, None];
    let mut present = false;
    for (header, candidate) in SIGNATURES.iter().zip(&mut candidates) {
        if let Some(text) = request.header(header)? {
            present = true;
            *candidate = PresentedSignatures::one(request.scheme(), text);
        }
    }
    if candidates.iter().all(Option::is_none) {
        let kind = if present {
            VerifyErrorKind::MalformedSignature
        } else {
            VerifyErrorKind::MissingSignature
        };
        return Err(request.rejection(kind, SIGNATURES[0]));
    }
    let unsupported = VerifyErrorKind::UnsupportedSignature;
    for (header, value) in GATES {
        if request.required(header, unsupported)? != value.as_bytes() {
            return Err(request.rejection(unsupported, header));
        }
    }
    let (time, unix_ms) = request.timestamp()?;
    let time = time.to_vec();
    Ok(BodyCheck::new(move |body| {
        // Each key is checked against its own header, if it is valid.
        let found = keys.iter().find(|key| {
            let candidates = candidates.get(key.secret_number()).and_then(Option::as_ref);
            candidates.is_some_and(|candidates| key.has_signed(&[body, &time], candidates))
        });
        let found = found.ok_or(VerifyErrorKind::SignatureMismatch)?;
        Ok(found.signed_it().at_unix_ms(unix_ms))
    }))
}

const SIGNATURES: [&str; 2] = ["box-signature-primary", "box-signature-secondary"];
const TIMESTAMP: &str = "box-delivery-timestamp";
/// The headers that describe the signature must have these values.
const GATES: [(&str, &str); 2] =
    [("box-signature-version", "1"), ("box-signature-algorithm", "HmacSHA256")];
