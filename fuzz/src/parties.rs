//! A sender and a receiver for every built-in scheme, with fixed test keys.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::scheme::{Algorithm, SecretFormat};
use countersign::{PublicUrl, Scheme, Secret, Signer, Verifier, schemes};

use super::request::{Request, signed_header_names};

/// One party for each scheme, in the order of `schemes::names`.
pub static PARTIES: LazyLock<Vec<Party>> = LazyLock::new(|| {
    let schemes = schemes::names().map(|name| schemes::named(name).expect("it is a built-in"));
    let parties: Vec<Party> = schemes.map(Party::of).collect();
    assert!(parties.len() <= 256, "one byte of an input chooses a scheme");
    parties
});

pub struct Party {
    pub scheme: Scheme,
    pub verifier: Verifier,
    pub keys: Keys,
}

impl Party {
    fn of(scheme: Scheme) -> Self {
        let keys = Keys::of(&scheme);
        let verifier = Verifier::with_public_url(url(), scheme.clone(), keys.receivers());
        Self { verifier: verifier.expect("the key is one of the scheme's"), scheme, keys }
    }

    pub fn signer(&self) -> Signer {
        let signer = Signer::new(self.scheme.clone(), self.keys.senders());
        signer.expect("the key is one of the scheme's").with_url(url())
    }

    pub fn number_of(name: &str) -> u8 {
        let number = PARTIES.iter().position(|party| party.scheme.name() == name);
        number.expect("it is a built-in") as u8
    }

    /// The delivery of the sender at [`NOW_MS`], or `None` if it cannot sign this body.
    pub fn delivery(&self, body: &[u8]) -> Option<Request> {
        let own = self.own_headers(b"own");
        let signer = self.signer().with_id("msg_1").at_unix_ms(NOW_MS);
        let signed = signer.sign_request(&own, body).ok()?;
        let written = signed.headers().iter().cloned();
        let written = written.map(|(name, value)| (name, value.into_bytes()));
        Some(Request {
            method: "POST".to_owned(),
            target: "/hooks?tenant=7".to_owned(),
            headers: written.chain(own).collect(),
            body: signed.body().unwrap_or(body).to_vec(),
        })
    }

    /// The headers that the scheme signs, besides the headers of the signer and the body.
    pub fn own_headers(&self, value: &[u8]) -> Vec<(String, Vec<u8>)> {
        let names = signed_header_names(&self.scheme);
        names.map(|name| (name.to_owned(), value.to_vec())).collect()
    }
}

/// A key, in the forms for a sender and for a receiver.
pub struct Keys {
    sender: String,
    receiver: String,
}

impl Keys {
    pub fn of(scheme: &Scheme) -> Self {
        let pair = |sender: &str, receiver: &str| Self {
            sender: sender.to_owned(),
            receiver: receiver.to_owned(),
        };
        let shared = |key: &str| pair(key, key);
        match (scheme.name(), scheme.algorithm(), scheme.secret_format()) {
            ("aws-sns", ..) => pair(RSA_PRIVATE, RSA_CERTIFICATE),
            ("paypal", ..) => {
                pair(&format!("WEBHOOK1\n{RSA_PRIVATE}"), &format!("WEBHOOK1\n{RSA_CERTIFICATE}"))
            }
            ("plaid", ..) => {
                let pem = format!(
                    "-----BEGIN PUBLIC KEY-----\n{P256_PUBLIC}\n-----END PUBLIC KEY-----\n"
                );
                pair(P256_PRIVATE, &pem)
            }
            (_, Algorithm::EcdsaP256, SecretFormat::Hex) => {
                pair(P256_PRIVATE, &in_hex(P256_PUBLIC))
            }
            (_, Algorithm::EcdsaP256, _) => pair(P256_PRIVATE, P256_PUBLIC),
            (_, Algorithm::Ed25519, SecretFormat::Hex) => {
                pair(ED25519_PRIVATE, &in_hex(ED25519_PUBLIC))
            }
            (_, Algorithm::Ed25519, _) => pair(ED25519_PRIVATE, ED25519_PUBLIC),
            (_, _, SecretFormat::Hex) => shared(&"07".repeat(32)),
            (_, _, SecretFormat::Base64) => shared(&STANDARD.encode([7; 32])),
            (_, _, SecretFormat::Basic) => shared("user:pass word"),
            _ => shared(&format!("whsec_{}", STANDARD.encode([7; 32]))),
        }
    }

    pub fn senders(&self) -> Secret {
        Secret::new(self.sender.as_str()).expect("it is not empty")
    }

    pub fn receivers(&self) -> Secret {
        Secret::new(self.receiver.as_str()).expect("it is not empty")
    }
}

pub fn url() -> PublicUrl {
    PublicUrl::new(URL).expect("it is a URL")
}

pub const URL: &str = "https://receiver.example/hooks?tenant=7";

/// 2025-10-09T08:53:20Z.
pub const NOW_MS: i64 = 1_760_000_000_000;

fn in_hex(base64: &str) -> String {
    const_hex::encode(STANDARD.decode(base64).expect("it is base64"))
}

// Test keys without protection: all bytes of the private keys are 7.
const ED25519_PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH";
const ED25519_PUBLIC: &str = "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=";
const P256_PRIVATE: &str = concat!(
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwehRAN",
    "CAAQeGFMv1HVMAvMEHZx1zrM7g//YGsfOT+iCzLHJi8WJbqRsMRxOL/QN2Wo2U+bkVEXTLf5Ibs7XXHqQxqGIgcCj",
);
const P256_PUBLIC: &str = concat!(
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHhhTL9R1TALzBB2cdc6zO4P/2BrHzk/ogsyxyYvFiW6kbDEcTi/0DdlqNlP",
    "m5FRF0y3+SG7O11x6kMahiIHAow==",
);
// The keys of the tests.
const RSA_PRIVATE: &str = include_str!("../../tests/core/rules/rsa_private.pem");
const RSA_CERTIFICATE: &str = include_str!("../../tests/core/rules/rsa_certificate.pem");
