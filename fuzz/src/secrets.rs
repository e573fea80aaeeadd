//! A secret is decoded as strictly as by simple decoders, and never shown.

use countersign::scheme::SecretFormat;
use countersign::{ConfigError, Secret, Signer, Verifier};

use super::Target;
use super::input::Input;
use super::parties::{PARTIES, Party, url};
use super::plain::{self, Padding};

pub const TARGET: Target = Target { name: "secrets", run, seeds };

/// One byte chooses the scheme, the rest is the secret.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let party = input.one_of(&PARTIES);
    let text = String::from_utf8_lossy(input.rest()).into_owned();

    let base64 = |text: &str| plain::base64(text.as_bytes(), Padding::Optional);
    let decoded = [
        (Secret::from_hex(text.as_str()), plain::hex(text.as_bytes())),
        (Secret::from_base64(text.as_str()), base64(&text)),
        (Secret::from_whsec(text.as_str()), base64(text.strip_prefix("whsec_").unwrap_or(&text))),
        (Secret::from_text(text.as_str()), Some(text.clone().into_bytes())),
    ];
    for (secret, plain) in decoded {
        let key = secret.map(|secret| secret.dangerous_reveal().to_vec());
        // An empty decoded value is not a secret, and only zero bytes are the same as none.
        let plain = plain.filter(|key| key.iter().any(|byte| *byte != 0));
        assert_eq!(key.ok(), plain, "{text:?}");
    }

    let Ok(secret) = Secret::new(text.as_str()) else { return assert!(text.is_empty()) };
    let mut errors = Vec::new();
    match Verifier::with_public_url(url(), party.scheme.clone(), secret) {
        Ok(verifier) => assert_eq!(format!("{verifier:?}"), shown_verifier(party, &text)),
        Err(error) => errors.push(error),
    }
    let secret = Secret::new(text.as_str()).expect("it was not empty");
    match Signer::new(party.scheme.clone(), secret) {
        Ok(signer) => assert_eq!(format!("{signer:?}"), format!("{:?}", party.signer())),
        Err(error) => errors.push(error),
    }
    for error in errors {
        let is_typed = matches!(error, ConfigError::Secret { .. } | ConfigError::Sign { .. });
        assert!(is_typed, "{error}");
        // A shorter text, or a part of a sentence, can occur in a message by chance.
        let is_message = text.len() < 24 || text.contains(' ');
        let shown = format!("{error} {error:?}");
        assert!(is_message || !shown.contains(&text), "{}: {shown}", party.scheme.name());
    }
}

/// The allowed debug output of a verifier: the name of the scheme, and the number of its keys.
fn shown_verifier(party: &Party, text: &str) -> String {
    let keys = match party.scheme.secret_format() {
        SecretFormat::Whsec => text.split('|').count(),
        // The text itself, and its base64 decoding.
        SecretFormat::TextAndWhsec => {
            let encoded = text.strip_prefix("whsec_").unwrap_or(text);
            let decoded = plain::base64(encoded.as_bytes(), Padding::Optional);
            1 + usize::from(decoded.is_some_and(|key| !key.is_empty()))
        }
        _ => return format!("{:?}", party.verifier),
    };
    format!("Verifier {{ scheme: {:?}, secrets: {keys}, .. }}", party.scheme.name())
}

fn seeds() -> Vec<Vec<u8>> {
    let own = PARTIES.iter().map(|party| {
        let number = Party::number_of(party.scheme.name());
        let secret = party.keys.receivers();
        [&[number], secret.dangerous_reveal()].concat()
    });
    let senders = ["aws-sns", "paypal", "plaid", "discord", "sendgrid"].map(|name| {
        let number = Party::number_of(name);
        [&[number], PARTIES[usize::from(number)].keys.senders().dangerous_reveal()].concat()
    });
    let jwks = br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"AA","y":"AA","expired_at":1},{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AA"}]}"#;
    let others = [&b"0xab"[..], b"whsec_", b"YQ", b"YQ=", b"YR==", b"&amp;&#039;", jwks];
    let plaid = Party::number_of("plaid");
    let others = others.map(|text| [&[plaid], text].concat());
    own.chain(senders).chain(others).collect()
}
