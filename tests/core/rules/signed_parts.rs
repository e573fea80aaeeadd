//! If no id identifies the event, everything that is signed distinguishes it from others, except
//! for the time of the attempt.

use countersign::{
    Endpoint, EventIdFrom, EventKey, PublicUrl, RequestHead, Secret, Signer, Verified, Verifier,
};

use super::cases::{ADYEN, Case, cases};
use fixtures::delivery::NOW_MS;

const JSON: &str = r#"{"n":1}"#;
const FORM: &str = "a=1&b=2";

/// The parts of a request that a scheme may sign.
#[derive(Clone)]
struct Parts {
    method: &'static str,
    target: &'static str,
    headers: Vec<(String, String)>,
    id: &'static str,
    unix_ms: i64,
    body: String,
}

/// A change of one signed part.
type Change = Box<dyn Fn(&mut Parts)>;

#[test]
fn a_change_of_any_signed_part_changes_the_event_id() {
    for case in cases() {
        let base = base(&case);
        let original = key(&case, &base);
        assert_eq!(key(&case, &base), original, "{}", case.name());
        for (number, change) in changes(case.name()).into_iter().enumerate() {
            let mut changed = base.clone();
            change(&mut changed);
            assert_ne!(key(&case, &changed), original, "{}: change {number}", case.name());
        }
    }
}

#[test]
fn the_attempt_time_changes_the_event_id_only_if_the_identity_is_unknown() {
    for case in cases() {
        let base = base(&case);
        let mut later = base.clone();
        later.unix_ms -= 1_000;
        // Mailgun signs only a time and a token.
        let counts = ["box", "contentful", "mailgun", "plaid"].contains(&case.name());
        assert_eq!(key(&case, &later) != key(&case, &base), counts, "{}", case.name());
    }
}

/// A request without an id, if the scheme allows that.
fn base(case: &Case) -> Parts {
    let headers: &[(&str, &str)] = match case.name() {
        "coinbase-cdp-v1" => {
            &[("content-type", "application/json"), ("x-event-type", "checkout.failed")]
        }
        "contentful" => &[("x-contentful-topic", "ContentManagement.Entry.publish")],
        _ => &[],
    };
    let body = match case.name() {
        "adyen" => ADYEN,
        "aws-sns" => r#"{"Message":"hello","MessageId":"m1"}"#,
        "mandrill" => "mandrill_events=1",
        "twilio" | "twilio-sharedkey" => FORM,
        _ => JSON,
    };
    Parts {
        method: "POST",
        target: "/hook",
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        id: "evt_1",
        unix_ms: NOW_MS,
        body: body.to_owned(),
    }
}

/// A change for each signed part except for the time of the attempt.
fn changes(name: &str) -> Vec<Change> {
    let body = || text("1", "2");
    match name {
        "adyen" => vec![
            text(r#""psp""#, r#""other""#),
            text(r#""merchantAccountCode":"#, r#""originalReference":"o","merchantAccountCode":"#),
            text(r#""account""#, r#""other""#),
            text(r#""ref""#, r#""other""#),
            text("1000", "2000"),
            text("EUR", "USD"),
            text("CAPTURE", "REFUND"),
            text(r#""success":"true""#, r#""success":"false""#),
        ],
        // One field identifies the event, regardless of what else is signed.
        "aws-sns" => vec![text("m1", "m2")],
        "paypal" => vec![another(|parts| parts.id = "evt_2")],
        "box" | "figma" | "fusionauth" | "moralis" | "plaid" => vec![body()],
        "coinbase-cdp-v1" => vec![
            body(),
            header("x-event-type", "checkout.succeeded"),
            header("content-type", "text/json"),
            // This changes the list of signed headers.
            another(|parts| parts.headers.truncate(1)),
        ],
        "contentful" => vec![
            body(),
            header("x-contentful-topic", "ContentManagement.Entry.unpublish"),
            another(|parts| parts.headers.clear()),
            another(|parts| parts.method = "PUT"),
            another(|parts| parts.target = "/other"),
        ],
        "mailgun" => {
            vec![another(|parts| parts.id = "evt_2"), another(|parts| parts.unix_ms -= 1_000)]
        }
        "mandrill" => vec![text("=1", "=2"), another(|parts| parts.target = "/other")],
        "twilio" | "twilio-sharedkey" => vec![
            body(),
            text("b=", "c="),
            text("&b=2", ""),
            another(|parts| parts.target = "/other"),
        ],
        other => panic!("add the signed parts of `{other}` here"),
    }
}

fn text(from: &'static str, to: &'static str) -> Change {
    Box::new(move |parts| {
        assert!(parts.body.contains(from), "{from}");
        parts.body = parts.body.replacen(from, to, 1);
    })
}

fn header(name: &'static str, value: &'static str) -> Change {
    Box::new(move |parts| {
        let found = parts.headers.iter_mut().find(|(other, _)| other == name);
        value.clone_into(&mut found.unwrap().1);
    })
}

fn another(change: fn(&mut Parts)) -> Change {
    Box::new(change)
}

fn key(case: &Case, parts: &Parts) -> EventKey {
    let verified = verify(case, parts);
    let is_named = ["aws-sns", "paypal"].contains(&case.name());
    let is_digest = *verified.event_id_from() == EventIdFrom::Digest;
    assert_ne!(is_digest, is_named, "{}", case.name());
    EventKey::of(&verified, &Endpoint::new("hooks"))
}

/// Signs and verifies.
fn verify(case: &Case, parts: &Parts) -> Verified {
    let Parts { method, target, headers, id, unix_ms, body } = parts;
    let url = || PublicUrl::new(format!("https://receiver.example{target}")).unwrap();
    let [private, public] = &case.keys[0];
    let signer = Signer::new(case.scheme.clone(), Secret::new(private.as_str()).unwrap()).unwrap();
    let signer = signer.with_url(url()).with_id(*id).at_unix_ms(*unix_ms);
    let signed =
        signer.sign_request(RequestHead::new(method, target, headers), body.as_bytes()).unwrap();
    let sent: Vec<(String, String)> = signed.headers().iter().chain(headers).cloned().collect();
    let body = signed.body().unwrap_or(body.as_bytes()).to_vec();
    let public = Secret::new(public.as_str()).unwrap();
    let verifier = if case.scheme.signs_url() {
        Verifier::with_public_url(url(), case.scheme.clone(), public)
    } else {
        Verifier::new(case.scheme.clone(), public)
    };
    let verifier = verifier.unwrap().with_clock(|| NOW_MS);
    let verified = verifier.verify(RequestHead::new(method, target, &sent), body);
    verified.unwrap_or_else(|error| panic!("{}: {error}", case.name()))
}
