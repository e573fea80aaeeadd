//! The schemes whose signing is code: how each is signed here, and with which
//! keys.

use countersign::VerifyErrorKind as Kind;
use countersign::{
    PublicUrl, Scheme, Secret, Secrets, Signer, Verified, Verifier, VerifyError, schemes,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use fixtures::delivery::{ID, NOW_MS};

/// One scheme with the secrets of a signer and those of its verifier.
pub(super) struct Case {
    pub(super) scheme: Scheme,
    /// Each key for the signer, and for the verifier.
    pub(super) keys: Vec<[String; 2]>,
    body: &'static str,
}

/// A request as it is sent.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

impl Case {
    pub(super) fn of(name: &str) -> Self {
        let rsa = || {
            let keys = [RSA_PRIVATE, RSA_PRIVATE_OTHER];
            keys.map(|private| [private.to_owned(), public_pem(private)]).to_vec()
        };
        let shared = |first: &str, second: &str| {
            [first, second].map(|key| [key.to_owned(), key.to_owned()]).to_vec()
        };
        let (keys, body) = match name {
            "adyen" => (shared(&"0a".repeat(32), &"0b".repeat(32)), ADYEN),
            "twilio" | "twilio-sharedkey" => (shared("one", "two"), "b=2&a=1"),
            "mandrill" => (shared("one", "two"), "mandrill_events=1"),
            "aws-sns" => (rsa(), r#"{"Message":"hello"}"#),
            "paypal" => {
                let behind_id = |key: String| format!("1JE4291016473214C\n{key}");
                (rsa().into_iter().map(|keys| keys.map(behind_id)).collect(), JSON)
            }
            "plaid" => ((0..2).map(|_| p256()).collect(), JSON),
            _ => (shared("one", "two"), JSON),
        };
        Self { scheme: schemes::named(name).unwrap(), keys, body }
    }

    pub(super) fn name(&self) -> &str {
        self.scheme.name()
    }

    /// The request, signed with the keys of these indices.
    pub(super) fn signed_with(&self, keys: &[usize], unix_ms: i64) -> Sent {
        let own = [("Content-Type", "application/json"), ("X-Event-Id", "evt_1")];
        let signer = Signer::new(self.scheme.clone(), self.secrets(keys, 0)).unwrap();
        let signer = signer.with_url(url()).with_id(ID).at_unix_ms(unix_ms);
        let signed = signer.sign_request(&own, self.body.as_bytes()).unwrap();
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = signed.headers().iter().cloned().chain(own);
        Sent {
            headers: headers.map(|(name, value)| (name, value.into_bytes())).collect(),
            body: signed.body().unwrap_or(self.body.as_bytes()).to_vec(),
        }
    }

    pub(super) fn signed(&self) -> Sent {
        self.signed_with(&[0], NOW_MS)
    }

    /// A verifier with the keys of these indices.
    pub(super) fn verifier_with(&self, keys: &[usize]) -> Verifier {
        verifier(&self.scheme, self.secrets(keys, 1))
    }

    pub(super) fn verifier(&self) -> Verifier {
        self.verifier_with(&[0])
    }

    /// These secrets, the first of them the current one.
    pub(super) fn verifier_of(&self, secrets: Vec<Secret>) -> Verifier {
        let mut secrets = secrets.into_iter();
        let current = Secrets::new(secrets.next().unwrap());
        verifier(&self.scheme, secrets.fold(current, Secrets::with_previous))
    }

    fn secrets(&self, keys: &[usize], side: usize) -> Secrets {
        let secret = |key: &usize| {
            let named = if *key == 0 { "new" } else { "old" };
            Secret::new(self.keys[*key][side].as_str()).unwrap().named(named)
        };
        let rest = keys[1..].iter().map(secret);
        rest.fold(Secrets::new(secret(&keys[0])), Secrets::with_previous)
    }
}

impl Sent {
    pub(super) fn verify(&self, verifier: &Verifier) -> Result<Verified, VerifyError> {
        verifier.verify(&self.headers, self.body.clone())
    }

    pub(super) fn rejected(&self, verifier: &Verifier) -> Option<Kind> {
        self.verify(verifier).err().map(|error| error.kind())
    }

    /// Sets a header: replaces its value, or adds it.
    pub(super) fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub(super) fn with_body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Replaces this text in the body.
    pub(super) fn with_text(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.body.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        self.with_body(text.replace(from, to))
    }

    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        std::str::from_utf8(&found.unwrap().1).unwrap()
    }
}

pub(super) fn cases() -> impl Iterator<Item = Case> {
    NAMES.into_iter().map(Case::of)
}

/// Its clock is fixed at [`NOW_MS`].
pub(super) fn verifier(scheme: &Scheme, secrets: impl Into<Secrets>) -> Verifier {
    let verifier = if scheme.signs_url() {
        Verifier::with_public_url(url(), scheme.clone(), secrets)
    } else {
        Verifier::new(scheme.clone(), secrets)
    };
    verifier.unwrap().with_clock(|| NOW_MS)
}

pub(super) fn url() -> PublicUrl {
    PublicUrl::new("https://receiver.example/hook?tenant=7").unwrap()
}

/// A new P-256 key: the private one, and the public one.
pub(super) fn p256() -> [String; 2] {
    let random = SystemRandom::new();
    let private = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let private = private.as_ref();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private, &random);
    let spki = [P256_SPKI, pair.unwrap().public_key().as_ref()].concat();
    [pem("PRIVATE KEY", private), pem("PUBLIC KEY", &spki)]
}

