//! The server: the protocols it serves, the requests it rejects, and its shutdown.

mod lingering;
mod overload;

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use bytes::Bytes;
use countersign::serve::{RequestBody, Serve, shutdown_signal};
use countersign::tower::VerifyLayer;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full};
use rustix::process::{Signal, getpid, kill_process};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceBuilder;

use crate::adapters::sockets::{head, length, read};
use crate::http2;
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test]
async fn a_tower_service_is_served_without_axum() {
    let jupiter = scheme("jupiter");
    let service = ServiceBuilder::new()
        .layer(VerifyLayer::new(verifier(&jupiter)))
        .service_fn(|_: Request<Full<Bytes>>| async { empty() });
    let server = Server::start(|listener| Serve::new(listener, service)).await;
    for (delivery, status) in
        [(Delivery::of(&jupiter), "200"), (Delivery::with_body(&jupiter, "another"), "401")]
    {
        let request = [&head(&delivery, &length(BODY.as_bytes())), BODY.as_bytes()].concat();
        assert_eq!(server.answer(&request).await, status);
    }
}

#[tokio::test]
async fn one_port_serves_http_1_and_http_2() {
    let server = Server::start(|listener| Serve::new(listener, hello())).await;
    assert_eq!(server.answer(GET).await, "200");
    let mut client = server.connect().await;
    let block = http2::post("/", []);
    let flags = http2::END_HEADERS | http2::END_STREAM;
    let request = http2::frame(http2::HEADERS, flags, 1, &block);
    client.write_all(&[http2::PREFACE, &http2::settings(), &request].concat()).await.unwrap();
    // The response's header block begins with the static table's `:status: 200`.
    assert_eq!(answer_by_http2(&mut client).await, 0x88);
}

#[tokio::test]
async fn a_connection_is_kept_open_between_requests_until_the_idle_timeout() {
    let server =
        Server::start(|listener| Serve::new(listener, hello()).with_idle_timeout(SHORT)).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.write_all(GET_AND_STAY).await.unwrap();
        assert_eq!(head_of(&mut client).await, "200");
    }
    assert!(read(&mut client).await.is_empty());
}

#[tokio::test]
async fn a_later_head_has_its_own_timeout_regardless_of_the_idle_timeout() {
    let server = Server::start(|listener| {
        Serve::new(listener, hello()).with_header_timeout(SHORT).with_idle_timeout(Duration::MAX)
    })
    .await;
    let mut client = server.connect().await;
    client.write_all(GET_AND_STAY).await.unwrap();
    assert_eq!(head_of(&mut client).await, "200");
    client.write_all(b"GET / HT").await.unwrap();
    until_closed(&mut client).await;
}

#[tokio::test]
async fn a_head_above_twice_the_limit_is_rejected_and_one_below_the_limit_is_not() {
    let server =
        Server::start(|listener| Serve::new(listener, hello()).with_head_limit(10_000)).await;
    for (length, status) in [(9_000, "200"), (30_000, "431")] {
        let value = "a".repeat(length);
        let request =
            format!("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-long: {value}\r\n\r\n");
        assert_eq!(server.answer(request.as_bytes()).await, status, "{length} bytes");
    }
}

#[tokio::test]
async fn no_limit_causes_a_panic() {
    for (size, time) in [(0, Duration::from_secs(5)), (usize::MAX, Duration::MAX)] {
        let server = Server::start(|listener| {
            Serve::new(listener, hello())
                .with_head_limit(size)
                .with_connections(size)
                .with_header_timeout(time)
                .with_idle_timeout(time)
                .with_shutdown_timeout(time)
        })
        .await;
        assert_eq!(server.answer(GET).await, "200");
    }
}

/// On a busy machine a head can take longer than the minimum timeout.
#[tokio::test]
async fn a_server_whose_timeouts_are_zero_still_answers() {
    let server = Server::start(|listener| {
        let serve = Serve::new(listener, hello());
        serve.with_header_timeout(Duration::ZERO).with_idle_timeout(Duration::ZERO)
    })
    .await;
    for _ in 0..100 {
        let mut client = server.connect().await;
        let _ = client.write_all(GET).await;
        let mut answer = Vec::new();
        let _ = in_time(client.read_to_end(&mut answer)).await;
        if answer.starts_with(b"HTTP/1.1 200") {
            return;
        }
    }
    panic!("the server closed every connection");
}

