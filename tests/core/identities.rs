//! Event identity: the settings of every scheme, and deliveries of providers
//! whose different events once got the same id.

use std::fmt::Write as _;
use std::time::Duration;

use countersign::scheme::{Identity, Interactive, Retries};
use countersign::{PublicUrl, Scheme, Secret, Signer, Verified, Verifier};

use fixtures::delivery::{Delivery, NOW_MS, all_schemes, scheme, verifier_at};

// The settings of every scheme.

/// If a default changes, this file changes: review such a change with care.
#[test]
fn the_table_lists_the_event_identity_of_every_scheme() {
    let mut table = String::from(COLUMNS);
    for scheme in all_schemes() {
        writeln!(table, "{}", row(&scheme)).unwrap();
    }
    let expected: Vec<&str> = include_str!("identities.tsv").lines().collect();
    let stated: Vec<&str> = table.lines().collect();
    let differences: Vec<_> = stated.iter().filter(|row| !expected.contains(row)).collect();
    assert!(differences.is_empty(), "not in identities.tsv:\n{differences:#?}\n{table}");
    assert_eq!(stated.len(), expected.len(), "identities.tsv has rows of removed schemes");
}

const COLUMNS: &str = "scheme\tidentity\tevent id\tinteractive\tretries\tpast\n";

