//! HTTP server with timeouts and connection limits.

mod activity_stream;
mod answer;
mod connection;
mod connection_slots;
mod connection_timer;
mod limits;
mod linger;
mod request_body;
mod shutdown_signal;

use std::fmt;
use std::future::{self, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::BufferBudget;
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::body::BoxError;
use connection::{Connection, IsUrgent, Shared};
use connection_slots::{ConnectionSlot, ConnectionSlots};
use limits::Limits;

pub use request_body::{RequestBody, RequestBodyError};
pub use shutdown_signal::shutdown_signal;

/// HTTP server with timeouts and connection limits.
///
/// It serves a tower service, such as an axum `Router`, over HTTP/1.1 and
/// HTTP/2 on TCP. Everything that a client can delay has a limit.
///
/// hyper supports most of these limits, but sets few of them by default.
/// `axum::serve` 0.8 sets none. Without them, a client that connects and sends
/// nothing, or never ends its headers, keeps its connection forever.
///
/// | limited | by |
/// | --- | --- |
/// | silence, and headers that do not end | [`with_header_timeout`](Self::with_header_timeout) |
/// | a connection that is idle between requests, or whose client does not read its responses | [`with_idle_timeout`](Self::with_idle_timeout) |
/// | a client that keeps sending an unread body after its response | 32 MiB, 10 s, and 1 s of silence |
/// | the head of one request | [`with_head_limit`](Self::with_head_limit), and 100 fields |
/// | the heads of all HTTP/2 requests | [`with_buffer_budget`](Self::with_buffer_budget) |
/// | concurrent connections | [`with_connections`](Self::with_connections) |
/// | concurrent requests on one HTTP/2 connection | 64, and 20 that are reset before the server has seen them |
/// | an HTTP/2 client that has disappeared | a ping after 10 s, and 10 s for its acknowledgement |
/// | graceful shutdown | [`with_shutdown_timeout`](Self::with_shutdown_timeout) |
///
/// After a request's head, the service is responsible. The layers and
/// extractors of this project limit the request's body. A service that reads
/// bodies itself needs its own deadline.
///
/// # Examples
///
/// ```no_run
/// # use std::convert::Infallible;
/// use countersign_tower::{RequestBody, Serve, shutdown_signal};
/// # use http::{Request, Response};
/// # use http_body_util::Empty;
/// use tokio::net::TcpListener;
///
/// # async fn serve() -> std::io::Result<()> {
/// # let app = tower::service_fn(|_: Request<RequestBody>| async {
/// #     Ok::<_, Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
/// # });
/// let listener = TcpListener::bind("127.0.0.1:3000").await?;
/// Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Panics if it is awaited outside of a tokio runtime, or in one whose I/O or
/// timer is not enabled.
#[must_use = "a server does nothing unless awaited"]
pub struct Serve<S> {
    listener: TcpListener,
    service: S,
    limits: Limits,
    budget: BufferBudget,
    is_urgent: IsUrgent,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<S> Serve<S> {
    /// A server for the connections of this listener. The service is cloned once for
    /// each connection, and that clone for each of its requests.
    pub fn new(listener: TcpListener, service: S) -> Self {
        Self {
            listener,
            service,
            limits: Limits::default(),
            budget: BufferBudget::of_process(),
            is_urgent: Box::new(|_| false),
            stop: Box::pin(future::pending()),
        }
    }

    /// The maximum time for a request's head to arrive. Defaults to 10 s; the
    /// minimum is 100 ms.
    ///
    /// It is one deadline for the whole head. The first request's head is counted
    /// from the connect. With HTTP/1, a later head is counted from its first
    /// byte. So it is a minimum rate, too: a head of 1 KiB must arrive at 100
    /// bytes per second or more, and the largest accepted head at 3,300.
    ///
    /// With HTTP/2, a later head must arrive within the [idle
    /// timeout](Self::with_idle_timeout), which bytes in between do not extend.
    pub fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.limits.header_timeout = timeout.max(MIN_TIMEOUT);
        self
    }

    /// The maximum time that a connection is kept without a request, and that a
    /// client may take to read a response. Defaults to 10 s; the minimum is 100 ms.
    ///
    /// An idle connection is closed gracefully; an HTTP/2 client then has one second
    /// to close it. If the client does not read a response, the connection is closed
    /// at once, even if other requests on it are still in progress.
    ///
    /// A proxy that keeps connections to this server open must close them first.
    /// Otherwise it sends requests into connections that are being closed. Set a
    /// longer timeout here than in the proxy: nginx's default is 60 s.
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle_timeout = timeout.max(MIN_TIMEOUT);
        self
    }

    /// The maximum size of a request's head, in bytes: its first line and its
    /// headers. Defaults to 32 KiB; the minimum is 8 KiB.
    ///
    /// A larger head gets 431. The head is read in pieces, so with HTTP/1 a head
    /// of up to twice the size may pass.
    pub fn with_head_limit(mut self, bytes: usize) -> Self {
        self.limits.head_bytes = bytes;
        self
    }

    /// The maximum number of concurrent connections. Defaults to 512, because a
    /// process can often open only 1,024 files; the minimum is 1.
    ///
    /// Further connections are accepted on the [reserve](Self::with_reserve), if there
    /// is one; beyond it they wait in the operating system's queue until one ends.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections;
        self
    }

    /// Additional connections that are accepted when all those of
    /// [`with_connections`](Self::with_connections) are taken. They are for requests
    /// that need a response even then, such as health checks. Defaults to 0.
    ///
    /// Each serves one request, whose head must arrive within one second. If the
    /// request is not urgent, it waits up to a quarter of a second for a regular
    /// connection to end, and then gets 503 with `Retry-After`.
    pub fn with_reserve<F>(mut self, connections: usize, is_urgent: F) -> Self
    where
        F: Fn(&Request<RequestBody>) -> bool + Send + Sync + 'static,
    {
        self.limits.reserve = connections;
        self.is_urgent = Box::new(is_urgent);
        self
    }

    /// The budget for the heads of HTTP/2 requests, of which a connection can
    /// have many at once. Defaults to [`BufferBudget::of_process`]. A request
    /// that does not fit gets 503 with `Retry-After`.
    ///
    /// The budget does not include the connections' own buffers: at most 64 KiB
    /// each, and with HTTP/1 twice the [head limit](Self::with_head_limit).
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Shuts the server down once this future completes: it accepts no more
    /// connections and drains in-flight requests.
    ///
    /// Handlers can outlive their connections. To wait for them, call
    /// [`WebhookLayer::drain`](crate::WebhookLayer::drain) after this.
    pub fn with_graceful_shutdown<F>(mut self, stop: F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.stop = Box::pin(stop);
        self
    }

    /// The maximum duration of a graceful shutdown. After it, the remaining
    /// connections are dropped. Defaults to 20 s: no built-in provider waits
    /// longer for a response, and service managers allow 30 s for the whole
    /// shutdown.
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.limits.shutdown_timeout = timeout;
        self
    }
}

