//! Every kind of rejection has a diagnosis, and no cause is certain unless it
//! was verified.

use countersign::diagnose::{CapturedRequest, CauseKind, Diagnose};
use countersign::{Scheme, Secret, Signer, VerifyErrorKind as Kind};
use ring::rand::{SecureRandom, SystemRandom};

use super::{assert_suspected, bodies::gzip, captured, diagnose};
use crate::rules::diagnosed_cases;
use fixtures::delivery::{BODY, Delivery, NO_HEADERS, NOW_MS, scheme, schemes, secret_of};

/// A request that is rejected with this kind and is not authentic, and the
/// cause that must be reported first. `None` if only an adapter can detect it
/// while a request arrives.
fn provoked(kind: Kind) -> Option<(Diagnose, CapturedRequest, CauseKind)> {
    let of = |name: &str, change: &dyn Fn(Delivery) -> Delivery, cause| {
        let scheme = scheme(name);
        let mut delivery = Delivery::of(&scheme);
        // This makes it inauthentic, so no fix makes it verify.
        let last = delivery.body.len() - 2;
        delivery.body[last] = b'x';
        let diagnose = diagnose(&scheme, secret_of(&scheme, 1));
        Some((diagnose, captured(&change(delivery)), cause))
    };
    match kind {
        Kind::MissingSignature => {
            let without = |it: Delivery| it.without_header("X-Hub-Signature-256");
            of("github", &without, CauseKind::PartMissing)
        }
        Kind::UnsupportedSignature => {
            of("stripe", &|it| it.with_text("v1=", "v0="), CauseKind::WrongHeader)
        }
        Kind::SignatureMismatch => of("github", &|it| it, CauseKind::TamperedOrUnknown),
        Kind::UnknownKey => {
            let mut cases = diagnosed_cases();
            let (scheme, request, [key, _]) = cases.find(|it| it.0.name() == "aws-sns").unwrap();
            let secret = format!("arn:aws:sns:us-east-1:123456789012:another\n{key}");
            let diagnose = diagnose(&scheme, Secret::new(secret).unwrap());
            Some((diagnose, request, CauseKind::SecretOfAnotherEndpoint))
        }
        Kind::MalformedSignature => {
            let cut = |it: Delivery| it.with_header("X-Hub-Signature-256", "sha256=0123");
            of("github", &cut, CauseKind::WrongHeader)
        }
        Kind::TooManySignatures => {
            let many = |it: Delivery| {
                let tags = format!(",v1={}", "a5".repeat(32)).repeat(17);
                it.with_header("Stripe-Signature", format!("t=1760000000{tags}"))
            };
            of("stripe", &many, CauseKind::TamperedOrUnknown)
        }
        Kind::RepeatedHeader => {
            let twice = |mut it: Delivery| {
                it.headers.push(("x-hub-signature-256".to_owned(), b"sha256=0".to_vec()));
                it
            };
            of("github", &twice, CauseKind::WrongHeader)
        }
        Kind::MissingHeader => {
            let signs_header = |scheme: &Scheme| scheme.signed().contains("{header:");
            let scheme = schemes().find(signs_header).unwrap();
            let header = scheme.signed().split("{header:").nth(1).unwrap().split('}').next();
            let header = header.unwrap().to_owned();
            of(scheme.name(), &|it| it.without_header(&header), CauseKind::PartMissing)
        }
        Kind::MissingId => of("svix", &|it| it.without_header("svix-id"), CauseKind::PartMissing),
        Kind::MalformedId => {
            of("svix", &|it| it.with_header("svix-id", "a.b"), CauseKind::WrongHeader)
        }
        Kind::MissingTimestamp => {
            let without = |it: Delivery| it.without_header("X-Slack-Request-Timestamp");
            of("slack", &without, CauseKind::PartMissing)
        }
        Kind::MalformedTimestamp => {
            let soon = |it: Delivery| it.with_header("X-Slack-Request-Timestamp", "soon");
            of("slack", &soon, CauseKind::TimestampUnit)
        }
        Kind::TimestampTooOld => {
            let old = |it: Delivery| it.with_text("1760000000", "1700000000");
            of("stripe", &old, CauseKind::TamperedOrUnknown)
        }
        Kind::TimestampInFuture => {
            let early = |it: Delivery| it.with_text("1760000000", "1800000000");
            of("stripe", &early, CauseKind::TamperedOrUnknown)
        }
        Kind::BodyTooLarge => {
            let (diagnose, request, cause) = of("github", &|it| it, CauseKind::BodyTooLarge)?;
            Some((diagnose.with_body_limit(BODY.len() - 1), request, cause))
        }
        Kind::BodyIncomplete => {
            let cut = |it: Delivery| {
                let mut body = gzip(BODY);
                body.truncate(body.len() / 2);
                Delivery { body, ..it }.with_header("Content-Encoding", "gzip")
            };
            of("quicknode", &cut, CauseKind::BodyTruncated)
        }
        Kind::UnsupportedEncoding => {
            let compressed = |it: Delivery| {
                let body = b"\x8b\x02\x80by brotli\xff".to_vec();
                Delivery { body, ..it }.with_header("Content-Encoding", "br")
            };
            of("github", &compressed, CauseKind::BodyCompressed)
        }
        Kind::Misconfigured => {
            let (_, request, cause) = of("svix", &|it| it, CauseKind::SecretKind)?;
            let key = Secret::new("sk_live_51Nx").unwrap();
            Some((diagnose(&scheme("svix"), key), request, cause))
        }
        Kind::BodyTimeout | Kind::UnknownTenant | Kind::SecretsUnavailable => None,
        kind => panic!("no request for {kind:?}"),
    }
}

