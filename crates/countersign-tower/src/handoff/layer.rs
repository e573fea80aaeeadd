//! The layer, and what all its services share.

use std::fmt;
use std::sync::Arc;

use countersign_core::{ConfigError, Handoff, HandoffReceiver};
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::handoff::{HandoffService, NotInteractive};

/// Verifies deliveries and hands each off to a queue. The response is 202 once the queue has the
/// delivery, 200 if it had it before, and 503 otherwise, so that the sender retries.
///
/// [`endpoint`](Self::endpoint) is the whole service:
///
/// ```
/// # use countersign_core::{ConfigError, Handoff, HandoffReceiver, Verifier};
/// # use countersign_tower::HandoffLayer;
/// # fn example(verifier: Verifier, queue: impl Handoff) -> Result<(), ConfigError> {
/// let layer = HandoffLayer::new(HandoffReceiver::new(verifier, queue));
/// let endpoint = layer.endpoint()?; // axum: `Router::new().route_service("/hooks", endpoint)`
/// # drop(endpoint);
/// # Ok(())
/// # }
/// ```
///
/// If the provider reads the response of some deliveries (TwiML, a slash command), put the layer in
/// front of a service. It is called with these deliveries only, as by
/// [`VerifyLayer`](crate::VerifyLayer): they are not deduplicated.
///
/// A client that disconnects does not stop the hand-off: it continues in a separate task. If the
/// queue does not reply before the sender's deadline, the layer responds with 503, and the retry
/// finds out whether the message was stored.
///
/// The response's extensions contain the [`Verified`](countersign_core::Verified) if the delivery
/// verified, and the [`HandedOff`](countersign_core::HandedOff) or the
/// [`EarlyResponse`](countersign_core::EarlyResponse).
///
/// Clones share the same layer.
///
/// # Panics
///
/// Its services panic if they are called outside of a tokio runtime, or in a runtime without its
/// timer enabled.
#[doc(alias("middleware", "queue", "answer early", "202"))]
pub struct HandoffLayer<Q: Handoff>(Arc<Shared<Q>>);

pub(super) struct Shared<Q: Handoff> {
    pub(super) receiver: HandoffReceiver<Q>,
    pub(super) tasks: TaskTracker,
}

impl<Q: Handoff> HandoffLayer<Q> {
    /// A layer with this receiver.
    #[must_use]
    pub fn new(receiver: HandoffReceiver<Q>) -> Self {
        // axum applies the layers of a `MethodRouter` without a state at the first request.
        receiver.log_configuration();
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// The service of an endpoint whose deliveries all go to the queue.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Interactive`] if the provider reads the response of some deliveries.
    pub fn endpoint(&self) -> Result<HandoffService<Q, NotInteractive>, ConfigError> {
        self.0.receiver.check_not_interactive()?;
        Ok(self.layer(NotInteractive::new()))
    }

    /// Waits until every hand-off in progress has ended. Call it for a graceful shutdown, once the
    /// server accepts no more requests: hand-offs outlive their connections, so the server alone
    /// does not wait for them.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<Q: Handoff, T> Layer<T> for HandoffLayer<Q> {
    type Service = HandoffService<Q, T>;

    fn layer(&self, inner: T) -> HandoffService<Q, T> {
        self.0.receiver.log_configuration();
        HandoffService { inner, shared: Arc::clone(&self.0) }
    }
}

impl<Q: Handoff> Clone for HandoffLayer<Q> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q: Handoff> fmt::Debug for HandoffLayer<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffLayer").field("receiver", &self.0.receiver).finish_non_exhaustive()
    }
}
