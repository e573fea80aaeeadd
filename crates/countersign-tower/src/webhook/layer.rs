//! The layer, and what all its services share.

use std::fmt;
use std::sync::Arc;

use countersign_core::{IdempotencyStore, Receiver, TokioRuntime};
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::webhook::WebhookService;

/// Verifies, deduplicates and settles deliveries in front of a service. The
/// service gets each event once, even if it is delivered several times. The
/// status of its response settles the claim.
///
/// A client that disconnects does not stop the service: it continues in a
/// separate task. If the sender's deadline is near, the layer responds with 503,
/// and the service continues in the same way. If the service
/// panics, the claim is released, and the layer responds with 500. If it
/// returns an error, the claim is released, and the error is passed on. The
/// claim is renewed until the service finishes.
///
/// The request's extensions contain the
/// [`Verified`](countersign_core::Verified) and the
/// [`Grant`](countersign_core::Grant). The response's extensions contain the
/// [`EarlyResponse`](countersign_core::EarlyResponse) if the layer responded itself, and the
/// `Verified` if the delivery verified.
///
/// Clones share the same layer.
///
/// # Panics
///
/// Its services panic if they are called outside of a tokio runtime, or in a
/// runtime without its timer enabled.
#[doc(alias("middleware", "idempotency", "deduplicate"))]
pub struct WebhookLayer<S: IdempotencyStore>(Arc<Shared<S>>);

pub(super) struct Shared<S: IdempotencyStore> {
    pub(super) receiver: Receiver<S>,
    pub(super) tasks: TaskTracker,
}

impl<S: IdempotencyStore> WebhookLayer<S> {
    /// A layer with this receiver.
    #[must_use]
    pub fn new(receiver: Receiver<S>) -> Self {
        // axum applies the layers of a `MethodRouter` without a state at the first request.
        receiver.log_configuration();
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// Waits until every delivery in progress is settled. Call it for a
    /// graceful shutdown, once the server accepts no more requests: handlers
    /// outlive their connections, so the server alone does not wait for them.
    ///
    /// It does not wait for work in the background: the release of the claim if
    /// a handler panicked, and a completion that could not be written at once.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<S: IdempotencyStore> Shared<S> {
    /// Starts the receiver's background task at the first request, because a
    /// layer is often created outside of a runtime.
    pub(super) fn ensure_background(&self) {
        if let Some(background) = self.receiver.settlement_task(TokioRuntime) {
            tokio::spawn(background);
        }
    }
}

impl<S: IdempotencyStore, T> Layer<T> for WebhookLayer<S> {
    type Service = WebhookService<S, T>;

    fn layer(&self, inner: T) -> WebhookService<S, T> {
        self.0.receiver.log_configuration();
        WebhookService { inner, shared: Arc::clone(&self.0) }
    }
}

impl<S: IdempotencyStore> Clone for WebhookLayer<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: IdempotencyStore> fmt::Debug for WebhookLayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookLayer").field("receiver", &self.0.receiver).finish_non_exhaustive()
    }
}
