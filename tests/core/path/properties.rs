//! Properties that hold for every input.

use std::time::Duration;

use bytes::Bytes;
use countersign::scheme::{
    Algorithm, BodyView, Encoding, Retries, SchemeBuilder, SecretFormat, TimestampUnit,
};
use countersign::{PublicUrl, Scheme, Secret, Signer, Verifier, VerifyErrorKind as Kind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{all_verifiers, ms};
use fixtures::delivery::{
    Delivery, NOW_MS, any_body_schemes, hmac_sha256, in_form_of, scheme, schemes, secret, verifier,
    verifier_at,
};
use fixtures::receiving::begin;

proptest! {
    #[test]
    fn the_verdict_does_not_depend_on_how_the_body_is_split(
        scheme in select(any_body()),
        body in vec(any::<u8>(), 0..2000),
        cuts in vec(any::<Index>(), 0..12),
        forged in any::<bool>(),
    ) {
        let mut delivery = Delivery::with_body(&scheme, in_form_of(&scheme, &body));
        if forged {
            delivery.body.push(0);
        }
        let verifier = verifier(&scheme);
        let whole = delivery.verify(&verifier).map(|verified| verified.event_id().to_owned());
        prop_assert_eq!(whole.is_err(), forged);

        let mut begun = begin(&verifier, &delivery.headers).unwrap();
        for piece in pieces(&delivery.body, &cuts) {
            begun.update(piece).unwrap();
        }
        let verified = begun.verify();
        if let Ok(verified) = &verified {
            prop_assert_eq!(verified.body(), &delivery.body);
        }
        prop_assert_eq!(verified.map(|verified| verified.event_id().to_owned()), whole);
    }

    #[test]
    fn one_flipped_bit_anywhere_in_a_body_is_rejected(
        scheme in select(any_body()),
        body in vec(any::<u8>(), 1..2000),
        at in any::<Index>(),
    ) {
        let mut delivery = Delivery::with_body(&scheme, in_form_of(&scheme, &body));
        let verifier = verifier(&scheme);
        prop_assert_eq!(delivery.rejected(&verifier), None);
        let bit = at.index(delivery.body.len() * 8);
        delivery.body[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(delivery.rejected(&verifier), Some(Kind::SignatureMismatch));
    }

    #[test]
    fn a_delivery_verifies_at_every_time_within_the_tolerance_and_at_no_other(
        scheme in select(schemes().collect::<Vec<_>>()),
        age_ms in -1_000_000_000_i64..1_000_000_000,
    ) {
        let rejected = Delivery::of(&scheme).rejected(&verifier_at(&scheme, NOW_MS + age_ms));
        let within = scheme.tolerance().is_none_or(|tolerance| {
            age_ms <= ms(tolerance.past()) && -age_ms <= ms(tolerance.future())
        });
        prop_assert_eq!(rejected.is_none(), within, "{:?}", rejected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_request_panics_and_no_unsigned_request_verifies(
        verifier in select(all_verifiers()),
        values in vec(header_value(), 8),
        repeated in any::<bool>(),
        body in vec(any::<u8>(), 0..100),
        now in any::<i64>(),
    ) {
        let verifier = verifier.clone().with_clock(move || now);
        let names: Vec<String> = verifier.scheme().headers().map(str::to_owned).collect();
        let mut headers: Vec<_> = names.into_iter().zip(values).collect();
        if repeated {
            headers.extend(headers.first().cloned());
        }
        let rejected = verifier.verify(&headers, body).unwrap_err();
        prop_assert!(!rejected.to_string().is_empty());
        prop_assert!((400..500).contains(&rejected.status()));
    }

    #[test]
    fn no_body_that_verifies_panics_and_each_has_an_event_id(
        scheme in select(any_body()),
        body in prop_oneof![vec(any::<u8>(), 0..200), json_like()],
    ) {
        let delivery = Delivery::with_body(&scheme, in_form_of(&scheme, &body));
        let verified = delivery.verify(&verifier(&scheme)).unwrap();
        prop_assert!(!verified.event_id().is_empty());
        let _ = verified.event_type();
    }

    #[test]
    fn no_time_in_a_body_panics(
        name in select(&["linear", "perps-tracker", "x-webhook-signature"][..]),
        time in prop_oneof![json_like(), any::<i64>().prop_map(|n| n.to_string().into_bytes())],
        now in any::<i64>(),
    ) {
        let scheme = scheme(name);
        let pointer = scheme.timestamp_source().unwrap().body_pointer().unwrap();
        let field = pointer.strip_prefix('/').unwrap();
        let body = [format!("{{\"{field}\":").as_bytes(), &time, b"}"].concat();
        let rejected = Delivery::with_body(&scheme, body).rejected(&verifier_at(&scheme, now));
        prop_assert!(matches!(
            rejected,
            None | Some(
                Kind::MissingTimestamp
                    | Kind::MalformedTimestamp
                    | Kind::TimestampTooOld
                    | Kind::TimestampInFuture
            )
        ));
    }

    #[test]
    fn no_timestamp_panics_and_accepted_ones_are_within_the_tolerance(
        unit in select(TimestampUnit::ALL),
        text in timestamp_text(),
        now in prop_oneof![any::<i64>(), Just(NOW_MS)],
    ) {
        let scheme = Scheme::builder("custom")
            .signature_header("X-Signature")
            .signed_payload("{ts}{body}")
            .timestamp_header("X-Time", unit.1)
            .build()
            .unwrap();
        let tag = const_hex::encode(hmac_sha256("key", format!("{text}{{}}")));
        let verifier = Verifier::new(scheme, Secret::new("key").unwrap()).unwrap();
        let verifier = verifier.with_clock(move || now);
        match verifier.verify(&[("X-Signature", tag), ("X-Time", text)], "{}") {
            Ok(verified) => {
                let at = verified.signed_at_unix_ms().unwrap();
                prop_assert!(now.abs_diff(at) <= 300_000, "{at} at {now}");
            }
            Err(rejected) => prop_assert!(matches!(
                rejected.kind(),
                Kind::MalformedTimestamp | Kind::TimestampTooOld | Kind::TimestampInFuture
            )),
        }
    }

    #[test]
    fn no_scheme_file_panics_and_no_scheme_of_one_does(
        words in vec(word(), 0..7),
        values in vec(header_value(), 8),
        body in vec(any::<u8>(), 0..100),
        id in ".{0,10}",
        unix_ms in any::<i64>(),
    ) {
        let base = Scheme::builder("custom").signature_header("X-Signature").signed_payload("{body}");
        let Ok(scheme) = words.into_iter().fold(base, said).build() else { return Ok(()) };
        let url = PublicUrl::new("https://receiver.example/hook").unwrap();
        let Ok(verifier) = Verifier::with_public_url(url.clone(), scheme.clone(), secret(1)) else {
            return Ok(());
        };
        let verifier = verifier.with_clock(move || unix_ms);
        let names: Vec<String> = scheme.headers().map(str::to_owned).collect();
        let headers: Vec<_> = names.into_iter().zip(values).collect();
        let _ = verifier.verify(&headers, body.clone()).map(|verified| verified.event_id().len());
        let _ = (scheme.signature_format().to_string(), scheme.timestamp_source(), format!("{scheme:?}"));
        if let Ok(signer) = Signer::new(scheme, secret(1)) {
            let _ = signer.with_url(url).with_id(id).at_unix_ms(unix_ms).sign(&body);
        }
    }

    #[test]
    fn no_secret_panics(text in ".{0,60}") {
        for (_, format) in SecretFormat::ALL {
            for (_, algorithm) in Algorithm::ALL {
                let scheme = Scheme::builder("custom")
                    .signature_header("X-Signature")
                    .secret_format(*format)
                    .algorithm(*algorithm);
                let scheme = match algorithm {
                    Algorithm::Token => scheme,
                    Algorithm::Sha256 => scheme.signed_payload("{secret}{body}").body_begins_with("{["),
                    _ => scheme.signed_payload("{body}"),
                };
                // Some options are for rules, which have no template.
                let Ok(scheme) = scheme.build() else { continue };
                if let Ok(secret) = Secret::new(text.as_str()) {
                    let _ = Verifier::new(scheme, secret);
                }
            }
        }
        for name in countersign::schemes::names() {
            if let Ok(secret) = Secret::new(text.as_str()) {
                let url = PublicUrl::new("https://receiver.example/hook").unwrap();
                let _ = Verifier::with_public_url(url, countersign::schemes::named(name).unwrap(), secret);
            }
        }
        let _ = (Secret::from_hex(text.as_str()), Secret::from_base64(text.as_str()));
        let _ = Secret::from_whsec(text);
    }
}

fn any_body() -> Vec<Scheme> {
    any_body_schemes().collect()
}

fn pieces(body: &[u8], cuts: &[Index]) -> Vec<Bytes> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    ends.push(body.len());
    ends.sort_unstable();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts.zip(&ends).map(|(start, end)| Bytes::copy_from_slice(&body[start..*end])).collect()
}

/// Arbitrary bytes, and text that is nearly a signature, an id or a time.
fn header_value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..80),
        "([tv](s|0|1|1a)?[=,][0-9a-fA-F]{0,66}[,; ]{0,2}){0,20}".prop_map(String::into_bytes),
        "(sha256=|v0=|v1,|h1=)?[0-9a-f]{64}".prop_map(String::into_bytes),
        "(sha256=|v0=|v1,|h1=)?[A-Za-z0-9+/]{43}=".prop_map(String::into_bytes),
        timestamp_text().prop_map(String::into_bytes),
    ]
}

