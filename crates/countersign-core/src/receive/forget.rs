//! Forgets an event, so that it can be handled again.

use std::pin::pin;

use super::Receiver;
use crate::idempotency::{EventKey, IdempotencyStore, StoreError};
use crate::time::runtime::Runtime;

impl<S: IdempotencyStore> Receiver<S> {
    /// Forgets an event in any state, in this process and in the store, so that its next
    /// delivery is handled. Returns whether it was known.
    ///
    /// [`IdempotencyStore::forget`] alone is not enough in a process that has the event in
    /// its memory: a success that is not recorded in the store yet, or, with
    /// [`OutagePolicy::LocalFallback`](crate::OutagePolicy::LocalFallback), an event that
    /// was handled recently. So call this in each process that may have handled the event.
    ///
    /// A running handler of the event is not stopped, and its success is recorded. A
    /// success that is being sent to the store at this moment may arrive after the event is
    /// forgotten.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store is unavailable, or does not reply within the timeout of
    /// a store call. This process has forgotten the event in any case. Call this again.
    pub async fn forget(&self, key: &EventKey, runtime: &impl Runtime) -> Result<bool, StoreError> {
        let was_known = self.0.queue.forget(key);
        // In a block, because a store can also panic before it returns its future.
        let call = pin!(async { self.store().forget(key).await });
        let was_stored = self.reply(call, runtime).await?;
        Ok(was_known || was_stored)
    }
}
