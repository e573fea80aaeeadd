//! A service that is called only when it is ready.

use std::future::poll_fn;

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest};
use countersign_core::{DeliverySpan, HandlerGuard};
use tokio::sync::Mutex;

/// The service inside a middleware. Only verified deliveries wait for its
/// readiness, such as a free slot of a concurrency limit.
pub(crate) struct Behind<T> {
    service: T,
    /// Readiness is for the next call, from any caller, and a service may wake
    /// only one of several waiting tasks. So one task waits at a time.
    turn: Mutex<()>,
}

impl<T: Service<ServiceRequest, Error = Error>> Behind<T> {
    pub(crate) fn new(service: T) -> Self {
        Self { service, turn: Mutex::new(()) }
    }

    /// Calls the service once it is ready. The handler starts then.
    pub(crate) async fn call(
        &self,
        request: ServiceRequest,
        span: &DeliverySpan,
    ) -> Result<(T::Future, HandlerGuard), Error> {
        let turn = self.turn.lock().await;
        poll_fn(|cx| self.service.poll_ready(cx)).await?;
        let handling = span.handling();
        let calling = span.in_scope(|| self.service.call(request));
        drop(turn);
        Ok((calling, handling))
    }

    /// Calls the service once it is ready, with a request that is no delivery for a handler.
    pub(crate) async fn pass_on(&self, request: ServiceRequest) -> Result<T::Future, Error> {
        let turn = self.turn.lock().await;
        poll_fn(|cx| self.service.poll_ready(cx)).await?;
        let calling = self.service.call(request);
        drop(turn);
        Ok(calling)
    }
}
