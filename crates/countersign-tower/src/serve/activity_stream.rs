//! A stream that records its activity (received bytes, blocked writes) and
//! survives its connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::connection_timer::ConnectionTimer;

pub(super) struct ActivityStream {
    /// Taken when the wrapper is dropped.
    stream: Option<TcpStream>,
    timer: Arc<ConnectionTimer>,
    left: Option<oneshot::Sender<TcpStream>>,
}

impl ActivityStream {
    /// The stream, and a receiver that returns it once its connection has
    /// dropped it.
    pub(super) fn new(
        stream: TcpStream,
        timer: Arc<ConnectionTimer>,
    ) -> (Self, oneshot::Receiver<TcpStream>) {
        let (left, leaves) = oneshot::channel();
        (Self { stream: Some(stream), timer, left: Some(left) }, leaves)
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.get_mut().stream.as_mut();
        stream.map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    fn note_written<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.timer.note_blocked(written.is_pending());
        written
    }
}

impl Drop for ActivityStream {
    fn drop(&mut self) {
        if let (Some(stream), Some(left)) = (self.stream.take(), self.left.take()) {
            // If the receiver is gone, the stream is closed.
            let _ = left.send(stream);
        }
    }
}

impl AsyncRead for ActivityStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = self.as_mut().stream()?.poll_read(cx, into);
        if into.filled().len() > before {
            self.timer.note();
        }
        read
    }
}

impl AsyncWrite for ActivityStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream()?.poll_write(cx, bytes);
        self.note_written(written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().stream()?.poll_write_vectored(cx, bytes);
        self.note_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(TcpStream::is_write_vectored)
    }
}