/// A new Ed25519 key: the private one, and the public one.
pub(super) fn ed25519() -> [String; 2] {
    let private = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let public = Ed25519KeyPair::from_pkcs8(private.as_ref()).unwrap();
    let spki = [ED25519_SPKI, public.public_key().as_ref()].concat();
    [pem("PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", &spki)]
}

/// The public key of an RSA key.
pub(super) fn public_pem(private: &str) -> String {
    let lines: String = private.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = ring::rsa::KeyPair::from_pkcs8(&STANDARD.decode(lines).unwrap()).unwrap();
    let key = pair.public_key().as_ref();
    let inside = [RSA_ALGORITHM, &long(0x03, &[&[0], key].concat())].concat();
    pem("PUBLIC KEY", &long(0x30, &inside))
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn long(tag: u8, inside: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(inside.len()).unwrap().to_be_bytes();
    [&[tag, 0x82, high, low], inside].concat()
}

pub(super) const NAMES: [&str; 14] = [
    "adyen",
    "aws-sns",
    "box",
    "coinbase-cdp-v1",
    "contentful",
    "figma",
    "fusionauth",
    "mailgun",
    "mandrill",
    "moralis",
    "paypal",
    "plaid",
    "twilio",
    "twilio-sharedkey",
];

pub(super) const RSA_PRIVATE: &str = include_str!("rsa_private.pem");
pub(super) const RSA_PRIVATE_OTHER: &str = include_str!("rsa_private_other.pem");
/// The certificate of the first key, valid from 2020 to 2120.
pub(super) const RSA_CERTIFICATE: &str = include_str!("rsa_certificate.pem");
/// Another certificate of the first key, valid in October 2025.
pub(super) const RSA_CERTIFICATE_2025: &str = include_str!("rsa_certificate_2025.pem");

pub(super) const JSON: &str = r#"{"id":"evt_1","type":"thing.made","trigger":"FILE.UPLOADED"}"#;
pub(super) const ADYEN: &str = concat!(
    r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"psp","#,
    r#""merchantAccountCode":"account","merchantReference":"ref","amount":{"value":1000,"#,
    r#""currency":"EUR"},"eventCode":"CAPTURE","success":"true","reason":"none"}}]}"#,
);

pub(super) const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const ED25519_SPKI: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const RSA_ALGORITHM: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
