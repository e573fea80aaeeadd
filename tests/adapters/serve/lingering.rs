//! Responses that are sent before the end of the request, to clients that are
//! still sending: Node's `fetch` with a stream, Python's `urllib` and wget
//! write the whole body before they read.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use countersign::serve::Serve;
use http::StatusCode;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

use super::{GET, Server, head_of};

#[tokio::test]
async fn a_client_that_writes_everything_before_it_reads_gets_the_early_response() {
    let server = Server::start(|listener| Serve::new(listener, unread())).await;
    let chunk = [b"10000\r\n", &vec![b'a'; 0x10000][..], b"\r\n"].concat();
    for (head, pieces, end, status) in [
        (format!("content-length: {LARGE}\r\n\r\n"), vec![b'a'; LARGE], "", "401"),
        ("transfer-encoding: chunked\r\n\r\n".into(), chunk.repeat(32), "0\r\n\r\n", "401"),
        ("x-long: ".into(), vec![b'a'; LARGE], "\r\n\r\n", "431"),
    ] {
        let head = format!("POST / HTTP/1.1\r\nhost: h\r\n{head}");
        let request = [head.as_bytes(), &pieces, end.as_bytes()].concat();
        let answer = write_all_then_read(server.address, request).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_never_stops_sending_is_disconnected_in_time() {
    let server = Server::start(|listener| Serve::new(listener, unread())).await;
    let sent = spawn_blocking(move || {
        let mut client = connect(server.address).unwrap();
        client.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1099511627776\r\n\r\n")?;
        let piece = vec![b'a'; 64 * 1024];
        let mut sent = 0;
        while client.write_all(&piece).is_ok() {
            sent += piece.len();
            assert!(sent < 16 * LARGEST_BODY, "the server never stops reading");
        }
        io::Result::Ok(sent)
    });
    let sent = sent.await.unwrap().unwrap();
    assert!(sent > LARGEST_BODY, "{sent}");
}

#[tokio::test]
async fn a_client_that_is_silent_after_its_response_frees_its_connection_slot() {
    let server = Server::start(|listener| Serve::new(listener, unread()).with_connections(1)).await;
    let mut silent = server.connect().await;
    silent.write_all(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n").await.unwrap();
    assert_eq!(head_of(&mut silent).await, "401");
    assert_eq!(server.answer(GET).await, "200");
}

/// What a client reads that writes the whole request first. An error if the
/// connection is reset.
async fn write_all_then_read(to: SocketAddr, request: Vec<u8>) -> io::Result<String> {
    let exchange = move || {
        let mut client = connect(to)?;
        client.write_all(&request)?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        Ok(answer)
    };
    spawn_blocking(exchange).await.unwrap()
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let client = TcpStream::connect(to)?;
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    Ok(client)
}

/// An app that responds to a `POST` without reading its body.
fn unread() -> Router {
    Router::new().route("/", get(|| async {}).post(|| async { StatusCode::UNAUTHORIZED }))
}

const LARGE: usize = 2 * 1024 * 1024;
/// The largest body limit of a built-in scheme.
const LARGEST_BODY: usize = 25 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);
