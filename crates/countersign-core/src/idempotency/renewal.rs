//! Renews a claim's lease while its event is handled.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::{Claim, IdempotencyStore, RenewOutcome, bounded};
use crate::time::runtime::Runtime;

impl<S: IdempotencyStore> Claim<S> {
    /// Runs `work`, and renews the lease after each third of it. If the lease is
    /// lost, the work continues, because stopping could leave it half done. Until it
    /// ends, this process does not handle the event again.
    pub async fn run_with_renewal<F: Future>(&self, work: F, runtime: &impl Runtime) -> F::Output {
        let mut work = pin!(work);
        // Boxed, and created only if the work is pending: otherwise every request would carry the
        // memory for this.
        let mut renewals = None;
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => {
                let renewals = renewals.get_or_insert_with(|| Box::pin(self.renewals(runtime)));
                match renewals.as_mut().poll(cx) {
                    Poll::Ready(never) => match never {},
                    Poll::Pending => Poll::Pending,
                }
            }
        })
        .await
    }

    async fn renewals(&self, runtime: &impl Runtime) -> Infallible {
        let every = (self.lease() / 3).max(MIN_PAUSE);
        loop {
            runtime.sleep(every).await;
            // A renewal that fails, or has no reply by then, is tried again at the next third. A
            // lost lease stays lost.
            loop {
                match bounded(pin!(self.renew()), every, runtime).await {
                    Some(Ok(RenewOutcome::Lost)) => loop {
                        runtime.sleep(every).await;
                        self.keep_hold();
                    },
                    Some(Ok(_)) => break,
                    Some(Err(_)) => {
                        self.count_failed_renewal();
                        break;
                    }
                    None => self.count_failed_renewal(),
                }
            }
        }
    }
}

/// The minimum time between renewals, so that a very short lease does not keep a
/// core busy.
const MIN_PAUSE: Duration = Duration::from_millis(10);
