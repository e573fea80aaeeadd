//! Duplicates that are handled: of events that cannot be distinguished, and of
//! those whose response the provider reads.

use std::time::Duration;

use countersign_core::{Interactive, Repeats, Scheme};

use super::adapter::HttpEndpoint;
use super::context::{Failure, TestContext, TestResult, same};
use super::endpoint::{SIGNATURE, event, plain_scheme, signed, verifier};
use super::request::Request;
use super::script::{Act, HandlerAnswer};

pub(super) async fn equal_bodies_that_may_be_distinct_events_are_both_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let server = scene.open(unknown()?).await;
    let delivery = template()?;
    for _ in 0..3 {
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    }
    flags(&server.script.calls(), &[false, true, true])
}

pub(super) async fn a_possible_duplicate_that_fails_gets_its_handlers_response(
    scene: &TestContext<'_>,
) -> TestResult {
    let failed = HandlerAnswer::new(502, "no");
    let acts = [Act::Answer(HandlerAnswer::new(200, "yes")), Act::Answer(failed.clone())];
    let server = scene.open(unknown()?.with_script(acts)).await;
    let delivery = template()?;
    server.deliver(&delivery).await?;
    server.deliver(&delivery).await?.is_of_handler(&failed)?;
    // The record of the first delivery is unchanged.
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    flags(&server.script.calls(), &[false, true, true])
}

pub(super) async fn a_possible_duplicate_of_an_event_in_flight_waits_and_is_then_handled(
    scene: &TestContext<'_>,
) -> TestResult {
    let endpoint = unknown()?.with_script([Act::Wait]);
    let endpoint = endpoint.with_receiver(|receiver| receiver.with_ack_deadline(ACK_DEADLINE));
    let server = scene.open(endpoint).await;
    let delivery = template()?;
    let mut first = server.connect().await?;
    first.send(delivery.wire()).await?;
    server.script.begun(1).await;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.script.release();
    server.answer_on(&mut first).await?.is_handled(&delivery.body)?;
    flags(&server.script.calls(), &[false, true])
}

pub(super) async fn a_duplicate_is_handled_if_the_provider_reads_the_response(
    scene: &TestContext<'_>,
) -> TestResult {
    let scheme =
        Scheme::builder("interactive").signature_header(SIGNATURE).signed_payload("{body}");
    let scheme = scheme.event_id("body:/id").interactive(Interactive::Yes).build()?;
    let server = scene.open(HttpEndpoint::of(verifier(scheme)?)).await;
    let delivery = event("1")?;
    for _ in 0..2 {
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    }
    flags(&server.script.calls(), &[false, true])
}

pub(super) async fn an_endpoint_that_suppresses_repeats_suppresses_every_duplicate(
    scene: &TestContext<'_>,
) -> TestResult {
    let endpoint = unknown()?.with_receiver(|receiver| receiver.with_repeats(Repeats::Suppress));
    let server = scene.open(endpoint).await;
    let delivery = template()?;
    server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    server.deliver(&delivery).await?.is_duplicate()?;
    server.has_called(1)
}

pub(super) async fn an_endpoint_that_handles_repeats_handles_every_duplicate(
    scene: &TestContext<'_>,
) -> TestResult {
    let endpoint = HttpEndpoint::of(verifier(plain_scheme()?)?);
    let server =
        scene.open(endpoint.with_receiver(|receiver| receiver.with_repeats(Repeats::Handle))).await;
    let delivery = event("1")?;
    for _ in 0..2 {
        server.deliver(&delivery).await?.is_handled(&delivery.body)?;
    }
    flags(&server.script.calls(), &[false, true])
}

/// An endpoint of [`unknown_scheme`].
fn unknown() -> Result<HttpEndpoint, Failure> {
    Ok(HttpEndpoint::of(verifier(unknown_scheme()?)?))
}

/// Signs the body, which does not identify the event.
fn unknown_scheme() -> Result<Scheme, Failure> {
    Ok(Scheme::builder("unknown").signature_header(SIGNATURE).signed_payload("{body}").build()?)
}

/// The body that a trigger sends every time.
fn template() -> Result<Request, Failure> {
    signed(unknown_scheme()?, r#"{"event":"ticket_solved"}"#)
}

/// Checks which of the calls were flagged as possible duplicates.
fn flags(calls: &[super::script::Call], expected: &[bool]) -> TestResult {
    let flagged: Vec<bool> = calls.iter().map(|call| call.is_possible_duplicate).collect();
    same(&flagged.as_slice(), &expected)
}

/// A duplicate waits for a third of this time. The first handler is released
/// after that.
const ACK_DEADLINE: Duration = Duration::from_secs(6);
