//! Slow clients lose their connections, and honest senders are answered.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::deliveries::jupiter;
use crate::processes::{Files, configured};

#[tokio::test]
async fn two_hundred_slow_clients_do_not_block_other_clients() {
    let files = hasty();
    let serving = configured(&files).await;
    let address = serving.address();

    let mut clients = JoinSet::new();
    for (attack, first, trickle) in attacks().into_iter().cycle().take(200) {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(&first).await.unwrap();
        clients.spawn(async move {
            let closed = timeout(PATIENCE, until_closed(client, trickle)).await;
            assert!(closed.is_ok(), "{attack} keeps its connection");
        });
    }
    let mut answered = 0;
    let honest = async {
        loop {
            let delivery = jupiter(&format!("evt_{answered}"));
            assert_eq!(delivery.send(address).await.status, 200);
            answered += 1;
        }
    };
    let all_closed = async {
        while let Some(closed) = clients.join_next().await {
            closed.unwrap();
        }
    };
    tokio::select! {
        () = all_closed => {}
        () = honest => {}
    }
    assert!(answered >= 5, "{answered} honest deliveries were answered meanwhile");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn a_slow_client_does_not_delay_the_shutdown() {
    let serving = configured(&hasty()).await;
    let mut client = TcpStream::connect(serving.address()).await.unwrap();
    client.write_all(b"POST /hooks/jupiter HTTP/1.1\r\n").await.unwrap();
    // It was accepted before this one.
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn stalled_bodies_over_http_1_do_not_block_deliveries() {
    let serving = configured(&few_connections()).await;
    let address = serving.address();
    let mut stalled = Vec::new();
    for _ in 0..56 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(&stalled_request()).await.unwrap();
        stalled.push(client);
    }
    deliveries_are_handled(address).await;
}

#[tokio::test]
async fn stalled_bodies_over_http_2_do_not_block_deliveries() {
    let serving = configured(&few_connections()).await;
    let address = serving.address();
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http::<Stalled>();
    let mut stalled = JoinSet::new();
    for _ in 0..64 {
        let mut request = Request::post(format!("http://{address}/hooks/jupiter"));
        for (name, value) in &jupiter("evt_slow").headers {
            request = request.header(name, value);
        }
        stalled.spawn(client.request(request.body(Stalled).unwrap()));
    }
    deliveries_are_handled(address).await;
}

async fn deliveries_are_handled(address: SocketAddr) {
    for sent in 0..20 {
        let delivery = jupiter(&format!("evt_{sent}"));
        assert_eq!(delivery.send(address).await.status, 200, "{sent}");
    }
}

/// A delivery without its body.
fn stalled_request() -> Vec<u8> {
    let mut bytes = jupiter("evt_slow").to_bytes();
    bytes.truncate(bytes.len() - jupiter("evt_slow").body.len());
    bytes
}

/// A request whose body never arrives.
struct Stalled;

impl Body for Stalled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

fn few_connections() -> Files {
    Files::new(
        "listen = '127.0.0.1:0'\nconnections = 64\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{ env = 'SECRET' }]\nack_deadline = '30s'\n",
    )
}

fn hasty() -> Files {
    Files::new(
        "listen = '127.0.0.1:0'\nheader_timeout = '2s'\nidle_timeout = '2s'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{ env = 'SECRET' }]\nack_deadline = '9s'\n",
    )
}

/// The bytes sent at once, and the bytes sent repeatedly.
fn attacks() -> [(&'static str, Vec<u8>, &'static [u8]); 6] {
    let delivery = jupiter("evt_slow").to_bytes();
    let delivery = String::from_utf8(delivery).unwrap();
    let (head, _) = delivery.split_once("content-length").unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    [
        ("silence", Vec::new(), b""),
        ("a trickled head", format!("{head}x-slow: ").into(), b"a"),
        ("a trickled body", format!("{head}content-length: 100000\r\n\r\n").into(), b" "),
        ("an idle connection", b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), b""),
        ("a preface alone", preface.clone(), b""),
        ("settings alone", [&preface[..], &settings].concat(), b""),
    ]
}

/// Sends until the server closes the connection.
async fn until_closed(mut client: TcpStream, trickle: &[u8]) {
    let (mut from, mut to) = client.split();
    let closed = async {
        let mut answer = [0; 4096];
        while from.read(&mut answer).await.is_ok_and(|length| length > 0) {}
    };
    let trickling = async {
        let mut pace = interval(PACE);
        // Writing fails once it is closed.
        while !trickle.is_empty() && to.write_all(trickle).await.is_ok() {
            pace.tick().await;
        }
        pending::<()>().await;
    };
    tokio::select! {
        () = closed => {}
        () = trickling => {}
    }
}

const PACE: Duration = Duration::from_millis(50);
/// Shorter than the defaults.
const PATIENCE: Duration = Duration::from_secs(60);
