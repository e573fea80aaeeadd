use std::convert::Infallible;
use std::future::{pending, poll_fn};

use bytes::Bytes;
use http_body_util::Full;
use tokio::time::advance;

use super::waiting::GRACE;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_full_queue_rejects_new_requests_until_one_has_waited_for_the_grace_time() {
    let waiting = Arc::new(Waiting::new(2));
    let enter = |connection| {
        let token = CancellationToken::new();
        waiting.enter(connection, token.clone()).map(|slot| (slot, token))
    };
    let (first, first_token) = enter(ConnectionId::next()).unwrap();
    let (_second, second_token) = enter(ConnectionId::next()).unwrap();
    assert!(enter(ConnectionId::next()).is_none());
    advance(GRACE).await;
    let _third = enter(ConnectionId::next()).unwrap();
    assert!(first_token.is_cancelled() && !second_token.is_cancelled());
    assert!(!first.leave());
}

#[tokio::test(start_paused = true)]
async fn the_connection_with_the_most_slow_requests_loses_one() {
    let waiting = Arc::new(Waiting::new(4));
    let tokens: Vec<CancellationToken> = (0..4).map(|_| CancellationToken::new()).collect();
    let (one, many) = (ConnectionId::next(), ConnectionId::next());
    let enter =
        |connection, index: usize| waiting.enter(connection, tokens[index].clone()).unwrap();
    let _slots = [enter(one, 0), enter(many, 1), enter(many, 2), enter(many, 3)];
    advance(GRACE).await;
    let _new = waiting.enter(ConnectionId::next(), CancellationToken::new()).unwrap();
    let cancelled: Vec<bool> = tokens.iter().map(CancellationToken::is_cancelled).collect();
    assert_eq!(cancelled, [false, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn stalled_bodies_take_no_slot_of_complete_requests() {
    let admission = Admission::new(2);
    let mut stalled = Vec::new();
    for _ in 0..2 {
        let (ticket, body) = admission.admit(ConnectionId::next(), Stalled);
        let mut body = Box::pin(body);
        assert!(poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx))).await.is_pending());
        stalled.push((ticket, body));
    }
    // There is no slot for one more.
    let (ticket, body) = admission.admit(ConnectionId::next(), Stalled);
    assert!(ticket.run(read(body)).await.is_none());
    // A complete request is admitted.
    let (first, body) = admission.admit(ConnectionId::next(), Full::new(Bytes::from("a")));
    assert!(first.run(read(body)).await.is_some());
    let (_second, body) = admission.admit(ConnectionId::next(), Full::new(Bytes::new()));
    assert!(body.is_end_stream());
    // All permits are taken.
    let (third, body) = admission.admit(ConnectionId::next(), Full::new(Bytes::from("a")));
    assert!(third.run(read(body)).await.is_none());
    let (third, body) = admission.admit(ConnectionId::next(), Full::new(Bytes::new()));
    assert!(third.run(read(body)).await.is_none());
    drop(first);
    let (third, body) = admission.admit(ConnectionId::next(), Full::new(Bytes::from("a")));
    assert!(third.run(read(body)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_preempted_request_ends_and_its_body_never_completes() {
    let admission = Admission::new(1);
    let (ticket, body) = admission.admit(ConnectionId::next(), Stalled);
    let waiting = tokio::spawn(async move { ticket.run(read(body)).await.is_none() });
    tokio::task::yield_now().await;
    advance(GRACE).await;
    let (newer, body) = admission.admit(ConnectionId::next(), Stalled);
    let newer = tokio::spawn(async move { newer.run(read(body)).await.is_none() });
    assert!(waiting.await.unwrap());
    assert!(!newer.is_finished());
}

#[tokio::test(start_paused = true)]
async fn only_requests_that_wait_for_their_body_take_a_slot() {
    let admission = Admission::new(1);
    let (first, _) = admission.admit(ConnectionId::next(), Stalled);
    assert_eq!(first.run_waiting(async { 1 }).await, Some(1));
    assert!(matches!(*first.step(), Step::New));
    let (second, body) = admission.admit(ConnectionId::next(), Stalled);
    let _second = tokio::spawn(async move { second.run(read(body)).await.is_none() });
    tokio::task::yield_now().await;
    assert_eq!(first.run_waiting(pending::<()>()).await, None);
}

/// A body that never sends anything.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// Reads the body as the layer does.
async fn read<B: Body + Unpin>(mut body: AdmittedBody<B>) {
    while !body.is_end_stream() {
        if poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.is_none() {
            return;
        }
    }
}
