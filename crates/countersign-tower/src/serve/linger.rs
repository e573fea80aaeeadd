//! Closes a connection whose client may still be sending.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Closes a connection so that its client receives the last response.
///
/// As RFC 9112, section 9.6, describes, it closes the sending side first, and the
/// other side once the client has closed its own.
///
/// A request may get its response before its body has arrived. If the connection
/// were closed with unread bytes, or if bytes arrived afterwards, it would be
/// reset. A client that writes everything before it reads would then never see
/// the response. So arriving bytes are discarded: at most [`MOST_BYTES`], within
/// [`LONGEST`], and only while the client keeps sending.
pub(super) async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let discarded = async {
        let mut buffer = vec![0; BUFFER];
        let mut left = MAX_BYTES;
        while left > 0
            && let Ok(Ok(length @ 1..)) = timeout(SILENCE, stream.read(&mut buffer)).await
        {
            left = left.saturating_sub(length);
        }
    };
    // The connection is closed in any case.
    let _ = timeout(LONGEST, discarded).await;
}

/// The largest body that a built-in scheme accepts, with a margin.
const MAX_BYTES: usize = 32 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(1);
const BUFFER: usize = 16 * 1024;
