//! Twilio, with an Auth Token and with a SharedKey.

use sha2::{Digest, Sha256};

use super::{describe, seconds};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::mac;
use crate::rule::form::{self, Values};
use crate::rule::{
    Covers, Pending, PreparedRule, RuleKeys, RuleRequest, SignedRequest, SigningRule, ToSign,
};
use crate::scheme::{
    Algorithm, Cell, Encoding, Evidence, Identity, Interactive, Retries, Scheme, SchemeBuilder,
};
use crate::secret::Secrets;

pub(super) fn scheme() -> SchemeBuilder {
    family("twilio", "Twilio", "twilio 6.2.0 (npm), validateRequest(); twilio 9.13.0 (PyPI)")
        .algorithm(Algorithm::HmacSha1)
        .rule(Twilio { settings: None })
        .note("The secret is the account's Auth Token.")
}

pub(super) fn shared_key() -> SchemeBuilder {
    family("twilio-sharedkey", "Twilio SharedKey", "twilio 9.13.0 (PyPI), RequestValidator")
        .rule(Twilio { settings: Some("algorithm=HMAC_SHA256") })
        .note("The secret is the SharedKey. `X-Twilio-Webhooks-Signature-Settings` names the algorithm: only `HMAC_SHA256` is accepted, whatever it says.")
}

fn family(name: &str, title: &str, source: &str) -> SchemeBuilder {
    describe(name, title, source)
        .signature_header(SIGNATURE)
        .encoding(Encoding::Base64)
        .signed("{url}, then the form's fields sorted by name; of JSON {url} alone, which states the body's SHA-256")
        .fallback_identity(Identity::Unknown)
        .identity_basis("equal forms are steps of one call, or of two (Twilio, requests to your application): nothing that is signed names the event")
        .interactive(Interactive::Yes)
        .ack_deadline(seconds(15))
        .retries(Retries::Never)
        .unconfirmed([Cell::AckDeadline, Cell::Retries, Cell::EventType])
        .evidence(Evidence::SdkRun)
        .note("The URL counts with and without its port. Where Twilio sends JSON the URL ends in `bodySHA256`, other for every delivery: give the origin only, with `PublicUrl::origin`.")
        .note("The fields are signed decoded, one behind the other without a delimiter: `a=bc` and `ab=c` have one signature. Do not take a field that is not expected.")
        .note("`I-Twilio-Idempotency-Token` is not signed.")
        .note("The answer is TwiML, which Twilio acts on. It sends again only after a connection that could not be made, unless the URL's fragment or the webhook configuration says more (`rc`, `rp`).")
        .note(super::UNDATED)
}

/// Signs the URL and the fields behind it.
struct Twilio {
    /// What the header of settings must contain, where the scheme has one.
    settings: Option<&'static str>,
}

impl SigningRule for Twilio {
    fn covers(&self) -> Covers {
        Covers::Body
    }

    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Box<dyn PreparedRule>, ConfigError> {
        let keys = RuleKeys::new(scheme, secrets)?;
        let settings = self.settings;
        Ok(Box::new(move |request: &RuleRequest<'_>| begin(request, &keys, settings)))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        let keys = RuleKeys::new(request.scheme(), request.secrets())?;
        let url = request.url()?;
        let signature = match stated_digest(&url) {
            Some(_) => keys.sign(&[url.as_bytes()]),
            None => {
                let fields = form::sorted(request.body(), Values::SortedOnce);
                keys.sign(&[url.as_bytes(), &fields])
            }
        };
        let settings = self.settings.map(|settings| (SETTINGS, settings.to_owned()));
        Ok(SignedRequest::with_headers([(SIGNATURE, signature)].into_iter().chain(settings)))
    }
}

fn begin(
    request: &RuleRequest<'_>,
    keys: &RuleKeys,
    settings: Option<&str>,
) -> Result<Pending, VerifyError> {
    let candidates = request.candidates()?;
    if let Some(required) = settings {
        let unsupported = VerifyErrorKind::UnsupportedSignature;
        let given = request.required(SETTINGS, unsupported)?;
        let mut words = given.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let algorithms = words.by_ref().filter(|word| word.starts_with(b"algorithm="));
        if algorithms.collect::<Vec<_>>() != [required.as_bytes()] {
            return Err(request.refusal(unsupported, SETTINGS));
        }
    }
    let keys = keys.clone();
    let given = request.url()?;
    Ok(Pending::new(move |body| {
        let mismatch = VerifyErrorKind::SignatureMismatch;
        let fields = match stated_digest(&given) {
            Some(stated) => {
                let mut digest = [0; 32];
                let is_digest = const_hex::decode_to_slice(stated, &mut digest).is_ok();
                if !is_digest || !mac::is_same(&Sha256::digest(body), &digest) {
                    return Err(mismatch.into());
                }
                Vec::new()
            }
            None => form::sorted(body, Values::SortedOnce),
        };
        let signed_by = ports(&given)
            .iter()
            .find_map(|url| keys.signed_by(&[url.as_bytes(), &fields], &candidates).ok());
        let signed_by = signed_by.ok_or(mismatch)?;
        Ok(signed_by.over([given.as_bytes(), &fields].concat()))
    }))
}

/// The digest of the body that a URL states in its query.
fn stated_digest(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|field| field.strip_prefix("bodySHA256="))
}

/// The URL as it is, and without its port or with the one of its scheme: Twilio
/// signs now the one, now the other.
fn ports(url: &str) -> [String; 2] {
    let other = (|| {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host_end = authority.rfind(']').unwrap_or(0);
        match authority[host_end..].find(':') {
            Some(colon) => Some(format!("{scheme}://{}{path}", &authority[..host_end + colon])),
            None => {
                let port = if scheme == "https" { 443 } else { 80 };
                Some(format!("{scheme}://{authority}:{port}{path}"))
            }
        }
    })();
    [url.to_owned(), other.unwrap_or_default()]
}

const SIGNATURE: &str = "X-Twilio-Signature";
const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_tried_with_and_without_its_port() {
        for (url, other) in [
            ("https://a.example/x?y=:1", "https://a.example:443/x?y=:1"),
            ("http://a.example", "http://a.example:80"),
            ("https://a.example:8443/x", "https://a.example/x"),
            ("https://[::1]/x", "https://[::1]:443/x"),
            ("https://[::1]:8443?x", "https://[::1]?x"),
        ] {
            assert_eq!(ports(url), [url.to_owned(), other.to_owned()]);
        }
    }
}
