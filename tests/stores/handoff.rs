//! The queues to which deliveries are handed off: what is answered 202 is stored, once.

#[macro_use]
mod queue;
mod layer;
mod nats;
mod postgres;
mod processes;
mod redis;
mod scenarios;
mod sqlite;

use std::future::Future;
use std::time::Duration;

use countersign::queue::{Handoff, HandoffError, HandoffOutcome, HandoffReceiver, Message};
use countersign::tower::{HandoffLayer, ResponseBody};
use countersign::{EarlyResponse, Repeats, Scheme, Secret, Signer, Verifier};
use http::{Request, Response};
use http_body_util::Full;
use tower::ServiceExt;

type Body = Full<bytes::Bytes>;
type Answer = Response<ResponseBody<Body>>;

/// Longer than anything takes on a busy machine.
const PATIENT: Duration = Duration::from_secs(60);

fn scheme(id: &str) -> Scheme {
    let scheme =
        Scheme::builder("sample").signature_header("X-Sample-Signature").signed_payload("{body}");
    let scheme = if id.is_empty() { scheme } else { scheme.event_id(id) };
    scheme.build().unwrap()
}

fn secret() -> Secret {
    Secret::new("sample secret").unwrap()
}

/// A verifier whose events are identified by their id.
fn verifier() -> Verifier {
    Verifier::new(scheme("body:/id"), secret()).unwrap()
}

/// A signed request of the event with this id.
fn request(id: &str) -> Request<Body> {
    request_with(&format!(r#"{{"id":"{id}"}}"#))
}

fn request_with(body: &str) -> Request<Body> {
    let signer = Signer::new(scheme("body:/id"), secret()).unwrap();
    let mut request = Request::post("/hooks?from=tests");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let odd = http::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    request.header("x-odd", odd).body(Full::from(body.to_owned())).unwrap()
}

fn layer<Q: Handoff>(queue: Q) -> HandoffLayer<Q> {
    layer_with(verifier(), queue)
}

fn layer_with<Q: Handoff>(verifier: Verifier, queue: Q) -> HandoffLayer<Q> {
    // The sender waits for longer than any operation of a test.
    HandoffLayer::new(HandoffReceiver::new(verifier, queue).with_ack_deadline(2 * PATIENT))
}

async fn deliver<Q: Handoff>(layer: &HandoffLayer<Q>, id: &str) -> Answer {
    send(layer, request(id)).await
}

async fn send<Q: Handoff>(layer: &HandoffLayer<Q>, request: Request<Body>) -> Answer {
    layer.endpoint().unwrap().oneshot(request).await.unwrap()
}

/// Hands an event off without a layer.
async fn hand_off<Q: Handoff>(queue: Q) -> Result<HandoffOutcome, HandoffError> {
    let receiver = HandoffReceiver::new(verifier(), queue);
    let (parts, body) = request("evt_1").into_parts();
    let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    let verified = receiver.verifier().verify(&parts.headers, body).unwrap();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let delivery = receiver.delivery(&verified, ("POST", "/hooks"), headers).unwrap();
    receiver.queue().hand_off(&delivery).await
}

/// As a sender that retries until the response is a 2xx.
async fn deliver_until_accepted<Q: Handoff>(layer: &HandoffLayer<Q>, id: &str) -> u16 {
    let end = tokio::time::Instant::now() + PATIENT;
    loop {
        let status = deliver(layer, id).await.status().as_u16();
        if status != 503 {
            return status;
        }
        assert!(tokio::time::Instant::now() < end, "the delivery is not accepted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The events of senders that retry until their deliveries are accepted, while the server is killed
/// in each round. In the order of their ids.
async fn accepted_during_kills<Q: Handoff>(
    layer: &HandoffLayer<Q>,
    (rounds, events): (usize, usize),
    mut restart: impl FnMut(),
) -> Vec<String> {
    let mut accepted = Vec::new();
    for round in 0..rounds {
        let mut senders = tokio::task::JoinSet::new();
        for sender in 0..4 {
            let layer = layer.clone();
            senders.spawn(async move {
                let mut accepted = Vec::new();
                for event in 0..events {
                    let id = format!("evt_{round}-{sender}-{event}");
                    deliver_until_accepted(&layer, &id).await;
                    accepted.push(id);
                }
                accepted
            });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        restart();
        accepted.extend(senders.join_all().await.concat());
    }
    accepted.sort_unstable();
    accepted
}

/// The status of a response, and the code of an early one.
fn result(response: &Answer) -> (u16, Option<&str>) {
    let code = response.extensions().get::<EarlyResponse>().map(EarlyResponse::code);
    (response.status().as_u16(), code)
}

fn ids(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::event_id).collect()
}

/// Polls a future some times, and drops it, as a server does if the client disconnects.
async fn disconnect(future: impl Future, polls: usize) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let poll =
            std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready()));
        if poll.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}
