//! Handshakes: answered without calling the handler, and only as far as the
//! rule of each handshake allows.

use std::sync::mpsc;
use std::time::Duration;

use countersign_core::{Encoding, Handshake, Secret, Verifier};

use countersign_schemes as schemes;

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult, same};
use super::endpoint::{SIGNATURE, event, plain_scheme_with, secret, signed, verifier};
use super::request::Request;

pub(super) async fn a_signed_handshake_is_answered_instead_of_calling_the_handler(
    scene: &TestContext<'_>,
) -> TestResult {
    let zoom = schemes::zoom();
    let server = scene.open(HttpEndpoint::of(verifier(zoom.clone())?)).await;
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6U"}}"#;
    let validation = signed(zoom.clone(), body)?;
    for _ in 0..2 {
        // Zoom repeats the validation every 72 hours, and it is not a
        // duplicate.
        server.deliver(&validation).await?.is_handshake(ZOOM_ANSWER, &JSON)?;
    }
    server.has_done_nothing()?;

    let event = signed(zoom, r#"{"event":"meeting.started"}"#)?;
    server.deliver(&event).await?.is_handled(&event.body)?;
    server.has_called(1)
}

pub(super) async fn a_signed_challenge_is_echoed_as_text(scene: &TestContext<'_>) -> TestResult {
    let twitch = schemes::twitch();
    let server = scene.open(HttpEndpoint::of(verifier(twitch.clone())?)).await;
    let body = r#"{"challenge":"pogchamp","subscription":{"status":"webhook_callback_verification_pending"}}"#;
    let verification = signed(twitch, body)?;
    server.deliver(&verification).await?.is_handshake("pogchamp", &TEXT)?;
    server.has_done_nothing()
}

pub(super) async fn a_signed_handshake_with_a_wrong_signature_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let zoom = schemes::zoom();
    let server = scene.open(HttpEndpoint::of(verifier(zoom.clone())?)).await;
    let body = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"a"}}"#;
    let validation = signed(zoom, body)?;
    let tampered = validation.clone().with_body(body.replace("\"a\"", "\"b\""));
    server.deliver(&tampered).await?.is_rejected(401, "signature_mismatch")?;
    let unsigned = validation.without_header("x-zm-signature");
    server.deliver(&unsigned).await?.is_rejected(401, "missing_signature")?;
    server.has_done_nothing()
}

pub(super) async fn an_unsigned_challenge_in_the_query_is_echoed(
    scene: &TestContext<'_>,
) -> TestResult {
    let challenge = Handshake::unsigned("challenge").method("GET").text("query:challenge");
    let server = scene.open(HttpEndpoint::of(verifier(plain_scheme_with(challenge)?)?)).await;
    let asked = Request::get("/hooks?a=b&challenge=%3Cb%3Eabc");
    server.deliver(&asked).await?.is_handshake("<b>abc", &TEXT)?;
    server.deliver_by_http2(&asked).await?.is_handshake("<b>abc", &TEXT)?;
    let not_asked = Request::get("/hooks?a=b");
    server.deliver(&not_asked).await?.is_rejected(401, "missing_signature")?;
    let twice = Request::get("/hooks?challenge=a&challenge=b");
    server.deliver(&twice).await?.is_rejected(401, "missing_signature")?;
    server.has_done_nothing()?;

    let event = event("1")?;
    server.deliver(&event).await?.is_handled(&event.body)?;
    server.has_called(1)
}

pub(super) async fn a_challenge_token_in_the_query_is_answered_with_its_hmac(
    scene: &TestContext<'_>,
) -> TestResult {
    let check = Handshake::unsigned("crc").method("GET").json_hmac(
        "response_token",
        "query:crc_token",
        Encoding::Base64,
        "sha256=",
    );
    let server = scene.open(HttpEndpoint::of(verifier(plain_scheme_with(check)?)?)).await;
    let asked = Request::get("/hooks?crc_token=abc");
    server.deliver(&asked).await?.is_handshake(CRC_ANSWER, &JSON)?;
    // A text that could be an event is not signed.
    let json = Request::get("/hooks?crc_token=%7B%22id%22%3A%221%22%7D");
    server.deliver(&json).await?.is_rejected(401, "missing_signature")?;
    server.has_done_nothing()
}

pub(super) async fn a_handshake_is_answered_only_with_the_correct_verify_token(
    scene: &TestContext<'_>,
) -> TestResult {
    let subscription = Handshake::unsigned("subscription")
        .method("GET")
        .when("query:hub.mode", "subscribe")
        .verify_token("query:hub.verify_token")
        .text("query:hub.challenge");
    let verifier = verifier(plain_scheme_with(subscription)?)?;
    let verifier = verifier.with_verify_token(&secret()?);
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    let asked = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        Request::get(format!("/hooks?{query}"))
    };
    let right = asked("the+secret+of+the+HTTP+suite");
    server.deliver(&right).await?.is_handshake("1158201444", &TEXT)?;
    for wrong in ["", "other", "the+secret+of+the+HTTP+suit"] {
        server.deliver(&asked(wrong)).await?.is_rejected(401, "missing_signature")?;
    }
    server.has_done_nothing()
}

