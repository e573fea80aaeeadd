//! Slow clients against actix-web's own server.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{post, resource};
use countersign::MemoryStore;
use countersign::actix::{ClaimedWebhook, VerifyMiddleware, Webhook, WebhookMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use super::server::Server;
use crate::adapters::sockets::{head, length};
use crate::whole_path::events::{event, receiver_with};
use fixtures::delivery::{Delivery, scheme, verifier};

/// If the payload were dropped, actix-web would wait forever for the rest of a
/// chunked body.
#[tokio::test]
async fn an_endless_chunked_body_does_not_hold_its_connection_after_a_rejection() {
    let server = every_adapter(Server::start);
    let unsigned = event(1).without_header("x-jup-signature");
    for path in PATHS {
        for (delivery, status) in [(&unsigned, "401"), (&event(1), "408")] {
            let mut request = chunked(path, delivery);
            request.extend_from_slice(b"4\r\n{\"ev\r\n");
            let answer = trickle(&server, &request, b"1\r\na\r\n").await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn endless_headers_do_not_hold_a_connection() {
    let server = every_adapter(Server::start);
    let mut begun = chunked("/verify", &event(1));
    begun.truncate(begun.len() - 2);
    let answer = trickle(&server, &begun, b"X-Slow: 1\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn endless_headers_after_another_request_do_not_hold_a_connection() {
    let server = every_adapter(Server::start_guarded);
    let delivery = event(1);
    let mut requests = kept_alive(&delivery);
    requests.extend_from_slice(b"POST /verify HTTP/1.1\r\nHost: localhost\r\n");
    let answer = trickle(&server, &requests, b"X-Slow: 1\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

const PATHS: [&str; 4] = ["/verify", "/webhook", "/extracted", "/claimed"];

/// A server with an adapter of every kind.
fn every_adapter(start: impl FnOnce(fn(&mut actix_web::web::ServiceConfig)) -> Server) -> Server {
    start(|config| {
        let hasty = Duration::from_millis(500);
        let verifier = verifier(&scheme("jupiter")).with_body_timeout(hasty);
        let receiver = receiver_with(verifier.clone(), MemoryStore::new());
        let verify = VerifyMiddleware::new(verifier.clone());
        let webhook = WebhookMiddleware::new(receiver.clone());
        let ok = || post().to(HttpResponse::Ok);
        config.service(resource("/verify").wrap(verify).route(ok()));
        config.service(resource("/webhook").wrap(webhook).route(ok()));
        config.app_data(verifier).app_data(receiver);
        config.route("/extracted", post().to(|_: Webhook| async { HttpResponse::Ok().finish() }));
        config.route(
            "/claimed",
            post().to(|_: ClaimedWebhook| async { HttpResponse::Ok().finish() }),
        );
    })
}

/// Everything that the server sends until it closes the connection. This text
/// is sent to it again and again meanwhile.
async fn trickle(server: &Server, first: &[u8], again: &[u8]) -> String {
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(first).await.unwrap();
    let (mut from, mut to) = client.split();
    let trickled = async {
        let mut pace = interval(Duration::from_millis(100));
        // Writing fails once the connection is closed.
        while to.write_all(again).await.is_ok() {
            pace.tick().await;
        }
        std::future::pending().await
    };
    let answered = async {
        let mut answer = Vec::new();
        // Reading fails if the connection was closed during a write.
        while from.read_buf(&mut answer).await.is_ok_and(|read| read > 0) {}
        String::from_utf8(answer).unwrap()
    };
    timeout(PATIENCE, async {
        tokio::select! {
            answer = answered => answer,
            never = trickled => never,
        }
    })
    .await
    .expect("the connection is kept")
}

/// The head of a request with a chunked body, on a keep-alive connection.
fn chunked(path: &str, delivery: &Delivery) -> Vec<u8> {
    to(path, &head(delivery, "Transfer-Encoding: chunked\r\n"))
}

/// A whole request, on a keep-alive connection.
fn kept_alive(delivery: &Delivery) -> Vec<u8> {
    [to("/verify", &head(delivery, &length(&delivery.body))), delivery.body.clone()].concat()
}

fn to(path: &str, head: &[u8]) -> Vec<u8> {
    let head = std::str::from_utf8(head).unwrap();
    head.replace("POST / ", &format!("POST {path} ")).replace("Connection: close\r\n", "").into()
}

const PATIENCE: Duration = Duration::from_secs(60);
