//! Passes events on to the application behind, and answers as it does.

mod headers;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use countersign::tower::answer;
use countersign::{Answer, Grant, Verified};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::config::Target;
use super::store::with_causes;
use crate::mend::Mend;
use crate::output;

/// The way to one target.
#[derive(Clone)]
pub(super) struct Forward(Arc<Inner>);

struct Inner {
    path: Arc<str>,
    target: Uri,
    client: Client,
    /// One for each connection that may be open.
    connections: Semaphore,
    patience: Duration,
    deadline: Duration,
    is_down: AtomicBool,
}

impl Forward {
    /// A connection, or a place among those that are open, must be had within `patience`, and the
    /// answer within `deadline`.
    pub(super) fn new(
        path: &Arc<str>,
        to: Target,
        patience: Duration,
        deadline: Duration,
    ) -> Result<Self, Mend> {
        let patience = patience.min(LONGEST_PATIENCE);
        let client = Client::new(&to.uri, patience).map_err(|error| {
            to.at.mend(format!("the system's root certificates cannot be read: {error}"))
        })?;
        Ok(Self(Arc::new(Inner {
            path: Arc::clone(path),
            target: to.uri,
            client,
            connections: Semaphore::new(MOST_CONNECTIONS),
            patience,
            deadline,
            is_down: AtomicBool::new(false),
        })))
    }

    /// Passes an event on. What this answers settles it: a target that cannot be reached, or does
    /// not answer, gives the event back.
    pub(super) async fn pass_on(
        &self,
        request: Request<Full<Bytes>>,
        verified: &Verified,
        grant: Grant,
    ) -> Response<Full<Bytes>> {
        let inner = &self.0;
        let Ok(Ok(_connection)) = timeout(inner.patience, inner.connections.acquire()).await else {
            return answer(Answer::Busy);
        };
        let request = self.outgoing(request, verified, grant);
        match timeout(inner.deadline, exchange(&inner.client, request)).await {
            Ok(Ok(response)) => {
                if inner.is_down.swap(false, Ordering::Relaxed) {
                    output::note(&format!("{}: the target answers again", inner.path));
                }
                response
            }
            Ok(Err(error)) => {
                self.down(&with_causes(&error));
                unreachable_target()
            }
            Err(_) => {
                self.down(&format!("no answer within {} s", inner.deadline.as_secs()));
                answer(Answer::HandlerTimeout)
            }
        }
    }

    fn outgoing(
        &self,
        request: Request<Full<Bytes>>,
        verified: &Verified,
        grant: Grant,
    ) -> Request<Full<Bytes>> {
        let (mut parts, body) = request.into_parts();
        parts.uri = self.0.target.clone();
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        headers::keep_end_to_end(&mut parts.headers);
        // Behind that: the request's `Connection` header must not be able to remove these.
        headers::add_proof(&mut parts.headers, verified, grant);
        Request::from_parts(parts, body)
    }

    /// Says so once, until it is up again.
    fn down(&self, why: &str) {
        if !self.0.is_down.swap(true, Ordering::Relaxed) {
            output::note(&format!("{}: the target fails: {why}", self.0.path));
        }
    }
}

enum Client {
    Http(legacy::Client<HttpConnector, Full<Bytes>>),
    Https(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Client {
    fn new(target: &Uri, connect: Duration) -> std::io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect));
        connector.set_nodelay(true);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(LONGEST_IDLE)
            .pool_max_idle_per_host(MOST_CONNECTIONS);
        if target.scheme_str() == Some("http") {
            return Ok(Self::Http(builder.build(connector)));
        }
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(ring::default_provider())?
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self::Https(builder.build(connector)))
    }

    async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        match self {
            Self::Http(client) => client.request(request).await,
            Self::Https(client) => client.request(request).await,
        }
    }
}

/// The target's answer: its status, and its body where that is small. A larger one, or one that
/// breaks off, is left out: the status has settled the event, and the sender wants no more.
async fn exchange(
    client: &Client,
    request: Request<Full<Bytes>>,
) -> Result<Response<Full<Bytes>>, legacy::Error> {
    let (parts, body) = client.request(request).await?.into_parts();
    let mut response = Response::new(Full::default());
    *response.status_mut() = parts.status;
    if let Some(value) = parts.headers.get(RETRY_AFTER) {
        response.headers_mut().insert(RETRY_AFTER, value.clone());
    }
    if let Ok(body) = Limited::new(body, LARGEST_ANSWER).collect().await {
        if let Some(value) = parts.headers.get(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, value.clone());
        }
        *response.body_mut() = Full::new(body.to_bytes());
    }
    Ok(response)
}

fn unreachable_target() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

const MOST_CONNECTIONS: usize = 64;
const LONGEST_PATIENCE: Duration = Duration::from_secs(2);
/// Below the 5 s after which common servers close an idle connection: a request on one that is
/// just being closed is lost.
const LONGEST_IDLE: Duration = Duration::from_secs(4);
const LARGEST_ANSWER: usize = 64 * 1024;
