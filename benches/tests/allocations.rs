//! Counts allocations: verification makes none, and a layer makes a limited
//! number for each delivery.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use countersign_benches::{Delivery, verifier};
use countersign_core::{
    DeliverySpan, MemoryStore, Receiver, RequestHead, TokioRuntime, VerifyErrorKind,
};
use countersign_tower::{ResponseBody, VerifyLayer, WebhookLayer};
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime;
use tower::{Layer, Service, service_fn};

#[test]
fn verifying_a_venum_delivery_allocates_nothing() {
    verifying_allocates_nothing("venum");
}

#[test]
fn verifying_a_stripe_delivery_allocates_nothing() {
    verifying_allocates_nothing("stripe");
}

#[test]
fn verifying_a_standard_webhooks_delivery_allocates_nothing() {
    verifying_allocates_nothing("standardwebhooks");
}

#[test]
fn verifying_a_github_delivery_allocates_nothing() {
    verifying_allocates_nothing("github");
}

#[test]
fn verifying_a_slack_delivery_allocates_nothing() {
    verifying_allocates_nothing("slack");
}

/// Tests both ways: in one call, and as an adapter receives it.
fn verifying_allocates_nothing(scheme: &str) {
    let verifier = verifier(scheme);
    for bytes in [64, 512, 1 << 20] {
        let delivery = Delivery::signed(scheme, bytes);

        let body = never_shared(&delivery.body);
        let allocated = measure(|| {
            let verified = verifier.verify(&delivery.headers, body).unwrap();
            assert_eq!(verified.body().len(), bytes);
        });
        assert_eq!(allocated.count_total, 0, "in one call, {bytes} bytes");

        // The state of a delivery that arrives is one allocation, whatever its size. The first
        // delivery of an endpoint also builds the keys of its metrics.
        let receive = |body| {
            let head = RequestHead::from(&delivery.headers);
            let mut receiving = pin!(verifier.receive(head, body, TokioRuntime));
            let received = receiving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(Ok((_, delivery))) = received else { panic!("{received:?}") };
            assert_eq!(delivery.verified.body().len(), bytes);
        };
        receive(never_shared(&delivery.body));
        let body = never_shared(&delivery.body);
        let allocated = measure(|| receive(body));
        let most = most(1, 2);
        assert!(allocated.count_total <= most, "as it arrives, {bytes} bytes: {allocated:?}");
    }
}

#[test]
fn a_rejection_allocates_nothing() {
    use VerifyErrorKind::*;
    let delivery = || Delivery::signed("standardwebhooks", 512);
    let signature = delivery().header("webhook-signature").to_owned();
    let many = [signature.as_str(); 17].join(" ");
    for (kind, delivery) in [
        (SignatureMismatch, delivery().with_header("webhook-id", "msg_another")),
        (MissingSignature, delivery().without_header("webhook-signature")),
        (UnsupportedSignature, delivery().with_header("webhook-signature", "v1a,AAAA")),
        (MalformedSignature, delivery().with_header("webhook-signature", "v1,AAAA")),
        (TooManySignatures, delivery().with_header("webhook-signature", &many)),
        (MissingId, delivery().without_header("webhook-id")),
        (MalformedId, delivery().with_header("webhook-id", "msg.1")),
        (MissingTimestamp, delivery().without_header("webhook-timestamp")),
        (MalformedTimestamp, delivery().with_header("webhook-timestamp", "+1")),
        (TimestampTooOld, delivery().with_header("webhook-timestamp", "1")),
        (TimestampInFuture, delivery().with_header("webhook-timestamp", "99999999999")),
        (UnsupportedEncoding, delivery().with_header("content-encoding", "br")),
    ] {
        let verifier = verifier("standardwebhooks");
        let body = never_shared(&delivery.body);
        let allocated = measure(|| {
            let rejected = verifier.verify(&delivery.headers, body).unwrap_err();
            assert_eq!(rejected.kind(), kind);
        });
        assert_eq!(allocated.count_total, 0, "{kind:?}");
    }
}

#[test]
fn verify_layer_allocates_a_few_times_per_delivery() {
    // The bytes that are read, the reference count of the body, and `Verified` in the request's
    // extensions.
    let service = VerifyLayer::new(verifier("venum")).layer(service_fn(handle));
    let allocated = allocated_by(service);
    assert!((1..=most(5, 14)).contains(&allocated), "{allocated}");
}

#[test]
fn webhook_layer_allocates_about_twenty_times_per_delivery() {
    // Also the response, the task, the channel between them, the event, the grant, and `Verified`
    // in the response's extensions.
    let receiver = Receiver::new(verifier("venum").with_endpoint("hooks"), MemoryStore::new());
    let service = WebhookLayer::new(receiver).layer(service_fn(handle));
    let allocated = allocated_by(service);
    assert!((1..=most(20, 33)).contains(&allocated), "{allocated}");
}

/// Returns the second number if metrics or spans are enabled, because their labels and fields are
/// allocated. Other packages of the workspace can enable these features.
fn most(without_span: u64, with_span: u64) -> u64 {
    // Without these features the type is empty.
    if size_of::<DeliverySpan>() == 0 { without_span } else { with_span }
}

async fn handle(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::default()))
}

/// Returns the number of allocations for a delivery that is not the first.
fn allocated_by<S>(mut service: S) -> u64
where
    S: Service<
            Request<Full<Bytes>>,
            Response = Response<ResponseBody<Full<Bytes>>>,
            Error = Infallible,
        >,
{
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut allocated = 0;
    for event in ["first", "second", "third"] {
        let body = format!(r#"{{"type":"finalized","signature":"{event}"}}"#);
        let Delivery { headers, body } = Delivery::of("venum", Bytes::from(body));
        let mut request = Request::post("/hook").body(Full::new(never_shared(&body))).unwrap();
        *request.headers_mut() = headers;
        let measured = measure(|| {
            let response = runtime.block_on(async { service.call(request).await }).unwrap();
            assert_eq!(response.status(), 200);
        });
        println!("{} allocations, {} bytes", measured.count_total, measured.bytes_total);
        allocated = measured.count_total;
    }
    allocated
}

#[test]
fn the_counter_counts() {
    // The first clone of such a body allocates its reference count, so a clone is detected.
    let body = never_shared(&Bytes::from_static(b"body"));
    assert_eq!(measure(|| drop(body.clone())).count_total, 1);
}

/// A body without an allocated reference count, as a server passes it on.
fn never_shared(body: &Bytes) -> Bytes {
    Bytes::from(body.to_vec())
}
