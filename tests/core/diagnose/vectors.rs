//! Diagnoses of the vectors. The causes of rejected vectors are correct, and a delivery of another
//! scheme is reported with that scheme's name.

use countersign::diagnose::{CapturedRequest, CauseKind, Diagnose, Diagnosis};
use countersign::scheme::Algorithm;
use countersign::{Scheme, schemes};
use countersign_conformance::{Expect, Reason, Vector, vectors};

fn found(vector: &Vector, scheme: &str) -> Diagnosis {
    let request = CapturedRequest::new(vector.headers.clone(), vector.body.clone())
        .with_method(vector.method.as_str());
    let request = match &vector.url {
        Some(url) => request.with_url(url.as_str()),
        None => request,
    };
    let now_ms = vector.now_unix_ms;
    let diagnose = Diagnose::new(schemes::named(scheme).unwrap(), vector.secrets().unwrap());
    let diagnose = diagnose.with_known_schemes(schemes::all());
    let found = diagnose.with_clock(move || now_ms).diagnose(&request);
    found.unwrap_or_else(|error| panic!("{vector} by {scheme}: {error}"))
}

#[test]
fn no_vector_gets_a_wrong_certain_cause() {
    let mut seen = 0;
    for vector in vectors() {
        if vector.expect == Expect::Invalid(Reason::NoSecret) {
            continue;
        }
        let found = found(vector, &vector.provider);
        seen += 1;
        if vector.expect == Expect::Valid {
            assert!(found.is_verified() && found.causes().is_empty(), "{vector}: {found:?}");
            continue;
        }
        let causes = found.causes();
        let proved: Vec<CauseKind> =
            causes.iter().filter(|it| it.is_certain()).map(|it| it.kind()).collect();
        assert!(!causes.is_empty(), "{vector}");
        assert_eq!(proved, what_is_wrong(vector), "{vector}: {found:?}");
        let first = causes[0].kind();
        match vector.name.as_str() {
            "[neg] signature header missing" => {
                assert_eq!(first, CauseKind::PartMissing, "{vector}: {found:?}");
            }
            "[neg] wrong secret" | "[neg] tampered body" if proved.is_empty() => {
                assert_eq!(first, CauseKind::TamperedOrUnknown, "{vector}: {found:?}");
            }
            _ => {}
        }
    }
    assert!(seen >= 489, "{seen}");
}

/// The change that was made to a vector, if experiments can detect it.
fn what_is_wrong(vector: &Vector) -> Vec<CauseKind> {
    let has_space_added = vector.body.ends_with(b" ");
    let kind = match (vector.name.as_str(), vector.expect) {
        ("[neg] tampered body", _) if has_space_added => CauseKind::BodyNewline,
        (_, Expect::Invalid(Reason::Stale)) => CauseKind::ReplayedOldCapture,
        (_, Expect::Invalid(Reason::Future)) => CauseKind::ClockSkew,
        ("same, trailing CRLF stripped by middleware", _) => CauseKind::BodyNewline,
        (
            "docs example without the sha256= prefix"
            | "good digest under v2 label"
            | "header with a space after the comma"
            | "two t fields",
            _,
        ) => CauseKind::WrongHeader,
        _ => return Vec::new(),
    };
    vec![kind]
}

/// Diagnoses every genuine vector with about an eleventh of the other schemes, each time with
/// different ones.
#[test]
fn a_genuine_delivery_checked_with_another_scheme_names_its_own_scheme() {
    let names: Vec<&str> = schemes::names().collect();
    let genuine = vectors().iter().filter(|vector| vector.expect == Expect::Valid);
    let mut reported = 0;
    for vector in genuine {
        // A product may sign with the scheme of another one.
        let scheme = schemes::named(&vector.provider).unwrap();
        let own = scheme.name();
        for other in names.iter().filter(|name| **name != own && is_chosen(vector, name)) {
            let found = found(vector, other);
            let alike = ALIKE.iter().find(|names| names.contains(&own)).copied();
            let alike = alike.unwrap_or(&[]);
            if found.is_verified() {
                assert!(alike.contains(other), "{vector} by {other}");
                continue;
            }
            let which = format!("{vector} by {other}: {found:?}");
            let first = &found.causes()[0];
            let kinds = [CauseKind::SecretNotDecoded, CauseKind::SecretWronglyDecoded];
            if kinds.contains(&first.kind()) && alike.contains(other) {
                // They differ only in how they decode a secret, so that cause is correct as well.
                assert!(first.is_certain(), "{which}");
                continue;
            }
            let of_other = schemes::named(other).unwrap();
            if ["chargebee", "postmark"].contains(&own) && is_same_token_header(&scheme, &of_other)
            {
                // Only a scheme with a user and a password encodes the secret.
                continue;
            }
            if first.kind() == CauseKind::WrongHeader && is_same_token_header(&scheme, &of_other) {
                // They differ only in what precedes the token, so that cause is correct as well.
                assert!(first.is_certain(), "{which}");
                continue;
            }
            assert_eq!(
                (first.kind(), first.is_certain()),
                (CauseKind::WrongScheme, true),
                "{which}"
            );
            assert_eq!(found.causes().len(), 1, "{which}");
            let named: Vec<&str> = first.detail().split('`').skip(1).step_by(2).collect();
            assert!(named.contains(&own), "{which}");
            assert!(named.iter().all(|it| *it == own || alike.contains(it)), "{which}");
            reported += 1;
        }
    }
    assert!(reported > 600, "{reported}");
}

#[test]
fn other_headers_decide_which_of_several_identical_schemes_is_named_first() {
    for (scheme, header) in [("github", "X-GitHub-Event"), ("bitbucket", "X-Event-Key")] {
        let mut vector = vectors().iter().find(|it| it.provider == scheme).unwrap().clone();
        vector.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
        vector.headers.push((header.to_owned(), "push".to_owned()));
        let found = found(&vector, "stripe");
        let named = found.causes()[0].detail().split('`').nth(1);
        assert_eq!(named, Some(scheme), "{found:?}");
        assert!(found.causes()[0].fix().contains("one of"), "{found:?}");
    }
}

/// Whether a vector is diagnosed with this scheme. A new provider adds pairs, and changes none of the
/// others.
fn is_chosen(vector: &Vector, other: &str) -> bool {
    let text = format!("{vector}, {other}");
    // FNV-1a.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.is_multiple_of(STEP)
}

fn is_same_token_header(one: &Scheme, other: &Scheme) -> bool {
    let header = |scheme: &Scheme| scheme.headers().next().map(str::to_ascii_lowercase);
    let is_token = |scheme: &Scheme| scheme.algorithm() == Algorithm::Token;
    is_token(one) && is_token(other) && header(one) == header(other)
}

const STEP: u64 = 11;
/// Groups of schemes that cannot be distinguished by the request.
const ALIKE: &[&[&str]] = &[
    &[
        "composio",
        "gitlab-signing",
        "imagekit",
        "openai",
        "polar",
        "standardwebhooks",
        "svix",
        "whop",
    ],
    &["github", "meta"],
    &["bitbucket", "jira"],
    &["chargebee", "postmark"],
    &["coinbase-cdp-v0", "coinbase-cdp-v1"],
];
