//! The service: receives a delivery, handles it, and sends its response.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, always_ready};
use actix_web::rt::spawn;
use actix_web::{Error, HttpMessage};
use countersign_core::{
    DeliverySpan, Grant, IdempotencyStore, Runtime, TokioRuntime, Verified, run_detached,
};
use tokio::sync::oneshot;

use super::middleware::Shared;
use crate::background::ensure_background;
use crate::body::{rebuild_request, receiving};
use crate::extract::Rejection;
use crate::ready::Behind;
use crate::response::{answered, status};

/// A service that is called once for each event; see
/// [`WebhookMiddleware`](crate::WebhookMiddleware).
pub struct WebhookService<S: IdempotencyStore, T> {
    pub(super) inner: Rc<Behind<T>>,
    pub(super) shared: Arc<Shared<S>>,
}

impl<S, T, B> Service<ServiceRequest> for WebhookService<S, T>
where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    // The inner service is only for claimed events, so its readiness is checked only for them.
    always_ready!();

    fn call(&self, request: ServiceRequest) -> Self::Future {
        ensure_background(&self.shared.receiver);
        Box::pin(respond(Arc::clone(&self.shared), Rc::clone(&self.inner), request))
    }
}

async fn respond<S, T, B>(
    shared: Arc<Shared<S>>,
    service: Rc<Behind<T>>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: IdempotencyStore,
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    let began = TokioRuntime.now();
    let outer = {
        let extensions = request.extensions();
        let verified = extensions.get::<Verified>();
        let is_twice = shared.receiver.has_passed_on(verified, extensions.get::<Grant>());
        verified.filter(|_| is_twice).cloned()
    };
    if let Some(verified) = outer {
        // To claim the event again would wait for the outer middleware, which waits for this one.
        rebuild_request(&mut request, verified);
        let response = service.pass_on(request).await?.await;
        return response.map(ServiceResponse::map_into_left_body);
    }
    let (head, payload) = request.parts_mut();
    let receiving = receiving(shared.receiver.verifier(), head, payload);
    let span = receiving.span().clone();
    let delivery = match receiving.await {
        Ok((_, delivery)) => delivery,
        Err(early) => return Ok(answered(request, early)),
    };
    let verified = delivery.verified.clone();
    let (send, mut response) = oneshot::channel();
    let call_span = span.clone();
    let work = shared.receiver.clone().handle(
        delivery,
        request,
        began,
        TokioRuntime,
        move |request, verified, grant| call(service, request, verified, grant, call_span),
        // Fails if the client has disconnected, or if its deadline has passed.
        move |response| {
            drop(
                send.send(response.unwrap_or_else(|(request, early)| Ok(answered(request, early)))),
            );
        },
    );
    // From here on a client that disconnects cancels nothing, not even a claim that is in progress.
    let work = Box::pin(shared.tasks.track_future(span.instrument(work)));
    let within = shared.receiver.response_deadline();
    let outcome = run_detached(work, began, within, &TokioRuntime, spawn).await;
    let response = match response.try_recv() {
        // Even at the deadline: the handler finished in time, and only its completion is not
        // written yet.
        Ok(response) => response,
        Err(_) => Err(Rejection::from(outcome.early_response(&span)).into()),
    };
    with_verified(response, verified)
}

/// Calls the service once it is ready, and returns its response and the status of it.
async fn call<T, B>(
    service: Rc<Behind<T>>,
    mut request: ServiceRequest,
    verified: Verified,
    grant: Grant,
    span: DeliverySpan,
) -> (Result<ServiceResponse<EitherBody<B>>, Error>, Option<u16>)
where
    T: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    rebuild_request(&mut request, verified);
    request.extensions_mut().insert(grant);
    let response = match service.call(request, &span).await {
        Ok((calling, handling)) => {
            let response = calling.await;
            handling.ended(Some(status(&response)));
            response
        }
        Err(error) => Err(error),
    };
    let status = status(&response);
    (response.map(ServiceResponse::map_into_left_body), Some(status))
}

fn with_verified<B>(
    response: Result<ServiceResponse<B>, Error>,
    verified: Verified,
) -> Result<ServiceResponse<B>, Error> {
    match response {
        Ok(mut response) => {
            response.response_mut().extensions_mut().insert(verified);
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                response.extensions_mut().insert(verified.clone());
                response
            });
            Err(error)
        }
    }
}

impl<S: IdempotencyStore, T> fmt::Debug for WebhookService<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookService")
            .field("receiver", &self.shared.receiver)
            .finish_non_exhaustive()
    }
}
