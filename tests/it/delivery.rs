//! A delivery of any scheme, signed as its provider would sign it. Tests can modify it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, Encoding, SecretFormat};
use countersign::{
    ConfigError, PublicUrl, Scheme, Secret, Secrets, Signer, Verified, Verifier, VerifyError,
    VerifyErrorKind, schemes,
};
use ring::hmac;
use serde::de::IgnoredAny;

use crate::receiving::begin;

/// 2025-10-09T08:53:20Z.
pub(crate) const NOW_MS: i64 = 1_760_000_000_000;
pub(crate) const ID: &str = "msg_1";

/// A body in which every scheme finds its id, type and time.
pub(crate) const BODY: &str = concat!(
    r#"{"id":"evt_1","event_id":"evt_1","type":"thing.made","created":1760000000,"#,
    r#""created_at":"2025-10-09T08:53:20Z","webhookTimestamp":1760000000000,"#,
    r#""signature":"5Kxab","event":{"id":"evt_1","event_type":"thing.made","type":"thing.made"}}"#,
);

/// The parts of a request. The header values need not be text.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// A delivery of [`BODY`], signed with the first secret at [`NOW_MS`].
    pub(crate) fn of(scheme: &Scheme) -> Self {
        Self::signed(scheme, secret_of(scheme, 1), NOW_MS, BODY)
    }

    pub(crate) fn with_body(scheme: &Scheme, body: impl AsRef<[u8]>) -> Self {
        Self::signed(scheme, secret_of(scheme, 1), NOW_MS, body)
    }

    pub(crate) fn signed(
        scheme: &Scheme,
        secrets: impl Into<Secrets>,
        unix_ms: i64,
        body: impl AsRef<[u8]>,
    ) -> Self {
        let signer = Signer::new(scheme.clone(), secrets).unwrap().with_id(ID).at_unix_ms(unix_ms);
        let body = body.as_ref().to_vec();
        let own = own_headers(scheme);
        let headers = signer.with_url(url()).sign_with(&own, &body).unwrap();
        let headers = headers.into_iter().chain(own);
        let headers = headers.map(|(name, value)| (name, value.into_bytes()));
        Self { headers: headers.collect(), body }
    }

    /// Sets a header: replaces its value, or adds it.
    pub(crate) fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces this text in all headers.
    pub(crate) fn with_text(mut self, from: &str, to: &str) -> Self {
        let mut replaced = false;
        for (_, value) in &mut self.headers {
            let text = String::from_utf8(value.clone()).unwrap();
            replaced |= text.contains(from);
            *value = text.replace(from, to).into_bytes();
        }
        assert!(replaced, "no header contains {from:?}");
        self
    }

    pub(crate) fn header(&self, name: &str) -> &[u8] {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        &found.unwrap_or_else(|| panic!("there is no header {name}")).1
    }

    /// The name of the signature header, which a signer writes first.
    pub(crate) fn signature_header(&self) -> &str {
        &self.headers[0].0
    }

    /// The text of the only tag, and the text in front of it in its header.
    pub(crate) fn tag(&self, scheme: &Scheme) -> (&str, &str) {
        let value = std::str::from_utf8(&self.headers[0].1).unwrap();
        value.split_at(value.len() - tag_length(scheme))
    }

    /// Replaces the only tag.
    pub(crate) fn with_tag(&self, scheme: &Scheme, tag: impl AsRef<[u8]>) -> Self {
        let (front, _) = self.tag(scheme);
        let value = [front.as_bytes(), tag.as_ref()].concat();
        self.clone().with_header(self.signature_header(), value)
    }

    pub(crate) fn verify(&self, verifier: &Verifier) -> Result<Verified, VerifyError> {
        verifier.verify(&self.headers, self.body.clone())
    }

    /// The rejection from the headers alone, before the body is read.
    pub(crate) fn rejected_at_once(&self, verifier: &Verifier) -> Option<VerifyErrorKind> {
        begin(verifier, &self.headers).err().map(|error| error.kind())
    }

    /// The rejection, from the headers or from the body.
    pub(crate) fn rejected(&self, verifier: &Verifier) -> Option<VerifyErrorKind> {
        self.verify(verifier).err().map(|error| error.kind())
    }
}

/// All built-in schemes whose data describes how a shared secret signs the body. `schemes.rs` tests
/// tokens and public keys, and `rules` tests schemes that are code.
pub(crate) fn schemes() -> impl Iterator<Item = Scheme> {
    all_schemes().filter(|scheme| scheme.is_data() && is_keyed_digest(scheme.algorithm()))
}

/// All built-in schemes.
pub(crate) fn all_schemes() -> impl Iterator<Item = Scheme> {
    schemes::names().map(|name| schemes::named(name).unwrap())
}

fn is_keyed_digest(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::HmacSha1 | Algorithm::HmacSha256 | Algorithm::HmacSha512 | Algorithm::Sha256
    )
}

/// The schemes whose header may contain several signatures: with two secrets, a signer writes two.
pub(crate) fn list_schemes() -> impl Iterator<Item = Scheme> {
    schemes().filter(|scheme| {
        let one = || Secrets::new(secret_of(scheme, 1));
        let two = one().with_previous(secret_of(scheme, 2));
        let length = |secrets| Delivery::signed(scheme, secrets, NOW_MS, BODY).headers[0].1.len();
        length(two) > length(one())
    })
}

