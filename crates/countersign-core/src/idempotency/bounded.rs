//! Store calls with an end: none is waited for without a limit, and none takes
//! its caller down.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::{StoreError, Timer};

/// The store's reply; `None` if it has not come in time. A panic is an error.
///
/// The call is polled before a timer is armed: a store that replies at once
/// costs none.
pub(crate) async fn bounded<T>(
    mut call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
    within: Duration,
    timer: &impl Timer,
) -> Option<Result<T, StoreError>> {
    let mut end = None;
    poll_fn(|cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        match polled {
            Ok(Poll::Ready(reply)) => return Poll::Ready(Some(reply)),
            Ok(Poll::Pending) => {}
            // It is not polled again.
            Err(_) => return Poll::Ready(Some(Err(StoreError::maybe_applied("it panicked")))),
        }
        let end = end.get_or_insert_with(|| Box::pin(timer.sleep(within)));
        end.as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// As [`bounded`], with an error for a reply that has not come in time.
pub(crate) async fn replied<T>(
    call: Pin<&mut impl Future<Output = Result<T, StoreError>>>,
    within: Duration,
    timer: &impl Timer,
) -> Result<T, StoreError> {
    bounded(call, within, timer).await.unwrap_or_else(|| {
        Err(StoreError::maybe_applied(format!("it has not replied within {within:?}")))
    })
}
