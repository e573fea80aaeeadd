//! A connection on which any bytes can be sent. Writes HTTP/1.1 directly.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::interval;

use super::answer::{Answer, AnswerHead};
use super::context::Failure;
use super::request::Request;

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Bytes that are received but not read yet.
    received: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new() })
    }

    pub(super) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        Ok(self.stream.write_all(bytes.as_ref()).await?)
    }

    /// Sends each byte in a separate packet, until the server accepts no more.
    pub(super) async fn send_one_by_one(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.stream.write_all(&[*byte]).await.is_err() {
                // The response shows why.
                return;
            }
            yield_now().await;
        }
    }

    /// Sends the body at this pace, one byte at a time. Returns the response,
    /// and the number of bytes that were sent before it.
    pub(super) async fn trickle(
        mut self,
        request: &Request,
        pace: Duration,
    ) -> Result<(Answer, usize), Failure> {
        self.send(request.wire_head()).await?;
        let (mut reader, mut writer) = self.stream.into_split();
        let mut sent = 0;
        let sending = async {
            let mut ticks = interval(pace);
            for byte in &request.body {
                ticks.tick().await;
                // Fails if the response has already been sent.
                if writer.write_all(&[*byte]).await.is_err() {
                    break;
                }
                sent += 1;
            }
            std::future::pending::<Failure>().await
        };
        let mut received = Vec::new();
        let answer = tokio::select! {
            wrong = sending => return Err(wrong),
            answer = read_answer(&mut reader, &mut received) => answer?,
        };
        Ok((answer, sent))
    }

    /// Closes the sending side, and continues to receive.
    pub(super) async fn half_close(&mut self) -> Result<(), Failure> {
        Ok(self.stream.shutdown().await?)
    }

    /// Resets the connection, as when a process is killed. The last bytes may
    /// be lost.
    pub(super) fn reset(self) -> Result<(), Failure> {
        Ok(self.stream.set_zero_linger()?)
    }

    /// The next response, which may be an interim one.
    pub(super) async fn answer(&mut self) -> Result<Answer, Failure> {
        read_answer(&mut self.stream, &mut self.received).await
    }
}

async fn read_answer<R>(stream: &mut R, received: &mut Vec<u8>) -> Result<Answer, Failure>
where
    R: AsyncReadExt + Unpin,
{
    let head = read_until(stream, received, b"\r\n\r\n").await?;
    let head = AnswerHead::parse(&head)?;
    let body = if head.status < 200 || head.status == 204 || head.status == 304 {
        Vec::new()
    } else if head.header("transfer-encoding") == Some("chunked") {
        read_chunks(stream, received).await?
    } else if let Some(length) = head.header("content-length") {
        let length = length.parse();
        let length = length.map_err(|_| Failure::new("invalid Content-Length in the response"))?;
        read_exactly(stream, received, length).await?
    } else {
        while read_more(stream, received).await? > 0 {}
        std::mem::take(received)
    };
    Ok(head.with_body(body))
}

async fn read_chunks<R>(stream: &mut R, received: &mut Vec<u8>) -> Result<Vec<u8>, Failure>
where
    R: AsyncReadExt + Unpin,
{
    let mut body = Vec::new();
    loop {
        let line = read_until(stream, received, b"\r\n").await?;
        let digits = String::from_utf8_lossy(&line);
        let size = usize::from_str_radix(digits.trim_end(), 16);
        let size = size.map_err(|_| Failure::new("a chunk of the response has no size"))?;
        let chunk = read_exactly(stream, received, size + 2).await?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

async fn read_until<R>(
    stream: &mut R,
    received: &mut Vec<u8>,
    end: &[u8],
) -> Result<Vec<u8>, Failure>
where
    R: AsyncReadExt + Unpin,
{
    loop {
        if let Some(at) = received.windows(end.len()).position(|window| window == end) {
            return Ok(received.drain(..at + end.len()).collect());
        }
        if read_more(stream, received).await? == 0 {
            return Err(Failure::new("the connection was closed before the response"));
        }
    }
}

async fn read_exactly<R>(
    stream: &mut R,
    received: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, Failure>
where
    R: AsyncReadExt + Unpin,
{
    while received.len() < length {
        if read_more(stream, received).await? == 0 {
            return Err(Failure::new("the connection was closed in the response's body"));
        }
    }
    Ok(received.drain(..length).collect())
}

async fn read_more<R>(stream: &mut R, received: &mut Vec<u8>) -> Result<usize, Failure>
where
    R: AsyncReadExt + Unpin,
{
    Ok(stream.read_buf(received).await?)
}
