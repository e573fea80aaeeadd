//! The HTTP server of `countersign serve`.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::BufferBudget;
use countersign::serve::{RequestBody, Serve};
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::admission::{Admission, ConnectionId};
use super::config::Limits;
use super::endpoint::Endpoint;
use super::log::{Line, Log};
use super::open_files::{self, Places};
use super::operators::{Operators, is_operators};
use super::routes::Routes;
use crate::possible_secret::shown;
use crate::usage_error::UsageError;

/// Listens, and routes each request to the endpoint of its path.
pub(super) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    places: Places,
    budget: BufferBudget,
    app: App,
}

struct App {
    endpoints: Routes,
    /// `None` if operators have an address of their own.
    operators: Option<Operators>,
    log: Log,
    /// Admits fewer requests than there are connections, so that health and metrics requests are
    /// answered even if all admitted requests wait.
    admission: Admission,
    /// The requests in progress. They continue if the sender closes the connection.
    requests: TaskTracker,
}

impl Server {
    pub(super) async fn bind(
        address: &str,
        (limits, budget): (Limits, BufferBudget),
        endpoints: Routes,
        operators: Option<Operators>,
        log: Log,
    ) -> Result<Self, UsageError> {
        let (listener, address) = listen(address).await?;
        let targets = endpoints.endpoints().filter(|endpoint| endpoint.forwards()).count();
        let asked = limits.connections.map_or(CONNECTIONS, NonZeroUsize::get);
        let places = open_files::places(Places { connections: asked, reserve: RESERVE }, targets);
        let admission = Admission::new(places.connections - places.connections.div_ceil(8));
        let app = App { endpoints, operators, log, admission, requests: TaskTracker::new() };
        Ok(Self { listener, address, limits, places, budget, app })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests until it is stopped. Then it accepts no more connections and drains the
    /// requests in progress: connections close after their responses, and handlers may continue
    /// after that.
    pub(super) async fn run(self, stopped: impl Future<Output = ()> + Send + 'static) {
        let Self { listener, limits, places, budget, app, .. } = self;
        let ack_deadlines = app.endpoints.endpoints().map(Endpoint::ack_deadline);
        let longest_answer = ack_deadlines.max().unwrap_or_default();
        let app = Arc::new(app);
        let service = Answering { app: Arc::clone(&app), connection: None };
        let mut serve = Serve::new(listener, service)
            .with_graceful_shutdown(stopped)
            .with_connections(places.connections)
            .with_buffer_budget(budget)
            .with_shutdown_timeout(longest_answer.max(MIN_DRAIN))
            .with_reserve(places.reserve, |request| is_operators(request.uri().path()));
        if let Some(timeout) = limits.header_timeout {
            serve = serve.with_header_timeout(timeout);
        }
        if let Some(timeout) = limits.idle_timeout {
            serve = serve.with_idle_timeout(timeout);
        }
        serve.await;
        app.drain().await;
    }
}

/// The service. The server clones it once for each connection.
struct Answering {
    app: Arc<App>,
    /// `None` in the service of all connections.
    connection: Option<ConnectionId>,
}

impl Clone for Answering {
    fn clone(&self) -> Self {
        let connection = self.connection.unwrap_or_else(ConnectionId::next);
        Self { app: Arc::clone(&self.app), connection: Some(connection) }
    }
}

impl Service<Request<RequestBody>> for Answering {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let app = Arc::clone(&self.app);
        let connection = self.connection.unwrap_or_else(ConnectionId::next);
        Box::pin(async move { Ok(App::answer(app, request, connection).await) })
    }
}

impl App {
    async fn answer(
        app: Arc<Self>,
        request: Request<RequestBody>,
        connection: ConnectionId,
    ) -> Response<Full<Bytes>> {
        let since = Instant::now();
        let (method, path) = (request.method(), request.uri().path());
        if let Some(operators) = app.operators.as_ref().filter(|_| is_operators(path)) {
            return operators.answer(method, path).await;
        }
        let Some(endpoint) = app.endpoints.find(path) else {
            let code = StatusCode::NOT_FOUND;
            let line = Line::new("not_found", code.as_u16(), since);
            app.log.print(&Line { unrouted: Some((method, path)), ..line });
            return status(code);
        };
        let methods = endpoint.methods();
        if !methods.contains(method) && !endpoint.is_shadow() {
            endpoint.print_not_allowed((method, path), since);
            return not_allowed(&methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", "));
        }
        let requests = app.requests.clone();
        let app = Arc::clone(&app);
        let answered = requests.spawn(async move {
            match app.endpoints.find(request.uri().path()) {
                Some(endpoint) => endpoint.receive(request, &app.admission, connection).await,
                None => status(StatusCode::NOT_FOUND),
            }
        });
        answered.await.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    async fn drain(&self) {
        self.requests.close();
        self.requests.wait().await;
        for endpoint in self.endpoints.endpoints() {
            endpoint.drain().await;
        }
    }
}

/// Listens on an address of the configuration.
pub(super) async fn listen(address: &str) -> Result<(TcpListener, SocketAddr), UsageError> {
    let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, error));
    let listener = listener?;
    let local = listener.local_addr().map_err(|error| cannot_listen(address, error))?;
    Ok((listener, local))
}

/// The addresses of the configuration's address, without listening on them.
pub(super) async fn resolve(address: &str) -> Result<Vec<SocketAddr>, UsageError> {
    let addresses = tokio::net::lookup_host(address).await;
    Ok(addresses.map_err(|error| cannot_listen(address, error))?.collect())
}

/// Checks that this machine has the addresses, without taking their ports.
pub(super) async fn check_addresses(
    address: &str,
    resolved: &[SocketAddr],
) -> Result<(), UsageError> {
    let mut problem = None;
    for one in resolved {
        // The server listens on the first that it can.
        match TcpListener::bind((one.ip(), 0)).await {
            Ok(_) => return Ok(()),
            Err(error) => problem = Some(error),
        }
    }
    problem.map_or(Ok(()), |error| Err(cannot_listen(address, error)))
}

fn cannot_listen(address: &str, error: io::Error) -> UsageError {
    // An IPv6 address can look like a key.
    let is_address = address.parse::<SocketAddr>().is_ok();
    let shown = if is_address { address } else { shown(address) };
    UsageError::cannot_listen(&format!("cannot listen on `{shown}`"), "127.0.0.1:3000", error)
}

pub(super) fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

pub(super) fn not_allowed(allowed: &str) -> Response<Full<Bytes>> {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    // Methods are tokens, which are always valid in a header.
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

/// The default maximum number of connections.
const CONNECTIONS: usize = 512;
/// Connections reserved for health checks, even if all others wait for handlers.
const RESERVE: usize = 64;
/// The minimum time for pending responses at shutdown, even if ack deadlines are shorter.
const MIN_DRAIN: Duration = Duration::from_secs(20);
