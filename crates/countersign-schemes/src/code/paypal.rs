//! PayPal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyError, LiveKeys, PrivateKey, PublicKey, PublicKeyAlgorithm,
    SignRequest, SignatureCoverage, SignedRequest, VerifyRequest,
};
use countersign_core::{
    ConfigError, KeyIdentity, Scheme, Secret, SecretFormat, SecretProblem, Secrets, VerifyError,
    VerifyErrorKind,
};

use super::certificate::host_and_path;

pub(crate) fn signing() -> impl CustomScheme {
    PayPal
}

/// Signs the transmission, the webhook and the checksum of the body.
struct PayPal;

impl CustomScheme for PayPal {
    type Key = Webhook;

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Nothing
    }

    fn headers(&self) -> Vec<&str> {
        vec![ALGORITHM, CERTIFICATE]
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Webhook, ConfigError> {
        Webhook::read(secret).map_err(|error| error.of(scheme, None))
    }

    fn check(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
        webhooks: &[Webhook],
    ) -> Result<(), ConfigError> {
        PublicKey::required().map_err(|error| error.of(scheme, None))?;
        let malformed = ConfigError::from(SecretProblem::malformed(FORM));
        if webhooks.is_empty() {
            return Err(malformed);
        }
        match webhooks.iter().position(|webhook| webhook.key.is_none()) {
            Some(index) if secrets.resolver().is_none() => Err(malformed.of_secret(index)),
            _ => Ok(()),
        }
    }

    fn is_valid_at(&self, webhook: &Webhook, unix_ms: i64) -> bool {
        webhook.key.as_ref().is_none_or(|key| key.is_valid_at(unix_ms))
    }

    /// PayPal signs for all webhooks with one key.
    fn identities(&self, webhooks: &[Webhook]) -> Vec<KeyIdentity> {
        let of_webhook =
            |webhook: &Webhook| Some(webhook.key.as_ref()?.identity().with_scope(&webhook.id));
        webhooks.iter().filter_map(of_webhook).collect()
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        webhooks: LiveKeys<Webhook>,
    ) -> Result<BodyCheck, VerifyError> {
        begin(request, webhooks)
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        let secret = request.secrets().iter().next();
        let secret = secret.ok_or_else(|| request.problem("set a webhook id and a private key"))?;
        let text = secret.dangerous_text(SecretFormat::Text);
        let (webhook, key) = text.trim_start().split_once('\n').unwrap_or((&text, ""));
        let key = PrivateKey::new(key).map_err(|error| error.of(request.scheme(), Some(0)))?;
        let id = request.id().ok_or_else(|| request.problem(format!("give an id for `{ID}`")))?;
        if !is_id(id.as_bytes()) {
            let problem = "the id must be 1 to 256 visible ASCII characters, without `|`";
            return Err(request.problem(problem));
        }
        let time = request.timestamp()?;
        let message =
            message(id.as_bytes(), time.as_bytes(), webhook.trim(), checksum(request.body()));
        let signature = key.sign(PublicKeyAlgorithm::RsaSha256, &message);
        let signature = signature.ok_or_else(|| request.problem("the key is not an RSA key"))?;
        Ok(SignedRequest::with_headers([
            (SIGNATURE, STANDARD.encode(signature)),
            (ID, id.to_owned()),
            (TIME, time),
            (ALGORITHM, "SHA256withRSA".to_owned()),
            (CERTIFICATE, format!("https://api.paypal.com{CERTIFICATES}CERT-test")),
        ]))
    }
}

/// A secret: the webhook's id and, unless it is looked up, the key of its certificate.
struct Webhook {
    id: String,
    key: Option<PublicKey>,
}

impl Webhook {
    fn read(secret: &Secret) -> Result<Self, KeyError> {
        let malformed = || KeyError::from(SecretProblem::malformed(FORM));
        let bytes = secret.dangerous_key(SecretFormat::Text)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| malformed())?.trim();
        let (id, pem) = text.split_once('\n').unwrap_or((text, ""));
        let id = id.trim();
        if id.is_empty()
            || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(malformed());
        }
        let key = match pem.trim() {
            "" => None,
            pem => Some(PublicKey::from_pem(pem)?),
        };
        if key.as_ref().is_some_and(|key| !key.has(PublicKeyAlgorithm::RsaSha256)) {
            return Err(SecretProblem::NotAPublicKey.into());
        }
        Ok(Self { id: id.to_owned(), key })
    }
}

