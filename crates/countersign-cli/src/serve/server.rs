//! Connections and paths.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;

use super::endpoint::Endpoint;
use crate::mend::Mend;

/// Listens, and hands each request to the endpoint of its path.
pub(super) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    builder: Arc<Builder<TokioExecutor>>,
    connections: Arc<Semaphore>,
    graceful: GracefulShutdown,
    app: Arc<App>,
}

struct App {
    endpoints: HashMap<String, Endpoint>,
    /// Requests in hand: a sender that leaves takes its connection along, and not these.
    requests: TaskTracker,
}

impl Server {
    pub(super) async fn bind(
        listen: &str,
        endpoints: HashMap<String, Endpoint>,
    ) -> Result<Self, Mend> {
        let cannot = |error| {
            let what =
                format!("cannot listen on `{listen}`, which is to be such as 127.0.0.1:3000");
            Mend::because(what, error)
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        Ok(Self {
            listener,
            address,
            builder: Arc::new(builder()),
            connections: Arc::new(Semaphore::new(MOST_CONNECTIONS)),
            graceful: GracefulShutdown::new(),
            app: Arc::new(App { endpoints, requests: TaskTracker::new() }),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections for as long as it is polled.
    pub(super) async fn run(&mut self) -> Infallible {
        loop {
            let Ok(permit) = Arc::clone(&self.connections).acquire_owned().await else {
                // Nobody closes it.
                return std::future::pending().await;
            };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let connection = self.connection(stream);
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                // The one that failed is gone; where the process has no more files to open, some
                // have to be closed first.
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => sleep(AFTER_FAILURE).await,
            }
        }
    }

    fn connection(&self, stream: TcpStream) -> impl Future<Output = ()> + Send + use<> {
        // An answer is one small write; where this fails it is merely later.
        let _ = stream.set_nodelay(true);
        let has_asked = Arc::new(AtomicBool::new(false));
        let (app, asked) = (Arc::clone(&self.app), Arc::clone(&has_asked));
        let service = service_fn(move |request| {
            asked.store(true, Ordering::Relaxed);
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(App::answer(app, request).await) }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = self.graceful.watch(connection);
        async move {
            let silent = async {
                // The protocol is told by the first bytes, for which hyper waits without end.
                sleep(LONGEST_SILENCE).await;
                if has_asked.load(Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                // What goes wrong on a connection is its client's affair.
                _ = connection => {}
                () = silent => {}
            }
        }
    }

    /// Takes no more connections, and waits for what is in hand: the connections end with the
    /// answers that they wait for, and the handlers may outlive them.
    pub(super) async fn drain(self) {
        let Self { listener, graceful, app, .. } = self;
        drop(listener);
        graceful.shutdown().await;
        app.requests.close();
        app.requests.wait().await;
        for endpoint in app.endpoints.values() {
            endpoint.drain().await;
        }
    }
}

impl App {
    async fn answer(app: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        if path == HEALTH {
            return match *request.method() {
                Method::GET | Method::HEAD => Response::default(),
                _ => not_allowed("GET, HEAD"),
            };
        }
        if !app.endpoints.contains_key(path) {
            return status(StatusCode::NOT_FOUND);
        }
        if request.method() != Method::POST {
            return not_allowed("POST");
        }
        let requests = app.requests.clone();
        let answered = requests.spawn(async move {
            match app.endpoints.get(request.uri().path()) {
                Some(endpoint) => endpoint.receive(request).await,
                None => status(StatusCode::NOT_FOUND),
            }
        });
        answered.await.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_SILENCE)
        .max_buf_size(LARGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(LONGEST_SILENCE)
        .keep_alive_timeout(LONGEST_SILENCE)
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(LARGEST_HEAD_HTTP2);
    builder
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn not_allowed(allowed: &'static str) -> Response<Full<Bytes>> {
    let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

pub(super) const HEALTH: &str = "/healthz";
/// Taken for later.
pub(super) const METRICS: &str = "/metrics";
/// A process may often open 1,024 files, and forwarding takes some.
const MOST_CONNECTIONS: usize = 512;
const MOST_STREAMS: u32 = 64;
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// Providers send less than 4 KiB of headers.
const LARGEST_HEAD: usize = 32 * 1024;
const LARGEST_HEAD_HTTP2: u32 = 32 * 1024;
