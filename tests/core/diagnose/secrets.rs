//! Causes in the secret.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::diagnose::CauseKind;
use countersign::scheme::SecretFormat;
use countersign::{Scheme, Secret};

use super::{assert_certain, assert_suspected, diagnose, found_by};
use fixtures::delivery::{BODY, Delivery, NOW_MS, scheme, schemes, secret_of, secret_text};

/// The text of the first secret, in the format in which the scheme's provider
/// shows it.
fn text(scheme: &Scheme) -> String {
    match scheme.secret_format() {
        SecretFormat::Hex => const_hex::encode([1; 32]),
        _ => secret_text(1),
    }
}

fn text_schemes() -> impl Iterator<Item = Scheme> {
    schemes().filter(|scheme| scheme.secret_format() == SecretFormat::Text)
}

#[track_caller]
fn assert_found(scheme: &Scheme, secret: Secret, kind: CauseKind) {
    let delivery = Delivery::of(scheme);
    let found = found_by(&diagnose(scheme, secret), scheme, &delivery);
    assert_certain(&found, kind, scheme.name());
}

#[test]
fn white_space_around_a_secret_is_found() {
    for scheme in schemes() {
        for altered in [format!("{} ", text(&scheme)), format!("\t{}\r\n", text(&scheme))] {
            let secret = Secret::new(altered).unwrap();
            assert_found(&scheme, secret, CauseKind::SecretTrailingWhitespace);
        }
    }
}

#[test]
fn white_space_inside_a_secret_and_invisible_characters_around_it_are_found() {
    for scheme in schemes() {
        let text = text(&scheme);
        let (start, end) = text.split_at(text.len() / 2);
        for altered in [format!("{start}\n{end}"), format!("\u{feff}{text}\u{200b}")] {
            let secret = Secret::new(altered).unwrap();
            assert_found(&scheme, secret, CauseKind::SecretTrailingWhitespace);
        }
    }
}

#[test]
fn missing_white_space_of_the_providers_secret_is_found() {
    for scheme in text_schemes() {
        let signed = Secret::new(format!("{}\n", secret_text(1))).unwrap();
        let delivery = Delivery::signed(&scheme, signed, NOW_MS, BODY);
        let found = found_by(&diagnose(&scheme, secret_of(&scheme, 1)), &scheme, &delivery);
        assert_certain(&found, CauseKind::SecretTrailingWhitespace, scheme.name());
    }
}

#[test]
fn quotes_around_a_secret_are_found() {
    for scheme in schemes() {
        let text = text(&scheme);
        for altered in [format!("\"{text}\""), format!(" '{text}' "), format!("“{text}”")] {
            assert_found(&scheme, Secret::new(altered).unwrap(), CauseKind::SecretInQuotes);
        }
    }
}

#[test]
fn an_escaped_newline_and_a_variable_name_in_a_secret_are_found() {
    for scheme in schemes() {
        let text = text(&scheme);
        for altered in [format!("{text}\\n"), format!("{text}\\r\\n\n")] {
            let secret = Secret::new(altered).unwrap();
            assert_found(&scheme, secret, CauseKind::SecretTrailingWhitespace);
        }
        for altered in [
            format!("WEBHOOK_SECRET={text}"),
            format!("export WEBHOOK_SECRET=\"{text}\"\n"),
            format!("webhook-secret: '{text}'"),
        ] {
            assert_found(&scheme, Secret::new(altered).unwrap(), CauseKind::SecretWithName);
        }
    }
}

#[test]
fn a_byte_order_mark_in_a_secret_is_reported_as_one() {
    for scheme in schemes() {
        let secret = Secret::new(format!("\u{feff}{}", text(&scheme))).unwrap();
        let found = found_by(&diagnose(&scheme, secret), &scheme, &Delivery::of(&scheme));
        assert_certain(&found, CauseKind::SecretTrailingWhitespace, scheme.name());
        let cause = &found.causes()[0];
        assert!(cause.detail().contains("byte order mark"), "{found:?}");
        assert!(cause.fix().contains("byte order mark") && !cause.fix().contains("echo"));
    }
}

