use crate::custom::{BodyCheck, CustomScheme, LiveKeys, VerifyRequest};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::scheme::{Handshake, HandshakeBuilder, Scheme, SchemeBuilder, SignatureCoverage};
use crate::secret::Secret;
use crate::time::unit::TimestampUnit;

/// A scheme that has a value in each kind of place.
fn acme() -> SchemeBuilder {
    Scheme::builder("acme")
        .signature_header("X-Sig")
        .fallback_signature_header("X-Sig-Old")
        .alternate_header_prefix("X-", "Acme-")
        .signed_payload("{id}.{header:X-Topic}.{body}")
        .id_header("X-Id")
        .timestamp_body("/created", TimestampUnit::Seconds)
        .event_id("body:/id")
        .event_id("body:/events/*/id+/account")
        .event_type("header:X-Event")
        .event_type("body:/type")
}

/// A scheme that reads its signature in the body.
fn signed_in_body() -> SchemeBuilder {
    Scheme::builder("acme").signed_payload("the fields").rule(InBody).event_id("body:/id")
}

struct InBody;

impl CustomScheme for InBody {
    type Key = ();

    fn covers(&self) -> SignatureCoverage {
        SignatureCoverage::Body
    }

    fn key(&self, _: &Scheme, _: &Secret) -> Result<(), ConfigError> {
        Ok(())
    }

    fn begin(&self, _: &VerifyRequest<'_>, _: LiveKeys<()>) -> Result<BodyCheck, VerifyError> {
        Err(VerifyErrorKind::MissingSignature.into())
    }
}

fn rejection(handshake: HandshakeBuilder) -> Option<String> {
    rejection_in(acme(), handshake)
}

