//! Sends a request on a connection. Writes HTTP/1.1 directly, because HTTP
//! clients do not send such requests.

use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, TRANSFER_ENCODING};
use http::uri::{Authority, PathAndQuery};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::time::sleep;

use super::expected::AttackAnswer;
use super::request::{AttackRequest, Pace};

impl AttackRequest {
    /// Sends the request on a separate connection and waits for the response.
    /// Without a response it waits forever, so the caller must set a timeout.
    ///
    /// Any connection works: a `TcpStream`, a TLS stream, or one half of a
    /// `tokio::io::duplex`.
    pub async fn deliver(&self, connection: impl AsyncRead + AsyncWrite) -> AttackAnswer {
        let connection = std::pin::pin!(connection);
        let (mut reader, mut writer) = split(connection);
        let sending = async {
            // Fails if the receiver has already closed the connection. Its
            // response may still have arrived.
            let _ = self.send(&mut writer).await;
            std::future::pending().await
        };
        tokio::select! {
            answer = read_answer(&mut reader) => answer,
            never = sending => never,
        }
    }

    async fn send(&self, writer: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
        writer.write_all(&self.wire_head()).await?;
        match self.pace() {
            Pace::Whole => {
                writer.write_all(self.request().body()).await?;
                writer.flush().await
            }
            Pace::Cut => {
                writer.write_all(&self.first_half()).await?;
                writer.shutdown().await
            }
            Pace::Slow => {
                let first = self.first_half();
                writer.write_all(&first).await?;
                writer.flush().await?;
                let rest = self.request().body().slice(first.len()..);
                // The last byte is never sent.
                for byte in rest.iter().skip(1) {
                    sleep(DRIP).await;
                    writer.write_all(&[*byte]).await?;
                    writer.flush().await?;
                }
                Ok(())
            }
        }
    }

    fn wire_head(&self) -> Vec<u8> {
        let request = self.request();
        let target = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
        let host = request.uri().authority().map_or("localhost", Authority::as_str);
        // The user info in front of the host is for the client only.
        let host = host.rsplit('@').next().unwrap_or(host);
        let length = request.body().len();
        let mut head = format!(
            "{} {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n",
            request.method()
        )
        .into_bytes();
        for (name, value) in request.headers() {
            if !OF_THE_CONNECTION.contains(name) {
                head.extend_from_slice(
                    &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat(),
                );
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// The status of the first response that is not an interim one.
async fn read_answer(reader: &mut (impl AsyncRead + Unpin)) -> AttackAnswer {
    let mut received = Vec::new();
    loop {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(end) = end {
            match status(&received) {
                Some(status) if status >= 200 => return AttackAnswer::Status(status),
                Some(_) => drop(received.drain(..end + 4)),
                None => return AttackAnswer::Closed,
            }
            continue;
        }
        if received.len() > MAX_HEAD {
            return AttackAnswer::Closed;
        }
        match reader.read_buf(&mut received).await {
            Ok(0) | Err(_) => return AttackAnswer::Closed,
            Ok(_) => {}
        }
    }
}

/// `HTTP/1.1 401 Unauthorized`.
fn status(head: &[u8]) -> Option<u16> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let status = rest.split(' ').next()?;
    version.starts_with("HTTP/1.").then(|| status.parse().ok()).flatten()
}

/// In a recorded request, these headers belong to its own connection.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING];
/// Between two bytes of a slow body: short enough to pass a timeout between
/// bytes.
const DRIP: Duration = Duration::from_millis(500);
const MAX_HEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn interim_responses_are_skipped() {
        let answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\r\n";
        assert_eq!(read_answer(&mut &answers[..]).await, AttackAnswer::Status(401));
    }

    #[tokio::test]
    async fn an_invalid_response_counts_as_a_closed_connection() {
        for nonsense in ["", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 \r\n\r\n"] {
            let answer = read_answer(&mut nonsense.as_bytes()).await;
            assert_eq!(answer, AttackAnswer::Closed, "{nonsense}");
        }
    }
}
