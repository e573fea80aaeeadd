//! The HTTP server of the inspector.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::serve::{RequestBody, Serve};
use http::header::{LOCATION, SET_COOKIE};
use http::{HeaderValue, Method, Request, StatusCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::service_fn;

use super::access::Access;
use super::endpoints::InspectedEndpoint;
use super::filter::parameters;
use super::reply::{self, Reply, confined, text};
use super::ring::Ring;
use super::{api, assets, session};
use crate::output;
use crate::usage_error::UsageError;

/// A listener that does not serve yet: the endpoints are not known.
pub(crate) struct Inspector {
    listener: TcpListener,
    access: Access,
    ring: Ring,
}

/// What all requests share.
pub(super) struct State {
    pub(super) access: Access,
    pub(super) ring: Ring,
    pub(super) endpoints: Vec<InspectedEndpoint>,
    /// Ends the streams at shutdown.
    pub(super) stop: CancellationToken,
    /// One diagnosis, and a few actions, at a time.
    pub(super) diagnoses: tokio::sync::Semaphore,
    pub(super) actions: tokio::sync::Semaphore,
    /// Whether deliveries arrive, or are those of a folder.
    pub(super) is_live: bool,
}

/// The running server. It stops when this is dropped.
pub(crate) struct Running {
    stop: CancellationToken,
    url: String,
    _session: Option<session::SessionFile>,
}

impl Inspector {
    pub(crate) async fn bind(address: &str, ring: Ring) -> Result<Self, UsageError> {
        let listener = TcpListener::bind(address).await;
        let cannot = |error| {
            let what = "`--inspect`: cannot listen there (use an address such as 127.0.0.1:4040)";
            UsageError::because(what, error)
        };
        let listener = listener.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        if !address.ip().is_loopback() {
            output::note(&format!(
                "the inspector at {address} can be reached by other machines: it shows bodies of \
                 deliveries to all that have its URL, over plain HTTP"
            ));
        }
        Ok(Self { listener, access: Access::new(address, token()?)?, ring })
    }

    pub(crate) fn ring(&self) -> Ring {
        self.ring.clone()
    }

    /// Serves the page and the API.
    pub(crate) fn start(self, endpoints: Vec<InspectedEndpoint>, is_live: bool) -> Running {
        let Self { listener, access, ring } = self;
        let stop = CancellationToken::new();
        let url = access.url();
        let address = listener.local_addr().ok();
        let session =
            address.and_then(|address| session::SessionFile::write(address, access.token()));
        let state = Arc::new(State {
            access,
            ring,
            endpoints,
            stop: stop.clone(),
            diagnoses: tokio::sync::Semaphore::new(1),
            actions: tokio::sync::Semaphore::new(ACTIONS),
            is_live,
        });
        let service = service_fn(move |request: Request<RequestBody>| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(confined(answer(state, request).await)) }
        });
        let stopped = stop.clone();
        let serve = Serve::new(listener, service)
            .with_graceful_shutdown(async move { stopped.cancelled().await })
            .with_connections(CONNECTIONS)
            // A stream of events is one response.
            .with_idle_timeout(MAX_STREAM);
        tokio::spawn(serve.into_future());
        Running { stop, url, _session: session }
    }
}

impl Running {
    /// The URL to open, with the token.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(state: Arc<State>, request: Request<RequestBody>) -> Reply {
    let path = request.uri().path();
    if path == "/" && request.method() == Method::GET {
        if let Err(denied) = state.access.check_host(&request) {
            return text(StatusCode::FORBIDDEN, denied.reason());
        }
        let query = request.uri().query().unwrap_or_default();
        let token = parameters(query).find(|(name, _)| name == "token");
        if token.is_some_and(|(_, token)| state.access.is_token(&token)) {
            return exchange(&state.access);
        }
    }
    if let Err(denied) = state.access.check(&request) {
        return text(StatusCode::FORBIDDEN, denied.reason());
    }
    if path.starts_with("/api/") {
        return api::answer(state, request).await;
    }
    match (request.method(), assets::find(path)) {
        (&Method::GET | &Method::HEAD, Some(asset)) => asset,
        _ => reply::problem(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

/// Exchanges the token of the URL for a cookie, so that the token is not in the history.
fn exchange(access: &Access) -> Reply {
    let mut reply = text(StatusCode::SEE_OTHER, "");
    let headers = reply.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_static("/"));
    if let Ok(cookie) = HeaderValue::try_from(access.cookie()) {
        headers.insert(SET_COOKIE, cookie);
    }
    reply
}

/// The token of the environment, for tests that need to know it before the start.
fn token() -> Result<Option<String>, UsageError> {
    let Some(token) = std::env::var_os(TOKEN) else { return Ok(None) };
    match token.into_string() {
        Ok(token) if token.len() >= MIN_TOKEN && token.bytes().all(is_token_byte) => {
            Ok(Some(token))
        }
        _ => Err(UsageError::new(format!(
            "`{TOKEN}` must have at least {MIN_TOKEN} letters, digits, `-` or `_`, all of them random"
        ))),
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}

/// The address of a listener, for the banner.
pub(super) fn default_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4040))
}

/// Fixes the token, for programs.
pub(super) const TOKEN: &str = "COUNTERSIGN_INSPECT_TOKEN";
const MIN_TOKEN: usize = 16;
const CONNECTIONS: usize = 64;
/// After that, a page connects again.
const MAX_STREAM: Duration = Duration::from_secs(60 * 60);
const ACTIONS: usize = 4;
