//! PayPal: the certificate that is used, and how little of the body is signed.

use countersign::{
    ConfigError, Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind as Kind, schemes,
};

use super::cases::{Case, RSA_CERTIFICATE, verifier};
use fixtures::delivery::{ID, NOW_MS};

const WEBHOOK: &str = "1JE4291016473214C";

#[test]
fn a_certificate_is_configured_or_looked_up_by_its_url() {
    let sent = Case::of("paypal").signed();
    let handed_in = Secret::new(format!("{WEBHOOK}\n{RSA_CERTIFICATE}")).unwrap();
    assert_eq!(sent.rejected(&verifier(&scheme(), handed_in)), None);
    let resolver = |url: &str| url.ends_with("CERT-test").then(|| RSA_CERTIFICATE.to_owned());
    let webhook = || Secrets::new(Secret::new(WEBHOOK).unwrap());
    let looked_up = verifier(&scheme(), webhook().with_resolver(resolver));
    assert_eq!(sent.rejected(&looked_up), None);
    let without_key = verifier(&scheme(), webhook().with_resolver(|_: &str| None));
    assert_eq!(sent.rejected(&without_key), Some(Kind::UnknownKey));
    let other = Secrets::new(Secret::new("OTHER").unwrap()).with_resolver(resolver);
    assert_eq!(sent.rejected(&verifier(&scheme(), other)), Some(Kind::SignatureMismatch));
}

#[test]
fn the_id_of_a_webhook_may_hold_hyphens_and_underscores() {
    let key = super::cases::RSA_PRIVATE;
    for id in ["WEBHOOK_ID", "WH-1AB-2", "a"] {
        let signer = Signer::new(scheme(), Secret::new(format!("{id}\n{key}")).unwrap()).unwrap();
        let signer = signer.with_id(ID).at_unix_ms(NOW_MS);
        let headers = signer.sign(b"{}").unwrap();
        let secret = Secret::new(format!("{id}\n{RSA_CERTIFICATE}")).unwrap();
        assert!(verifier(&scheme(), secret).verify(&headers, "{}").is_ok(), "{id}");
    }
    let bad = Secret::new(format!("a|b\n{RSA_CERTIFICATE}")).unwrap();
    assert!(Verifier::new(scheme(), bad).is_err());
}

#[test]
fn no_certificate_of_another_host_is_looked_up() {
    let sent = Case::of("paypal").signed();
    let webhook = Secrets::new(Secret::new(WEBHOOK).unwrap());
    let verifier = verifier(
        &scheme(),
        webhook.with_resolver(|url: &str| -> Option<String> { panic!("asked for {url}") }),
    );
    for url in [
        "https://evil.example/v1/notifications/certs/CERT",
        "http://api.paypal.com/v1/notifications/certs/CERT",
        "https://api.paypal.com.evil.example/v1/notifications/certs/CERT",
        "https://api.paypal.com@evil.example/v1/notifications/certs/CERT",
        "https://api.paypal.com/other/CERT",
        "https://api.paypal.com/v1/notifications/certs/../../x",
        "",
    ] {
        let rejected = sent.clone().with_header("PAYPAL-CERT-URL", url).rejected(&verifier);
        assert_eq!(rejected, Some(Kind::UnknownKey), "{url}");
    }
    let rejected = sent.without_header("PAYPAL-CERT-URL").rejected(&verifier);
    assert_eq!(rejected, Some(Kind::UnknownKey));
}

#[test]
fn no_certificate_is_looked_up_for_a_webhook_that_has_expired() {
    let webhook = Secret::new(WEBHOOK).unwrap().valid_until_unix_ms(NOW_MS - 1);
    let secrets = Secrets::new(webhook)
        .with_resolver(|url: &str| -> Option<String> { panic!("asked for {url}") });
    let rejected = Case::of("paypal").signed().rejected(&verifier(&scheme(), secrets));
    assert_eq!(rejected, Some(Kind::Misconfigured));
}

