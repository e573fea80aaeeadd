//! The signature is in another header, or belongs to another scheme.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::Scheme;
use countersign::diagnose::CauseKind;
use countersign::scheme::{Algorithm, Encoding, TimestampSource};
use ring::hmac;

use super::{assert_certain, assert_suspected, diagnose, found, found_by};
use fixtures::delivery::{
    BODY, Delivery, list_schemes, scheme, schemes, secret, secret_text, tag_length,
};

#[track_caller]
fn assert_found(scheme: &Scheme, delivery: &Delivery) {
    assert_certain(&found(scheme, delivery), CauseKind::WrongHeader, scheme.name());
}

fn renamed(delivery: Delivery, rename: impl Fn(&str) -> String) -> Delivery {
    let headers = delivery.headers.into_iter().map(|(name, value)| (rename(&name), value));
    Delivery { headers: headers.collect(), ..delivery }
}

#[test]
fn headers_with_cgi_names_are_found() {
    for scheme in schemes().filter(|scheme| !scheme.signed().contains("{header:")) {
        let delivery = Delivery::of(&scheme);
        let cgi = |name: &str| format!("HTTP_{}", name.to_ascii_uppercase().replace('-', "_"));
        assert_found(&scheme, &renamed(delivery.clone(), cgi));
        assert_found(&scheme, &renamed(delivery, |name| format!("X-Original-{name}")));
    }
}

#[test]
fn a_signature_in_a_renamed_header_is_found_with_the_header_name() {
    for name in ["github", "stripe", "shopify", "venum", "jupiter", "square", "svix"] {
        let scheme = scheme(name);
        let delivery = Delivery::of(&scheme).with_header("User-Agent", "x").with_header("X-A", "b");
        let first = delivery.signature_header().to_owned();
        let odd = |name: &str| if name == first { "X-Odd".to_owned() } else { name.to_owned() };
        let found = found(&scheme, &renamed(delivery, odd));
        assert_certain(&found, CauseKind::WrongHeader, name);
        assert!(found.causes()[0].detail().contains("`X-Odd`"), "{found:?}");
    }
}

#[test]
fn renamed_headers_are_found_one_at_a_time_and_all_together() {
    let mut seen = 0;
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let read: Vec<String> = scheme.headers().map(str::to_owned).collect();
        let is_read = |name: &str| read.iter().any(|other| other.eq_ignore_ascii_case(name));
        for header in read.iter().filter(|_| delivery.headers.len() > 1) {
            if !delivery.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header)) {
                continue;
            }
            let odd = |name: &str| {
                let name = if name.eq_ignore_ascii_case(header) { "X-Odd" } else { name };
                name.to_owned()
            };
            let found = found(&scheme, &renamed(delivery.clone(), odd));
            assert_certain(&found, CauseKind::WrongHeader, scheme.name());
            assert!(found.causes()[0].detail().contains("`X-Odd`"), "{found:?}");
            seen += 1;
        }
        let all = |name: &str| if is_read(name) { format!("acme-{name}") } else { name.to_owned() };
        assert_found(&scheme, &renamed(delivery, all));
    }
    assert!(seen >= 20, "{seen}");
}

#[test]
fn a_proxy_that_sends_every_header_twice_is_found() {
    for scheme in schemes() {
        let mut delivery = Delivery::of(&scheme);
        let again: Vec<_> = delivery.headers.clone();
        delivery.headers.extend(again);
        assert_found(&scheme, &delivery);
    }
}

#[test]
fn a_list_with_a_repeated_time_is_found() {
    let mut seen = 0;
    for scheme in schemes() {
        let Some(TimestampSource::Field(field)) = scheme.timestamp_source() else { continue };
        let delivery = Delivery::of(&scheme);
        let value = String::from_utf8(delivery.header(delivery.signature_header()).to_vec());
        let value = value.unwrap();
        let at = value.find(field).unwrap();
        let separator = value.chars().find(|c| matches!(c, ',' | ';' | ' ')).unwrap();
        for twice in [
            format!("{field}=1{separator}{value}"),
            format!("{value}{separator}{field}=1"),
            format!("{}{field}=1{separator}{}", &value[..at], &value[at..]),
        ] {
            let delivery = delivery.clone().with_header(delivery.signature_header(), twice);
            let found = found(&scheme, &delivery);
            assert_certain(&found, CauseKind::WrongHeader, scheme.name());
            assert!(found.causes()[0].detail().contains("several times"), "{found:?}");
        }
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn a_signature_without_its_prefix_is_found() {
    let mut seen = 0;
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let (front, tag) = delivery.tag(&scheme);
        let states_time = front.chars().any(|c| c.is_ascii_digit()) && front.len() > 12;
        if front.is_empty() || states_time {
            continue;
        }
        assert_found(&scheme, &delivery.clone().with_header(delivery.signature_header(), tag));
        seen += 1;
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn an_extra_prefix_and_quotes_are_found() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let value = delivery.header(delivery.signature_header()).to_vec();
        let quoted = [b"\"", &value[..], b"\""].concat();
        assert_found(&scheme, &delivery.clone().with_header(delivery.signature_header(), quoted));
        if value.len() == tag_length(&scheme) {
            let prefixed = [b"sha256=", &value[..]].concat();
            let delivery = delivery.clone().with_header(delivery.signature_header(), prefixed);
            assert_found(&scheme, &delivery);
        }
    }
}

#[test]
fn a_signature_in_the_other_encoding_is_found() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let (_, tag) = delivery.tag(&scheme);
        let other = match scheme.encoding() {
            Encoding::Hex => STANDARD.encode(const_hex::decode(tag).unwrap()),
            _ => const_hex::encode(STANDARD.decode(tag).unwrap()),
        };
        if delivery.tag(&scheme).0.len() < 12 {
            assert_found(&scheme, &delivery.with_tag(&scheme, other));
        }
    }
}

