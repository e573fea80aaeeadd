//! What a client may take.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use super::patience::Patience;

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) head_bytes: usize,
    pub(super) connections: usize,
    pub(super) shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10),
            // Providers send less than 4 KiB of headers.
            head_bytes: 32 * 1024,
            connections: 512,
            shutdown_timeout: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// What hyper bounds.
    pub(super) fn builder(&self) -> Builder<TokioExecutor> {
        let head_bytes = self.head_bytes.max(LEAST_HEAD);
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            // It is counted neither before the first byte nor for HTTP/2. `Patience` is.
            .header_read_timeout(None)
            .max_buf_size(head_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(MOST_UNSEEN_RESETS)
            .max_local_error_reset_streams(MOST_ERRORS);
        builder
    }

    /// What a new connection may take its time for.
    pub(super) fn patience(&self) -> Patience {
        Patience::new(self.header_timeout, self.idle_timeout)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.max(1)
    }
}

/// hyper's own least.
const LEAST_HEAD: usize = 8 * 1024;
const PING: Duration = Duration::from_secs(10);
const MOST_STREAMS: u32 = 64;
/// Streams that are opened and reset at once cost the server more than the client: after so many
/// the connection is closed.
const MOST_UNSEEN_RESETS: usize = 20;
const MOST_ERRORS: usize = 64;