fn begin(
    request: &VerifyRequest<'_>,
    webhooks: LiveKeys<Webhook>,
) -> Result<BodyCheck, VerifyError> {
    use VerifyErrorKind::{
        MalformedId, MalformedSignature, MissingId, MissingSignature, UnknownKey,
        UnsupportedSignature,
    };
    let text = request.required(SIGNATURE, MissingSignature)?;
    let signature = STANDARD.decode(text).ok().filter(|it| (256..=1024).contains(&it.len()));
    let signature = signature.ok_or_else(|| request.rejection(MalformedSignature, SIGNATURE))?;
    if request.required(ALGORITHM, UnsupportedSignature)? != b"SHA256withRSA" {
        return Err(request.rejection(UnsupportedSignature, ALGORITHM));
    }
    let unknown = || request.rejection(UnknownKey, CERTIFICATE);
    let certificate = request.required(CERTIFICATE, UnknownKey)?;
    let certificate = std::str::from_utf8(certificate).map_err(|_| unknown())?;
    if !is_of_paypal(certificate) {
        return Err(unknown());
    }
    let id = request.required(ID, MissingId)?;
    let id = std::str::from_utf8(id).ok().filter(|id| is_id(id.as_bytes()));
    let id = id.ok_or_else(|| request.rejection(MalformedId, ID))?.to_owned();
    let (time, unix_ms) = request.timestamp()?;
    let time = time.to_vec();
    let now_ms = request.now_unix_ms();
    let is_valid = move |key: &PublicKey| key.is_valid_at(now_ms);
    let resolved = if webhooks.iter().any(|webhook| webhook.key.is_none()) {
        let found = webhooks.look_up(certificate);
        found.and_then(|found| PublicKey::first_of_pem(found.text()).ok()).filter(is_valid)
    } else {
        None
    };
    // The secrets that have their own certificate do not depend on the lookup.
    if resolved.is_none()
        && !webhooks.iter().any(|webhook| webhook.key.as_ref().is_some_and(is_valid))
    {
        return Err(unknown());
    }
    Ok(BodyCheck::new(move |body| {
        let checksum = checksum(body);
        let found = webhooks.find(|webhook| {
            let message = message(id.as_bytes(), &time, &webhook.id, checksum);
            let key = webhook.key.as_ref().or(resolved.as_ref()).filter(|key| is_valid(key));
            key.is_some_and(|key| key.verifies(PublicKeyAlgorithm::RsaSha256, &message, &signature))
        });
        let signed_by = found.ok_or(VerifyErrorKind::SignatureMismatch)?;
        let signed = message(id.as_bytes(), &time, "", checksum);
        Ok(signed_by.at_unix_ms(unix_ms).with_id(id).over(signed))
    }))
}

fn message(id: &[u8], time: &[u8], webhook: &str, checksum: u32) -> Vec<u8> {
    [id, time, webhook.as_bytes(), checksum.to_string().as_bytes()].join(&b'|')
}

fn checksum(body: &[u8]) -> u32 {
    crc32fast::hash(body)
}

/// An id without the delimiter of the signed text.
fn is_id(id: &[u8]) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'|')
}

/// Whether a certificate's URL belongs to PayPal.
fn is_of_paypal(url: &str) -> bool {
    host_and_path(url)
        .is_some_and(|(host, path)| HOSTS.contains(&host) && path.starts_with(CERTIFICATES))
}

const SIGNATURE: &str = "PAYPAL-TRANSMISSION-SIG";
const ID: &str = "PAYPAL-TRANSMISSION-ID";
const TIME: &str = "PAYPAL-TRANSMISSION-TIME";
const CERTIFICATE: &str = "PAYPAL-CERT-URL";
const ALGORITHM: &str = "PAYPAL-AUTH-ALGO";
const HOSTS: [&str; 4] =
    ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"];
const CERTIFICATES: &str = "/v1/notifications/certs/";
const MAX_ID: usize = 256;
const FORM: &str = "the webhook's id on a line, and below it the certificate in PEM";
