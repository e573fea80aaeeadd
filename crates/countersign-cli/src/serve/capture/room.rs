//! How many bytes of bodies wait to be written, and how many more may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A limit on the bytes that are held.
pub(super) struct Room {
    limit: usize,
    held: AtomicUsize,
}

/// The part of a room that one body takes; given back when it is dropped.
pub(super) struct Reserved {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    pub(super) fn of(bytes: usize) -> Arc<Self> {
        Arc::new(Self { limit: bytes, held: AtomicUsize::new(0) })
    }

    pub(super) fn nothing(room: &Arc<Self>) -> Reserved {
        Reserved { room: Arc::clone(room), bytes: 0 }
    }
}

impl Reserved {
    /// So many bytes more, if there is room for them.
    #[must_use]
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let Room { limit, held } = &*self.room;
        let more = |held: usize| held.checked_add(bytes).filter(|held| held <= limit);
        let grown = held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok();
        if grown {
            self.bytes += bytes;
        }
        grown
    }

    /// Another part of the same room, without a byte.
    pub(super) fn nothing_more(&self) -> Self {
        Room::nothing(&self.room)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_not_taken_and_what_is_dropped_is_given_back() {
        let room = Room::of(10);
        let mut first = Room::nothing(&room);
        assert!(first.grow(6) && first.grow(4) && !first.grow(1));
        let mut second = first.nothing_more();
        assert!(!second.grow(1) && !second.grow(usize::MAX));
        drop(first);
        assert!(second.grow(10));
    }
}
