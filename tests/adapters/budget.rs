//! The buffer budget: all memory that is held for requests is counted.

use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use countersign::adapter::BodySource;
use countersign::axum::Webhook;
use countersign::scheme::BodyView;
use countersign::tower::VerifyLayer;
use countersign::{
    BufferBudget, RequestHead, Scheme, Secret, Signer, TokioRuntime, Verified, Verifier,
    VerifyErrorKind,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use tower::ServiceExt;

use crate::adapters::scripted::{Step, scripted};
use crate::harness::axum::verify_layer;
use crate::harness::{Handler, request};
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test]
async fn a_body_is_counted_by_its_decoded_size() {
    let scheme = Scheme::builder("decoded")
        .signature_header("x-signature")
        .signed_payload("{body}")
        .body_view(BodyView::Decoded)
        .build()
        .unwrap();
    let budget = BufferBudget::new(4 * MIB);
    let secret = || Secret::new("a secret of its own").unwrap();
    let verifier = Verifier::new(scheme.clone(), secret())
        .unwrap()
        .with_body_limit(MIB)
        .with_buffer_budget(budget.clone());
    let mut headers = Signer::new(scheme, secret()).unwrap().sign(b"").unwrap();
    headers.push(("content-encoding".into(), "gzip".into()));
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; MIB]).unwrap();
    let bomb = bomb.finish().unwrap();

    let mut held = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    let answer = loop {
        let head = RequestHead::from(&headers);
        let body = Unfinished(Some(bomb.clone().into()));
        let mut receiving = Box::pin(verifier.receive(head, body, TokioRuntime));
        match receiving.as_mut().poll(&mut context) {
            Poll::Pending => held.push(receiving),
            Poll::Ready(answer) => break answer.unwrap_err(),
        }
    };
    assert_eq!(answer.code(), "busy");
    assert!((1..4).contains(&held.len()), "{} bodies of 1 MiB are held", held.len());
    assert!((held.len() * MIB..=4 * MIB).contains(&budget.used()));
    drop(held);
    assert_eq!(budget.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn stalled_large_bodies_leave_budget_for_small_ones() {
    let jupiter = scheme("jupiter");
    let budget = BufferBudget::new(MIB);
    let verifier = verifier(&jupiter).with_buffer_budget(budget.clone());
    let adapter = verify_layer(VerifyLayer::new(verifier), &Handler::echo());
    let delivery = Delivery::of(&jupiter);
    let mut stalled = Vec::new();
    for _ in 0..20 {
        let (body, _) =
            scripted([Step::Data(vec![b' '; 150_000]), Step::Wait(Duration::from_secs(1))]);
        let mut answer = Box::pin(adapter.answer(request(&delivery, body)));
        if answer.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            stalled.push(answer);
        }
    }
    assert!((2..20).contains(&stalled.len()), "{} are held", stalled.len());
    assert_eq!(adapter.answer(request(&delivery, BODY)).await.status, 200);
    drop(stalled);
    assert_eq!(budget.used(), 0);
}

#[tokio::test]
async fn an_extracted_body_is_counted_until_it_is_dropped() {
    let jupiter = scheme("jupiter");
    let budget = BufferBudget::new(MIB);
    let (keep, mut kept) = mpsc::unbounded_channel::<Verified>();
    let app = Router::new()
        .route("/", post(|Webhook(verified): Webhook| async move { keep.send(verified).unwrap() }))
        .with_state(verifier(&jupiter).with_buffer_budget(budget.clone()));
    let answer = app.oneshot(request(&Delivery::of(&jupiter), BODY)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let body = kept.recv().await.unwrap().into_body();
    assert!(budget.used() > BODY.len());
    assert_eq!(body, BODY);
    drop(body);
    assert_eq!(budget.used(), 0);
}

const MIB: usize = 1024 * 1024;

/// A body whose first piece has arrived, and whose rest never does.
struct Unfinished(Option<Bytes>);

impl BodySource for Unfinished {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        self.0.take().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(piece))))
    }
}