#[test]
fn every_kind_of_rejection_has_a_suspected_cause() {
    let mut seen = 0;
    for kind in Kind::ALL {
        let Some((diagnose, request, expected)) = provoked(*kind) else { continue };
        let found = diagnose.diagnose(&request).unwrap();
        assert_eq!(found.rejection().map(|rejection| rejection.kind()), Some(*kind), "{found:?}");
        assert_suspected(&found, expected, kind.code());
        for cause in found.causes() {
            assert!(!cause.detail().is_empty() && !cause.fix().is_empty(), "{cause:?}");
        }
        seen += 1;
    }
    assert_eq!(seen, Kind::ALL.len() - 3);
}

#[test]
fn an_ambiguous_body_is_suspected_by_its_member_names() {
    let scheme = scheme("figma");
    let long = format!(r#"{{"passcode":"the passcode","{}":1}}"#, "a".repeat(257));
    for body in [
        "{\"passcode\":\"the passcode\",\"pa\u{17f}\u{17f}code\":\"other\"}",
        r#"{"passcode":"the passcode","Passcode":"other"}"#,
        r#"{"passcode":"the passcode","passcode":"the passcode"}"#,
        &long,
    ] {
        let request = CapturedRequest::new(NO_HEADERS, body.to_owned());
        let secret = Secret::new("the passcode").unwrap();
        let found = diagnose(&scheme, secret).diagnose(&request).unwrap();
        assert_suspected(&found, CauseKind::RejectedForm, body);
        let [cause] = found.causes() else { panic!("{body}: {found:?}") };
        assert!(
            cause.detail().contains(" name of a member") || cause.detail().contains("same name")
        );
        assert!(cause.fix().contains("one member with this name"), "{cause:?}");
    }
}

#[test]
fn a_part_that_is_missing_is_named() {
    let mut seen = 0;
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        for name in scheme.headers() {
            if !delivery.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                continue;
            }
            let request = captured(&delivery.clone().without_header(name));
            let found = diagnose(&scheme, secret_of(&scheme, 1)).diagnose(&request).unwrap();
            let which = format!("{}: {name}: {found:?}", scheme.name());
            assert_suspected(&found, CauseKind::PartMissing, &which);
            let detail = found.causes()[0].detail();
            assert!(detail.contains(&format!("`{name}`")), "{which}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn a_body_over_the_limit_is_reported_with_both_sizes_and_other_causes() {
    for scheme in schemes() {
        let delivery = Delivery::of(&scheme);
        let limited = |secret| diagnose(&scheme, secret).with_body_limit(BODY.len() - 1);
        let found = limited(secret_of(&scheme, 1)).diagnose(&captured(&delivery)).unwrap();
        assert_eq!(found.rejection().unwrap().kind(), Kind::BodyTooLarge, "{}", scheme.name());
        let [cause] = found.causes() else { panic!("{}: {found:?}", scheme.name()) };
        assert_eq!((cause.kind(), cause.is_certain()), (CauseKind::BodyTooLarge, true));
        for size in [BODY.len(), BODY.len() - 1] {
            assert!(cause.detail().contains(&size.to_string()), "{cause:?}");
        }
        let retired = limited(secret_of(&scheme, 2)).with_retired(secret_of(&scheme, 1));
        let found = retired.diagnose(&captured(&delivery)).unwrap();
        let kinds: Vec<_> = found.causes().iter().map(|it| (it.kind(), it.is_certain())).collect();
        let both = [(CauseKind::Rotated, true), (CauseKind::BodyTooLarge, true)];
        assert_eq!(kinds, both, "{}", scheme.name());
    }
    let all = diagnose(&scheme("github"), secret_of(&scheme("github"), 1));
    let large = Delivery::with_body(&scheme("github"), vec![b' '; 30 << 20]);
    let found = all.diagnose(&captured(&large)).unwrap();
    assert_eq!(found.causes()[0].kind(), CauseKind::BodyTooLarge, "{found:?}");
}

#[test]
fn json_over_the_limit_of_mailgun_is_too_large_and_nothing_else() {
    let scheme = scheme("mailgun");
    let signer = Signer::new(scheme.clone(), secret_of(&scheme, 1)).unwrap().at_unix_ms(NOW_MS);
    let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(600 * 1024));
    let signed = signer.sign_request(&NO_HEADERS, body.as_bytes()).unwrap();
    let delivery = Delivery { headers: Vec::new(), body: signed.body().unwrap().to_vec() };
    let diagnose = diagnose(&scheme, secret_of(&scheme, 1));
    let found = diagnose.diagnose(&captured(&delivery)).unwrap();
    let [cause] = found.causes() else { panic!("{found:?}") };
    assert_eq!((cause.kind(), cause.is_certain()), (CauseKind::BodyTooLarge, true), "{found:?}");
    assert!(cause.detail().contains("524288"), "{cause:?}");
}

/// They match the signature: the part that the scheme rejects is reported.
#[test]
fn a_correct_signature_of_a_form_that_the_scheme_rejects_is_found() {
    let form = "a=1&b=2";
    for (name, body, said) in [
        ("hubspot-v1", form, "not one JSON document"),
        ("hubspot-v1", "{}{}", "not one JSON document"),
        ("hubspot-v2", form, "not one JSON document"),
        ("quicknode", form, "does not begin with `{` or `[`"),
        ("coinbase-cdp-v1", form, "does not begin with `{` or `[`"),
        ("coinbase-cdp-v1", "", "does not begin with `{` or `[`"),
        ("x-twitter", "bm90aGluZw==", "letters, digits"),
        ("x-twitter", "", "an empty body"),
    ] {
        let scheme = scheme(name);
        let delivery = Delivery::with_body(&scheme, body);
        let reported = |secret: Secret| {
            let found = diagnose(&scheme, secret).diagnose(&captured(&delivery)).unwrap();
            assert_eq!(found.rejection().unwrap().kind(), Kind::SignatureMismatch, "{name}");
            assert!(found.causes().iter().all(|cause| cause.is_certain()), "{name}: {found:?}");
            let last = found.causes().last().unwrap().detail();
            assert!(last.contains(said), "{name}: {last}");
            found.causes().iter().map(|cause| cause.kind()).collect::<Vec<_>>()
        };
        assert_eq!(reported(secret_of(&scheme, 1)), [CauseKind::RejectedForm], "{name}");
        // The secret is wrong as well, and fixing only the secret would not be
        // enough.
        let text = String::from_utf8(secret_of(&scheme, 1).dangerous_reveal().to_vec()).unwrap();
        let both = [CauseKind::SecretTrailingWhitespace, CauseKind::RejectedForm];
        assert_eq!(reported(Secret::new(format!("{text} ")).unwrap()), both, "{name}");
    }
}

/// The number of experiments is limited even if a list is very long.
#[test]
fn a_header_with_many_items_costs_no_more_trials_than_one_with_few() {
    let scheme = scheme("stripe");
    let tried = |pieces: usize| {
        let list = format!("t={},v1=0", NOW_MS / 1000) + &",v1=a5".repeat(pieces);
        let delivery = Delivery::of(&scheme).with_header("Stripe-Signature", list);
        let found = diagnose(&scheme, secret_of(&scheme, 1)).diagnose(&captured(&delivery));
        super::limits::trials(&found.unwrap())
    };
    assert!(tried(20_000) <= tried(40), "{} and {}", tried(20_000), tried(40));
}

#[test]
fn a_random_body_with_a_content_encoding_is_never_reported_as_decompressed() {
    for name in ["github", "stripe", "shopify", "slack", "venum"] {
        let scheme = scheme(name);
        let mut body = [0; 64];
        SystemRandom::new().fill(&mut body).unwrap();
        body[0] = 0xff;
        let delivery = Delivery { body: body.to_vec(), ..Delivery::of(&scheme) };
        let request = captured(&delivery.with_header("Content-Encoding", "zstd"));
        let found = diagnose(&scheme, secret_of(&scheme, 1)).diagnose(&request).unwrap();
        assert_suspected(&found, CauseKind::BodyCompressed, name);
    }
}
