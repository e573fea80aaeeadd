//! Runs two futures concurrently.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

pub(crate) enum Raced<A, B> {
    First(A),
    Second(B),
}

/// Returns the output of the future that ends first. If both are ready, the
/// first one wins.
pub(crate) async fn race<A: Future, B: Future>(
    mut first: Pin<&mut A>,
    mut second: Pin<&mut B>,
) -> Raced<A::Output, B::Output> {
    poll_fn(|context| {
        if let Poll::Ready(ended) = first.as_mut().poll(context) {
            return Poll::Ready(Raced::First(ended));
        }
        second.as_mut().poll(context).map(Raced::Second)
    })
    .await
}
