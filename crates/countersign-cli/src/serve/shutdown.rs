//! Termination signals and shutdown deadlines.

use std::io;
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::usage_error::UsageError;

/// SIGTERM and SIGINT, or Ctrl-C on other systems than Unix.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// From now on, these signals do not terminate the program, nor does a write that exceeds the
    /// file size limit.
    pub(crate) fn listen() -> Result<Self, UsageError> {
        Self::try_listen()
            .map_err(|error| UsageError::because("signals cannot be listened to", error))
    }

    #[cfg(unix)]
    fn try_listen() -> io::Result<Self> {
        // SIGXFSZ terminates the program by default. With a handler, the write returns an error.
        drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?);
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    fn try_listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next signal.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next signal.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// The maximum duration of a shutdown: one second less than the 30 s that service managers allow.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(29);

/// The deadlines of the steps of a shutdown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// For requests in progress.
    pub(super) handlers: Instant,
    /// For releasing the events of unfinished requests.
    pub(super) given_back: Instant,
    /// For completions that the store has not recorded yet.
    pub(super) store: Instant,
    end: Instant,
}

impl Deadlines {
    /// The deadlines of a shutdown that begins now.
    pub(super) fn within(drain_timeout: Duration) -> Self {
        let now = Instant::now();
        let end = now + drain_timeout;
        let last = MAX_OUTPUT.min(drain_timeout / 8);
        let recording = MAX_RECORDING.min(drain_timeout / 4);
        let store = end - last;
        let handlers = store - recording;
        Self { handlers, given_back: handlers + recording / 2, store, end }
    }

    /// For lines and files, as the last step. It is short if the reader does not read.
    pub(super) fn output(&self) -> Instant {
        self.end.min(Instant::now() + MAX_OUTPUT)
    }
}

const MAX_OUTPUT: Duration = Duration::from_secs(1);
const MAX_RECORDING: Duration = Duration::from_secs(3);
