//! The signals that end the program.

use std::io;
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::mend::Mend;

/// SIGTERM and SIGINT; elsewhere Ctrl-C.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// From now on they do not end the program by themselves, nor does a file that may not grow.
    pub(super) fn listen() -> Result<Self, Mend> {
        Self::try_listen().map_err(|error| Mend::because("signals cannot be listened to", error))
    }

    #[cfg(unix)]
    fn try_listen() -> io::Result<Self> {
        // By itself it ends the program; now the write that is too much is an error like any other.
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

    /// Waits for the next one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// How long the end takes at the most: a second less than the 30 s that service managers allow.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(29);

/// By when each step of the end is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadlines {
    /// Of what is in hand.
    pub(super) handlers: Instant,
    /// Of giving back what is not finished by then.
    pub(super) given_back: Instant,
    /// Of what the store has not recorded yet.
    pub(super) store: Instant,
    end: Instant,
}

impl Deadlines {
    /// Of an end that begins now.
    pub(super) fn within(drain_timeout: Duration) -> Self {
        let now = Instant::now();
        let end = now + drain_timeout;
        let last = LONGEST_OUTPUT.min(drain_timeout / 8);
        let recording = LONGEST_RECORDING.min(drain_timeout / 4);
        let store = end - last;
        let handlers = store - recording;
        Self { handlers, given_back: handlers + recording / 2, store, end }
    }

    /// Of lines and files, as the last step: for a reader who does not read it is not long.
    pub(super) fn output(&self) -> Instant {
        self.end.min(Instant::now() + LONGEST_OUTPUT)
    }
}

const LONGEST_OUTPUT: Duration = Duration::from_secs(1);
const LONGEST_RECORDING: Duration = Duration::from_secs(3);
