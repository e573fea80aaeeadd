use std::collections::HashSet;

use super::*;
use crate::scheme::Handshake;

/// A complete description.
fn acme() -> SchemeBuilder {
    Scheme::builder("acme").signature_header("X-Signature").signed_payload("{body}")
}

/// The same with a list, whose key `t` is a signed timestamp.
fn listed() -> SchemeBuilder {
    acme()
        .signature_pairs(',', '=', "v1")
        .signed_payload("{ts}.{body}")
        .timestamp_field("t", SECONDS)
}

/// A scheme that only sends a token.
fn token() -> SchemeBuilder {
    Scheme::builder("acme").signature_header("X-Token").algorithm(Algorithm::Token)
}

/// Settings that a TOML file can contain and the builder's methods cannot.
fn words(mut builder: SchemeBuilder, change: fn(&mut SchemeConfig)) -> SchemeBuilder {
    change(&mut builder.0);
    builder
}

fn rejection(builder: SchemeBuilder) -> Option<(&'static str, String)> {
    match builder.build() {
        Ok(_) => None,
        Err(ConfigError::Scheme { word, problem, .. }) => Some((word, problem)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_descriptions_that_the_cases_start_from_are_accepted() {
    for builder in [acme(), listed(), token()] {
        assert_eq!(rejection(builder), None);
    }
}

#[test]
fn every_missing_or_contradictory_setting_is_rejected_by_name() {
    let mut seen = HashSet::new();
    for (what, builder, word) in rejected() {
        let (named, problem) = rejection(builder).unwrap_or_else(|| panic!("accepted: {what}"));
        assert_eq!(named, word, "{what}: {problem}");
        assert!(seen.insert((named, problem)), "{what}: rejected for what another case shows");
    }
}

/// One case for each error of `check.rs` and of the template.
fn rejected() -> Vec<(&'static str, SchemeBuilder, &'static str)> {
    vec![
        ("a name of other characters", Scheme::builder("Acme Inc"), "name"),
        // The template.
        ("a token that signs", token().signed_payload("{body}"), "signed_payload"),
        ("no template", Scheme::builder("acme").signature_header("X-Signature"), "signed_payload"),
        ("a template without the body", listed().signed_payload("{ts}"), "signed_payload"),
        ("the body twice", acme().signed_payload("{body}{body}"), "signed_payload"),
        ("an unknown placeholder", acme().signed_payload("{nonce}{body}"), "signed_payload"),
        (
            "a header that nothing ends",
            acme()
                .signed_payload("{header:X-Nonce}{ts}{body}")
                .timestamp_header("X-Timestamp", SECONDS),
            "signed_payload",
        ),
        (
            "an id that nothing ends",
            acme().signed_payload("{id}{body}").id_header("X-Id"),
            "signed_payload",
        ),
        ("a method that nothing ends", acme().signed_payload("{method}{body}"), "signed_payload"),
        (
            "a header of no length",
            acme().signed_payload("{header:X-Nonce:0}{body}"),
            "signed_payload",
        ),
        ("a body that begins with nothing", acme().body_begins_with(""), "body_begins_with"),
        ("an open placeholder", acme().signed_payload("{body}{ts"), "signed_payload"),
        ("a brace too many", acme().signed_payload("ts}{body}"), "signed_payload"),
        (
            "a signed header without a name",
            acme().signed_payload("{header:}{body}"),
            "signed_payload",
        ),
        (
            "a plain digest without the secret",
            acme().algorithm(Algorithm::Sha256),
            "signed_payload",
        ),
        (
            "a secret in an HMAC's template",
            acme().signed_payload("{secret}{body}"),
            "signed_payload",
        ),
        (
            "the secret in the middle",
            digest().signed_payload("{ts}{secret}{body}"),
            "signed_payload",
        ),
        ("the secret twice", digest().signed_payload("{secret}{secret}{body}"), "signed_payload"),
        (
            "a digest of a longer body",
            digest().signed_payload("{secret}{body}"),
            "body_begins_with",
        ),
        // The signature header.
        ("a list with a prefix", listed().signature_prefix("v1="), "signature_prefix"),
        ("a list with one separator", listed().signature_pairs('=', '=', "v1"), "signature_pairs"),
        ("a list without a key", listed().signature_pairs(',', '=', ""), "signature_pairs"),
        (
            "a separator that is a hexadecimal digit",
            listed().signature_pairs('a', '=', "v1"),
            "signature_pairs",
        ),
        ("a signature as plain text", acme().encoding(Encoding::Text), "encoding"),
        // The timestamp.
        (
            "an unsigned timestamp in a header",
            acme().timestamp_header("X-Timestamp", SECONDS),
            "timestamp_header",
        ),
        ("an unsigned timestamp in the list", listed().signed_payload("{body}"), "timestamp_field"),
        (
            "a timestamp under the signature's key",
            listed().timestamp_field("v1", SECONDS),
            "timestamp_field",
        ),
        (
            "a timestamp under a key that the list divides",
            listed().timestamp_field("t,s", SECONDS),
            "timestamp_field",
        ),
        (
            "a timestamp in a list that is none",
            acme().signed_payload("{ts}{body}").timestamp_field("t", SECONDS),
            "timestamp_field",
        ),
        (
            "`{ts}` for a timestamp in the body",
            acme().signed_payload("{ts}{body}").timestamp_body("/created", SECONDS),
            "signed_payload",
        ),
        (
            "a token with a timestamp in the body",
            token().timestamp_body("/created", SECONDS),
            "timestamp_body",
        ),
        ("a timestamp at no pointer", acme().timestamp_body("created", SECONDS), "timestamp_body"),
        ("`{ts}` without a timestamp", acme().signed_payload("{ts}.{body}"), "signed_payload"),
        ("two timestamps", listed().timestamp_header("X-Timestamp", SECONDS), "timestamp_field"),
        (
            "a timestamp without its unit",
            words(listed(), |words| words.timestamp_unit = None),
            "timestamp_unit",
        ),
        (
            "a time that the list divides",
            listed().timestamp_field("t", TimestampUnit::HttpDate),
            "timestamp_unit",
        ),
        (
            "a unit without a timestamp",
            words(acme(), |words| words.timestamp_unit = Some(SECONDS)),
            "timestamp_unit",
        ),
        ("a tolerance without a timestamp", acme().tolerance(MINUTE), "tolerance"),
        (
            "a past tolerance without a timestamp",
            words(acme(), |words| words.tolerance_past = Some(Bound::Unlimited)),
            "tolerance_past",
        ),
        (
            "a future tolerance without a timestamp",
            words(acme(), |words| words.tolerance_future = Some(Bound::Unlimited)),
            "tolerance_future",
        ),
        (
            "the tolerance twice",
            listed().tolerance(MINUTE).tolerances(Tolerance::symmetric(MINUTE)),
            "tolerance",
        ),
        // The headers.
        ("no signature", Scheme::builder("acme").signed_payload("{body}"), "signature_header"),
        ("a signature in no header", acme().signature_header("X Signature"), "signature_header"),
        (
            "a second signature in no header",
            acme().fallback_signature_header(""),
            "fallback_signature_headers",
        ),
        (
            "a second signature in the same header",
            acme().fallback_signature_header("x-signature"),
            "fallback_signature_headers",
        ),
        (
            "an id in the signature's header",
            acme().signed_payload("{id}{body}").id_header("X-Signature"),
            "id_header",
        ),
        (
            "an id and a timestamp in one header",
            acme()
                .signed_payload("{id}{ts}{body}")
                .id_header("X-Id")
                .timestamp_header("X-Id", SECONDS),
            "timestamp_header",
        ),
        ("an unsigned id", acme().id_header("X-Id"), "id_header"),
        ("`{id}` without a header", acme().signed_payload("{id}{body}"), "id_header"),
        ("an id in no header", acme().signed_payload("{id}{body}").id_header("X:Id"), "id_header"),
        ("an id that forbids what none has", acme().id_excluded_char('·'), "id_excluded_char"),
        (
            "a timestamp in no header",
            acme().signed_payload("{ts}{body}").timestamp_header("é", SECONDS),
            "timestamp_header",
        ),
        (
            "an alternate prefix that makes no header",
            acme().alternate_header_prefix("X-", "X "),
            "alternate_header_prefix",
        ),
        (
            "an alternate for a prefix that is not there",
            acme().alternate_header_prefix("svix-", "webhook-"),
            "alternate_header_prefix",
        ),
        // The event.
        ("an id at no place", acme().event_id("/id"), "event_id"),
        ("an id at no pointer", acme().event_id("body:id"), "event_id"),
        ("an id in no header", acme().event_id("header:"), "event_id"),
        ("an id in an unsigned header", acme().event_id("header:X-Delivery-Id"), "event_id"),
        ("an id in two arrays, one in the other", acme().event_id("body:/*/a/*/b"), "event_id"),
        ("an id in two arrays", acme().event_id("body:/a/*/b+/c/*/d"), "event_id"),
        (
            "an id as the identity of what has none",
            acme().fallback_identity(Identity::Id),
            "fallback_identity",
        ),
        ("a type at no place", acme().event_type("type"), "event_type"),
        ("a type at no pointer", acme().event_type("body:type"), "event_type"),
        ("a type in no header", acme().event_type("header:"), "event_type"),
        (
            "a type in two headers",
            acme().event_type("header:X-Topic").event_type("header:X-Event"),
            "event_type",
        ),
        ("an id of one event of a batch", acme().event_id("body:/0/id"), "event_id"),
        (
            "an id that is the type",
            acme().event_id("body:/event").event_type("body:/event"),
            "event_id",
        ),
        (
            "an id in a header of every request",
            acme().signed_payload("{id}.{body}").id_header("User-Agent"),
            "id_header",
        ),
        // The handshakes.
        (
            "a handshake that is every delivery",
            acme().handshake(Handshake::unsigned("ping").absent("header:X-Nope")),
            "handshake",
        ),
        // The provider's profile.
        ("room for no body", acme().body_limit(0), "body_limit"),
        ("no time to answer", acme().ack_deadline(Duration::ZERO), "ack_deadline"),
        (
            "two descriptions of the retries",
            words(acme(), |words| {
                words.retries = Some(Vec::new());
                words.retries_within = Some(Span(MINUTE));
            }),
            "retries_within",
        ),
        ("a memory shorter than the retries", acme().retention(MINUTE), "retention"),
    ]
}

fn digest() -> SchemeBuilder {
    acme().algorithm(Algorithm::Sha256)
}

/// Missing settings are reported before ambiguities: the missing setting can resolve the ambiguity.
#[test]
fn a_placeholder_without_its_setting_is_reported_before_its_boundaries() {
    let unset = acme().signed_payload("{header:X-Nonce}{ts}{body}");
    let (word, problem) = rejection(unset).unwrap();
    assert_eq!(word, "signed_payload");
    assert!(problem.contains("set the location of the timestamp"), "{problem}");
    let unset = acme().signed_payload("{header:X-Nonce}{id}{body}");
    assert_eq!(rejection(unset).map(|(word, _)| word), Some("id_header"));
}

/// The body is not authenticated, but anyone who could change the id also has the token.
#[test]
fn a_token_scheme_may_take_the_id_from_the_body_and_not_from_a_header() {
    assert_eq!(rejection(token().event_id("body:/id")), None);
    let in_header = token().event_id("header:X-Delivery-Id");
    assert_eq!(rejection(in_header).map(|(word, _)| word), Some("event_id"));
}

#[test]
fn base64_cannot_be_split_at_base64_characters() {
    for separator in ['+', '/', 'A', '7'] {
        let base64 = acme().encoding(Encoding::Base64).signature_pairs(separator, ':', "v1");
        assert_eq!(rejection(base64).map(|(word, _)| word), Some("signature_pairs"), "{separator}");
    }
    assert_eq!(rejection(acme().signature_pairs('/', ':', "v1")), None);
}

#[test]
fn a_token_scheme_has_no_timestamp_header() {
    let stamped = token().timestamp_header("X-Timestamp", SECONDS);
    assert_eq!(rejection(stamped).map(|(word, _)| word), Some("timestamp_header"));
}

#[test]
fn an_event_is_remembered_for_longer_than_it_may_be_sent_again() {
    let hour = 60 * MINUTE;
    for (retries, least, default) in [
        (Retries::Never, Duration::ZERO, A_DAY),
        (Retries::After(vec![30 * MINUTE, hour, 150 * MINUTE]), 4 * hour, A_DAY),
        (Retries::Within(72 * hour), 72 * hour, 90 * hour),
        // Three days.
        (Retries::Unknown, 72 * hour, 90 * hour),
    ] {
        let described = acme().retries(retries.clone());
        assert_eq!(retention(described.clone()), default, "{retries:?}");
        assert_least(&described, least);
    }
}

#[test]
fn an_event_is_remembered_for_as_long_as_one_delivery_can_be_accepted() {
    let stamped = listed().retries(Retries::Never);
    assert_least(&stamped, 10 * MINUTE);

    let patient = stamped.tolerances(Tolerance::new(7 * A_DAY, 5 * MINUTE));
    assert_eq!(retention(patient.clone()), 7 * A_DAY + 5 * MINUTE);
    assert_least(&patient, 7 * A_DAY + 5 * MINUTE);
}

#[test]
fn the_last_retry_can_be_replayed_for_as_long_as_it_is_accepted() {
    let hour = 60 * MINUTE;
    let stamped = listed().tolerance(hour);
    assert_least(&stamped.clone().retries(Retries::Within(hour)), 3 * hour);
    let patient = stamped.retries(Retries::Within(72 * hour));
    assert_least(&patient, 74 * hour);
    assert_eq!(retention(patient), 92 * hour);
}

#[test]
fn a_shorter_retention_requires_accepting_duplicates() {
    let short = acme().retention(MINUTE).dangerous_with_duplicates();
    assert_eq!(retention(short), MINUTE);
}

#[test]
fn a_duration_out_of_its_range_is_rejected() {
    let ms = Duration::from_millis;
    let year = Duration::from_secs(31_557_600);
    let past = |limit| listed().tolerances(Tolerance::new(limit, MINUTE));
    let future = |limit| listed().tolerances(Tolerance::new(MINUTE, limit));
    let after = |delay| acme().retries(Retries::After(vec![MINUTE, delay, Duration::ZERO]));
    let within = |window| acme().retries(Retries::Within(window));
    type Build<'a> = &'a dyn Fn(Duration) -> SchemeBuilder;
    let cases: [(&str, Build<'_>, Duration, Duration); 7] = [
        ("tolerance", &|limit| listed().tolerance(limit), ms(1000), year),
        ("tolerance_past", &past, ms(1000), year),
        ("tolerance_future", &future, ms(1000), year),
        ("ack_deadline", &|deadline| acme().ack_deadline(deadline), ms(100), ms(3_600_000)),
        ("retries", &after, Duration::ZERO, 5 * year - MINUTE),
        ("retries_within", &within, Duration::ZERO, 5 * year),
        ("retention", &|it| acme().retention(it).dangerous_with_duplicates(), ms(0), 10 * year),
    ];
    for (word, builder, least, most) in cases {
        for inside in [least, most] {
            assert_eq!(rejection(builder(inside)), None, "{word}: {inside:?}");
        }
        let below = least.checked_sub(ms(1)).into_iter();
        for outside in below.chain([most + ms(1), 1000 * year, Duration::MAX]) {
            let named = rejection(builder(outside)).map(|(word, _)| word);
            assert_eq!(named, Some(word), "{outside:?}");
        }
    }
    let unlimited = Tolerance::symmetric(MINUTE).dangerous_without_past_limit();
    assert_eq!(rejection(listed().tolerances(unlimited)), None);
    let zero = Tolerance::symmetric(Duration::ZERO).dangerous_without_future_limit();
    let named = rejection(listed().tolerances(zero)).map(|(word, _)| word);
    assert_eq!(named, Some("tolerance_past"));
}

#[test]
fn the_error_for_a_tolerance_names_the_side_that_is_out_of_range() {
    for (tolerance, side, other) in [
        (Tolerance::new(Duration::ZERO, MINUTE), "tolerance_past", "tolerance_future"),
        (Tolerance::new(MINUTE, Duration::ZERO), "tolerance_future", "tolerance_past"),
    ] {
        let (word, problem) = rejection(listed().tolerances(tolerance)).unwrap();
        assert_eq!(word, side);
        assert!(problem.contains("between 1s and 1y"), "{problem}");
        let unlimited = format!("`{side} = \"dangerously-unlimited\"`");
        assert!(problem.contains(&unlimited) && !problem.contains(other), "{problem}");
    }
}

#[test]
fn the_default_retention_is_never_out_of_its_range() {
    let year = Duration::from_secs(31_557_600);
    let widest = listed().tolerance(year).retries(Retries::Within(5 * year));
    let default = retention(widest.clone());
    assert_eq!(rejection(widest.retention(default)), None);
}

#[test]
fn the_id_of_one_event_is_not_the_id_of_a_batch() {
    for (place, hint) in [
        ("body:/0/id", Some("`/*/id`")),
        ("body:/events/12/id", Some("`/events/*/id`")),
        ("body:/account+/events/0/ids/1", Some("`/events/*/ids/1`")),
        ("body:/0", Some("`/*`")),
        ("body:/events/*/ids/0", None),
    ] {
        let (word, problem) = rejection(acme().event_id(place)).unwrap();
        assert_eq!(word, "event_id", "{place}");
        assert!(problem.contains("of an array"), "{problem}");
        assert!(problem.contains(hint.unwrap_or("use another value")), "{problem}");
        let scheme = acme().build().unwrap();
        let other = scheme.with_event_id(place.strip_prefix("body:").unwrap());
        assert!(matches!(other, Err(ConfigError::Scheme { word: "event_id", .. })), "{other:?}");
    }
    for place in ["body:/*/id", "body:/event0/id", "body:/01/id"] {
        assert_eq!(rejection(acme().event_id(place)), None, "{place}");
    }
}

#[test]
fn the_type_or_the_timestamp_alone_is_not_the_id() {
    let typed = || {
        acme()
            .timestamp_body("/created", SECONDS)
            .event_type("body:/event/type")
            .event_type("body:/type")
    };
    for place in [
        "body:/event/type",
        "body:/type",
        "body:/type+/type",
        "body:/created",
        // Several of them together.
        "body:/event/type+/type",
        "body:/type+/created",
        // Other times, and attempts.
        "body:/updatedAt",
        "body:/type+/occurred_at",
        "body:/events/*/timestamp",
        "body:/attemptNumber",
        "body:/type+/retry_count",
    ] {
        let named = rejection(typed().event_id(place)).map(|(word, _)| word);
        let other = typed().build().unwrap().with_event_id(place);
        assert_eq!(named, Some("event_id"), "{place}");
        assert!(matches!(other, Err(ConfigError::Scheme { word: "event_id", .. })), "{other:?}");
    }
    for place in [
        "body:/type+/id",
        "body:/id+/created",
        "body:/event/id",
        "body:/user+/status+/updatedAt",
        "body:/quiz+/attempt",
        "body:/created/id",
        "body:/created_by",
    ] {
        assert_eq!(rejection(typed().event_id(place)), None, "{place}");
    }
    let (_, problem) = rejection(typed().event_id("body:/type")).unwrap();
    assert!(problem.contains("the event's type") && problem.contains("`body:/id+/type`"));
    let (_, problem) = rejection(typed().event_id("body:/created")).unwrap();
    assert!(problem.contains("the timestamp"), "{problem}");
    let (_, problem) = rejection(typed().event_id("body:/type+/created")).unwrap();
    for said in ["`/type`", "`/created`", "`body:/id+/type+/created`", "`fallback_identity ="] {
        assert!(problem.contains(said), "{problem}");
    }
}

/// A description that names no location of the type still has one.
#[test]
fn an_id_whose_name_says_that_events_share_it_is_rejected() {
    for (place, why) in [
        ("body:/type", "a kind"),
        ("body:/event", "a kind"),
        ("body:/events/*/eventType", "a kind"),
        ("body:/type+/created_on", "a time"),
        ("body:/livemode", "a kind"),
        ("body:/account_id", "what many events belong to"),
        ("body:/body_sha256", "a checksum"),
        ("body:/tries", "the number of an attempt"),
    ] {
        let (word, problem) = rejection(acme().event_id(place)).unwrap();
        assert_eq!(word, "event_id");
        assert!(problem.contains(why), "{place}: {problem}");
    }
    assert_eq!(rejection(acme().event_id("body:/account/id+/type")), None);
}

#[test]
fn all_elements_of_an_array_include_the_one_of_the_type_or_the_timestamp() {
    let in_first = || {
        acme()
            .event_type("body:/events/0/type")
            .timestamp_body("/events/0/at_ms", TimestampUnit::Milliseconds)
    };
    for place in ["body:/events/*/type", "body:/events/*/at_ms", "body:/events/*/type+/id/number"] {
        let named = rejection(in_first().event_id(place)).map(|(word, _)| word);
        let is_shared = !place.ends_with("/id/number");
        assert_eq!(named, is_shared.then_some("event_id"), "{place}");
    }
    assert_eq!(rejection(in_first().event_id("body:/events/*/type+/events/*/id")), None);
}

#[test]
fn a_token_of_a_pointer_that_names_no_member_is_rejected() {
    for token in ["*", "-"] {
        let place = format!("/events/{token}/type");
        for (word, scheme) in [
            ("event_type", acme().event_type(format!("body:{place}"))),
            ("timestamp_body", acme().timestamp_body(&place, SECONDS)),
        ] {
            let (named, problem) = rejection(scheme).unwrap();
            assert_eq!(named, word);
            assert!(problem.contains(&place) && problem.contains("write the name"), "{problem}");
        }
    }
    let (named, problem) = rejection(acme().event_id("body:/events/-/id")).unwrap();
    assert!(named == "event_id" && problem.contains("write the name"), "{problem}");
}

#[test]
fn a_header_that_is_the_same_in_many_requests_is_not_the_id() {
    let in_header = |name: &str| {
        let scheme = acme().signed_payload("{id}.{body}").id_header(name);
        scheme.event_id(format!("header:{name}")).event_type("header:X-Event")
    };
    for name in [
        "User-Agent",
        "content-type",
        "Content-Length",
        "Host",
        "Accept-Language",
        "Authorization",
        "Date",
        "X-Forwarded-For",
        // That of the type.
        "x-event",
        // Digests and signatures of the body.
        "Content-Digest",
        "Repr-Digest",
        "Digest",
        "Content-MD5",
        "x-amz-content-sha256",
        "X-Hub-Signature",
        // Attempts, kinds and times.
        "X-Attempt-Number",
        "X-Acme-Retry-Num",
        "X-Event-Name",
        "X-Event-Time",
    ] {
        let (word, problem) = rejection(in_header(name)).unwrap();
        assert_eq!(word, "id_header", "{name}");
        assert!(problem.contains(&format!("`{{header:{name}}}`")), "{problem}");
    }
    let (_, problem) = rejection(in_header("Content-Digest")).unwrap();
    assert!(problem.contains("`fallback_identity = \"content\"`"), "{problem}");
    // Also under the second name of the header.
    let second = acme()
        .signature_header("Acme-Signature")
        .signed_payload("{id}.{body}")
        .id_header("Acme-Agent")
        .alternate_header_prefix("Acme-", "User-");
    assert_eq!(rejection(second).map(|(word, _)| word), Some("id_header"));
    for name in
        ["X-Request-Id", "X-Event-Id", "Webhook-Id", "X-Delivery-Number", "X-Transaction-Hash"]
    {
        assert_eq!(rejection(in_header(name)), None, "{name}");
    }
}

#[test]
fn a_header_has_one_role_under_its_second_name_too() {
    let scheme = acme()
        .signed_payload("{id}.{ts}.{body}")
        .id_header("Acme-Id")
        .timestamp_header("X-Id", SECONDS)
        .alternate_header_prefix("X-", "Acme-");
    let scheme = scheme.signature_header("X-Sig");
    assert_eq!(rejection(scheme).map(|(word, _)| word), Some("timestamp_header"));
}

#[test]
fn a_timestamp_field_requires_a_separator_that_does_not_split_it() {
    let listed = |separator, unit| {
        let list = acme().signature_pairs(separator, '=', "v1").signed_payload("{ts}.{body}");
        rejection(list.timestamp_field("t", unit)).is_none()
    };
    for (unit, divided) in [
        (SECONDS, ""),
        (TimestampUnit::Milliseconds, ""),
        (TimestampUnit::Rfc3339, "-:.+ "),
        (TimestampUnit::HttpDate, ",: "),
    ] {
        for separator in ",;:-.+ |".chars() {
            assert_eq!(listed(separator, unit), !divided.contains(separator), "{unit} {separator}");
        }
    }
}

/// Asserts that `least` is accepted, and one millisecond less is not.
fn assert_least(builder: &SchemeBuilder, least: Duration) {
    assert_eq!(retention(builder.clone().retention(least)), least);
    if let Some(less) = least.checked_sub(Duration::from_millis(1)) {
        let word = rejection(builder.clone().retention(less)).map(|(word, _)| word);
        assert_eq!(word, Some("retention"), "{least:?}");
    }
}

fn retention(builder: SchemeBuilder) -> Duration {
    builder.build().unwrap().profile().retention()
}

const MINUTE: Duration = Duration::from_secs(60);
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SECONDS: TimestampUnit = TimestampUnit::Seconds;
