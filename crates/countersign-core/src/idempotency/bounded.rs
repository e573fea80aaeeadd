//! Store calls with a time limit. A panic of a store becomes an error.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::StoreError;
use crate::time::runtime::Runtime;

/// Returns the store's reply, or `None` if it does not arrive within the time
/// limit. A panic becomes an error.
///
/// The call is polled before a timer is started: a store that replies at once needs
/// no timer.
pub(crate) async fn bounded<T>(
    mut call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
    within: Duration,
    runtime: &impl Runtime,
) -> Option<Result<T, StoreError>> {
    let mut end = None;
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Ready(reply)) => return Poll::Ready(Some(reply)),
            Ok(Poll::Pending) => {}
            // After a panic, the call is not polled again.
            Err(_) => return Poll::Ready(Some(Err(panicked()))),
        }
        let end = end.get_or_insert_with(|| Box::pin(runtime.sleep(within)));
        end.as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// As [`bounded`], for a call that ends by itself.
pub(crate) async fn caught<T>(
    mut call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
) -> Result<T, StoreError> {
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    })
    .await
}

/// As [`bounded`], but a reply that does not arrive in time is an error.
pub(crate) async fn replied<T>(
    call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
    within: Duration,
    runtime: &impl Runtime,
) -> Result<T, StoreError> {
    bounded(call, within, runtime).await.unwrap_or_else(|| {
        Err(StoreError::unknown_effect(format!("store did not reply within {within:?}")))
    })
}

fn panicked() -> StoreError {
    StoreError::unknown_effect("store panicked")
}
