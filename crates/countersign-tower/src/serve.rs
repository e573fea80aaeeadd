//! A server that no client can keep waiting.

mod answer;
mod connection;
mod limits;
mod linger;
mod noted;
mod patience;
mod places;
mod termination;

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
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use crate::body::BoxError;
use connection::{Connection, IsUrgent, Shared};
use limits::Limits;
use places::{Place, Places};

pub use termination::terminated;

/// Serves a tower service, such as an axum `Router`, by HTTP/1.1 and HTTP/2 over
/// TCP, with an end to everything that a client can draw out.
///
/// hyper has most of these limits, and sets few of them; `axum::serve` 0.8 sets
/// none. A client that connects and says nothing, or never ends its headers, then
/// keeps its connection for ever.
///
/// | bounded | by |
/// | --- | --- |
/// | silence, and headers that do not end | [`with_header_timeout`](Self::with_header_timeout) |
/// | a connection kept open between requests, or whose client does not take its answers | [`with_idle_timeout`](Self::with_idle_timeout) |
/// | a client that goes on sending what is not read, once it is answered | 32 MiB, 10 s, and 1 s of silence |
/// | a request's head | [`with_head_limit`](Self::with_head_limit), and 100 fields |
/// | the heads of all requests, by HTTP/2 | [`with_buffer_budget`](Self::with_buffer_budget) |
/// | connections at once | [`with_connections`](Self::with_connections) |
/// | requests at once on one connection, by HTTP/2 | 64, and 20 that are reset before they are looked at |
/// | a client that has gone without a word, by HTTP/2 | a ping after 10 s, and 10 s for its answer |
/// | the end | [`with_shutdown_timeout`](Self::with_shutdown_timeout) |
///
/// A request that is whole in its head is the service's affair. The layers and
/// extractors of this project bound its body. A service that reads bodies by
/// itself needs a deadline of its own.
///
/// # Examples
///
/// ```no_run
/// # use std::convert::Infallible;
/// use countersign_tower::{Serve, terminated};
/// # use http::{Request, Response};
/// # use http_body_util::Empty;
/// # use hyper::body::Incoming;
/// use tokio::net::TcpListener;
///
/// # async fn serve() -> std::io::Result<()> {
/// # let app = tower::service_fn(|_: Request<Incoming>| async {
/// #     Ok::<_, Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
/// # });
/// let listener = TcpListener::bind("127.0.0.1:3000").await?;
/// Serve::new(listener, app).with_graceful_shutdown(terminated()).await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Awaited outside of a tokio runtime, or in one whose network or timer is not
/// enabled.
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
    /// A server of the connections that come to this listener.
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

    /// How long a request's head may take. Defaults to 10 s.
    ///
    /// It is one deadline for the whole of the head, counted for a connection's
    /// first request from the connect on, and for the later ones, by HTTP/1, from
    /// their first byte on. So it is a least rate, too: a head of 1 KiB has to
    /// come at 100 bytes a second, and the largest that is taken at 3,300.
    ///
    /// By HTTP/2 a later head has the [idle time](Self::with_idle_timeout), which
    /// ends no sooner for the bytes in between.
    pub fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.limits.header_timeout = timeout;
        self
    }

    /// How long a connection is kept while nothing is asked on it, and how long a
    /// client may take to receive an answer. Defaults to 10 s.
    ///
    /// An idle connection is told that it ends, and by HTTP/2 has a second for its
    /// farewell. One whose client does not take an answer is closed at once, even if
    /// other requests of it are being answered.
    ///
    /// A proxy that keeps its connections to this server has to give them up
    /// first, or it sends requests into connections that are being closed. Give
    /// more here than it allows there: nginx says 60 s by itself.
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.idle_timeout = timeout;
        self
    }

    /// How much of a request's head is read, in bytes: its first line, and its
    /// headers. Defaults to 32 KiB, and is 8 KiB at the least. One that has not
    /// ended by then is answered 431; it is read in pieces, so that by HTTP/1 one
    /// of up to twice the size may pass.
    pub fn with_head_limit(mut self, bytes: usize) -> Self {
        self.limits.head_bytes = bytes;
        self
    }

    /// How many connections there may be at once. Defaults to 512, since a
    /// process may often open no more than 1,024 files; it is 1 at the least.
    ///
    /// Others wait until one ends, in the queue of the operating system.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections;
        self
    }

    /// So many connections beside those of
    /// [`with_connections`](Self::with_connections), which are there when all of
    /// those are taken: for requests that have to be answered even then, such as
    /// health checks. Defaults to none.
    ///
    /// Each is for one request, whose head has a second. If it is not urgent, it
    /// waits for a quarter of a second for a connection to end, and is then answered
    /// 503 with `Retry-After`.
    pub fn with_reserve<F>(mut self, connections: usize, is_urgent: F) -> Self
    where
        F: Fn(&Request<Incoming>) -> bool + Send + Sync + 'static,
    {
        self.limits.reserve = connections;
        self.is_urgent = Box::new(is_urgent);
        self
    }

    /// The budget that the heads of requests by HTTP/2 are taken of, of which a
    /// connection may have many at once. Defaults to
    /// [`BufferBudget::of_process`]. A request that does not fit is answered 503
    /// with `Retry-After`.
    ///
    /// Not in it are the buffers of the connections themselves: at most 64 KiB
    /// each, and twice the [head limit](Self::with_head_limit) by HTTP/1.
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Ends the server once this future does: it takes no more connections, and
    /// waits for the answers to the requests that it has.
    ///
    /// [`WebhookLayer::drain`](crate::WebhookLayer::drain) waits for handlers that
    /// have outlived their connections; call it after this.
    pub fn with_graceful_shutdown<F>(mut self, stop: F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.stop = Box::pin(stop);
        self
    }

    /// How long a graceful shutdown may take. Then it drops the connections that
    /// are left. Defaults to 20 s: no provider that is built in waits longer for
    /// an answer, and service managers allow 30 s for all of the end.
    pub fn with_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.limits.shutdown_timeout = timeout;
        self
    }
}

impl<S, B> IntoFuture for Serve<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Serves until the graceful shutdown has ended. Where this is dropped before,
    /// all connections are.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

async fn run<S, B>(serve: Serve<S>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
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
                        let patience = limits.patience(&place);
                        let connection = Connection { stream, service, place, patience, shared };
                        connections.spawn(connection.serve());
                    }
                    // The one that failed is gone; where the process has no more files to open,
                    // some have to be closed first.
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(_) => sleep(AFTER_FAILURE).await,
                }
            }
        }
    }
    drop(listener);
    ending.cancel();
    let ended = async { while connections.join_next().await.is_some() {} };
    // What has not ended by then is dropped along with the set.
    let _ = timeout(limits.shutdown_timeout, ended).await;
}

/// The next connection, and its place, which is there first.
async fn next(
    listener: &TcpListener,
    places: &Places,
) -> (Place, io::Result<(TcpStream, SocketAddr)>) {
    let place = places.next().await;
    (place, listener.accept().await)
}

fn is_of_one_connection(error: &io::Error) -> bool {
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

const AFTER_FAILURE: Duration = Duration::from_millis(100);
