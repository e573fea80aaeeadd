//! The HTTP client for one target, with a connection pool.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::ring;

pub(super) enum Client {
    Http(legacy::Client<HttpConnector, OutgoingBody>),
    Https(legacy::Client<HttpsConnector<HttpConnector>, OutgoingBody>),
}

/// The body of a request to a target.
pub(super) type OutgoingBody = UnsyncBoxBody<Bytes, BoxError>;
pub(in crate::serve) type BoxError = Box<dyn Error + Send + Sync>;

impl Client {
    /// A client with the connect timeout `connect`, which keeps up to `idle` idle connections.
    pub(super) fn new(target: &Uri, connect: Duration, idle: usize) -> std::io::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(connect));
        connector.set_nodelay(true);
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(MAX_IDLE)
            .pool_max_idle_per_host(idle);
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

    pub(super) async fn request(
        &self,
        request: Request<OutgoingBody>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        match self {
            Self::Http(client) => client.request(request).await,
            Self::Https(client) => client.request(request).await,
        }
    }
}

/// Below the 5 s after which common servers close an idle connection: a request is lost if the
/// server closes its connection at the same time.
const MAX_IDLE: Duration = Duration::from_secs(4);