#[test]
fn a_repeated_header_and_one_with_joined_values_are_found() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let name = delivery.signature_header().to_owned();
        let value = delivery.header(&name).to_vec();
        let mut repeated = delivery.clone();
        repeated.headers.push((name.clone(), value.clone()));
        assert_found(&scheme, &repeated);
        if !list_schemes().any(|list| list.name() == scheme.name()) {
            let joined = [&value[..], b", ", &value].concat();
            assert_found(&scheme, &delivery.with_header(&name, joined));
        }
    }
}

#[test]
fn a_signature_with_an_older_or_newer_hash_is_found() {
    let whole = |scheme: &Scheme| {
        scheme.algorithm() == Algorithm::HmacSha256
            && scheme.encoding() == Encoding::Hex
            && scheme.signed() == "{body}"
            && scheme.secret_format() == countersign::scheme::SecretFormat::Text
    };
    let mut seen = 0;
    for scheme in schemes().filter(whole) {
        for (algorithm, hash, end) in [
            (hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "sha1", ""),
            (hmac::HMAC_SHA512, "sha512", "-512"),
        ] {
            let delivery = Delivery::of(&scheme);
            let front = delivery.tag(&scheme).0.replace("sha256", hash);
            let key = hmac::Key::new(algorithm, secret_text(1).as_bytes());
            let tag = const_hex::encode(hmac::sign(&key, BODY.as_bytes()));
            let name = delivery.signature_header().to_owned();
            let other = format!("{}{end}", name.trim_end_matches("-256"));
            let delivery = delivery.without_header(&name).with_header(&other, front + &tag);
            assert_found(&scheme, &delivery);
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn the_scheme_of_the_headers_is_suspected_even_if_the_secret_is_wrong() {
    for name in ["stripe", "shopify", "slack", "svix", "venum"] {
        let (signed_by, other) = (scheme(name), scheme("github"));
        let delivery = Delivery::of(&signed_by);
        let found = found_by(&diagnose(&other, secret(2)), &other, &delivery);
        assert_suspected(&found, CauseKind::WrongScheme, name);
        assert!(found.causes()[0].detail().contains(&format!("`{name}`")), "{found:?}");
    }
}

#[test]
fn a_diagnosis_names_the_scheme_that_verifies() {
    for (name, taken_for) in [
        ("stripe", "github"),
        ("github", "stripe"),
        ("shopify", "slack"),
        ("slack", "venum"),
        ("svix", "stripe"),
        ("square", "github"),
        ("gitlab-token", "github"),
        ("venum", "standardwebhooks"),
    ] {
        let (signed_by, other) = (scheme(name), scheme(taken_for));
        let delivery = Delivery::of(&signed_by);
        let found = found_by(&diagnose(&other, secret(1)), &other, &delivery);
        assert_certain(&found, CauseKind::WrongScheme, name);
        let reported =
            found.causes().iter().any(|cause| cause.detail().contains(&format!("`{name}`")));
        assert!(reported, "{found:?}");
        assert!(found.causes()[0].fix().starts_with("configure the scheme"), "{found:?}");
    }
}

#[test]
fn a_signature_of_any_hash_and_encoding_in_a_header_of_any_name_is_found() {
    let tag = |algorithm, message: &str| {
        let key = hmac::Key::new(algorithm, secret_text(1).as_bytes());
        hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
    };
    let hashes = [hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA256, hmac::HMAC_SHA512];
    let url_and_body = format!("{}{BODY}", super::URL);
    for name in ["intercom", "square", "github", "shopify", "stripe", "twilio"] {
        let scheme = scheme(name);
        for message in [BODY, &url_and_body] {
            for (algorithm, front) in hashes.into_iter().zip(["", "sha256=", "t=1,v1="]) {
                let tag = tag(algorithm, message);
                let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&tag);
                for text in [const_hex::encode(&tag), STANDARD.encode(&tag), url_safe] {
                    let headers = vec![
                        ("Content-Type".to_owned(), b"application/json".to_vec()),
                        ("X-Odd-Checksum".to_owned(), (front.to_owned() + &text).into_bytes()),
                    ];
                    let delivery = Delivery { headers, body: BODY.into() };
                    let found = found(&scheme, &delivery);
                    // Another scheme may also sign this way, in a header of
                    // that name.
                    assert_certain(&found, CauseKind::WrongHeader, &format!("{name}: {text}"));
                    let detail = found.causes()[0].detail();
                    assert!(detail.contains("`X-Odd-Checksum`"), "{name}: {detail}");
                }
            }
        }
    }
}

/// A cause is either tested or not reported.
#[test]
fn no_other_header_is_claimed_only_if_each_was_tried() {
    let scheme = scheme("github");
    let claim = |headers: usize, body: usize| {
        let tag = const_hex::encode([0xa5; 32]).into_bytes();
        let headers = (0..headers).map(|number| (format!("X-{number}"), tag.clone())).collect();
        let delivery = Delivery { headers, body: vec![b'a'; body] };
        let found = found(&scheme, &delivery);
        assert_suspected(&found, CauseKind::PartMissing, "github");
        found.causes()[0].detail().contains("no other header")
    };
    assert!(claim(0, 10) && claim(3, 10) && claim(100, 10));
    assert!(!claim(2000, 10) && !claim(100, 4 << 20));
}