#[test]
fn a_secret_in_json_or_in_one_of_several_lines_is_found() {
    for scheme in text_schemes() {
        let text = text(&scheme);
        for (altered, kind, what) in [
            (
                format!("{{\"name\":\"a name\",\"keys\":[\"{text}\"]}}"),
                CauseKind::SecretWithName,
                "is JSON",
            ),
            (
                format!("# the secret\nSECRET={text}\nOTHER=other\n"),
                CauseKind::SecretTrailingWhitespace,
                "several lines",
            ),
        ] {
            let secret = Secret::new(altered).unwrap();
            let found = found_by(&diagnose(&scheme, secret), &scheme, &Delivery::of(&scheme));
            assert_certain(&found, kind, scheme.name());
            assert!(found.causes()[0].detail().contains(what), "{found:?}");
        }
    }
}

#[test]
fn a_masked_secret_and_one_with_text_around_it_are_suspected() {
    for scheme in text_schemes() {
        for (secret, what) in [
            ("whsec_****", "is masked"),
            ("{\"secret\":\"another one\"}", "is JSON"),
            ("one secret\nanother one", "several lines"),
        ] {
            let diagnose = diagnose(&scheme, Secret::new(secret).unwrap());
            let found = found_by(&diagnose, &scheme, &Delivery::of(&scheme));
            assert_suspected(&found, CauseKind::SecretKind, scheme.name());
            assert!(found.causes()[0].detail().contains(what), "{found:?}");
        }
    }
}

#[test]
fn a_percent_encoded_secret_is_found() {
    for scheme in text_schemes() {
        let signed = Secret::from_text("p/ss w&rd: of a test").unwrap();
        let delivery = Delivery::signed(&scheme, signed, NOW_MS, BODY);
        let given = Secret::new("p%2Fss%20w%26rd%3A%20of%20a%20test").unwrap();
        let found = found_by(&diagnose(&scheme, given), &scheme, &delivery);
        assert_certain(&found, CauseKind::SecretNotDecoded, scheme.name());
    }
}

#[test]
fn a_secret_used_as_text_that_must_be_decoded_is_found() {
    for scheme in text_schemes() {
        let hex = const_hex::encode([1; 32]);
        let base64 = STANDARD.encode([1; 32]);
        for (signed, given) in [
            (Secret::from_hex(&*hex), hex),
            (Secret::from_base64(&*base64), base64),
            (Secret::from_whsec(secret_text(1)), secret_text(1)),
        ] {
            let delivery = Delivery::signed(&scheme, signed.unwrap(), NOW_MS, BODY);
            let diagnose = diagnose(&scheme, Secret::new(given).unwrap());
            let found = found_by(&diagnose, &scheme, &delivery);
            assert_certain(&found, CauseKind::SecretNotDecoded, scheme.name());
        }
    }
    let decoding = schemes().filter(|scheme| scheme.secret_format() == SecretFormat::Whsec);
    for scheme in decoding {
        let given = Secret::from_text(secret_text(1)).unwrap();
        assert_found(&scheme, given, CauseKind::SecretNotDecoded);
    }
}

#[test]
fn a_decoded_secret_that_must_be_used_as_text_is_found() {
    for scheme in text_schemes() {
        let given = Secret::from_whsec(secret_text(1)).unwrap();
        assert_found(&scheme, given, CauseKind::SecretWronglyDecoded);
        // The prefix was removed.
        let given = Secret::new(&secret_text(1)["whsec_".len()..]).unwrap();
        assert_found(&scheme, given, CauseKind::SecretWronglyDecoded);
        let (hex, base64) = (const_hex::encode([1; 32]), STANDARD.encode([1; 32]));
        for (signed, given) in [
            (hex.clone(), Secret::from_hex(&*hex)),
            (base64.clone(), Secret::from_base64(&*base64)),
        ] {
            let delivery =
                Delivery::signed(&scheme, Secret::from_text(signed).unwrap(), NOW_MS, BODY);
            let found = found_by(&diagnose(&scheme, given.unwrap()), &scheme, &delivery);
            assert_certain(&found, CauseKind::SecretWronglyDecoded, scheme.name());
        }
    }
}

