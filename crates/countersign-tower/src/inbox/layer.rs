//! The layer, and what all its services share.

use std::fmt;
use std::sync::Arc;

use countersign_core::{InboxDatabase, InboxReceiver};
use tokio_util::task::TaskTracker;
use tower_layer::Layer;

use crate::inbox::InboxService;

/// Verifies deliveries in front of a service, and claims each event in a transaction of the
/// application's database. The service gets the open transaction. If it responds with a 2xx, the claim
/// and everything that the service wrote are committed together; otherwise they are rolled back.
///
/// The service gets the transaction from the request's extensions: with axum, its handler takes an
/// [`InboxTransaction`](countersign_core::InboxTransaction); with other services,
/// [`TransactionSlot::take`](countersign_core::TransactionSlot::take) lends it. It must be dropped
/// before the response.
///
/// The response is sent after the commit. If the commit has no reply, the response is 503, and the
/// retry of the sender finds out: it is a duplicate, or is handled.
///
/// A client that disconnects stops neither the service nor the begin or the end of its transaction: they
/// continue in a separate task. If the sender's deadline is near, the layer responds with 503, and the
/// service continues in the same way. If the service panics or returns an error, the transaction is
/// rolled back.
///
/// The request's extensions also contain the [`Verified`](countersign_core::Verified) and the
/// [`Grant`](countersign_core::Grant); the response's, as those of
/// [`WebhookLayer`](crate::WebhookLayer), contain the
/// [`EarlyResponse`](countersign_core::EarlyResponse) and the `Verified`.
///
/// Clones share the same layer.
///
/// # Panics
///
/// Its services panic if they are called outside of a tokio runtime, or in a runtime without its
/// timer enabled.
#[doc(alias("middleware", "inbox", "transaction", "exactly once"))]
pub struct InboxLayer<D: InboxDatabase>(Arc<Shared<D>>);

pub(super) struct Shared<D: InboxDatabase> {
    pub(super) receiver: InboxReceiver<D>,
    pub(super) tasks: TaskTracker,
}

impl<D: InboxDatabase> InboxLayer<D> {
    /// A layer with this receiver.
    #[must_use]
    pub fn new(receiver: InboxReceiver<D>) -> Self {
        // axum applies the layers of a `MethodRouter` without a state at the first request.
        receiver.log_configuration();
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// Waits until the transaction of every delivery in progress has ended. Call it for a graceful
    /// shutdown, once the server accepts no more requests: handlers outlive their connections, so
    /// the server alone does not wait for them.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<D: InboxDatabase, T> Layer<T> for InboxLayer<D> {
    type Service = InboxService<D, T>;

    fn layer(&self, inner: T) -> InboxService<D, T> {
        self.0.receiver.log_configuration();
        InboxService { inner, shared: Arc::clone(&self.0) }
    }
}

impl<D: InboxDatabase> Clone for InboxLayer<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: InboxDatabase> fmt::Debug for InboxLayer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxLayer").field("receiver", &self.0.receiver).finish_non_exhaustive()
    }
}
