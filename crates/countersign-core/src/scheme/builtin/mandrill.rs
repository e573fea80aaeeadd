//! Mandrill (Mailchimp Transactional).

use super::describe;
use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::custom::form::{self, Sorted, Values};
use crate::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignatureCoverage, SignedRequest,
    VerifyRequest,
};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::request::url::RequestUrl;
use crate::scheme::{Evidence, Identity, Retries, Scheme, SchemeBuilder, SchemeField};
use crate::secret::Secret;

pub(super) fn scheme() -> SchemeBuilder {
    describe("mandrill", "Mandrill", "Mailchimp Transactional, Authenticating webhook requests, from memory")
        .signature_header(SIGNATURE)
        .algorithm(Algorithm::HmacSha1)
        .encoding(Encoding::Base64)
        .signed_payload("{url}, then the form's fields sorted by name")
        .rule(Mandrill)
        .fallback_identity(Identity::Content)
        .identity_basis("the events of the batch, each with `_id` and `ts`; a retry sends the same batch (Mailchimp Transactional, webhooks)")
        .retries(Retries::Unknown)
        .unconfirmed([SchemeField::AckDeadline, SchemeField::Retries, SchemeField::EventType, SchemeField::Identity])
        .evidence(Evidence::Secondary)
        .note("No source confirms this scheme: test it before you rely on it.")
        .note("A delivery contains many events, in the form field `mandrill_events`: each has its own `_id`.")
        .note("A form with more than 16 fields is rejected, because it is parsed before it is verified. Mandrill sends one field.")
        .note("If only the origin is configured, the sender chooses the path. Then the form must start with the field `mandrill_events`, and path and query must not contain that text, because it marks the end of the URL.")
        .note(super::UNDATED)
}

/// Signs the URL, followed by the fields.
struct Mandrill;

impl CustomScheme for Mandrill {
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
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
            let is_first = fields.first.as_ref().is_some_and(|it| it.name == FIELD.as_bytes());
            if is_chosen && !is_first {
                return Err(unclear());
            }
            let signed = [url.as_bytes(), &fields.text].concat();
            Ok(keys.signed_by(&[&signed], &candidates)?.over(signed))
        }))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let fields = sorted(request.body());
        let fields = fields.map_err(|error| request.problem(error.to_string()))?;
        let signature = request.mac_key()?.sign(&[request.url()?.as_bytes(), &fields.text]);
        Ok(SignedRequest::with_headers([(SIGNATURE, signature)]))
    }
}

fn sorted(body: &[u8]) -> Result<Sorted, VerifyError> {
    Ok(form::sorted(form::fields(body, MAX_FIELDS)?, Values::AsTheyCame))
}

fn unclear() -> VerifyError {
    VerifyError::body_field(VerifyErrorKind::MalformedSignature, FIELD)
}

const SIGNATURE: &str = "X-Mandrill-Signature";
const FIELD: &str = "mandrill_events";
/// Mandrill sends one.
const MAX_FIELDS: usize = 16;
