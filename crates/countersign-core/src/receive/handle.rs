//! Claim, handle, respond, settle: what follows the receive loop.

use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::detached::Attached;
use super::{Detached, Panicked, ReceivedDelivery};
use crate::idempotency::{Claim, Grant, IdempotencyStore};
use crate::receive::EarlyResponse;
use crate::receive::Receiver;
use crate::telemetry::DeliverySpan;
use crate::time::runtime::Runtime;
use crate::verify::Verified;

impl<S: IdempotencyStore> Receiver<S> {
    /// Claims the event of a delivery, runs the handler, responds, and settles the
    /// claim by the handler's status. The claim is renewed while the handler runs.
    ///
    /// `request` is passed on to the handler. If the event is not claimed, `respond`
    /// gets it together with the early response. The handler returns its response and
    /// the status of it; `None` releases the claim.
    ///
    /// `began` is the moment at which the request arrived. If the event cannot be claimed
    /// before most of the [response deadline](Self::response_deadline) has passed, the
    /// handler is not called, and the response is [`EarlyResponse::Busy`].
    ///
    /// `respond` is called before the claim is settled: if a success cannot be
    /// recorded, the sender still gets the response of the successful handler.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` has room for its arguments twice: as given, and as used"
    )]
    pub fn handle<Q, T, F, R: Runtime>(
        self,
        delivery: ReceivedDelivery,
        request: Q,
        began: R::Instant,
        runtime: R,
        handler: impl FnOnce(Q, Verified, Grant) -> F,
        respond: impl FnOnce(Result<T, (Q, EarlyResponse)>),
    ) -> impl Future<Output = ()>
    where
        F: Future<Output = (T, Option<u16>)>,
    {
        async move {
            let claim = match self.claim_in_time(&delivery.verified, began, &runtime).await {
                Ok(claim) => claim,
                Err(early) => return respond(Err((request, early))),
            };
            let work = handler(request, delivery.verified, claim.grant());
            let (response, status) = claim.run_renewed(work, &runtime).await;
            respond(Ok(response));
            // The response is sent, so a slow store does not hold a share of the budget.
            drop(delivery.permit);
            // Even if this fails, the handler has had its effect, and the response is final.
            drop(self.settle(claim, status, &runtime).await);
        }
    }

    /// As [`claim`](Self::claim), but limited by the time that is left for the response.
    /// A tenth of it is for the response itself.
    async fn claim_in_time<R: Runtime>(
        &self,
        verified: &Verified,
        began: R::Instant,
        runtime: &R,
    ) -> Result<Claim<S>, EarlyResponse> {
        let mut claiming = pin!(self.claim(verified, runtime));
        // Boxed, and created only if the store does not reply at once.
        let mut end = None;
        poll_fn(|cx| {
            if let Poll::Ready(claimed) = claiming.as_mut().poll(cx) {
                return Poll::Ready(claimed);
            }
            let end = end.get_or_insert_with(|| {
                let left = self.response_deadline().saturating_sub(runtime.elapsed(began));
                Box::pin(runtime.sleep(left - left / 10))
            });
            end.as_mut().poll(cx).map(|()| {
                let early = EarlyResponse::Busy;
                self.verifier().recorder().record(&early.not_claimed());
                Err(early)
            })
        })
        .await
    }

    /// As [`claim`](Self::claim), but nothing outside of it can cancel it. If the client
    /// disconnects during the call to the store, `spawn` starts a task of the runtime for the
    /// rest, and the claim is released once the store has replied. Without the task, a claim
    /// that nothing owns could be left in the store.
    ///
    /// # Errors
    ///
    /// The response, if the delivery is not to be handled.
    ///
    /// # Panics
    ///
    /// Passes on a panic of the claim. No call to a store panics here.
    pub async fn claim_detached<J>(
        &self,
        verified: &Verified,
        span: &DeliverySpan,
        runtime: impl Runtime,
        spawn: impl FnOnce(Detached<ClaimFuture<S>>) -> J,
    ) -> Result<Claim<S>, EarlyResponse> {
        let (receiver, verified) = (self.clone(), verified.clone());
        let claiming = async move { receiver.claim(&verified, &runtime).await };
        let claiming: Pin<Box<ClaimFuture<S>>> = Box::pin(span.instrument(claiming));
        let mut claiming = Attached::new(claiming, spawn);
        match poll_fn(|cx| claiming.poll(cx)).await {
            Ok(claimed) => claimed,
            Err(Panicked(panic)) => resume_unwind(panic),
        }
    }
}

/// The future of a claim.
pub type ClaimFuture<S> = dyn Future<Output = Result<Claim<S>, EarlyResponse>> + Send;
