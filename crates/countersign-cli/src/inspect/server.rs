//! The HTTP server of the inspector.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::serve::{RequestBody, Serve};
use http::header::{CONNECTION, LOCATION, SET_COOKIE};
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
            UsageError::cannot_listen("`--inspect`: cannot listen there", "127.0.0.1:4040", error)
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
        let known = Arc::clone(&state);
        let service = service_fn(move |request: Request<RequestBody>| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(confined(answer(state, request).await)) }
        });
        let stopped = stop.clone();
        let serve = Serve::new(listener, service)
            .with_graceful_shutdown(async move { stopped.cancelled().await })
            .with_connections(CONNECTIONS)
            // A connection that has not shown a token ends with its first response, and a silent one
            // soon. If they take all places, those with a token are served nevertheless.
            .with_header_timeout(MAX_HEAD)
            .with_reserve(RESERVE, move |request| is_known(&known, request))
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
    let access = &state.access;
    let (is_page, path) = access.within(request.uri().path());
    let path = path.to_owned();
    let checked = access.check(&request);
    if path == "/"
        && request.method() == Method::GET
        && let Some(token) = link_token(&request)
    {
        // A page that is open already needs no other cookie, and its URL no token.
        if is_page && checked.is_ok() {
            return to_page(access);
        }
        if access.check_host(&request).is_ok() && access.is_link(&token) {
            return exchange(access);
        }
    }
    if let Err(denied) = checked {
        let mut reply = text(StatusCode::FORBIDDEN, denied.reason());
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return reply;
    }
    if path.starts_with("/api/") {
        return api::answer(state, &path, request).await;
    }
    match (request.method(), assets::find(&path)) {
        (&Method::GET | &Method::HEAD, Some(asset)) => asset,
        _ => reply::problem(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

/// Whether a request is served although strangers take all places.
fn is_known<B>(state: &State, request: &Request<B>) -> bool {
    let access = &state.access;
    access.check(request).is_ok()
        || (access.check_host(request).is_ok()
            && link_token(request).is_some_and(|token| access.is_link(&token)))
}

/// The token in the query.
fn link_token<B>(request: &Request<B>) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    parameters(query).find(|(name, _)| name == "token").map(|(_, token)| token)
}

/// Exchanges the token of the URL for a cookie. The token is then used up: the browser's history has it.
fn exchange(access: &Access) -> Reply {
    let mut reply = to_page(access);
    if let Ok(cookie) = HeaderValue::try_from(access.cookie()) {
        reply.headers_mut().insert(SET_COOKIE, cookie);
    }
    if let Some(next) = access.use_link() {
        output::note(&format!("the inspector was opened; for another browser: {next}"));
    }
    reply
}

fn to_page(access: &Access) -> Reply {
    let mut reply = text(StatusCode::SEE_OTHER, "");
    if let Ok(page) = HeaderValue::try_from(access.folder()) {
        reply.headers_mut().insert(LOCATION, page);
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
const RESERVE: usize = 16;
const MAX_HEAD: Duration = Duration::from_secs(2);
/// After that, a page connects again.
const MAX_STREAM: Duration = Duration::from_secs(60 * 60);
const ACTIONS: usize = 4;
