//! The middleware and the extractors of actix-web, each as a part of an app.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, ReqData, ServiceConfig, resource, route};
use actix_web::{HttpResponse, Resource, Route};
use countersign::actix::{ClaimedWebhook, VerifyMiddleware, Webhook, WebhookMiddleware};
use countersign::store::IdempotencyStore;
use countersign::{Grant, Receiver, TokioRuntime, Verified};

use super::Handler;

/// An adapter, and whether it claims events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Adapter {
    VerifyMiddleware,
    WebhookMiddleware,
    Webhook,
    ClaimedWebhook,
}

pub(crate) const ALL: [Adapter; 4] = [
    Adapter::VerifyMiddleware,
    Adapter::WebhookMiddleware,
    Adapter::Webhook,
    Adapter::ClaimedWebhook,
];

impl Adapter {
    /// The adapter in front of the handler, for every path and method.
    pub(crate) fn configure<S: IdempotencyStore>(
        self,
        config: &mut ServiceConfig,
        receiver: &Receiver<S>,
        handler: &Handler,
    ) {
        let resource = |handles: Route| -> Resource {
            resource("/{any:.*}").app_data(Data::new(handler.clone())).route(handles)
        };
        let verifier = receiver.verifier().clone();
        match self {
            Self::VerifyMiddleware => {
                let middleware = VerifyMiddleware::new(verifier);
                config.service(resource(route().to(verified)).wrap(middleware))
            }
            Self::WebhookMiddleware => {
                let middleware = WebhookMiddleware::new(receiver.clone());
                config.service(resource(route().to(granted)).wrap(middleware))
            }
            Self::Webhook => config.service(resource(route().to(extracted)).app_data(verifier)),
            Self::ClaimedWebhook => {
                let receiver = Data::new(receiver.clone());
                config.service(resource(route().to(claimed::<S>)).app_data(receiver))
            }
        };
    }
}

async fn verified(
    handler: Data<Handler>,
    verified: ReqData<Verified>,
    body: Bytes,
) -> HttpResponse {
    assert_eq!(verified.body(), &body);
    answer(&handler, verified.into_inner(), None).await
}

async fn granted(
    handler: Data<Handler>,
    verified: ReqData<Verified>,
    grant: ReqData<Grant>,
    body: Bytes,
) -> HttpResponse {
    assert_eq!(verified.body(), &body);
    answer(&handler, verified.into_inner(), Some(*grant)).await
}

async fn extracted(handler: Data<Handler>, Webhook(verified): Webhook) -> HttpResponse {
    answer(&handler, verified, None).await
}

async fn claimed<S: IdempotencyStore>(
    handler: Data<Handler>,
    receiver: Data<Receiver<S>>,
    ClaimedWebhook { verified, claim, .. }: ClaimedWebhook<S>,
) -> HttpResponse {
    let response = answer(&handler, verified, Some(claim.grant())).await;
    receiver.settle(claim, response.status().as_u16(), &TokioRuntime).await;
    response
}

async fn answer(handler: &Handler, verified: Verified, grant: Option<Grant>) -> HttpResponse {
    let (parts, body) = handler.handle(verified, grant).await.into_parts();
    let mut response = HttpResponse::build(StatusCode::from_u16(parts.status.as_u16()).unwrap());
    for (name, value) in &parts.headers {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(axum::body::to_bytes(body, usize::MAX).await.unwrap())
}
