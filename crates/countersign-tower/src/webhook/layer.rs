//! The layer: what every service behind it shares.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{IdempotencyStore, Receiver};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::webhook::Webhook;

/// Runs the whole path in front of a service: an event reaches it once, however
/// often it is delivered, and is settled by the status of its answer.
///
/// A service that does not answer at once goes on in a task of its own. A sender
/// that leaves does not stop it; a sender whose deadline comes near is answered
/// 503 while it goes on; a panic gives the event back and is answered 500, an
/// error gives it back and is passed on. The claim is renewed for as long as the
/// service takes.
///
/// The request's extensions hold the [`Verified`](countersign_core::Verified)
/// and the [`Grant`](countersign_core::Grant). The response's hold the
/// [`Answer`](countersign_core::Answer) where the layer has answered, and the
/// `Verified` wherever the delivery was one.
///
/// Clones are the same layer.
///
/// # Panics
///
/// Its services panic where they are called outside of a tokio runtime, or in
/// one whose timer is not enabled.
pub struct WebhookLayer<S: IdempotencyStore>(Arc<Shared<S>>);

pub(super) struct Shared<S: IdempotencyStore> {
    pub(super) receiver: Receiver<S>,
    pub(super) tasks: TaskTracker,
}

impl<S: IdempotencyStore> WebhookLayer<S> {
    /// A layer that receives as this receiver says.
    #[must_use]
    pub fn new(receiver: Receiver<S>) -> Self {
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// How long the whole body may take to arrive; see
    /// [`VerifyLayer::with_body_timeout`](crate::VerifyLayer::with_body_timeout).
    #[must_use]
    pub fn with_body_timeout(self, timeout: Duration) -> Self {
        Self::new(self.0.receiver.clone().with_body_timeout(timeout))
    }

    /// Waits until every delivery in hand is settled. For a graceful shutdown,
    /// once the server takes no more requests: handlers outlive their
    /// connections, so the server alone does not wait for them.
    ///
    /// It does not wait for what is left to the background: the claim of a
    /// handler that has panicked, and a success whose record could not be
    /// written at once.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<S: IdempotencyStore> Shared<S> {
    /// Starts what the receiver has to do beside its requests, at the first of
    /// them: a layer is often made where no runtime is yet.
    pub(super) fn ensure_background(&self) {
        if let Some(background) = self.receiver.background(sleep) {
            tokio::spawn(background);
        }
    }
}

impl<S: IdempotencyStore, T> Layer<T> for WebhookLayer<S> {
    type Service = Webhook<S, T>;

    fn layer(&self, inner: T) -> Webhook<S, T> {
        Webhook { inner, shared: Arc::clone(&self.0) }
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