fn rejection_in(scheme: SchemeBuilder, handshake: HandshakeBuilder) -> Option<String> {
    match scheme.handshake(handshake).build() {
        Ok(_) => None,
        Err(ConfigError::Scheme { word: "handshake", problem, .. }) => Some(problem),
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn assert_rejected(handshake: HandshakeBuilder, words: &[&str]) {
    let shown = format!("{handshake:?}");
    let problem = rejection(handshake).unwrap_or_else(|| panic!("accepted: {shown}"));
    for word in words {
        assert!(problem.contains(word), "{word} is not in: {problem}");
    }
}

fn signed() -> HandshakeBuilder {
    Handshake::signed("ping")
}

fn unsigned() -> HandshakeBuilder {
    Handshake::unsigned("ping")
}

fn in_window() -> HandshakeBuilder {
    Handshake::unsigned_in_window("ping")
}

#[test]
fn a_handshake_that_a_delivery_can_match_is_rejected() {
    for handshake in [
        // What a delivery does not have either.
        unsigned().absent("header:X-Nope"),
        unsigned().method("PUT").absent("query:nope"),
        unsigned().method("PATCH"),
        in_window().absent("header:X-Sig"),
        signed().absent("body:/nothing"),
        // What a delivery can also have.
        unsigned().present("header:X-Any"),
        in_window().present("query:any"),
        signed().present("body:/data"),
        signed().present("body:/data").json_number("status", 1),
        // What every delivery has, in the response.
        unsigned().text("header:x-sig"),
        unsigned().text("header:Acme-Id"),
        unsigned().echo_header("X-Event"),
        unsigned().echo_header("Host"),
        in_window().capture("header:X-Sig-Old"),
        signed().absent("body:/nothing").text("body:/id"),
        signed().absent("body:/nothing").text("body:/account"),
        signed().absent("body:/nothing").json_echo("at", "body:/created"),
        signed().absent("body:/nothing").json_echo("type", "body:/type"),
    ] {
        assert_rejected(handshake, &["`ping`: `when`: ", "no delivery has"]);
    }
}

#[test]
fn a_value_that_every_delivery_has_is_no_condition() {
    let ping = || unsigned().when("body:/type", "ping");
    for place in [
        "header:X-Sig",
        "header:x-sig-old",
        "header:Acme-Sig",
        "header:X-Id",
        "header:X-Topic",
        "header:content-type",
        "header:Content-Length",
        "header:Transfer-Encoding",
        "header:User-Agent",
        "body:/id",
        "body:/account",
        "body:/created",
    ] {
        for handshake in [ping(), unsigned(), in_window().capture("header:X-Key")] {
            assert_rejected(handshake.present(place), &["`ping`: `present`: ", place, "`when`"]);
        }
        // The location of the type is not in every delivery of every provider.
        assert_eq!(rejection(ping().present("header:X-Event").present("body:/type")), None);
    }
}

#[test]
fn a_value_that_any_request_can_have_is_no_mark() {
    let mut handshakes = Vec::new();
    for name in [
        "Content-Type",
        "Content-MD5",
        "User-Agent",
        "Accept",
        "accept-language",
        "Authorization",
        "Cookie",
        "Date",
        "Via",
        "X-Request-Id",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "traceparent",
        "x-b3-traceid",
        // Those of the scheme.
        "X-Sig",
        "acme-sig-old",
        "X-Id",
    ] {
        let place = format!("header:{name}");
        handshakes.push(unsigned().when(&place, "1"));
        handshakes.push(unsigned().verify_token(&place));
        handshakes.push(unsigned().method("PUT").text(&place));
        handshakes.push(in_window().capture(&place));
        if !name.eq_ignore_ascii_case("Content-Type") {
            handshakes.push(unsigned().echo_header(name));
        }
        // No delivery has this method.
        assert_eq!(rejection(unsigned().method("GET").when(&place, "1")), None);
    }
    for place in ["body:/id", "body:/created"] {
        handshakes.push(unsigned().when(place, "1"));
        handshakes.push(signed().when(place, "1"));
        handshakes.push(unsigned().verify_token(place));
    }
    for place in ["header:X-Topic", "header:X-Event", "body:/account", "body:/type"] {
        handshakes.push(unsigned().verify_token(place));
    }
    // A delivery with one event.
    let only_event = |place: &str| signed().absent("body:/events/1").text(place);
    handshakes.push(only_event("body:/events/0/id"));
    assert_eq!(rejection(only_event("body:/events/0/challenge")), None);
    for handshake in handshakes {
        assert_rejected(handshake, &["`ping`: `when`: ", "no delivery has"]);
    }
    // A certain topic, type, or part of an id is only in some requests.
    for place in ["header:X-Topic", "header:X-Event", "body:/account", "body:/type"] {
        assert_eq!(rejection(unsigned().when(place, "ping")), None, "{place}");
    }
    for place in ["header:X-Verify", "query:token", "body:/token"] {
        assert_eq!(rejection(unsigned().verify_token(place)), None, "{place}");
    }
}

#[test]
fn a_scheme_without_a_signature_header_needs_a_mark_in_the_body() {
    for handshake in [
        unsigned().verify_token("header:X-Verify"),
        unsigned().verify_token("query:token"),
        unsigned().verify_token("body:/token"),
        unsigned().text("query:token"),
        unsigned().when("header:X-Env", "prod").absent("body:/data"),
        unsigned().echo_header("X-Region"),
        in_window().capture("header:X-Key"),
    ] {
        let shown = format!("{handshake:?}");
        let problem =
            rejection_in(signed_in_body(), handshake).unwrap_or_else(|| panic!("{shown}"));
        assert!(problem.contains("`when`: "), "{problem}");
        assert!(problem.contains("no signature header"), "{problem}");
    }
    for handshake in [
        unsigned().when("body:/type", "ping").verify_token("query:token"),
        unsigned().json_echo("challenge", "body:/challenge"),
        unsigned().method("GET").text("query:token"),
        in_window().capture("body:/key"),
        signed().when("body:/type", "ping"),
    ] {
        assert_eq!(rejection_in(signed_in_body(), handshake), None);
    }
}

#[test]
fn the_error_for_a_signed_request_without_events_says_that_it_needs_no_handshake() {
    assert_rejected(
        signed().absent("body:/events/0"),
        &["remove the handshake", "handled as an event whose body has no events"],
    );
    let unsigned = rejection(unsigned().absent("body:/events/0")).unwrap();
    assert!(!unsigned.contains("remove the handshake"), "{unsigned}");
}

#[test]
fn a_batch_is_not_recognised_by_one_of_its_events() {
    let absent = |handshake: HandshakeBuilder, places: &[&str]| {
        places.iter().fold(handshake, |handshake, place| handshake.absent(*place))
    };
    for (handshake, places, second) in [
        (signed().when("body:/0/type", "ping"), &[][..], "/1"),
        (signed().when("body:/0/type", "ping"), &["body:/2"], "/1"),
        (signed().when("body:/0/type", "ping"), &["body:/1/type"], "/1"),
        // The first element can be an event.
        (signed().when("body:/1/type", "ping"), &["body:/2"], "/1"),
        (signed().when("body:/events/0/type", "ping"), &["body:/1"], "/events/1"),
        (signed().when("body:/0/a/0/type", "ping"), &["body:/1"], "/0/a/1"),
        (signed().when("body:/0/a/0/type", "ping"), &["body:/0/a/1"], "/1"),
        (signed().when("body:/type", "ping").present("body:/list/0"), &[], "/list/1"),
        (signed().when("body:/type", "ping").text("body:/list/0/token"), &[], "/list/1"),
        (signed().when("body:/type", "ping"), &["body:/list/0/error"], "/list/1"),
        (unsigned().json_echo("a", "body:/0/challenge"), &[], "/1"),
        (in_window().capture("body:/keys/0"), &[], "/keys/1"),
    ] {
        let hint = format!("`absent = [\"body:{second}\"]`");
        assert_rejected(absent(handshake, places), &["of the array", &hint]);
    }
    for (handshake, places) in [
        (signed().when("body:/0/type", "ping"), &["body:/1"][..]),
        (signed().when("body:/0/type", "ping").text("body:/0/challenge"), &["body:/1"]),
        (signed().when("body:/0/a/0/type", "ping"), &["body:/1", "body:/0/a/1"]),
        // An empty array, and one with three elements at most.
        (signed().when("body:/type", "ping"), &["body:/list/0"]),
        (signed().when("body:/type", "ping"), &["body:/list/3"]),
        // These are only names.
        (signed().when("body:/01/+1/-1", "ping"), &[]),
    ] {
        assert_eq!(rejection(absent(handshake, places)), None);
    }
}

#[test]
fn a_handshake_with_a_value_of_its_own_is_accepted() {
    for handshake in [
        signed().when("body:/type", "ping").absent("body:/data"),
        signed().present("body:/challenge").text("body:/challenge"),
        unsigned().when("header:X-Event", "ping"),
        unsigned().verify_token("query:token"),
        unsigned().text("query:challenge"),
        unsigned().echo_header("X-Hook-Secret"),
        in_window().absent("header:X-Sig").capture("header:X-Hook-Secret"),
        in_window().capture("body:/verification_token"),
        // No delivery has these methods.
        unsigned().method("HEAD"),
        unsigned().method("GET").absent("query:code"),
        unsigned().method("OPTIONS"),
    ] {
        assert_eq!(rejection(handshake), None);
    }
}