fn timestamp_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[-+ ]?[0-9]{0,24}",
        Just("1760000000".to_owned()),
        Just("1760000000000".to_owned()),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|[-+][0-9]{2}:[0-9]{2})?",
        "(Mon|Thu|Sun), [0-9]{2} (Jan|Oct|Dec) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
    ]
}

/// JSON, nearly JSON, and numbers that no type can represent.
fn json_like() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "[\\[\\]{}\",:a-z0-9\\\\.eE+ -]{0,80}".prop_map(String::into_bytes),
        "-?[0-9]{0,30}(\\.[0-9]{1,5})?(e[+-]?[0-9]{1,4})?".prop_map(String::into_bytes),
        "\\{\"(id|type|event|created)\":(\"[^\"]{0,20}\"|\\{\"id\":[0-9]{1,25}\\})\\}"
            .prop_map(String::into_bytes),
    ]
}

/// An option of a scheme description, with arbitrary values.
type Word = (u8, String, String, char, char, u64);

fn word() -> impl Strategy<Value = Word> {
    let text = || {
        const KNOWN: &[&str] = &[
            "X-Signature",
            "X-Id",
            "X-Time",
            "body:/id",
            "header:X-Id",
            "body:/a+/b",
            "/created",
            "t",
            "v1",
            "{ts}.{body}",
            "{id}.{ts}.{body}",
            "{body}{url}",
            "{secret}{body}",
            "{header:X-Id}{body}{method}",
            "X-",
            "",
        ];
        prop_oneof![9 => select(KNOWN).prop_map(str::to_owned), 1 => ".{0,12}"]
    };
    let character = || prop_oneof![9 => select(&[',', '=', ';', ' ', ':'][..]), 1 => any::<char>()];
    let number = prop_oneof![any::<u64>(), 0..1_000_000_u64];
    (0..24_u8, text(), text(), character(), character(), number)
}

