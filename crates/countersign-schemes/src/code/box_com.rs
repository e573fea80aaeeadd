//! Box.

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, PresentedSignatures, SignRequest, SignedRequest,
    VerifyRequest,
};
use countersign_core::{ConfigError, SecretProblem, Secrets, VerifyError, VerifyErrorKind};

use super::mac_scheme::MacScheme;

/// Two keys, each for its own header.
pub(crate) fn signing() -> impl CustomScheme {
    let gates = GATES.map(|(header, _)| header);
    MacScheme::new(begin, sign).with_headers(gates).with_check(at_max_two)
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

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
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

fn at_max_two(secrets: &Secrets) -> Result<(), ConfigError> {
    if secrets.iter().count() <= SIGNATURES.len() {
        return Ok(());
    }
    let problem = SecretProblem::malformed("at most the primary and the secondary key");
    Err(ConfigError::from(problem).of_secret(SIGNATURES.len()))
}

const SIGNATURES: [&str; 2] = ["box-signature-primary", "box-signature-secondary"];
const TIMESTAMP: &str = "box-delivery-timestamp";
/// The headers that describe the signature must have these values.
const GATES: [(&str, &str); 2] =
    [("box-signature-version", "1"), ("box-signature-algorithm", "HmacSHA256")];
