//! An open transaction on its way to the handler and back.

use std::fmt;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Holds the open transaction of a delivery while the handler does not use it. It is in the
/// request's extensions.
pub struct TransactionSlot<T>(Arc<Mutex<Place<T>>>);

enum Place<T> {
    Here(T),
    Lent,
    /// The handler has responded. A transaction that comes back now is rolled back.
    Closed,
}

impl<T> TransactionSlot<T> {
    pub(crate) fn new(transaction: T) -> Self {
        Self(Arc::new(Mutex::new(Place::Here(transaction))))
    }

    /// Lends the transaction. `None` while another [`InboxTransaction`] has it, and after the
    /// response.
    #[must_use]
    pub fn take(&self) -> Option<InboxTransaction<T>> {
        let mut place = self.place();
        match mem::replace(&mut *place, Place::Lent) {
            Place::Here(open) => Some(InboxTransaction { open: Some(open), slot: self.clone() }),
            other => {
                *place = other;
                None
            }
        }
    }

    /// Takes the transaction for its end. `None` if the handler still holds it.
    pub(crate) fn close(&self) -> Option<T> {
        match mem::replace(&mut *self.place(), Place::Closed) {
            Place::Here(open) => Some(open),
            Place::Lent | Place::Closed => None,
        }
    }

    fn place(&self) -> MutexGuard<'_, Place<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The open transaction of a delivery, lent to the handler by an inbox layer.
///
/// Its event is claimed in it. Everything that the handler writes with it is committed together
/// with the claim if the response is a 2xx, and rolled back otherwise. Drop it before the response:
/// the layer ends the transaction, so the handler must neither commit it nor roll it back.
pub struct InboxTransaction<T> {
    /// `None` only while it is dropped.
    open: Option<T>,
    slot: TransactionSlot<T>,
}

impl<T> Drop for InboxTransaction<T> {
    fn drop(&mut self) {
        let mut place = self.slot.place();
        if matches!(*place, Place::Lent)
            && let Some(open) = self.open.take()
        {
            *place = Place::Here(open);
        }
    }
}

impl<T> Deref for InboxTransaction<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.open.as_ref().expect(OPEN)
    }
}

impl<T> DerefMut for InboxTransaction<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.open.as_mut().expect(OPEN)
    }
}

const OPEN: &str = "it has the transaction until it is dropped";

impl<T> Clone for TransactionSlot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> fmt::Debug for TransactionSlot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionSlot").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for InboxTransaction<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxTransaction").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_comes_back_when_it_is_dropped() {
        let slot = TransactionSlot::new(7);
        let lent = slot.take().unwrap();
        assert_eq!(*lent, 7);
        assert!(slot.take().is_none());
        drop(lent);
        assert!(slot.take().is_some());
        assert_eq!(slot.close(), Some(7));
        assert!(slot.take().is_none());
    }

    #[test]
    fn a_transaction_that_comes_back_late_is_dropped() {
        let transaction = Arc::new(());
        let slot = TransactionSlot::new(Arc::clone(&transaction));
        let lent = slot.take().unwrap();
        assert!(slot.close().is_none());
        drop(lent);
        assert_eq!(Arc::strong_count(&transaction), 1);
        assert!(slot.take().is_none());
    }
}
