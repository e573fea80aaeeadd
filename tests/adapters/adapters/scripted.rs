//! A body that follows a script.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::vec;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};
use tokio::time::{Sleep, sleep};

#[derive(Clone)]
pub(crate) enum Step {
    Data(Vec<u8>),
    Trailers,
    Wait(Duration),
    Fail,
}

/// A body of unknown length, and a counter of its polls.
pub(crate) fn scripted(steps: impl IntoIterator<Item = Step>) -> (axum::body::Body, Polled) {
    let polled = Polled::default();
    let steps = steps.into_iter().collect::<Vec<_>>().into_iter();
    let body = Scripted { steps, waiting: None, polled: polled.clone() };
    (axum::body::Body::new(body), polled)
}

struct Scripted {
    steps: vec::IntoIter<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    polled: Polled,
}

/// How often the body was polled.
#[derive(Clone, Default)]
pub(crate) struct Polled(Arc<AtomicUsize>);

impl Polled {
    pub(crate) fn times(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.polled.0.fetch_add(1, Ordering::Relaxed);
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(cx));
                self.waiting = None;
            }
            return Poll::Ready(match self.steps.next() {
                None => None,
                Some(Step::Data(data)) => Some(Ok(Frame::data(data.into()))),
                Some(Step::Trailers) => Some(Ok(Frame::trailers(HeaderMap::new()))),
                Some(Step::Fail) => Some(Err(io::ErrorKind::ConnectionReset.into())),
                Some(Step::Wait(pause)) => {
                    self.waiting = Some(Box::pin(sleep(pause)));
                    continue;
                }
            });
        }
    }
}
