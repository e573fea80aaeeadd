//! Limits the number of connections and keeps a reserve.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::select;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The places for connections: regular ones, and the reserve.
#[derive(Debug)]
pub(super) struct ConnectionSlots {
    regular: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
}

/// The place that a connection occupies.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    /// `None` if the connection had a regular place from the start.
    reserve: Option<Reserve>,
    permit: Mutex<OwnedSemaphorePermit>,
}

#[derive(Debug)]
struct Reserve {
    regular: Arc<Semaphore>,
    answered: Notify,
}

impl ConnectionSlots {
    pub(super) fn new(regular: usize, reserve: usize) -> Self {
        let semaphore =
            |places: usize| Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { regular: semaphore(regular.max(1)), reserve: semaphore(reserve) }
    }

    /// Waits for a place for the next connection. Prefers a regular one.
    pub(super) async fn next(&self) -> ConnectionSlot {
        let (permit, is_regular) = select! {
            biased;
            permit = Arc::clone(&self.regular).acquire_owned() => (permit, true),
            permit = Arc::clone(&self.reserve).acquire_owned() => (permit, false),
        };
        let permit = Mutex::new(permit.expect("the semaphores are never closed"));
        let reserve = || Reserve { regular: Arc::clone(&self.regular), answered: Notify::new() };
        ConnectionSlot { reserve: (!is_regular).then(reserve), permit }
    }
}

impl ConnectionSlot {
    pub(super) fn is_reserve(&self) -> bool {
        self.reserve.is_some()
    }

    /// Moves the connection to a regular place, if one becomes free soon
    /// enough.
    pub(super) async fn is_regular_soon(&self) -> bool {
        let Some(Reserve { regular, .. }) = &self.reserve else { return true };
        match timeout(SOON, Arc::clone(regular).acquire_owned()).await {
            Ok(Ok(regular)) => {
                *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = regular;
                true
            }
            _ => false,
        }
    }

    /// Records that a request has got its response.
    pub(super) fn note_answered(&self) {
        if let Some(reserve) = &self.reserve {
            reserve.answered.notify_one();
        }
    }

    /// Waits until the connection has to end. A connection of the reserve
    /// serves one request.
    pub(super) async fn is_over(&self) {
        match &self.reserve {
            Some(reserve) => reserve.answered.notified().await,
            None => std::future::pending().await,
        }
    }
}

/// Slow handlers end one after another, so a short wait often finds a place. A
/// longer wait would occupy one of the few reserved places.
const SOON: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_reserve_is_available_when_every_regular_slot_is_taken() {
        let places = ConnectionSlots::new(2, 1);
        let taken = [places.next().await, places.next().await];
        assert!(taken.iter().all(|place| !place.is_reserve()));
        let reserve = places.next().await;
        assert!(reserve.is_reserve());
        assert!(timeout(SOON, places.next()).await.is_err());
        drop(taken);
        assert!(!places.next().await.is_reserve());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reserve_slot_becomes_a_regular_one_as_soon_as_one_is_free() {
        let places = ConnectionSlots::new(1, 1);
        let taken = places.next().await;
        let reserve = places.next().await;
        assert!(!reserve.is_regular_soon().await);
        drop(taken);
        assert!(reserve.is_regular_soon().await);
        // The reserved place is free for others.
        assert!(places.next().await.is_reserve());
    }
}
