//! Each actix-web adapter as a server.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::web::{Bytes, PayloadConfig, scope};
use actix_web::{Error, HttpResponse};
use countersign::{EarlyResponse, VerifyError};
use countersign_conformance::{
    AdapterLevel, AdapterUnderTest, CODE_HEADER, HttpEndpoint, RunningServer, Upstream,
};

use super::adapters::scripted;
use crate::actix::server::Server;
use crate::harness::actix::Adapter;

pub(super) struct MiddlewareOnActix;

impl AdapterUnderTest for MiddlewareOnActix {
    fn name(&self) -> &'static str {
        "WebhookMiddleware on actix-web"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Handles
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        on_actix(Adapter::WebhookMiddleware, endpoint)
    }

    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        TELLS_TO_GO_ON
    }
}

pub(super) struct VerifyMiddlewareOnActix;

impl AdapterUnderTest for VerifyMiddlewareOnActix {
    fn name(&self) -> &'static str {
        "VerifyMiddleware on actix-web"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Verifies
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        on_actix(Adapter::VerifyMiddleware, endpoint)
    }

    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        TELLS_TO_GO_ON
    }
}

pub(super) struct ClaimedInActix;

impl AdapterUnderTest for ClaimedInActix {
    fn name(&self) -> &'static str {
        "Claimed in actix-web"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Claims
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        on_actix(Adapter::ClaimedWebhook, endpoint)
    }

    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        TELLS_TO_GO_ON
    }
}

pub(super) struct WebhookInActix;

impl AdapterUnderTest for WebhookInActix {
    fn name(&self) -> &'static str {
        "Webhook in actix-web"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Verifies
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        on_actix(Adapter::Webhook, endpoint)
    }

    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        TELLS_TO_GO_ON
    }
}

const TELLS_TO_GO_ON: &[(&str, &str)] = &[
    (
        "a_client_that_expects_100_continue_is_rejected_for_its_headers_without_a_100",
        ANSWERS_FOR_ITSELF,
    ),
    ("a_client_that_expects_100_continue_gets_413_for_a_too_large_body", ANSWERS_FOR_ITSELF),
];
const ANSWERS_FOR_ITSELF: &str =
    "actix-web sends `100 Continue` before it passes the request to the app";

fn on_actix(adapter: Adapter, endpoint: HttpEndpoint) -> RunningServer {
    async fn read_it(
        mut request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, Error> {
        let body = request.extract::<Bytes>().await;
        drop(body.unwrap());
        request.set_payload(Payload::None);
        next.call(request).await
    }

    let HttpEndpoint { receiver, script, in_front, .. } = endpoint;
    let handler = scripted(script);
    let server = Server::start(move |config| {
        let reads = Condition::new(in_front == Upstream::ReadsTheBody, from_fn(read_it));
        // The default payload limit of the extractors is lower than the bodies
        // of the cases.
        let limit = PayloadConfig::new(usize::MAX);
        let all = scope("").app_data(limit).wrap(reads).wrap(from_fn(with_code));
        let (receiver, handler) = (receiver.clone(), handler.clone());
        config.service(all.configure(move |config| adapter.configure(config, &receiver, &handler)));
    });
    RunningServer::new(server.address, server)
}

/// Writes the code from the response's extensions into a header.
async fn with_code(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match next.call(request).await {
        Ok(mut response) => {
            say(response.response_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(|mut response| {
                say(&mut response);
                response
            });
            Err(error)
        }
    }
}

fn say<B>(response: &mut HttpResponse<B>) {
    let answer = response.extensions().get::<EarlyResponse>().map(EarlyResponse::code);
    let rejection = response.extensions().get::<VerifyError>().map(VerifyError::code);
    if let Some(code) = answer.or(rejection) {
        let name = HeaderName::from_static(CODE_HEADER);
        response.headers_mut().insert(name, HeaderValue::from_static(code));
    }
}
