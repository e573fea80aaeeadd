//! An HTTP/2 connection with prior knowledge.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};

use super::answer::Answer;
use super::context::Failure;
use super::request::{Framing, Request};

pub(super) struct Http2 {
    sender: SendRequest<Channel<Bytes, io::Error>>,
    /// Drives the connection, and ends with it.
    _driver: JoinSet<()>,
}

/// A request that is being sent.
pub(super) struct Sending {
    /// `None` once the body has ended.
    body: Option<Sender<Bytes, io::Error>>,
    answering: JoinHandle<hyper::Result<hyper::Response<Incoming>>>,
}

impl Http2 {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TokioIo::new(TcpStream::connect(address).await?);
        let (sender, connection) = handshake(TokioExecutor::new(), stream).await?;
        let mut driver = JoinSet::new();
        // An error of the connection shows at the request that it affects.
        driver.spawn(async { drop(connection.await) });
        Ok(Self { sender, _driver: driver })
    }

    /// Sends a whole request and returns the response.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Answer, Failure> {
        self.ask_in_pieces(request, request.body.len().max(1)).await
    }

    /// Sends the body in frames of this size and returns the response.
    pub(super) async fn ask_in_pieces(
        &mut self,
        request: &Request,
        size: usize,
    ) -> Result<Answer, Failure> {
        let mut sending = self.begin(request)?;
        for piece in request.body.chunks(size) {
            // Fails if the server has responded without the rest of the body.
            if sending.send(piece).await.is_err() {
                break;
            }
        }
        sending.answer().await
    }

    /// Sends the head.
    pub(super) fn begin(&mut self, request: &Request) -> Result<Sending, Failure> {
        let mut head = http::Request::builder()
            .method(request.method)
            .uri(format!("http://localhost{}", request.target));
        for (name, value) in &request.headers {
            head = head.header(name, value.as_slice());
        }
        match request.framing {
            Framing::Length => head = head.header("content-length", request.body.len()),
            Framing::Announced(length) => head = head.header("content-length", length),
            Framing::Chunked(..) => {}
        }
        let (body, channel) = Channel::new(1);
        let answering = self.sender.send_request(head.body(channel)?);
        Ok(Sending { body: Some(body), answering: tokio::spawn(answering) })
    }
}

impl Sending {
    pub(super) async fn send(&mut self, piece: &[u8]) -> Result<(), Failure> {
        match &mut self.body {
            Some(body) => Ok(body.send_data(Bytes::copy_from_slice(piece)).await?),
            None => Err(Failure::new("the body has ended")),
        }
    }

    /// Ends the body.
    pub(super) fn end(&mut self) {
        self.body = None;
    }

    /// Ends the body, and waits for the response.
    pub(super) async fn answer(mut self) -> Result<Answer, Failure> {
        self.end();
        let (head, body) = self.answering.await??.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        let length = body.len().to_string();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            // Whether the server sends this header is its own choice: the
            // frames have the length, too.
            .filter(|(name, value)| *name != "content-length" || *value != length)
            .map(|(name, value)| (name.to_owned(), value.into_owned()));
        let status_line = format!("{:?} {}", head.version, head.status);
        Ok(Answer::new(status_line, head.status.as_u16(), headers, body))
    }

    /// Cancels the request, and leaves the connection open.
    pub(super) async fn cancel(self) {
        if let Some(body) = self.body {
            body.abort(io::Error::other("cancelled"));
        }
        self.answering.abort();
        // Waits until it is aborted.
        drop(self.answering.await);
    }
}
