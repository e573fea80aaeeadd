//! Box.

use super::{describe, minutes, seconds};
use crate::error::{ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
use crate::rule::{
    Candidates, Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedBy, SignedRequest,
    SigningRule, ToSign,
};
use crate::scheme::{
    Cell, Encoding, Evidence, Retries, RetrySignature, Scheme, SchemeBuilder, TimestampUnit,
    Tolerance,
};
use crate::secret::Secrets;

pub(super) fn scheme() -> SchemeBuilder {
    describe("box", "Box", "box-typescript-sdk-gen 1.19.1, webhooks tests")
        .signature_header(SIGNATURES[0])
        .also_in(SIGNATURES[1])
        .encoding(Encoding::Base64)
        .signed("{body}{ts}")
        .timestamp_header("box-delivery-timestamp", TimestampUnit::Rfc3339)
        .tolerances(Tolerance::new(minutes(10), minutes(1)))
        .rule(TwoKeys)
        .event_id("body:/id")
        .identity_basis("`/id`: \"the ID in the payload body remains the same\" (Box, webhooks v2)")
        .retry_signature(RetrySignature::New)
        .event_type("body:/trigger")
        .ack_deadline(seconds(30))
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries])
        .evidence(Evidence::Docs)
        .note("The first secret is the primary key, the second the secondary: each signs a header of its own, and one match is enough. There is no third.")
        .note("The provider's SDK refuses any time in the future; a minute is allowed here, for clocks that differ.")
        .note("`box-delivery-id` is not signed.")
}

/// Two keys, each bound to its header.
struct TwoKeys;

impl SigningRule for TwoKeys {
    fn covers(&self) -> Covers {
        Covers::Body
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = keys(scheme, secrets)?;
        Ok(Box::new(move |request: &RuleRequest<'_>| begin(request, &keys)))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = keys(request.scheme(), request.secrets())?;
        let time = request.timestamp()?;
        let message = [request.body(), time.as_bytes()];
        let signatures = SIGNATURES.iter().enumerate().take(keys.count());
        let signatures =
            signatures.map(|(index, header)| (*header, keys.sign_with(index, &message)));
        let rest = [(TIMESTAMP, time.clone())]
            .into_iter()
            .chain(GATES.map(|(header, value)| (header, value.to_owned())));
        Ok(SignedRequest::with_headers(signatures.chain(rest)))
    }
}

fn keys(scheme: &Scheme, secrets: &Secrets) -> Result<RuleKeys, ConfigError> {
    let keys = RuleKeys::new(scheme, secrets)?;
    if keys.count() > SIGNATURES.len() {
        let problem =
            SecretProblem::Malformed { give: "no more than the primary and the secondary key" };
        return Err(ConfigError::Secret { problem, index: Some(SIGNATURES.len()) });
    }
    Ok(keys)
}

fn begin(request: &RuleRequest<'_>, keys: &RuleKeys) -> Result<Pending, VerifyError> {
    let mut candidates: [Option<Candidates>; 2] = [None, None];
    let mut present = false;
    for (header, candidate) in SIGNATURES.iter().zip(&mut candidates) {
        if let Some(text) = request.header(header)? {
            present = true;
            *candidate = Candidates::one(request.scheme(), text);
        }
    }
    if candidates.iter().all(Option::is_none) {
        let kind = if present {
            VerifyErrorKind::MalformedSignature
        } else {
            VerifyErrorKind::MissingSignature
        };
        return Err(request.refusal(kind, SIGNATURES[0]));
    }
    let unsupported = VerifyErrorKind::UnsupportedSignature;
    for (header, value) in GATES {
        if request.required(header, unsupported)? != value.as_bytes() {
            return Err(request.refusal(unsupported, header));
        }
    }
    let (time, unix_ms) = request.timestamp()?;
    let (time, keys) = (time.to_vec(), keys.clone());
    Ok(Pending::new(move |body| {
        let has_signed = |(index, candidates): &(usize, &Option<Candidates>)| {
            candidates.as_ref().is_some_and(|it| keys.has_signed(*index, &[body, &time], it))
        };
        match candidates.iter().enumerate().find(has_signed) {
            Some((index, _)) => Ok(SignedBy::secret(index).at_unix_ms(unix_ms)),
            None => Err(VerifyErrorKind::SignatureMismatch.into()),
        }
    }))
}

const SIGNATURES: [&str; 2] = ["box-signature-primary", "box-signature-secondary"];
const TIMESTAMP: &str = "box-delivery-timestamp";
/// What says how it is signed must say this.
const GATES: [(&str, &str); 2] =
    [("box-signature-version", "1"), ("box-signature-algorithm", "HmacSHA256")];
