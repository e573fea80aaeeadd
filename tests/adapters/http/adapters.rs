//! Each adapter as a server.

use std::convert::Infallible;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::middleware::{map_request, map_response};
use countersign::tower::{VerifyLayer, WebhookLayer};
use countersign::{EarlyResponse, Grant, Verified, VerifyError};
use countersign_conformance::{
    AdapterLevel, AdapterUnderTest, CODE_HEADER, HandlerAnswer, HandlerScript, HttpEndpoint,
    RunningServer, Upstream,
};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};

use crate::harness::Handler;
use crate::harness::axum::{claimed, webhook, webhook_layer};

pub(super) struct LayerOnHyper;

impl AdapterUnderTest for LayerOnHyper {
    fn name(&self) -> &'static str {
        "WebhookLayer on hyper"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Handles
    }

    async fn open(
        &self,
        HttpEndpoint { receiver, script, in_front, .. }: HttpEndpoint,
    ) -> RunningServer {
        let layer = WebhookLayer::new(receiver);
        on_hyper(ServiceBuilder::new().layer(layer).service(handler(script)), in_front).await
    }
}

pub(super) struct VerifyLayerOnHyper;

impl AdapterUnderTest for VerifyLayerOnHyper {
    fn name(&self) -> &'static str {
        "VerifyLayer on hyper"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Verifies
    }

    async fn open(
        &self,
        HttpEndpoint { receiver, script, in_front, .. }: HttpEndpoint,
    ) -> RunningServer {
        let layer = VerifyLayer::new(receiver.verifier().clone());
        on_hyper(ServiceBuilder::new().layer(layer).service(handler(script)), in_front).await
    }
}

pub(super) struct LayerOnAxum;

impl AdapterUnderTest for LayerOnAxum {
    fn name(&self) -> &'static str {
        "WebhookLayer on axum"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Handles
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        let adapter = webhook_layer(&endpoint.receiver, &scripted(endpoint.script));
        on_axum(adapter.app, endpoint.in_front).await
    }
}

pub(super) struct ClaimedExtractor;

impl AdapterUnderTest for ClaimedExtractor {
    fn name(&self) -> &'static str {
        "Claimed in axum"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Claims
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        let adapter = claimed(&endpoint.receiver, &scripted(endpoint.script));
        on_axum(adapter.app, endpoint.in_front).await
    }
}

pub(super) struct WebhookExtractor;

impl AdapterUnderTest for WebhookExtractor {
    fn name(&self) -> &'static str {
        "Webhook in axum"
    }

    fn reach(&self) -> AdapterLevel {
        AdapterLevel::Verifies
    }

    async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
        let adapter = webhook(endpoint.receiver.verifier(), &scripted(endpoint.script));
        on_axum(adapter.app, endpoint.in_front).await
    }
}

/// A handler that follows the script.
pub(super) fn scripted(script: HandlerScript) -> Handler {
    Handler::of_verified(move |verified, grant| {
        let script = script.clone();
        async move { response::<Body>(script.handle(&verified, grant, verified.body()).await) }
    })
}

async fn on_axum(app: Router, in_front: Upstream) -> RunningServer {
    async fn read_it(request: Request<Body>) -> Request<Body> {
        let (parts, body) = request.into_parts();
        body.collect().await.unwrap();
        Request::from_parts(parts, Body::empty())
    }

    let app = match in_front {
        Upstream::ReadsTheBody => app.layer(map_request(read_it)),
        _ => app,
    };
    let app = app.layer(map_response(async |response: Response<Body>| with_code(response)));
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async { axum::serve(listener, app).await.unwrap() });
    RunningServer::new(address, server)
}

/// The service inside a layer.
pub(super) fn handler(
    script: HandlerScript,
) -> impl Service<
    Request<Full<Bytes>>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Send,
> + Clone {
    service_fn(move |request: Request<Full<Bytes>>| {
        let script = script.clone();
        async move {
            let verified = request.extensions().get::<Verified>().cloned().unwrap();
            let grant = request.extensions().get::<Grant>().copied();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            Ok(response(script.handle(&verified, grant, &body).await))
        }
    })
}

pub(super) async fn on_hyper<S, B>(service: S, in_front: Upstream) -> RunningServer
where
    S: Service<Request<ReceivedBody>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
    B: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let service = service.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = match in_front {
                Upstream::ReadsTheBody => {
                    body.collect().await.unwrap();
                    Either::Right(Empty::new())
                }
                _ => Either::Left(body),
            };
            service.oneshot(Request::from_parts(parts, body)).await.map(with_code)
        }
    });
    let service = TowerToHyperService::new(service);
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            connections.spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                // Fails if the client disconnects.
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    RunningServer::new(address, server)
}

/// The body as received, or an empty one if a middleware has already read it.
pub(super) type ReceivedBody = Either<Incoming, Empty<Bytes>>;

pub(super) fn response<B: HttpBody + From<Bytes>>(answer: HandlerAnswer) -> Response<B> {
    let mut response = Response::new(B::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
    for (name, value) in answer.headers {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    response
}

/// Writes the code from the response's extensions into a header.
pub(super) fn with_code<B>(mut response: Response<B>) -> Response<B> {
    let answer = response.extensions().get::<EarlyResponse>().map(EarlyResponse::code);
    let rejection = response.extensions().get::<VerifyError>().map(VerifyError::code);
    if let Some(code) = answer.or(rejection) {
        response.headers_mut().insert(CODE_HEADER, HeaderValue::from_static(code));
    }
    response
}

const LOOPBACK: &str = "127.0.0.1:0";
