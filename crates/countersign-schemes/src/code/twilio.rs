//! Twilio, with an Auth Token and with a SharedKey.

use countersign_core::custom::{
    BodyCheck, CustomScheme, KeyMatch, LiveKeys, MacKey, PresentedSignatures, RequestUrl,
    SignRequest, SignedRequest, VerifyRequest, is_same,
};
use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};
use sha2::{Digest, Sha256};

use super::form;
use super::form::Sorted;
use super::form::Values;
use super::mac_scheme::MacScheme;

pub(crate) fn signing() -> impl CustomScheme {
    with_settings(None)
}

pub(crate) fn shared_key() -> impl CustomScheme {
    with_settings(Some("algorithm=HMAC_SHA256"))
}

/// Signs the URL, followed by the fields. The settings header must contain this text, if the scheme
/// has such a header.
fn with_settings(settings: Option<&'static str>) -> impl CustomScheme {
    let begin = move |request: &VerifyRequest<'_>, keys| begin(request, keys, settings);
    let sign = move |request: &SignRequest<'_>| sign(request, settings);
    MacScheme::new(begin, sign).with_headers(settings.map(|_| SETTINGS).as_slice())
}

fn begin(
    request: &VerifyRequest<'_>,
    keys: LiveKeys<MacKey>,
    settings: Option<&str>,
) -> Result<BodyCheck, VerifyError> {
    let candidates = request.candidates()?;
    if let Some(required) = settings {
        let unsupported = VerifyErrorKind::UnsupportedSignature;
        let given = request.required(SETTINGS, unsupported)?;
        let mut words = given.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        let algorithms = words.by_ref().filter(|word| word.starts_with(b"algorithm="));
        if algorithms.collect::<Vec<_>>() != [required.as_bytes()] {
            return Err(request.rejection(unsupported, SETTINGS));
        }
    }
    let readings = Readings::of(request.request_url()?)?;
    Ok(BodyCheck::new(move |body| readings.check_body(body, &keys, &candidates)))
}

fn sign(request: &SignRequest<'_>, settings: Option<&str>) -> Result<SignedRequest, ConfigError> {
    let key = request.mac_key()?;
    let url = request.url()?;
    let signature = match stated_digest(&url) {
        Some(_) => key.sign(&[url.as_bytes()]),
        None => {
            let fields = sorted(request.body());
            let fields = fields.map_err(|error| request.problem(error.to_string()))?;
            key.sign(&[url.as_bytes(), &fields.text])
        }
    };
    let settings = settings.map(|settings| (SETTINGS, settings.to_owned()));
    Ok(SignedRequest::with_headers([(SIGNATURE, signature)].into_iter().chain(settings)))
}

/// The two strings that a delivery can have signed. The signed text starts with the configured URL;
/// the next byte determines which of the two it is.
struct Readings {
    /// The URL to which the fields of a form are appended.
    form: Option<String>,
    /// The URL that is signed alone: with the digest of a JSON body, or without a body.
    alone: Option<String>,
    /// Whether the sender has chosen the path.
    is_chosen: bool,
}

impl Readings {
    fn of(url: RequestUrl<'_>) -> Result<Self, VerifyError> {
        match url {
            RequestUrl::Exact { url, target } => {
                let longer = target.and_then(|target| with_query(url, target));
                let alone = longer.or_else(|| states_digest(url).then(|| url.to_owned()));
                Ok(Self { form: Some(url.to_owned()), alone, is_chosen: false })
            }
            RequestUrl::Origin { origin, target } => {
                let url = || format!("{origin}{target}");
                let mut behind = target.split(FIRST_FIELD).skip(1).peekable();
                let form = behind.peek().is_none().then(url);
                let alone = behind.all(|behind| behind.starts_with('=')).then(url);
                if alone.is_none() {
                    return Err(unclear());
                }
                Ok(Self { form, alone, is_chosen: true })
            }
        }
    }

