//! The first error of an outage, for code that watches a store.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::store::{Effect, StoreError};

/// Whether the operations of a store currently fail, and the first error.
///
/// `E` is the source of the store's errors.
pub struct Outage<E> {
    is_on: AtomicBool,
    is_outage: fn(&E) -> bool,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    first: Option<StoreError>,
    watchers: Vec<Waker>,
}

impl<E: Error + Clone + Send + Sync + 'static> Outage<E> {
    /// No operation has failed yet. Errors for which `is_outage` is false, such as that of a full
    /// server, which responds, begin no outage.
    #[must_use]
    pub fn new(is_outage: fn(&E) -> bool) -> Self {
        Self { is_on: AtomicBool::new(false), is_outage, watched: Mutex::default() }
    }

    /// Records the result of an operation.
    pub fn note<T>(&self, result: &Result<T, StoreError>) {
        match result {
            Ok(_) if !self.is_on.load(Ordering::Relaxed) => {}
            Ok(_) => self.is_on.store(false, Ordering::Relaxed),
            Err(error) => {
                if let Some(copy) = self.copy(error)
                    && !self.is_on.swap(true, Ordering::Relaxed)
                {
                    let mut watched = self.watched();
                    watched.first = Some(copy);
                    let watchers = mem::take(&mut watched.watchers);
                    drop(watched);
                    watchers.into_iter().for_each(Waker::wake);
                }
            }
        }
    }

    /// The first error of the next outage, or of one that was not reported yet.
    pub async fn begun(&self) -> StoreError {
        poll_fn(|cx| {
            let mut watched = self.watched();
            if let Some(error) = watched.first.take() {
                return Poll::Ready(error);
            }
            if !watched.watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
                watched.watchers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// The first error of an outage that was not reported yet.
    #[must_use]
    pub fn take(&self) -> Option<StoreError> {
        self.watched().first.take()
    }

    fn copy(&self, error: &StoreError) -> Option<StoreError> {
        let cause = error.source().and_then(<dyn Error>::downcast_ref::<E>)?;
        if !(self.is_outage)(cause) {
            return None;
        }
        Some(match error.effect() {
            Effect::NotApplied => StoreError::not_applied(cause.clone()),
            Effect::Unknown => StoreError::unknown_effect(cause.clone()),
        })
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E> fmt::Debug for Outage<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outage").field("is_on", &self.is_on).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Wake};

    use futures_util::FutureExt;

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Broken {
        Network(u8),
        Full,
    }

    impl fmt::Display for Broken {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Debug::fmt(self, f)
        }
    }

    impl Error for Broken {}

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn failed(error: Broken) -> Result<(), StoreError> {
        Err(StoreError::not_applied(error))
    }

    #[test]
    fn the_first_error_of_each_outage_is_reported_once() {
        let outage = Outage::new(|error: &Broken| *error != Broken::Full);
        let mut begun = Box::pin(outage.begun());
        assert!(begun.as_mut().now_or_never().is_none());
        outage.note(&failed(Broken::Full));
        assert!(begun.as_mut().now_or_never().is_none());
        outage.note(&failed(Broken::Network(1)));
        outage.note(&failed(Broken::Network(2)));
        let error = begun.as_mut().now_or_never().unwrap();
        let cause = error.source().and_then(<dyn Error>::downcast_ref::<Broken>);
        assert_eq!(cause, Some(&Broken::Network(1)));
        assert!(outage.take().is_none());

        outage.note(&Ok(()));
        outage.note(&failed(Broken::Network(3)));
        assert!(outage.take().is_some() && outage.take().is_none());
    }

    #[test]
    fn a_watcher_is_woken() {
        let outage = Outage::<Broken>::new(|_| true);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut begun = pin!(outage.begun());
        assert!(begun.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(!woken.0.load(Ordering::Relaxed));
        outage.note(&failed(Broken::Network(1)));
        assert!(woken.0.load(Ordering::Relaxed));
        assert!(begun.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    }
}