fn row(scheme: &Scheme) -> String {
    let profile = scheme.profile();
    let identity = match (scheme.identity(), scheme.fallback_identity()) {
        (Identity::Id, fallback) => format!("id, else {fallback}"),
        (identity, _) => identity.to_string(),
    };
    let ids: Vec<String> = scheme.event_id_sources().iter().map(ToString::to_string).collect();
    let retries = match profile.retries() {
        Retries::Never => "never".to_owned(),
        retries => retries.window().map_or("unknown".to_owned(), seconds),
    };
    let past = scheme.tolerance().and_then(|tolerance| tolerance.past());
    [
        scheme.name().to_owned(),
        identity,
        ids.join(" "),
        profile.interactive().to_string(),
        retries,
        past.map_or(String::new(), seconds),
    ]
    .join("\t")
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[test]
fn every_scheme_documents_the_basis_of_its_identity() {
    for scheme in all_schemes() {
        let basis = scheme.identity_basis();
        assert!(!basis.is_empty() && !basis.starts_with("not stated"), "{}", scheme.name());
    }
}

#[test]
fn every_scheme_keeps_events_as_long_as_they_can_be_redelivered() {
    for scheme in all_schemes() {
        let profile = scheme.profile();
        let window = profile.retries().window().unwrap_or(Duration::from_secs(3 * 24 * 60 * 60));
        let tolerance = scheme.tolerance().and_then(|tolerance| tolerance.window());
        let least = window + tolerance.unwrap_or_default();
        assert!(profile.retention() >= least, "{}: {least:?}", scheme.name());
    }
}

#[test]
fn retries_with_their_original_timestamp_are_within_the_tolerance() {
    for (name, last) in [("linear", 7 * 3600 + 60), ("mailgun", 485 * 60), ("contentful", 60)] {
        let scheme = scheme(name);
        let past = scheme.tolerance().and_then(|tolerance| tolerance.past()).unwrap();
        assert!(past >= Duration::from_secs(last), "{name}: {past:?}");
    }
}

// Events that must be distinguished, and attempts that must not.

/// Two bodies of a scheme, and whether both are the same event.
struct Pair {
    scheme: &'static str,
    first: &'static str,
    second: &'static str,
    identity: Identity,
    same: bool,
}

const fn pair(
    scheme: &'static str,
    first: &'static str,
    second: &'static str,
    identity: Identity,
    same: bool,
) -> Pair {
    Pair { scheme, first, second, identity, same }
}

const PAIRS: &[Pair] = &[
    pair(
        "coinbase-cdp-v0",
        r#"{"id":"6916","eventType":"checkout.payment.failed","updatedAt":"2026-01-01T00:00:00Z"}"#,
        r#"{"id":"6916","eventType":"checkout.payment.success","updatedAt":"2026-01-01T00:01:00Z"}"#,
        Identity::Content,
        false,
    ),
    pair(
        "line",
        r#"{"events":[{"webhookEventId":"01A","deliveryContext":{"isRedelivery":false}}]}"#,
        r#"{"events":[{"webhookEventId":"01A","deliveryContext":{"isRedelivery":true}}]}"#,
        Identity::Id,
        true,
    ),
    pair(
        "line",
        r#"{"events":[{"webhookEventId":"01A"},{"webhookEventId":"01B"}]}"#,
        r#"{"events":[{"webhookEventId":"01A"},{"webhookEventId":"01C"}]}"#,
        Identity::Id,
        false,
    ),
    pair("hubspot", HUBSPOT_FIRST, HUBSPOT_RETRY, Identity::Id, true),
    pair("hubspot-v1", HUBSPOT_FIRST, HUBSPOT_RETRY, Identity::Id, true),
    pair("hubspot-v2", HUBSPOT_FIRST, HUBSPOT_RETRY, Identity::Id, true),
    pair("hubspot", HUBSPOT_FIRST, HUBSPOT_OTHER_PORTAL, Identity::Id, false),
    pair("hubspot", r#"{"workflow":1}"#, r#"{"workflow":2}"#, Identity::Unknown, false),
    pair(
        "docusign",
        r#"{"event":"envelope-completed","retryCount":0,"configurationId":7,"generatedDateTime":"2026-01-01T00:00:00.1Z","data":{"envelopeId":"e"}}"#,
        r#"{"event":"envelope-completed","retryCount":1,"configurationId":7,"generatedDateTime":"2026-01-01T00:00:00.1Z","data":{"envelopeId":"e"}}"#,
        Identity::Id,
        true,
    ),
    pair(
        "docusign",
        r#"{"event":"recipient-sent","configurationId":7,"generatedDateTime":"2026-01-01T00:00:00.1Z","data":{"envelopeId":"e","recipientId":"1"}}"#,
        r#"{"event":"recipient-sent","configurationId":7,"generatedDateTime":"2026-01-01T00:00:00.1Z","data":{"envelopeId":"e","recipientId":"2"}}"#,
        Identity::Id,
        false,
    ),
    pair(
        "zendesk",
        r#"{"zendesk_event_version":"2022-11-06","type":"zen:event-type:user.created","id":"a"}"#,
        r#"{"zendesk_event_version":"2022-11-06","type":"zen:event-type:user.deleted","id":"a"}"#,
        Identity::Id,
        false,
    ),
    // A custom trigger: `id` is the id of the ticket.
    pair(
        "zendesk",
        r#"{"id":"35436","type":"solved"}"#,
        r#"{"id":"35436","type":"solved"}"#,
        Identity::Unknown,
        true,
    ),
    pair("metronome", r#"{"id":"m1","n":1}"#, r#"{"id":"m1","n":2}"#, Identity::Id, true),
    pair("coinify", r#"{"id":"c1","n":1}"#, r#"{"id":"c1","n":2}"#, Identity::Id, true),
    pair("adyen-platform", r#"{"eventId":"a1"}"#, r#"{"eventId":"a2"}"#, Identity::Id, false),
    pair("gocardless", GOCARDLESS, GOCARDLESS_AGAIN, Identity::Id, true),
    pair("slack", r#"{"event_id":"Ev1"}"#, r#"{"event_id":"Ev2"}"#, Identity::Id, false),
    pair("slack", "command=a&trigger_id=1", "command=a&trigger_id=2", Identity::Content, false),
    pair(
        "github",
        r#"{"inputs":{},"ref":"main"}"#,
        r#"{"inputs":{},"ref":"main"}"#,
        Identity::Unknown,
        true,
    ),
    pair("shopify", r#"{"id":1}"#, r#"{"id":1}"#, Identity::Unknown, true),
    pair("woocommerce", r#"{"id":77}"#, r#"{"id":77}"#, Identity::Unknown, true),
    pair("hookdeck", "{}", "{}", Identity::Unknown, true),
    pair("sentry", r#"{"action":"assigned"}"#, r#"{"action":"assigned"}"#, Identity::Unknown, true),
    pair("cal.com", "{}", "{}", Identity::Unknown, true),
    pair("dropbox", "{}", "{}", Identity::Unknown, true),
    pair(
        "retell",
        r#"{"event":"call_inbound"}"#,
        r#"{"event":"call_inbound"}"#,
        Identity::Unknown,
        true,
    ),
    pair("webflow", "{}", "{}", Identity::Unknown, true),
    pair("onfido", "{}", "{}", Identity::Unknown, true),
    pair("bitbucket", "{}", "{}", Identity::Unknown, true),
];

const HUBSPOT_FIRST: &str =
    r#"[{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,"attemptNumber":0}]"#;
const HUBSPOT_RETRY: &str =
    r#"[{"eventId":1,"subscriptionId":2,"portalId":3,"occurredAt":4,"attemptNumber":1}]"#;
const HUBSPOT_OTHER_PORTAL: &str =
    r#"[{"eventId":1,"subscriptionId":2,"portalId":5,"occurredAt":4,"attemptNumber":0}]"#;
const GOCARDLESS: &str = r#"{"events":[{"id":"EV1"},{"id":"EV2"}],"meta":{"webhook_id":"WB1"}}"#;
const GOCARDLESS_AGAIN: &str =
    r#"{"events":[{"id":"EV1"},{"id":"EV2"}],"meta":{"webhook_id":"WB2"}}"#;

#[test]
fn different_events_have_different_ids_and_retries_do_not() {
    for Pair { scheme: name, first, second, identity, same } in PAIRS {
        let [first, second] = [first, second].map(|body| verified(&scheme(name), NOW_MS, body));
        assert_eq!(first.identity(), *identity, "{name}");
        assert_eq!(second.identity(), *identity, "{name}");
        assert_eq!(first.event_id() == second.event_id(), *same, "{name}");
    }
}

#[test]
fn equal_bodies_signed_at_two_times_are_two_events_if_they_can_be() {
    for name in ["zendesk", "retell", "webflow"] {
        let id = |unix_ms| {
            let verified = verified(&scheme(name), unix_ms, r#"{"event":"ticket_solved"}"#);
            assert_eq!(verified.identity(), Identity::Unknown, "{name}");
            verified.event_id().to_owned()
        };
        assert_ne!(id(NOW_MS), id(NOW_MS + 3_600_000), "{name}");
        assert_eq!(id(NOW_MS), id(NOW_MS), "{name}");
    }
}

#[test]
fn a_retry_with_a_new_signature_is_the_same_event_if_its_body_identifies_it() {
    for name in ["calendly", "zoom", "cashfree", "cloudflare-stream"] {
        let id = |unix_ms| {
            let verified = verified(&scheme(name), unix_ms, r#"{"created_at":"2026-01-01"}"#);
            assert_eq!(verified.identity(), Identity::Content, "{name}");
            verified.event_id().to_owned()
        };
        assert_eq!(id(NOW_MS), id(NOW_MS + 60_000), "{name}");
    }
}

fn verified(scheme: &Scheme, unix_ms: i64, body: &str) -> Verified {
    let delivery =
        Delivery::signed(scheme, fixtures::delivery::secret_of(scheme, 1), unix_ms, body);
    delivery.verify(&verifier_at(scheme, unix_ms)).unwrap()
}

#[test]
fn interactive_deliveries_are_marked_as_such() {
    for (name, interactive) in [
        ("twilio", Interactive::Yes),
        ("twilio-sharedkey", Interactive::Yes),
        ("retell", Interactive::Yes),
        ("telegram", Interactive::Yes),
        ("slack", Interactive::WithoutId),
        ("discord", Interactive::WithId),
        ("stripe", Interactive::No),
    ] {
        assert_eq!(scheme(name).profile().interactive(), interactive, "{name}");
    }
}

#[test]
fn twilio_deliveries_have_no_event_id() {
    let url = || PublicUrl::new("https://receiver.example/hook").unwrap();
    let token = || Secret::new("0123456789abcdef0123456789abcdef").unwrap();
    let signer = Signer::new(scheme("twilio"), token()).unwrap().with_url(url());
    let verifier = Verifier::with_public_url(url(), scheme("twilio"), token()).unwrap();
    let form = "CallSid=CA1&Digits=1";
    let own = [("Content-Type", "application/x-www-form-urlencoded")];
    let headers = signer.sign_with(&own, form.as_bytes()).unwrap();
    let headers: Vec<_> = headers
        .into_iter()
        .chain(own.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    assert_eq!(verifier.verify(&headers, form).unwrap().identity(), Identity::Unknown);
}

#[test]
fn moralis_attempts_with_a_counter_in_the_body_are_one_event() {
    let secret = || Secret::new("streams secret").unwrap();
    let id = |body: &str| {
        let signer = Signer::new(scheme("moralis"), secret()).unwrap();
        let headers = signer.sign(body.as_bytes()).unwrap();
        let verifier = Verifier::new(scheme("moralis"), secret()).unwrap();
        let verified = verifier.verify(&headers, body.to_owned()).unwrap();
        assert_eq!(verified.identity(), Identity::Content);
        verified.event_id().to_owned()
    };
    let body = |confirmed, retries| {
        format!(r#"{{"confirmed":{confirmed},"streamId":"s","retries":{retries}}}"#)
    };
    assert_eq!(id(&body(true, 0)), id(&body(true, 3)));
    assert_ne!(id(&body(true, 0)), id(&body(false, 0)));
    // Only the member of the body itself counts attempts.
    for (first, second) in [
        (r#"{"tx":{"retries":1}}"#, r#"{"tx":{"retries":2}}"#),
        (r#"{"tag":"\"retries\":1"}"#, r#"{"tag":"\"retries\":2"}"#),
        (r#"{"tx":{"retries":1},"retries":0}"#, r#"{"tx":{"retries":2},"retries":0}"#),
        (r#"{"retries":"1"}"#, r#"{"retries":"2"}"#),
    ] {
        assert_ne!(id(first), id(second), "{first}");
    }
    let nested = |retries: u8| format!(r#"{{"tx":{{"retries":1}},"retries": {retries} }}"#);
    assert_eq!(id(&nested(0)), id(&nested(7)));
}

#[test]
fn the_header_of_coinbase_names_the_event_only_if_the_signature_covers_it() {
    let secret = || Secret::new("secret of the subscription").unwrap();
    let signer = Signer::new(scheme("coinbase-cdp-v1"), secret()).unwrap().at_unix_ms(NOW_MS);
    let verifier =
        Verifier::new(scheme("coinbase-cdp-v1"), secret()).unwrap().with_clock(|| NOW_MS);
    let body = r#"{"id":"6916","eventType":"checkout.payment.failed"}"#;
    let verified = |signed: &[(&str, &str)], added: &[(&str, &str)]| {
        let own = signed.iter().chain(added);
        let own = own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut headers = signer.sign_with(&signed.to_vec(), body.as_bytes()).unwrap();
        headers.extend(own);
        verifier.verify(&headers, body).unwrap()
    };
    let covered = [("content-type", "application/json"), ("x-event-id", "ev_1")];
    let named = verified(&covered, &[]);
    assert_eq!((named.event_id(), named.identity()), ("ev_1", Identity::Id));
    let [first, second] = ["ev_1", "ev_2"].map(|id| verified(&covered[..1], &[("x-event-id", id)]));
    assert_eq!(first.identity(), Identity::Content);
    assert_eq!(first.event_id(), second.event_id());
}
