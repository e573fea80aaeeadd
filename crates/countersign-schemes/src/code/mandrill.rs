//! Mandrill (Mailchimp Transactional).

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, RequestUrl, SignRequest, SignedRequest,
    VerifyRequest,
};
use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};

use super::form;
use super::form::Sorted;
use super::form::Values;
use super::mac_scheme::MacScheme;

/// Signs the URL, followed by the fields. A delivery has one, `mandrill_events`.
pub(crate) fn signing() -> impl CustomScheme {
    MacScheme::new(begin, sign)
}

fn begin(request: &VerifyRequest<'_>, keys: LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> {
    let candidates = request.candidates()?;
    let chosen = match request.request_url()? {
        RequestUrl::Exact { .. } => None,
        RequestUrl::Origin { target, .. } => Some(target),
    };
    if chosen.is_some_and(|target| target.contains(FIELD)) {
        return Err(unclear());
    }
    let (url, is_chosen) = (request.url()?, chosen.is_some());
    Ok(BodyCheck::new(move |body| {
        let fields = sorted(body)?;
        // It marks the end of the URL.
        if is_chosen && !is_first(&fields) {
            return Err(unclear());
        }
        let signed = [url.as_bytes(), &fields.text].concat();
        let signed_by = keys.signed_by(&[&signed], &candidates)?;
        // No character separates the name of a field from its value, or the fields: other fields can
        // have the same signed text.
        if !is_first(&fields) || fields.length != 1 {
            return Err(unclear());
        }
        Ok(signed_by.over(signed))
    }))
}

fn sign(request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
    let fields = sorted(request.body());
    let fields = fields.map_err(|error| request.problem(error.to_string()))?;
    if !is_first(&fields) || fields.length != 1 {
        return Err(request.problem(format!("the form must be the field `{FIELD}` alone")));
    }
    let signature = request.mac_key()?.sign(&[request.url()?.as_bytes(), &fields.text]);
    Ok(SignedRequest::with_headers([(SIGNATURE, signature)]))
}

fn sorted(body: &[u8]) -> Result<Sorted, VerifyError> {
    Ok(form::sorted(form::fields(body, MAX_FIELDS)?, Values::AsTheyCame))
}

fn is_first(fields: &Sorted) -> bool {
    fields.first.as_ref().is_some_and(|first| first.name == FIELD.as_bytes())
}

fn unclear() -> VerifyError {
    VerifyError::body_field(VerifyErrorKind::MalformedSignature, FIELD)
}

const SIGNATURE: &str = "X-Mandrill-Signature";
const FIELD: &str = "mandrill_events";
/// The form is parsed before it is verified.
const MAX_FIELDS: usize = 16;