#[tokio::test]
async fn a_connection_above_the_limit_waits_until_another_ends() {
    let server = Server::start(|listener| Serve::new(listener, hello()).with_connections(1)).await;
    let mut first = server.connect().await;
    first.write_all(GET_AND_STAY).await.unwrap();
    assert_eq!(head_of(&mut first).await, "200");
    let mut second = server.connect().await;
    second.write_all(GET).await.unwrap();
    // The second is served only after the first: its response is not available before.
    first.write_all(GET_AND_STAY).await.unwrap();
    assert_eq!(head_of(&mut first).await, "200");
    assert!(second.try_read(&mut [0]).is_err());
    drop(first);
    assert_eq!(head_of(&mut second).await, "200");
}

#[tokio::test]
async fn a_client_that_resets_its_requests_at_once_is_disconnected() {
    let server = Server::start(|listener| Serve::new(listener, hello())).await;
    let mut client = server.connect().await;
    let block = http2::post("/", []);
    let mut flood = [http2::PREFACE, &http2::settings()].concat();
    for stream in (1..2_000).step_by(2) {
        let flags = http2::END_HEADERS | http2::END_STREAM;
        flood.extend(http2::frame(http2::HEADERS, flags, stream, &block));
        flood.extend(http2::frame(http2::RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    // Fails if the server closes the connection before the end of the flood.
    let _ = client.write_all(&flood).await;
    until_closed(&mut client).await;
}

#[tokio::test]
async fn a_body_whose_stream_is_reset_is_not_whole_whatever_the_code_is() {
    let (sender, mut bodies) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |request: Request<RequestBody>| {
        let sender = sender.clone();
        async move {
            let body = request.into_body().collect().await;
            sender.send(body.map(|body| body.to_bytes().len())).unwrap();
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let server = Server::start(|listener| Serve::new(listener, service)).await;
    let mut client = server.connect().await;
    client.write_all(&[http2::PREFACE, &http2::settings()].concat()).await.unwrap();
    let block = http2::post("/", []);
    // A header field of trailers: `x: y`, as a literal without indexing.
    let trailers = [0, 1, b'x', 1, b'y'];
    let reset = |stream, code: u32| http2::frame(http2::RST_STREAM, 0, stream, &code.to_be_bytes());
    for (stream, end, length) in [
        (1, reset(1, 0), None),
        (3, reset(3, 8), None),
        (5, http2::frame(http2::DATA, http2::END_STREAM, 5, b"cd"), Some(4)),
        (7, http2::frame(http2::DATA, http2::END_STREAM, 7, b""), Some(2)),
        (
            9,
            http2::frame(http2::HEADERS, http2::END_STREAM | http2::END_HEADERS, 9, &trailers),
            Some(2),
        ),
    ] {
        let head = http2::frame(http2::HEADERS, http2::END_HEADERS, stream, &block);
        let data = http2::frame(http2::DATA, 0, stream, b"ab");
        client.write_all(&[head, data, end].concat()).await.unwrap();
        let body = in_time(bodies.recv()).await.unwrap();
        assert_eq!(body.ok(), length, "{stream}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_its_response_is_disconnected_in_time() {
    let (dropped, mut ends) = mpsc::unbounded_channel();
    let service = tower::service_fn(move |_: Request<RequestBody>| {
        let body = Endless(dropped.clone());
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let server = Server::start(|listener| {
        Serve::new(listener, service).with_idle_timeout(SHORT).with_header_timeout(SHORT)
    })
    .await;
    let mut client = server.connect().await;
    client.write_all(GET).await.unwrap();
    in_time(ends.recv()).await.unwrap();
}

#[tokio::test]
async fn a_handler_that_panics_closes_only_its_own_connection() {
    let app = hello().route("/panic", get(panics));
    let server = Server::start(|listener| Serve::new(listener, app)).await;
    let mut client = server.connect().await;
    client.write_all(b"GET /panic HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    until_closed(&mut client).await;
    assert_eq!(server.answer(GET).await, "200");
}

#[tokio::test]
async fn a_graceful_shutdown_finishes_requests_in_flight_and_accepts_no_new_ones() {
    let context = TestContext::start(|serve| serve).await;
    let mut idle = context.server.connect().await;
    idle.write_all(GET_AND_STAY).await.unwrap();
    assert_eq!(head_of(&mut idle).await, "200");
    let mut waiting = context.ask().await;

    context.stop.send(()).unwrap();
    assert!(read(&mut idle).await.is_empty());
    while TcpStream::connect(context.server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    context.way_out.add_permits(1);
    assert_eq!(head_of(&mut waiting).await, "200");
    context.server.ended().await;
}

#[tokio::test]
async fn a_graceful_shutdown_ends_at_its_deadline_with_open_connections() {
    let context = TestContext::start(|serve| serve.with_shutdown_timeout(SHORT)).await;
    let mut waiting = context.ask().await;
    context.stop.send(()).unwrap();
    context.server.ended().await;
    until_closed(&mut waiting).await;
}

#[tokio::test]
async fn a_server_that_is_dropped_drops_its_connections() {
    let context = TestContext::start(|serve| serve).await;
    let mut waiting = context.ask().await;
    drop(context.server);
    until_closed(&mut waiting).await;
}

#[tokio::test]
async fn sigterm_and_ctrl_c_are_shutdown_signals() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut terminated = Box::pin(shutdown_signal());
        // From here on the signal does not end this process.
        assert!(timeout(Duration::ZERO, &mut terminated).await.is_err());
        kill_process(getpid(), signal).unwrap();
        in_time(terminated).await;
    }
}

/// A server with a handler that waits until it is released.
struct TestContext {
    server: Server,
    stop: oneshot::Sender<()>,
    inside: Arc<Semaphore>,
    way_out: Arc<Semaphore>,
}

impl TestContext {
    async fn start(limits: impl FnOnce(Serve<Router>) -> Serve<Router>) -> Self {
        let (inside, way_out) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let held = (Arc::clone(&inside), Arc::clone(&way_out));
        let app = hello().route(
            "/wait",
            post(move || {
                let (inside, way_out) = held.clone();
                async move {
                    inside.add_permits(1);
                    way_out.acquire().await.unwrap().forget();
                }
            }),
        );
        let (stop, stopped) = oneshot::channel();
        let server = Server::start(|listener| {
            let stopped = async {
                if stopped.await.is_err() {
                    pending::<()>().await;
                }
            };
            limits(Serve::new(listener, app)).with_graceful_shutdown(stopped)
        });
        Self { server: server.await, stop, inside, way_out }
    }

    /// A client whose request is being handled.
    async fn ask(&self) -> TcpStream {
        let mut client = self.server.connect().await;
        client
            .write_all(b"POST /wait HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        in_time(self.inside.acquire()).await.unwrap().forget();
        client
    }
}

/// A server on the loopback interface. It stops when this is dropped.
struct Server {
    address: SocketAddr,
    running: JoinSet<()>,
}

impl Server {
    async fn start<F>(serve: impl FnOnce(TcpListener) -> F) -> Self
    where
        F: IntoFuture<Output = (), IntoFuture: Send + 'static>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut running = JoinSet::new();
        running.spawn(serve(listener).into_future());
        Self { address, running }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// The status of the response to a request with `Connection: close`.
    async fn answer(&self, request: &[u8]) -> String {
        let mut client = self.connect().await;
        client.write_all(request).await.unwrap();
        head_of(&mut client).await
    }

    async fn ended(mut self) {
        in_time(self.running.join_next()).await.unwrap().unwrap();
    }
}

/// An endless body that signals when it is dropped.
struct Endless(mpsc::UnboundedSender<()>);

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 64 * 1024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

fn hello() -> Router {
    Router::new().route("/", get(|| async {}).post(|| async {}))
}

async fn panics() {
    panic!("intended panic")
}

fn empty() -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::default()))
}

/// Reads the head of a response, and returns its status.
async fn head_of(client: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time(client.read_u8()).await.unwrap());
    }
    String::from_utf8(head[9..12].to_vec()).unwrap()
}

/// The first byte of the response's header block.
async fn answer_by_http2(client: &mut TcpStream) -> u8 {
    loop {
        let mut head = [0; 9];
        in_time(client.read_exact(&mut head)).await.unwrap();
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        in_time(client.read_exact(&mut payload)).await.unwrap();
        if head[3] == http2::HEADERS {
            return payload[0];
        }
    }
}

/// Waits until the connection is closed: with a response or without, cleanly or by a reset.
async fn until_closed(client: &mut TcpStream) {
    let mut some = [0; 4096];
    while in_time(client.read(&mut some)).await.is_ok_and(|length| length > 0) {}
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), future).await.expect("must finish within 60 s")
}

const SHORT: Duration = Duration::from_secs(2);
const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
const GET_AND_STAY: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";
