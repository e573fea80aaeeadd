//! The middleware: what every service behind it shares.

use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use countersign_core::{IdempotencyStore, Receiver};
use tokio_util::task::TaskTracker;

use super::service::WebhookService;
use crate::ready::Behind;

/// Runs the whole path in front of a service: an event reaches it once, however
/// often it is delivered, and is settled by the status of its answer.
///
/// A service that does not answer at once goes on in a task of its own, on the
/// worker that took the request. A sender that leaves does not stop it; a sender
/// whose deadline comes near is answered 503 while it goes on; a panic gives the
/// event back and is answered 500. An error is settled by the status of the response that it
/// stands for, and is passed on. The claim is renewed for as long as the service
/// takes.
///
/// The request's extensions hold the [`Verified`](countersign_core::Verified)
/// and the [`Grant`](countersign_core::Grant), for `web::ReqData`. The response's
/// hold the [`Answer`](countersign_core::Answer) where the middleware has
/// answered, and the `Verified` wherever the delivery was one.
///
/// Behind a panic, or past the deadline, the request is with the service and not
/// at hand for a response: that answer is an `Err`, of which actix-web makes
/// the response once it has passed what stands in front.
///
/// Make it once, outside of the closure that makes the app, and clone it: clones
/// are the same middleware.
///
/// # Panics
///
/// Its services panic where they are called outside of actix-web's runtime, or of
/// a tokio `LocalSet`.
pub struct WebhookMiddleware<S: IdempotencyStore>(Arc<Shared<S>>);

pub(super) struct Shared<S: IdempotencyStore> {
    pub(super) receiver: Receiver<S>,
    pub(super) tasks: TaskTracker,
}

impl<S: IdempotencyStore> WebhookMiddleware<S> {
    /// A middleware that receives as this receiver says.
    #[must_use]
    pub fn new(receiver: Receiver<S>) -> Self {
        Self(Arc::new(Shared { receiver, tasks: TaskTracker::new() }))
    }

    /// How long the whole body may take to arrive; see
    /// [`VerifyMiddleware::with_body_timeout`](crate::VerifyMiddleware::with_body_timeout).
    #[must_use]
    pub fn with_body_timeout(self, timeout: Duration) -> Self {
        Self::new(self.0.receiver.clone().with_body_timeout(timeout))
    }

    /// Waits until every delivery in hand is settled. For a graceful shutdown,
    /// between `ServerHandle::pause` and `ServerHandle::stop`: handlers outlive
    /// their connections, a server waits for connections only, and a worker that
    /// has stopped takes its handlers with it.
    ///
    /// It does not wait for what is left to the background: the claim of a
    /// handler that has panicked, and a success whose record could not be
    /// written at once.
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
