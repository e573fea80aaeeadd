//! Paths, and the requests to them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign::BufferBudget;
use countersign::serve::Serve;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::admission::{Admission, ConnectionId};
use super::config::Limits;
use super::endpoint::Endpoint;
use super::metrics::Metrics;
use super::open_files::{self, Places};
use super::routes::Routes;
use crate::mend::Mend;

/// Listens, and hands each request to the endpoint of its path.
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
    metrics: Metrics,
    /// Fewer requests than there may be connections, so that health and metrics are answered
    /// however many of them wait.
    admission: Admission,
    /// Requests in hand: a sender that leaves takes its connection along, and not these.
    requests: TaskTracker,
}

impl Server {
    pub(super) async fn bind(
        listen: &str,
        (limits, budget): (Limits, BufferBudget),
        endpoints: Routes,
        metrics: Metrics,
    ) -> Result<Self, Mend> {
        let cannot = |error| {
            let what =
                format!("cannot listen on `{listen}`, which is to be such as 127.0.0.1:3000");
            Mend::because(what, error)
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let targets = endpoints.endpoints().filter(|endpoint| endpoint.forwards()).count();
        let asked = limits.connections.map_or(CONNECTIONS, NonZeroUsize::get);
        let places = open_files::places(Places { connections: asked, reserve: RESERVE }, targets);
        let admission = Admission::new(places.connections - places.connections.div_ceil(8));
        let app = App { endpoints, metrics, admission, requests: TaskTracker::new() };
        Ok(Self { listener, address, limits, places, budget, app })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is stopped. Then it takes no more connections, and waits for what is in
    /// hand: the connections end with the answers that they wait for, and the handlers may outlive
    /// them.
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
            .with_shutdown_timeout(longest_answer.max(SHORTEST_END))
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

/// The service, and those of its connections: the server clones it once for each of them.
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

impl Service<Request<Incoming>> for Answering {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let app = Arc::clone(&self.app);
        let connection = self.connection.unwrap_or_else(ConnectionId::next);
        Box::pin(async move { Ok(App::answer(app, request, connection).await) })
    }
}

impl App {
    async fn answer(
        app: Arc<Self>,
        request: Request<Incoming>,
        connection: ConnectionId,
    ) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if is_operators(path) {
            return match *request.method() {
                Method::GET | Method::HEAD if path == METRICS => app.metrics.answer(),
                Method::GET | Method::HEAD => Response::default(),
                _ => not_allowed("GET, HEAD"),
            };
        }
        let Some(endpoint) = app.endpoints.find(path) else {
            return status(StatusCode::NOT_FOUND);
        };
        let methods = endpoint.methods();
        if !methods.contains(request.method()) {
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

/// Whether the path is for those who run the program, and not for senders.
fn is_operators(path: &str) -> bool {
    path == HEALTH || path == METRICS
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn not_allowed(allowed: &str) -> Response<Full<Bytes>> {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    // Methods are tokens, which any header can hold.
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}

pub(super) const HEALTH: &str = "/healthz";
pub(super) const METRICS: &str = "/metrics";
/// As many as a server has that is not told otherwise.
const CONNECTIONS: usize = 512;
/// Connections by which health is answered, however many events wait for their handlers.
const RESERVE: usize = 64;
/// For the answers that are on their way, however soon their senders want them.
const SHORTEST_END: Duration = Duration::from_secs(20);
