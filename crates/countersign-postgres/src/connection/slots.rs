//! The number of connections that operations may use at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::error::Cause;

/// One slot for each connection. If the server grants fewer connections than there are slots, the
/// others are set aside for some seconds, so that operations wait for an open connection instead.
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    limit: Arc<Limit>,
}

/// The right to use a connection, until it is dropped.
pub(crate) struct Slot(OwnedSemaphorePermit);

#[derive(Default)]
struct Limit {
    set_aside: AtomicUsize,
    cause: Mutex<Option<Cause>>,
}

impl Slots {
    pub(crate) fn new(connections: usize) -> Self {
        let free = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Self { free, limit: Arc::default() }
    }

    /// `None` if no slot becomes free in time.
    pub(crate) async fn take(&self, end: Instant) -> Option<Slot> {
        let slot = timeout_at(end, Arc::clone(&self.free).acquire_owned()).await;
        slot.ok()?.ok().map(Slot)
    }

    /// Sets a slot aside for which the server has granted no connection.
    pub(crate) fn set_aside(&self, slot: Slot, cause: Cause) {
        *self.limit.cause() = Some(cause);
        self.limit.set_aside.fetch_add(1, Ordering::Relaxed);
        let limit = Arc::clone(&self.limit);
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            limit.set_aside.fetch_sub(1, Ordering::Relaxed);
            drop(slot.0);
        });
    }

    /// Why slots are set aside at present.
    pub(crate) fn limit(&self) -> Option<Cause> {
        let is_limited = self.limit.set_aside.load(Ordering::Relaxed) > 0;
        if is_limited { self.limit.cause().clone() } else { None }
    }
}

impl Limit {
    fn cause(&self) -> std::sync::MutexGuard<'_, Option<Cause>> {
        self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Until a further connection is tried.
const PAUSE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slot_that_is_set_aside_comes_back() {
        let slots = Slots::new(2);
        let soon = || Instant::now() + Duration::from_secs(1);
        let (first, second) = (slots.take(soon()).await.unwrap(), slots.take(soon()).await);
        assert!(slots.limit().is_none());
        slots.set_aside(second.unwrap(), Arc::new(std::io::Error::other("too many")));
        assert!(slots.take(soon()).await.is_none());
        assert!(slots.limit().is_some_and(|cause| cause.to_string() == "too many"));
        drop(first);
        let first = slots.take(soon()).await;
        assert!(first.is_some() && slots.take(soon()).await.is_none());
        assert!(slots.take(Instant::now() + PAUSE).await.is_some());
        assert!(slots.limit().is_none());
    }
}
