//! Tests over real sockets, with handwritten requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use countersign::tower::VerifyLayer;
use countersign::{Scheme, Verified};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower::ServiceBuilder;

use crate::harness::axum::verifying as adapters;
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test]
async fn a_verified_body_is_passed_on_byte_for_byte_over_a_socket() {
    let jupiter = scheme("jupiter");
    let body: Vec<u8> = (0..=255).collect();
    let delivery = Delivery::with_body(&jupiter, &body);
    for adapter in adapters(&verifier(&jupiter)) {
        let server = Server::start(adapter.app).await;
        let answer = server.answer(&[&head(&delivery, &length(&body)), &body]).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", adapter.name);
        assert!(answer.ends_with(&body), "{}", adapter.name);
    }
}

#[tokio::test]
async fn a_chunked_body_of_single_bytes_and_trailers_verifies() {
    let jupiter = scheme("jupiter");
    let mut chunks = Vec::new();
    for byte in BODY.bytes() {
        chunks.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    chunks.extend_from_slice(b"0\r\nX-Trailer: 1\r\n\r\n");
    let head =
        head(&Delivery::of(&jupiter), "Transfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n");
    for adapter in adapters(&verifier(&jupiter)) {
        let server = Server::start(adapter.app).await;
        let answer = server.answer(&[&head, &chunks]).await;
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", adapter.name);
        assert!(answer.ends_with(BODY.as_bytes()), "{}", adapter.name);
    }
}

#[tokio::test]
async fn a_rejection_is_sent_without_a_body() {
    let jupiter = scheme("jupiter");
    let forged = Delivery::with_body(&jupiter, "something else");
    for adapter in adapters(&verifier(&jupiter)) {
        let server = Server::start(adapter.app).await;
        let answer =
            server.answer(&[&head(&forged, &length(BODY.as_bytes())), BODY.as_bytes()]).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{}: {answer}", adapter.name);
        assert!(answer.contains("content-length: 0\r\n"), "{}: {answer}", adapter.name);
        assert!(answer.ends_with("\r\n\r\n"), "{}: {answer}", adapter.name);
    }
}

#[tokio::test]
async fn a_body_that_stops_halfway_is_rejected_as_incomplete() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for (framing, half) in [
        (length(BODY.as_bytes()), BODY[..10].to_owned()),
        ("Transfer-Encoding: chunked\r\n".to_owned(), format!("a\r\n{}\r\n", &BODY[..10])),
    ] {
        for adapter in adapters(&verifier(&jupiter)) {
            let server = Server::start(adapter.app).await;
            let mut client = server.connect().await;
            client.write_all(&head(&delivery, &framing)).await.unwrap();
            client.write_all(half.as_bytes()).await.unwrap();
            client.shutdown().await.unwrap();
            let answer = read(&mut client).await;
            assert!(answer.starts_with(b"HTTP/1.1 400"), "{} {framing}", adapter.name);
        }
    }
}

#[tokio::test]
async fn a_body_that_never_comes_is_answered_at_the_deadline() {
    let hasty = hasty();
    let delivery = Delivery::of(&hasty);
    for adapter in adapters(&verifier(&hasty)) {
        let server = Server::start(adapter.app).await;
        let answer = server.answer(&[&head(&delivery, &length(BODY.as_bytes())), b"{"]).await;
        assert!(answer.starts_with(b"HTTP/1.1 408"), "{}", adapter.name);
    }
}

#[tokio::test]
async fn a_client_that_expects_100_continue_gets_it_only_with_valid_headers() {
    let jupiter = scheme("jupiter");
    let framing = format!("Expect: 100-continue\r\n{}", length(BODY.as_bytes()));
    let genuine = Delivery::of(&jupiter);
    let unsigned = genuine.clone().without_header("x-jup-signature");
    for adapter in adapters(&verifier(&jupiter)) {
        let server = Server::start(adapter.app).await;

        let answer = server.answer(&[&head(&unsigned, &framing)]).await;
        assert!(answer.starts_with(b"HTTP/1.1 401"), "{}", adapter.name);

        let mut client = server.connect().await;
        client.write_all(&head(&genuine, &framing)).await.unwrap();
        let mut reported = [0; 25];
        client.read_exact(&mut reported).await.unwrap();
        assert_eq!(&reported, b"HTTP/1.1 100 Continue\r\n\r\n", "{}", adapter.name);
        client.write_all(BODY.as_bytes()).await.unwrap();
        assert!(read(&mut client).await.starts_with(b"HTTP/1.1 200"), "{}", adapter.name);
    }
}

#[tokio::test]
async fn the_layer_serves_hyper_without_axum() {
    let jupiter = scheme("jupiter");
    let service = ServiceBuilder::new().layer(VerifyLayer::new(verifier(&jupiter))).service_fn(
        |request: Request<Full<Bytes>>| async move {
            let verified = request.extensions().get::<Verified>().cloned().unwrap();
            Ok::<_, Infallible>(Response::new(Full::new(verified.into_body())))
        },
    );
    let listener = TcpListener::bind(LOOPBACK).await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            hyper::service::Service::call(&TowerToHyperService::new(service.clone()), request)
        });
        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.unwrap();
    });
    let server = Server { address, task };
    let head = head(&Delivery::of(&jupiter), &length(BODY.as_bytes()));
    let answer = server.answer(&[&head, BODY.as_bytes()]).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert!(answer.ends_with(BODY.as_bytes()));
}

/// A provider that waits for a tenth of a second, so that the body has a third
/// of that.
fn hasty() -> Scheme {
    Scheme::builder("hasty")
        .signature_header("x-signature")
        .signed_payload("{body}")
        .ack_deadline(Duration::from_millis(100))
        .build()
        .unwrap()
}

/// The bytes of a request's head.
pub(crate) fn head(delivery: &Delivery, framing: &str) -> Vec<u8> {
    let mut head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".to_vec();
    for (name, value) in &delivery.headers {
        head.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    head.extend_from_slice(framing.as_bytes());
    head.extend_from_slice(b"\r\n");
    head
}

pub(crate) fn length(body: &[u8]) -> String {
    format!("Content-Length: {}\r\n", body.len())
}

/// A server on the loopback interface. It stops when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(app: Router) -> Self {
        let listener = TcpListener::bind(LOOPBACK).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, task }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that the server sends in response to a request in these
    /// pieces.
    pub(crate) async fn answer(&self, pieces: &[&[u8]]) -> Vec<u8> {
        let mut client = self.connect().await;
        for piece in pieces {
            client.write_all(piece).await.unwrap();
        }
        read(&mut client).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads until the server closes the connection. Fails if it does not.
pub(crate) async fn read(client: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    timeout(PATIENCE, client.read_to_end(&mut answer)).await.unwrap().unwrap();
    answer
}

const PATIENCE: Duration = Duration::from_secs(20);
const LOOPBACK: &str = "127.0.0.1:0";
