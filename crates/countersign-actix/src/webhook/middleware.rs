//! The middleware, and what all its services share.

use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign_core::{IdempotencyStore, Receiver};
use tokio_util::task::TaskTracker;

use super::service::WebhookService;
use crate::ready::Behind;

/// Verifies, deduplicates and settles deliveries in front of a service. The service gets each event
/// once, even if it is delivered several times. The status of its response settles the claim.
///
/// A client that disconnects does not stop the service: it continues in a separate task, on the
/// worker that accepted the request. If the sender's deadline is near, the middleware responds with
/// 503, and the service continues in the same way. If the service panics, the
/// claim is released, and the middleware responds with 500. If it returns an error, the status of
/// the error's response settles the claim, and the error is passed on. The claim is renewed until
/// the service finishes.
///
/// The request's extensions contain the [`Verified`](countersign_core::Verified) and the
/// [`Grant`](countersign_core::Grant), for `web::ReqData`. The response's extensions contain the
/// [`EarlyResponse`](countersign_core::EarlyResponse) if the middleware responded itself, and the `Verified` if
/// the delivery verified.
///
/// After a panic or the deadline, the service owns the request, so it is not available for a
/// response. The middleware then returns an `Err`, from which actix-web creates the response after
/// it has passed the outer middleware.
///
/// Create it once, outside of the closure that creates the app, and clone it. Clones share the same
/// middleware.
///
/// # Panics
///
/// Its services panic if they are called outside of actix-web's runtime or of a tokio `LocalSet`.
#[doc(alias("layer", "idempotency", "deduplicate"))]
pub struct WebhookMiddleware<S: IdempotencyStore>(Arc<Shared<S>>);

pub(super) struct Shared<S: IdempotencyStore> {
    pub(super) receiver: Receiver<S>,
    pub(super) tasks: TaskTracker,
}

impl<S: IdempotencyStore> WebhookMiddleware<S> {
    /// A middleware with this receiver.
    #[must_use]
    pub fn new(receiver: Receiver<S>) -> Self {
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// Waits until every delivery in progress is settled. Call it for a graceful shutdown, between
    /// `ServerHandle::pause` and `ServerHandle::stop`: handlers outlive their connections, a server
    /// waits only for connections, and a worker that stops also stops its handlers.
    ///
    /// It does not wait for work in the background: the release of the claim if a handler panicked,
    /// and a completion that could not be written at once.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<S, T, B> Transform<T, ServiceRequest> for WebhookMiddleware<S>
where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = WebhookService<S, T>;
    type InitError = ();
    type Future = Ready<Result<WebhookService<S, T>, ()>>;

    fn new_transform(&self, inner: T) -> Self::Future {
        self.0.receiver.log_configuration();
        let inner = Rc::new(Behind::new(inner));
        ready(Ok(WebhookService { inner, shared: Arc::clone(&self.0) }))
    }
}

impl<S: IdempotencyStore> Clone for WebhookMiddleware<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: IdempotencyStore> fmt::Debug for WebhookMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookMiddleware")
            .field("receiver", &self.0.receiver)
            .finish_non_exhaustive()
    }
}
