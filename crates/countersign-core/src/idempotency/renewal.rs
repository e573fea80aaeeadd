//! Renews a claim's lease while its event is handled.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
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
    ///
    /// If a third of the lease has passed already, because the claim has waited for a
    /// worker, the lease is renewed before the work starts.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`] if another attempt has the event by then, or if the lease has run
    /// out and could not be renewed. The work is not started. Drop the claim.
    pub async fn run_with_renewal<F: Future>(
        &self,
        work: F,
        runtime: &impl Runtime,
    ) -> Result<F::Output, LeaseLost> {
        if self.is_older_than(self.renewal_interval()) {
            Box::pin(self.renew_first(runtime)).await?;
        }
        Ok(self.run_renewed(work, runtime).await)
    }

    /// Renews the lease of a claim that has waited.
    async fn renew_first(&self, runtime: &impl Runtime) -> Result<(), LeaseLost> {
        match bounded(pin!(self.renew()), self.renewal_interval(), runtime).await {
            Some(Ok(RenewOutcome::Renewed)) => return Ok(()),
            Some(Ok(RenewOutcome::Lost)) => return Err(LeaseLost),
            Some(Err(_)) | None => self.count_failed_renewal(),
        }
        if self.is_older_than(self.lease()) { Err(LeaseLost) } else { Ok(()) }
    }

    fn renewal_interval(&self) -> Duration {
        (self.lease() / 3).max(MIN_PAUSE)
    }

    /// As [`run_with_renewal`](Self::run_with_renewal), for a claim that was just
    /// granted.
    pub(crate) async fn run_renewed<F: Future>(
        &self,
        work: F,
        runtime: &impl Runtime,
    ) -> F::Output {
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
        let every = self.renewal_interval();
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

/// A claim lost its lease while it waited, so its work was not started.
///
/// A response for it is [`EarlyResponse::InFlight`](crate::EarlyResponse::InFlight), into
/// which it can be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseLost;

impl fmt::Display for LeaseLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the claim lost its lease before its work started")
    }
}

impl Error for LeaseLost {}

/// The minimum time between renewals, so that a very short lease does not keep a
/// core busy.
const MIN_PAUSE: Duration = Duration::from_millis(10);
