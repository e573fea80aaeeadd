//! One request of an attack, for a service in this process or for a connection.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body::{Body, Frame, SizeHint};

use super::expected::Expected;

/// A request, how its body comes, and what a sound receiver answers.
#[derive(Clone)]
pub struct AttackRequest {
    request: Request<Bytes>,
    pace: Pace,
    expected: Expected,
}

/// How a body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pace {
    /// To its end.
    Whole,
    /// Half of it, and then never its end.
    Slow,
    /// Half of it, and then no more.
    Cut,
}

impl AttackRequest {
    /// A request of one's own, such as one that was recorded, whose body comes to its end.
    #[must_use]
    pub fn new(request: Request<Bytes>, expected: Expected) -> Self {
        Self { request, pace: Pace::Whole, expected }
    }

    pub(super) fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// What is sent, in parts: method, URL, headers, and all of the body, of
    /// which some [paces](Self::pace) send half.
    #[must_use]
    pub fn request(&self) -> &Request<Bytes> {
        &self.request
    }

    /// How the body comes.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// What a sound receiver answers.
    #[must_use]
    pub fn expected(&self) -> Expected {
        self.expected
    }

    /// The request for a tower service or an axum router, with its
    /// `Content-Length` and a body that comes at its pace.
    #[must_use]
    pub fn to_http(&self) -> Request<AttackBody> {
        let (mut head, body) = self.request.clone().into_parts();
        head.headers.insert(CONTENT_LENGTH, body.len().into());
        let rest = match self.pace {
            Pace::Whole => body.clone(),
            Pace::Slow | Pace::Cut => self.first_half(),
        };
        Request::from_parts(head, AttackBody { rest, pace: self.pace, length: body.len() })
    }

    pub(super) fn first_half(&self) -> Bytes {
        let body = self.request.body();
        body.slice(..body.len() / 2)
    }
}

impl fmt::Debug for AttackRequest {
    /// Shows no header and no body: they hold the signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttackRequest")
            .field("method", self.request.method())
            .field("body_bytes", &self.request.body().len())
            .field("pace", &self.pace)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}

/// The body of a request that comes at its own pace.
pub struct AttackBody {
    rest: Bytes,
    pace: Pace,
    /// What `Content-Length` says.
    length: usize,
}

impl Body for AttackBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        match self.pace {
            Pace::Whole => Poll::Ready(None),
            // Nobody is woken: that is the attack.
            Pace::Slow => Poll::Pending,
            Pace::Cut => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.pace == Pace::Whole
    }

    fn size_hint(&self) -> SizeHint {
        match self.pace {
            Pace::Whole => SizeHint::with_exact(self.rest.len() as u64),
            Pace::Slow | Pace::Cut => SizeHint::with_exact(self.length as u64),
        }
    }
}

impl fmt::Debug for AttackBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttackBody").field("pace", &self.pace).finish_non_exhaustive()
    }
}