impl<S, B> IntoFuture for Serve<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Serves until the graceful shutdown is complete. If the future is dropped
    /// earlier, all connections are dropped.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

async fn run<S, B>(serve: Serve<S>)
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let Serve { listener, service, limits, budget, is_urgent, mut stop } = serve;
    let builder = limits.builder();
    let ending = CancellationToken::new();
    let shared = Arc::new(Shared { builder, budget, is_urgent, ending: ending.clone() });
    let places = limits.places();
    let mut connections = JoinSet::new();
    loop {
        select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            (place, accepted) = next(&listener, &places) => {
                match accepted {
                    Ok((stream, _)) => {
                        let (service, shared) = (service.clone(), Arc::clone(&shared));
                        let timer = limits.timer(&place);
                        let connection = Connection { stream, service, place, timer, shared };
                        connections.spawn(connection.serve());
                    }
                    // If one connection failed, continue. If the process can
                    // open no more files, others have to be closed first.
                    Err(error) if affects_one_connection(&error) => {}
                    Err(_) => sleep(AFTER_FAILURE).await,
                }
            }
        }
    }
    drop(listener);
    ending.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    // Connections that are still open are dropped with the set.
    let _ = timeout(limits.shutdown_timeout, ended).await;
}

/// Waits for a free place, then accepts the next connection.
async fn next(
    listener: &TcpListener,
    places: &ConnectionSlots,
) -> (ConnectionSlot, io::Result<(TcpStream, SocketAddr)>) {
    let place = places.next().await;
    (place, listener.accept().await)
}

fn affects_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

impl<S> fmt::Debug for Serve<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("listener", &self.listener)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// With less, every connection is closed before a request can arrive on it.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);
const AFTER_FAILURE: Duration = Duration::from_millis(100);