#[test]
fn a_secret_that_the_scheme_decodes_wrongly_is_found() {
    let mut seen = 0;
    for scheme in schemes().filter(|scheme| {
        let format = scheme.secret_format();
        let decodes = matches!(format, SecretFormat::Whsec | SecretFormat::WhsecOrText);
        // Its keys have a fixed length, so no other text can be a key.
        decodes && scheme.name() != "gitlab-signing"
    }) {
        let shown = secret_text(1);
        let bare = &shown["whsec_".len()..];
        // The key is the whole text, or the text after the prefix without
        // decoding.
        for key in [&*shown, bare] {
            let delivery = Delivery::signed(&scheme, Secret::from_text(key).unwrap(), NOW_MS, BODY);
            let diagnose = diagnose(&scheme, Secret::new(&*shown).unwrap());
            let found = found_by(&diagnose, &scheme, &delivery);
            assert_certain(&found, CauseKind::SecretWronglyDecoded, scheme.name());
        }
        seen += 1;
    }
    // Only these schemes decode their secrets.
    assert!(seen >= 3, "{seen}");
}

#[test]
fn the_secret_of_another_endpoint_is_reported_by_name() {
    for scheme in schemes() {
        let delivery = Delivery::signed(&scheme, secret_of(&scheme, 2), NOW_MS, BODY);
        let diagnose = diagnose(&scheme, secret_of(&scheme, 1))
            .with_candidate(secret_of(&scheme, 3).named("live"))
            .with_candidate(secret_of(&scheme, 2).named("staging"));
        let found = found_by(&diagnose, &scheme, &delivery);
        assert_certain(&found, CauseKind::SecretOfAnotherEndpoint, scheme.name());
        let detail = found.causes()[0].detail();
        assert!(detail.contains("staging") && !detail.contains("live"), "{detail}");
    }
}

#[test]
fn retired_expired_and_future_secrets_are_found() {
    for scheme in schemes() {
        let delivery = Delivery::signed(&scheme, secret_of(&scheme, 2), NOW_MS, BODY);
        let retired = diagnose(&scheme, secret_of(&scheme, 1)).with_retired(secret_of(&scheme, 2));
        let found = found_by(&retired, &scheme, &delivery);
        assert_certain(&found, CauseKind::Rotated, scheme.name());

        let expired = secret_of(&scheme, 2).valid_until_unix_ms(NOW_MS - 1);
        let early = secret_of(&scheme, 2).valid_from_unix_ms(NOW_MS + 1);
        for secret in [expired, early] {
            let found = found_by(&diagnose(&scheme, secret), &scheme, &delivery);
            assert_certain(&found, CauseKind::Rotated, scheme.name());
        }
    }
}

#[test]
fn expired_secrets_are_suspected_if_no_secret_verifies() {
    for scheme in schemes() {
        let delivery = Delivery::signed(&scheme, secret_of(&scheme, 3), NOW_MS, BODY);
        let expired = secret_of(&scheme, 2).valid_until_unix_ms(NOW_MS - 1);
        let found = found_by(&diagnose(&scheme, expired), &scheme, &delivery);
        assert_suspected(&found, CauseKind::Rotated, scheme.name());
        assert!(found.causes()[0].detail().contains("none of the secrets is valid"), "{found:?}");
    }
}

#[test]
fn an_api_key_as_the_secret_is_suspected_unless_the_provider_signs_with_it() {
    let paystack = scheme("paystack");
    let key = diagnose(&paystack, Secret::new("sk_live_51Nx").unwrap());
    let found = found_by(&key, &paystack, &Delivery::of(&paystack));
    assert_suspected(&found, CauseKind::TamperedOrUnknown, "paystack");

    let others = schemes().filter(|scheme| scheme.name() != "paystack");
    for scheme in others.filter(|scheme| scheme.secret_format() != SecretFormat::Hex) {
        let delivery = Delivery::of(&scheme);
        for key in ["sk_live_51Nx", "ghp_0123456789", "shpat_0123", "xoxb-1-2", "glpat-x"] {
            let diagnose = diagnose(&scheme, Secret::new(key).unwrap());
            let found = found_by(&diagnose, &scheme, &delivery);
            assert_suspected(&found, CauseKind::SecretKind, scheme.name());
            assert!(!format!("{found:?}").contains(key), "{found:?}");
        }
    }
}
