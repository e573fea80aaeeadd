//! Keeping a claim's lease alive while its event is handled.

use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::{Claim, IdempotencyStore, RenewOutcome, Timer, bounded};

impl<S: IdempotencyStore> Claim<S> {
    /// Does `work`, and renews the lease at every third of it meanwhile. A lease
    /// that is lost does not stop the work: what it has begun may not be left
    /// half done.
    pub async fn renewed_while<F: Future>(&self, work: F, timer: &impl Timer) -> F::Output {
        let mut work = pin!(work);
        // In a box, and only once the work has to be waited for: most of what every request carries
        // would be room for this.
        let mut renewals = None;
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => {
                let renewals = renewals.get_or_insert_with(|| Box::pin(self.renewals(timer)));
                match renewals.as_mut().poll(cx) {
                    Poll::Ready(never) => match never {},
                    Poll::Pending => Poll::Pending,
                }
            }
        })
        .await
    }

    async fn renewals(&self, timer: &impl Timer) -> Infallible {
        let every = (self.lease() / 3).max(LEAST_PAUSE);
        loop {
            timer.sleep(every).await;
            // One that fails is tried again at the next third, and so is one that has no answer by
            // then. One that is lost stays lost.
            loop {
                match bounded(pin!(self.renew()), every, timer).await {
                    Some(Ok(RenewOutcome::Lost)) => return pending().await,
                    Some(_) => break,
                    None => {}
                }
            }
        }
    }
}

/// A lease of next to nothing is renewed in vain, and must not cost a core.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