/// The schemes that accept any body, if it is [in their form](in_form_of): they read no time from
/// it, and have no handshake that signs short texts for any sender.
pub(crate) fn any_body_schemes() -> impl Iterator<Item = Scheme> {
    schemes().filter(|scheme| {
        let states_time = scheme.timestamp().is_some_and(|(at, _)| at.starts_with("body:"));
        !states_time && !signs_for_anybody(scheme)
    })
}

/// Whether the scheme accepts a body with these bytes. Some templates require that it begins with
/// certain characters, and a plain digest of the secret and the body requires that it is one JSON
/// document.
pub(crate) fn takes_form(scheme: &Scheme, body: &[u8]) -> bool {
    let Some(first) = body.first() else { return true };
    !asks_for_form(scheme)
        || (b"{[".contains(first)
            && (!asks_for_document(scheme) || serde_json::from_slice::<IgnoredAny>(body).is_ok()))
}

/// A body in the form that the scheme accepts: these bytes themselves, or a JSON text that contains
/// them.
pub(crate) fn in_form_of(scheme: &Scheme, body: &[u8]) -> Vec<u8> {
    if takes_form(scheme, body) {
        body.to_vec()
    } else if asks_for_document(scheme) {
        serde_json::to_vec(&[String::from_utf8_lossy(body)]).unwrap()
    } else {
        [&b"["[..], body].concat()
    }
}

fn asks_for_form(scheme: &Scheme) -> bool {
    let description = scheme.to_toml().unwrap_or_default();
    let mut lines = description.lines();
    match lines.find(|line| line.starts_with("body_begins_with")) {
        Some(line) => {
            assert_eq!(line, r#"body_begins_with = "{[""#, "{}", scheme.name());
            true
        }
        None => false,
    }
}

fn asks_for_document(scheme: &Scheme) -> bool {
    asks_for_form(scheme) && scheme.signed().starts_with("{secret}")
}

/// Whether the scheme rejects a body that is a token, or empty, even with a correct signature: any
/// sender could have obtained the signature with a handshake.
pub(crate) fn signs_for_anybody(scheme: &Scheme) -> bool {
    scheme.name() == "x-twitter"
}

pub(crate) fn scheme(name: &str) -> Scheme {
    schemes::named(name).unwrap()
}

/// The signed headers that a signer does not write itself.
fn own_headers(scheme: &Scheme) -> Vec<(String, String)> {
    let placeholders = scheme.signed().split("{header:").skip(1);
    let names = placeholders.map(|text| text.split('}').next().unwrap().to_owned());
    names.map(|name| (name, "own-1".to_owned())).collect()
}

/// The length of the scheme's tag, in characters.
pub(crate) fn tag_length(scheme: &Scheme) -> usize {
    let bytes: usize = match scheme.algorithm() {
        Algorithm::HmacSha1 => 20,
        Algorithm::HmacSha512 => 64,
        _ => 32,
    };
    if scheme.encoding() == Encoding::Hex { 2 * bytes } else { bytes.div_ceil(3) * 4 }
}

/// One of many secrets, in the format in which this scheme's provider shows it.
pub(crate) fn secret_of(scheme: &Scheme, number: u8) -> Secret {
    match scheme.secret_format() {
        SecretFormat::Hex => Secret::new(const_hex::encode([number; 32])).unwrap(),
        _ => secret(number),
    }
}

/// One of many secrets. Every scheme accepts it except those with hexadecimal secrets. Some schemes
/// read it as text, others as the base64 of 32 bytes.
pub(crate) fn secret(number: u8) -> Secret {
    Secret::new(secret_text(number)).unwrap()
}

pub(crate) fn several(numbers: impl IntoIterator<Item = u8>) -> Secrets {
    let mut numbers = numbers.into_iter();
    let first = Secrets::new(secret(numbers.next().unwrap()));
    numbers.fold(first, |secrets, number| secrets.with_previous(secret(number)))
}

pub(crate) fn secret_text(number: u8) -> String {
    format!("whsec_{}", STANDARD.encode([number; 32]))
}

/// A verifier with the first secret. Its clock is fixed at [`NOW_MS`].
pub(crate) fn verifier(scheme: &Scheme) -> Verifier {
    verifier_at(scheme, NOW_MS)
}

pub(crate) fn verifier_at(scheme: &Scheme, now_unix_ms: i64) -> Verifier {
    verifier_of(scheme, secret_of(scheme, 1)).with_clock(move || now_unix_ms)
}

/// A verifier with these secrets, and with the URL if the scheme signs it.
pub(crate) fn verifier_of(scheme: &Scheme, secrets: impl Into<Secrets>) -> Verifier {
    try_verifier_of(scheme, secrets).unwrap()
}

/// The same, for secrets that the scheme may reject.
pub(crate) fn try_verifier_of(
    scheme: &Scheme,
    secrets: impl Into<Secrets>,
) -> Result<Verifier, ConfigError> {
    if scheme.signs_url() {
        Verifier::with_public_url(url(), scheme.clone(), secrets)
    } else {
        Verifier::new(scheme.clone(), secrets)
    }
}

fn url() -> PublicUrl {
    PublicUrl::new("https://receiver.example/hook").unwrap()
}

/// A MAC from another library than the one under test.
pub(crate) fn hmac_sha256(key: impl AsRef<[u8]>, message: impl AsRef<[u8]>) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
    hmac::sign(&key, message.as_ref()).as_ref().to_vec()
}

pub(crate) const NO_HEADERS: [(&str, &str); 0] = [];
