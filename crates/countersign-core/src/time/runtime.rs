//! What the pipeline needs of an async runtime.

use std::future::Future;
use std::time::Duration;

/// The time of an async runtime, and in simulations its randomness. With the feature
/// `tokio`, `TokioRuntime` implements it.
pub trait Runtime: Send + Sync + 'static {
    /// The future of [`sleep`](Self::sleep).
    type Sleep: Future<Output = ()> + Send;

    /// Waits for this long.
    fn sleep(&self, duration: Duration) -> Self::Sleep;

    /// A moment of the monotonic clock that the sleeps use, also if a test pauses it.
    type Instant: Copy + Send;

    /// The current moment.
    fn now(&self) -> Self::Instant;

    /// The time since a moment.
    fn elapsed(&self, since: Self::Instant) -> Duration;

    /// The random bytes of the next attempt's token. Defaults to `None`: they come from
    /// the operating system. A simulation returns bytes that depend on its seed.
    ///
    /// No two calls may return the same bytes: two attempts with one token are one
    /// attempt, and both get the event.
    fn token_bytes(&self) -> Option<[u8; 16]> {
        None
    }
}

/// The maximum of a setting that is waited for, a year: a runtime can add it to any moment.
pub(crate) const MAX_TIMEOUT: Duration = Duration::from_secs(31_557_600);

/// The time of tokio, and of actix-web, which runs on it.
///
/// # Panics
///
/// A sleep panics outside of a tokio runtime, or in one whose timer is not enabled.
#[cfg(feature = "tokio")]
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no state")]
pub struct TokioRuntime;

#[cfg(feature = "tokio")]
impl Runtime for TokioRuntime {
    type Sleep = tokio::time::Sleep;

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        tokio::time::sleep(duration)
    }

    type Instant = tokio::time::Instant;

    fn now(&self) -> Self::Instant {
        tokio::time::Instant::now()
    }

    fn elapsed(&self, since: Self::Instant) -> Duration {
        since.elapsed()
    }
}