#[test]
fn a_webhook_with_its_own_certificate_does_not_depend_on_the_lookup() {
    let sent = Case::of("paypal").signed();
    let own = || Secret::new(format!("{WEBHOOK}\n{RSA_CERTIFICATE}")).unwrap();
    let other = || Secret::new("OTHER").unwrap();
    for answer in [None, Some("text")] {
        let look_up = move |_: &str| answer.map(str::to_owned);
        for (secrets, index) in [
            (Secrets::new(own()).with_previous(other()), 0),
            (Secrets::new(other()).with_previous(own()), 1),
        ] {
            let verifier = verifier(&scheme(), secrets.with_resolver(look_up));
            assert_eq!(sent.verify(&verifier).unwrap().secret_index(), index);
        }
        let expired = own().valid_until_unix_ms(NOW_MS - 1);
        let secrets = Secrets::new(expired).with_previous(other()).with_resolver(look_up);
        assert_eq!(sent.rejected(&verifier(&scheme(), secrets)), Some(Kind::UnknownKey));
    }
}

#[test]
fn a_checksum_does_not_authenticate_the_body_and_a_transmission_is_one_event() {
    let case = Case::of("paypal");
    let (sent, verifier) = (case.signed(), case.verifier());
    let verified = sent.verify(&verifier).unwrap();
    assert!(!verified.authenticates_body());
    assert_eq!(verified.event_id(), fixtures::delivery::ID);
    assert_eq!(verified.event_id_from().to_string(), "header:PAYPAL-TRANSMISSION-ID");
    // Another body with the same checksum.
    let forged = with_checksum_of(&sent.body, br#"{"event_type":"FORGED"} "#);
    assert_ne!(forged, sent.body);
    let forged = sent.with_body(forged).verify(&verifier).unwrap();
    let kind = forged.event_type().map(|kind| kind.is_signed());
    assert_ne!(kind, Some(true));
    assert_eq!(forged.event_id(), verified.event_id());
}

#[test]
fn a_delimiter_in_the_id_is_rejected() {
    let case = Case::of("paypal");
    for id in ["", "a|b", "a b", "\u{e4}", "x\0"] {
        let rejected = case.signed().with_header("PAYPAL-TRANSMISSION-ID", id);
        assert_eq!(rejected.rejected(&case.verifier()), Some(Kind::MalformedId), "{id:?}");
    }
}

#[test]
fn a_webhook_without_its_id_or_its_certificate_is_rejected_at_once() {
    for bad in [WEBHOOK, RSA_CERTIFICATE, "a b\nc", "ID\ntext"] {
        let rejected = Verifier::new(scheme(), Secret::new(bad).unwrap()).unwrap_err();
        assert!(matches!(rejected, ConfigError::Secret { index: Some(0), .. }), "{rejected}");
    }
    let rejected = Verifier::new(scheme(), Secrets::resolved(|_: &str| None)).unwrap_err();
    assert!(rejected.to_string().contains("webhook's id"), "{rejected}");
}

fn scheme() -> Scheme {
    schemes::paypal()
}

/// `front` plus four bytes that give it the CRC-32 of `model`. Walks the table
/// backwards to find them.
fn with_checksum_of(model: &[u8], front: &[u8]) -> Vec<u8> {
    let table: Vec<u32> = (0..256_u32)
        .map(|byte| {
            (0..8)
                .fold(byte, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
        .collect();
    let step = |crc: u32, byte: &u8| {
        table[usize::try_from((crc ^ u32::from(*byte)) & 0xff).unwrap()] ^ (crc >> 8)
    };
    let wanted = model.iter().fold(u32::MAX, step);
    let mut indices = [0; 4];
    let mut state = wanted;
    for index in indices.iter_mut().rev() {
        let found = table.iter().position(|entry| entry >> 24 == state >> 24).unwrap();
        state = (state ^ table[found]) << 8;
        *index = found;
    }
    let mut forged = front.to_vec();
    let mut crc = front.iter().fold(u32::MAX, step);
    for index in indices {
        let byte = u8::try_from((crc & 0xff) ^ u32::try_from(index).unwrap()).unwrap();
        crc = step(crc, &byte);
        forged.push(byte);
    }
    assert_eq!(crc, wanted);
    forged
}
