//! The first error of an outage, for code that watches the store.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use countersign_core::{Effect, StoreError};
use tokio::sync::Notify;

use crate::error::PostgresStoreError;

/// Whether operations currently fail, and the first error.
#[derive(Default)]
pub(crate) struct Outage {
    is_on: AtomicBool,
    first: Mutex<Option<StoreError>>,
    began: Notify,
}

impl Outage {
    /// Records the result of an operation.
    pub(crate) fn note<T>(&self, answer: &Result<T, StoreError>) {
        match answer {
            Ok(_) if !self.is_on.load(Ordering::Relaxed) => {}
            Ok(_) => self.is_on.store(false, Ordering::Relaxed),
            Err(error) => {
                if let Some(copy) = copy(error)
                    && !self.is_on.swap(true, Ordering::Relaxed)
                {
                    *self.first() = Some(copy);
                    self.began.notify_one();
                }
            }
        }
    }

    /// The first error of the next outage, or of one that was not reported yet.
    pub(crate) async fn begun(&self) -> StoreError {
        loop {
            if let Some(error) = self.take() {
                return error;
            }
            self.began.notified().await;
        }
    }

    pub(crate) fn take(&self) -> Option<StoreError> {
        self.first().take()
    }

    fn first(&self) -> std::sync::MutexGuard<'_, Option<StoreError>> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A full server responds, so it is not an outage.
fn copy(error: &StoreError) -> Option<StoreError> {
    let cause = error.source().and_then(<dyn Error>::downcast_ref::<PostgresStoreError>)?.clone();
    if matches!(cause, PostgresStoreError::Full { .. }) {
        return None;
    }
    Some(match error.effect() {
        Effect::NotApplied => StoreError::not_applied(cause),
        Effect::Unknown => StoreError::unknown_effect(cause),
    })
}
