//! The end of a connection whose client may still be sending.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Closes a connection so that its client sees the last answer, as RFC 9112,
/// section 9.6, says: the sending side first, and the other once the client has
/// closed its own.
///
/// A request may be answered before its body has come. If the connection were
/// closed with bytes unread, or if some came afterwards, it would be reset, and a
/// client that writes everything before it reads would never see the answer. So
/// what comes is discarded: at most [`MOST_BYTES`], within [`LONGEST`], and no
/// longer than the client goes on sending.
pub(super) async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let discarded = async {
        let mut buffer = vec![0; BUFFER];
        let mut left = MOST_BYTES;
        while left > 0
            && let Ok(Ok(length @ 1..)) = timeout(SILENCE, stream.read(&mut buffer)).await
        {
            left = left.saturating_sub(length);
        }
    };
    // Closed in any case.
    let _ = timeout(LONGEST, discarded).await;
}

/// The largest body that a scheme here accepts, and some more.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(1);
const BUFFER: usize = 16 * 1024;
