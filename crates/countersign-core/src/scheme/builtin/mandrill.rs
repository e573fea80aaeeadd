//! Mandrill (Mailchimp Transactional).

use super::describe;
use crate::error::ConfigError;
use crate::rule::form::{self, Values};
use crate::rule::{
    Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedRequest, SigningRule, ToSign,
};
use crate::scheme::{
    Algorithm, Cell, Encoding, Evidence, Identity, Retries, Scheme, SchemeBuilder,
};
use crate::secret::Secrets;

pub(super) fn scheme() -> SchemeBuilder {
    describe("mandrill", "Mandrill", "Mailchimp Transactional, Authenticating webhook requests, from memory")
        .signature_header(SIGNATURE)
        .algorithm(Algorithm::HmacSha1)
        .encoding(Encoding::Base64)
        .signed("{url}, then the form's fields sorted by name")
        .rule(Mandrill)
        .fallback_identity(Identity::Content)
        .identity_basis("the events of the batch, each with `_id` and `ts`; a batch is sent again as it was (Mailchimp Transactional, webhooks)")
        .retries(Retries::Unknown)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType, Cell::Identity])
        .evidence(Evidence::Secondary)
        .note("No text at hand confirms this scheme: try it before you rely on it.")
        .note("One delivery holds many events, in the form's field `mandrill_events`: each has its own `_id`.")
        .note(super::UNDATED)
}

/// Signs the URL and the fields behind it.
struct Mandrill;

impl SigningRule for Mandrill {
    fn covers(&self) -> Covers {
        Covers::Body
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = RuleKeys::new(scheme, secrets)?;
        Ok(Box::new(move |request: &RuleRequest<'_>| {
            let candidates = request.candidates()?;
            let (keys, url) = (keys.clone(), request.url()?);
            Ok(Pending::new(move |body| {
                let signed = signed(&url, body);
                Ok(keys.signed_by(&[&signed], &candidates)?.over(signed))
            }))
        }))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = RuleKeys::new(request.scheme(), request.secrets())?;
        let signature = keys.sign(&[&signed(&request.url()?, request.body())]);
        Ok(SignedRequest::with_headers([(SIGNATURE, signature)]))
    }
}

fn signed(url: &str, body: &[u8]) -> Vec<u8> {
    [url.as_bytes(), &form::sorted(body, Values::AsTheyCame)].concat()
}

const SIGNATURE: &str = "X-Mandrill-Signature";