    fn check_body(
        &self,
        body: &[u8],
        keys: &LiveKeys<MacKey>,
        candidates: &PresentedSignatures,
    ) -> Result<KeyMatch, VerifyError> {
        let mismatch = VerifyErrorKind::SignatureMismatch;
        let (url, fields) = match (&self.alone, &self.form) {
            (Some(url), _) if states_digest(url) => {
                let mut digest = [0; 32];
                let stated = stated_digest(url).unwrap_or_default();
                let is_digest = const_hex::decode_to_slice(stated, &mut digest).is_ok();
                if !is_digest || !is_same(&Sha256::digest(body), &digest) {
                    return Err(mismatch.into());
                }
                (url, Sorted::default())
            }
            (Some(url), _) if body.is_empty() => (url, Sorted::default()),
            (_, Some(url)) => (url, sorted(body)?),
            _ => return Err(unclear()),
        };
        self.check(&fields)?;
        let is_signed_by =
            |url: &String| keys.signed_by(&[url.as_bytes(), &fields.text], candidates).ok();
        let signed_by = ports(url).iter().find_map(is_signed_by).ok_or(mismatch)?;
        Ok(signed_by.over([url.as_bytes(), &fields.text].concat()))
    }

    /// Checks that the text after the URL can only be fields.
    fn check(&self, fields: &Sorted) -> Result<(), VerifyError> {
        let is_clear = match &fields.first {
            None => true,
            Some(first) if self.is_chosen => {
                first.name == FIRST_FIELD.as_bytes() && first.value_begins != Some(b'=')
            }
            // These bytes would start a query.
            Some(_) => !matches!(fields.text.first(), Some(b'?' | b'&')),
        };
        if is_clear { Ok(()) } else { Err(unclear()) }
    }
}

fn unclear() -> VerifyError {
    VerifyError::body_field(VerifyErrorKind::MalformedSignature, FIRST_FIELD)
}

fn sorted(body: &[u8]) -> Result<Sorted, VerifyError> {
    Ok(form::sorted(form::fields(body, MAX_FIELDS)?, Values::SortedOnce))
}

/// The configured URL, with what the request line's query adds to its own query.
fn with_query(url: &str, target: &str) -> Option<String> {
    let (_, given) = target.split_once('?')?;
    let (between, more) = match url.split_once('?') {
        None => ('?', given),
        Some((_, own)) => ('&', given.strip_prefix(own)?.strip_prefix('&')?),
    };
    (!more.is_empty()).then(|| format!("{url}{between}{more}"))
}

fn states_digest(url: &str) -> bool {
    url.split_once('?').is_some_and(|(_, query)| query.split('&').any(is_digest))
}

fn is_digest(field: &str) -> bool {
    field.starts_with(DIGEST)
}

/// The only body digest in a URL's query.
fn stated_digest(url: &str) -> Option<&str> {
    let (_, query) = url.split_once('?')?;
    let mut stated = query.split('&').filter_map(|field| field.strip_prefix(DIGEST));
    match (stated.next(), stated.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The URL as it is, and without its port or with the default port of its
/// scheme: Twilio signs either of them.
fn ports(url: &str) -> [String; 2] {
    let other = (|| {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // Colons also precede a password, and are part of an IPv6 address.
        let host_end = authority.rfind(['@', ']']).unwrap_or(0);
        match authority[host_end..].find(':') {
            Some(colon) => Some(format!("{scheme}://{}{path}", &authority[..host_end + colon])),
            None => {
                let port = if matches!(scheme, "https" | "wss") { 443 } else { 80 };
                Some(format!("{scheme}://{authority}:{port}{path}"))
            }
        }
    })();
    [url.to_owned(), other.unwrap_or_default()]
}

const SIGNATURE: &str = "X-Twilio-Signature";
const SETTINGS: &str = "X-Twilio-Webhooks-Signature-Settings";
const DIGEST: &str = "bodySHA256=";
/// The first signed field of all Twilio requests about calls and messages.
const FIRST_FIELD: &str = "AccountSid";
/// Several times as many as Twilio itself sends.
const MAX_FIELDS: usize = 512;

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
            ("https://user:pass@a.example/x", "https://user:pass@a.example:443/x"),
            ("https://user:pass@a.example:443/x", "https://user:pass@a.example/x"),
            ("wss://a.example/x", "wss://a.example:443/x"),
            ("ws://a.example/x", "ws://a.example:80/x"),
        ] {
            assert_eq!(ports(url), [url.to_owned(), other.to_owned()]);
        }
    }
}
