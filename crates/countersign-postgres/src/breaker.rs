//! The circuit breaker: while the server does not respond, operations fail at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Cause, PostgresStoreError};

/// It opens if the server does not respond to one operation, and has responded to no other
/// meanwhile. Then one operation a second is tried.
pub(crate) struct Breaker {
    created: Instant,
    /// The time of the last response, in microseconds since the start.
    responded_us: AtomicU64,
    is_open: AtomicBool,
    open: Mutex<Option<Open>>,
}

struct Open {
    retry_at: Instant,
    cause: Option<Cause>,
}

impl Breaker {
    pub(crate) fn closed() -> Self {
        Self {
            created: Instant::now(),
            responded_us: AtomicU64::new(0),
            is_open: AtomicBool::new(false),
            open: Mutex::new(None),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// # Errors
    ///
    /// If the breaker is open, and this operation is not the one that is tried.
    pub(crate) fn admit(&self) -> Result<(), PostgresStoreError> {
        if !self.is_open() {
            return Ok(());
        }
        match &mut *self.open() {
            Some(open) if Instant::now() < open.retry_at => {
                Err(PostgresStoreError::BreakerOpen { source: open.cause.clone() })
            }
            Some(open) => {
                open.retry_at = Instant::now() + PAUSE;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The server has responded.
    pub(crate) fn responded(&self) {
        self.responded_us.store(self.micros(Instant::now()), Ordering::Relaxed);
        if self.is_open() {
            let mut open = self.open();
            *open = None;
            self.is_open.store(false, Ordering::Relaxed);
        }
    }

    /// The server has not responded since this time. Returns whether the breaker is open now:
    /// another operation may have got its response.
    pub(crate) fn silent_since(&self, began: Instant, cause: Option<Cause>) -> bool {
        if self.responded_us.load(Ordering::Relaxed) > self.micros(began) {
            return false;
        }
        let mut open = self.open();
        *open = Some(Open { retry_at: Instant::now() + PAUSE, cause });
        self.is_open.store(true, Ordering::Relaxed);
        true
    }

    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.created);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const PAUSE: Duration = Duration::from_secs(1);