pub(super) async fn an_unsigned_challenge_in_the_body_is_echoed(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(confirming()?).await;
    let asked = Request::post(r#"{"type":"confirm","challenge":"abc"}"#);
    server.deliver(&asked).await?.is_handshake("abc", &TEXT)?;
    server.has_done_nothing()
}

pub(super) async fn a_body_too_large_for_an_unsigned_handshake_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(confirming()?).await;
    let padded = |length| {
        let padding = " ".repeat(length);
        Request::post(format!(r#"{{"type":"confirm","challenge":"abc"}}{padding}"#))
    };
    server.deliver(&padded(20_000)).await?.is_rejected(413, "body_too_large")?;
    server.deliver(&padded(10_000)).await?.is_handshake("abc", &TEXT)?;
    server.has_done_nothing()
}

pub(super) async fn an_unsigned_request_that_is_not_a_handshake_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(confirming()?).await;
    for body in [r#"{"type":"payment","id":"1"}"#, "nonsense", ""] {
        let request = Request::post(body);
        server.deliver(&request).await?.is_rejected(401, "missing_signature")?;
    }
    // A request with a signature is verified by its signature.
    let forged = Request::post(r#"{"type":"confirm","challenge":"abc"}"#);
    let forged = forged.with_header(SIGNATURE, "00".repeat(32));
    server.deliver(&forged).await?.is_rejected(401, "signature_mismatch")?;
    server.has_done_nothing()
}

pub(super) async fn a_handshake_secret_is_accepted_once_and_only_during_the_handshake_window(
    scene: &TestContext<'_>,
) -> TestResult {
    let (keep, kept) = mpsc::channel();
    let verifier =
        handing_over()?.with_handshake_secret_store(move |key: Secret| Ok(keep.send(key)?));
    let server = scene.open(HttpEndpoint::of(verifier.clone())).await;
    let handing = Request::post("").with_header(KEY.0, KEY.1);
    server.deliver(&handing).await?.is_rejected(401, "missing_signature")?;

    verifier.open_handshake_window(Duration::from_secs(60));
    server.deliver(&handing).await?.is_handshake("", &[("x-hook-secret", KEY.1)])?;
    server.deliver(&handing).await?.is_rejected(401, "missing_signature")?;
    same(&kept.try_iter().count(), &1)?;
    server.has_done_nothing()
}

pub(super) async fn a_handshake_secret_that_cannot_be_stored_is_not_confirmed(
    scene: &TestContext<'_>,
) -> TestResult {
    let verifier = handing_over()?.with_handshake_secret_store(|_: Secret| Err("no room".into()));
    verifier.open_handshake_window(Duration::from_secs(60));
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    let handing = Request::post("").with_header(KEY.0, KEY.1);
    server.deliver(&handing).await?.is_given(503, "secret_not_kept", None)?;
    server.has_done_nothing()
}

pub(super) async fn a_handshake_secret_is_not_accepted_without_a_secret_store(
    scene: &TestContext<'_>,
) -> TestResult {
    let verifier = handing_over()?;
    verifier.open_handshake_window(Duration::from_secs(60));
    let server = scene.open(HttpEndpoint::of(verifier)).await;
    let handing = Request::post("").with_header(KEY.0, KEY.1);
    server.deliver(&handing).await?.is_given(503, "secret_not_kept", None)?;
    server.has_done_nothing()
}

/// An endpoint with an unsigned handshake: a challenge in the body.
fn confirming() -> Result<HttpEndpoint, Failure> {
    let confirmation =
        Handshake::unsigned("confirmation").when("body:/type", "confirm").text("body:/challenge");
    Ok(HttpEndpoint::of(verifier(plain_scheme_with(confirmation)?)?))
}

/// A verifier for a provider that sends its key in a handshake.
fn handing_over() -> Result<Verifier, Failure> {
    let handing = Handshake::unsigned_in_window("key").echo_header(KEY.0).capture(KEY_PLACE);
    verifier(plain_scheme_with(handing)?)
}

const KEY: (&str, &str) = ("X-Hook-Secret", "b537207f20cbfa02357cf448134da559");
const KEY_PLACE: &str = "header:X-Hook-Secret";
const TEXT: [(&str, &str); 2] =
    [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
const JSON: [(&str, &str); 2] =
    [("content-type", "application/json"), ("x-content-type-options", "nosniff")];
/// The HMACs were computed with Python's `hmac`.
const ZOOM_ANSWER: &str = concat!(
    r#"{"encryptedToken":"96aa34bf8d34cac6b5684bcdfdea0a22aa1dfa46ed8192f80a6f465c0bc2ac65","#,
    r#""plainToken":"qgg8vlvZRS6U"}"#,
);
const CRC_ANSWER: &str =
    r#"{"response_token":"sha256=L8G7vZqEJeZDKzVAfQPa5muH5OEU61MIz5l+zrt7p0Q="}"#;
