//! The limits of the server.

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use super::connection_slots::{ConnectionSlot, ConnectionSlots};
use super::connection_timer::ConnectionTimer;

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) head_bytes: usize,
    pub(super) connections: usize,
    pub(super) reserve: usize,
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
            reserve: 0,
            shutdown_timeout: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// The limits that hyper enforces.
    pub(super) fn builder(&self) -> Builder<TokioExecutor> {
        let head_bytes = self.head_bytes.max(MIN_HEAD);
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .http1()
            // hyper's timeout covers neither the time before the first byte nor
            // HTTP/2. `ConnectionTimer` does.
            .header_read_timeout(None)
            .max_buf_size(head_bytes);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_stream_window_size(STREAM_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(MAX_UNSEEN_RESETS)
            .max_local_error_reset_streams(MAX_ERRORS);
        builder
    }

    /// The timeouts of a new connection.
    pub(super) fn timer(&self, place: &ConnectionSlot) -> ConnectionTimer {
        let most = if place.is_reserve() { RESERVE_PATIENCE } else { Duration::MAX };
        ConnectionTimer::new(self.header_timeout.min(most), self.idle_timeout.min(most))
    }

    pub(super) fn places(&self) -> ConnectionSlots {
        ConnectionSlots::new(self.connections, self.reserve)
    }
}

/// hyper's minimum.
const MIN_HEAD: usize = 8 * 1024;
const PING: Duration = Duration::from_secs(10);
const MAX_STREAMS: u32 = 64;
/// Streams that are opened and reset at once cost the server more than the
/// client. Past this number the connection is closed.
const MAX_UNSEEN_RESETS: usize = 20;
const MAX_ERRORS: usize = 64;
/// Body bytes that are received before they are read are in no budget, so the
/// windows are small.
const CONNECTION_WINDOW: u32 = 64 * 1024;
const STREAM_WINDOW: u32 = 16 * 1024;
const SEND_BUFFER: usize = 64 * 1024;
const RESERVE_PATIENCE: Duration = Duration::from_secs(1);