fn said(builder: SchemeBuilder, (word, text, other, first, second, number): Word) -> SchemeBuilder {
    let span = Duration::from_secs(number);
    let index = number as usize;
    let unit = TimestampUnit::ALL[index % TimestampUnit::ALL.len()].1;
    match word {
        0 => builder.algorithm(Algorithm::ALL[index % Algorithm::ALL.len()].1),
        1 => builder.secret_format(SecretFormat::ALL[index % SecretFormat::ALL.len()].1),
        2 => builder.key_length(index),
        3 => builder.signature_header(text),
        4 => builder.fallback_signature_header(text),
        5 => builder.alternate_header_prefix(text, other),
        6 => builder.signature_prefix(text),
        7 => builder.signature_pairs(first, second, text),
        8 => builder.signature_pairs_with_spaces(first, second, text),
        9 => builder.encoding(Encoding::ALL[index % Encoding::ALL.len()].1),
        10 => builder.signed_payload(text),
        11 => builder.body_view(BodyView::ALL[index % BodyView::ALL.len()].1),
        12 => builder.signed_payload("{id}{body}").id_header(text),
        13 => builder.id_excluded_char(first),
        14 => builder.signed_payload("{ts}{body}").timestamp_header(text, unit),
        15 => builder.signed_payload("{ts}{body}").timestamp_field(text, unit),
        16 => builder.timestamp_body(text, unit),
        17 => builder.tolerance(span),
        18 => builder.event_id(text),
        19 => builder.event_type(text),
        20 => builder.body_limit(index).ack_deadline(span),
        21 => builder.retries(Retries::After(vec![span, Duration::MAX, span])),
        22 => builder.retention(span).dangerous_with_duplicates(),
        _ => builder.retries(Retries::Within(span)).title(text),
    }
}
