//! Headers that are rejected, and wrong signatures.

use countersign_core::Secrets;

use super::context::{Failure, TestContext, TestResult};
use super::endpoint::{
    ID, NOW_MS, SIGNATURE, TIMESTAMP, TOPIC, dated, dated_delivery, dated_delivery_of, event,
    other_secret, plain, secret,
};
use super::request::Request;

pub(super) async fn a_delivery_without_a_signature_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let unsigned = genuine()?.without_header(SIGNATURE);
    rejected(scene, [unsigned], 401, "missing_signature").await
}

pub(super) async fn a_signature_of_another_version_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let signature = text(&genuine()?, SIGNATURE).replace("v1,", "v0,");
    let other = genuine()?.with_header(SIGNATURE, signature);
    rejected(scene, [other], 401, "unsupported_signature").await
}

pub(super) async fn a_signature_of_another_secret_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let forged = dated_delivery_of("msg_1", NOW_MS, other_secret()?)?;
    rejected(scene, [forged], 401, "signature_mismatch").await
}

pub(super) async fn a_body_that_was_tampered_with_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    let body = genuine()?.body;
    let flipped: Vec<u8> =
        body.iter().map(|byte| if *byte == b'7' { b'8' } else { *byte }).collect();
    let longer = [&body[..], b" "].concat();
    let shorter = body[..body.len() - 1].to_vec();
    let mut tampered = Vec::new();
    for other in [flipped, longer, shorter, Vec::new()] {
        tampered.push(genuine()?.with_body(other));
    }
    rejected(scene, tampered, 401, "signature_mismatch").await
}

pub(super) async fn a_malformed_signature_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let server = scene.open(plain()?).await;
    let signature = text(&event("1")?, SIGNATURE);
    let truncated = signature[..signature.len() - 2].to_owned();
    for wrong in [truncated, format!("{signature}00"), "\u{e9}".to_owned(), "zz".repeat(32)] {
        let delivery = event("1")?.with_header(SIGNATURE, wrong);
        server.deliver(&delivery).await?.is_rejected(400, "malformed_signature")?;
    }
    server.has_done_nothing()
}

pub(super) async fn too_many_signatures_are_rejected(scene: &TestContext<'_>) -> TestResult {
    let mut secrets = Secrets::new(secret()?);
    for _ in 0..64 {
        secrets = secrets.with_previous(other_secret()?);
    }
    let many = dated_delivery_of("msg_1", NOW_MS, secrets)?;
    rejected(scene, [many], 400, "too_many_signatures").await
}

pub(super) async fn a_repeated_header_is_rejected_even_if_one_value_is_genuine(
    scene: &TestContext<'_>,
) -> TestResult {
    let mut repeated = Vec::new();
    for name in [SIGNATURE, ID, TIMESTAMP, TOPIC] {
        let value = genuine()?.header(name);
        repeated.push(genuine()?.and_header(name, value.clone()));
        repeated.push(genuine()?.and_header(name, "other"));
        repeated.push(genuine()?.with_first_header(name, "other"));
        repeated.push(genuine()?.and_header(&name.to_ascii_lowercase(), value));
    }
    rejected(scene, repeated, 400, "repeated_header").await
}

pub(super) async fn a_delivery_without_a_signed_header_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    rejected(scene, [genuine()?.without_header(TOPIC)], 400, "missing_header").await
}

pub(super) async fn a_delivery_without_its_id_is_rejected(scene: &TestContext<'_>) -> TestResult {
    rejected(scene, [genuine()?.without_header(ID)], 400, "missing_id").await
}

pub(super) async fn a_malformed_id_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let mut malformed = Vec::new();
    for id in ["", "a.b", "a b", "\u{e9}", &"a".repeat(300)] {
        malformed.push(genuine()?.with_header(ID, id));
    }
    rejected(scene, malformed, 400, "malformed_id").await
}

pub(super) async fn a_delivery_without_its_timestamp_is_rejected(
    scene: &TestContext<'_>,
) -> TestResult {
    rejected(scene, [genuine()?.without_header(TIMESTAMP)], 400, "missing_timestamp").await
}

pub(super) async fn a_malformed_timestamp_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let mut malformed = Vec::new();
    for text in ["now", "-1", "+1760000000", "1760000000.9", "1e9", "99999999999999999999999"] {
        malformed.push(genuine()?.with_header(TIMESTAMP, text));
    }
    rejected(scene, malformed, 400, "malformed_timestamp").await
}

pub(super) async fn a_timestamp_that_is_too_old_is_rejected(scene: &TestContext<'_>) -> TestResult {
    let mut old = Vec::new();
    for unix_ms in [NOW_MS - 301_000, 0] {
        old.push(dated_delivery(unix_ms)?);
    }
    rejected(scene, old, 400, "timestamp_too_old").await?;
    let server = scene.open(dated()?).await;
    let just_in_time = dated_delivery(NOW_MS - 300_000)?;
    server.deliver(&just_in_time).await?.is_handled(&just_in_time.body)
}

pub(super) async fn a_timestamp_in_the_future_is_rejected(scene: &TestContext<'_>) -> TestResult {
    rejected(scene, [dated_delivery(NOW_MS + 301_000)?], 400, "timestamp_in_future").await?;
    let server = scene.open(dated()?).await;
    let not_too_far = dated_delivery(NOW_MS + 300_000)?;
    server.deliver(&not_too_far).await?.is_handled(&not_too_far.body)
}

pub(super) async fn a_rejected_head_is_answered_before_any_of_its_body_is_sent(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(dated()?).await;
    let cases = [
        (genuine()?.without_header(SIGNATURE), 401, "missing_signature"),
        (genuine()?.with_header(SIGNATURE, "v1,nonsense"), 400, "malformed_signature"),
        (dated_delivery(0)?, 400, "timestamp_too_old"),
        (genuine()?.with_header("Content-Encoding", "gzip"), 415, "unsupported_encoding"),
    ];
    for (delivery, status, code) in cases {
        let mut connection = server.connect().await?;
        connection.send(delivery.wire_head()).await?;
        server.answer_on(&mut connection).await?.is_rejected(status, code)?;
    }
    server.has_done_nothing()
}

/// Checks that each of these is rejected, and that neither handler nor store is
/// called.
async fn rejected(
    scene: &TestContext<'_>,
    deliveries: impl IntoIterator<Item = Request>,
    status: u16,
    code: &str,
) -> TestResult {
    let server = scene.open(dated()?).await;
    for delivery in deliveries {
        server.deliver(&delivery).await?.is_rejected(status, code)?;
    }
    server.has_done_nothing()
}

fn genuine() -> Result<Request, Failure> {
    dated_delivery(NOW_MS)
}

fn text(request: &Request, header: &str) -> String {
    String::from_utf8_lossy(&request.header(header)).into_owned()
}
