//! Timeouts of a target, and what happens to the event.

use std::net::SocketAddr;
use std::time::Duration;

use countersign_test_servers::RedisServer;
use http::Request;
use http_body_util::Full;
use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::deliveries::{jupiter, send};
use crate::processes::{Files, PATIENCE, Serving, configured};
use crate::target::Target;

#[tokio::test]
async fn a_status_settles_an_event_even_if_the_response_body_never_ends() {
    let target = RawTarget::start().await;
    let (serving, _files) = forwarding(target.address, "ack_deadline = '2s'\n").await;
    let to = serving.address();
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await });
    let mut stalled = target.accept().await;
    stalled.answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab").await;
    let answered = answered.await.unwrap();
    assert_eq!((answered.status, answered.body.len()), (200, 0));
    stalled.closed().await;
    // It is completed, and not forwarded again.
    assert_eq!(jupiter("evt_1").send(to).await.status, 200);
    assert!(!target.is_called().await);
}

#[tokio::test]
async fn an_upgrade_response_is_not_forwarded() {
    let target = RawTarget::start().await;
    let (mut serving, _files) = forwarding(target.address, "").await;
    let to = serving.address();
    for (answer, status) in [
        ("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", 503),
        ("HTTP/1.1 799 Odd\r\ncontent-length: 0\r\n\r\n", 503),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
    ] {
        let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await });
        target.accept().await.answer(answer).await;
        let answered = answered.await.unwrap();
        assert_eq!(answered.status, status, "{answer}");
        assert!(!answered.headers.contains_key("upgrade"));
    }
    let note = serving.note().await;
    assert!(note.contains("101 is not a final response"), "{note}");
}

#[tokio::test]
async fn a_slow_target_is_disconnected_before_the_event_is_forwarded_again() {
    let target = RawTarget::start().await;
    let (mut serving, _files) = forwarding(target.address, "handler_timeout = '3s'\n").await;
    let to = serving.address();
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let mut first = target.accept().await;
    assert_eq!(answered.await.unwrap(), 503);
    first.closed().await;
    let note = serving.note().await;
    assert!(note.contains("3s") && note.contains("`handler_timeout`"), "{note}");

    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let mut second = target.accept().await;
    assert!(second.request.contains("countersign-attempt: 2\r\n"), "{}", second.request);
    second.answer("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(answered.await.unwrap(), 200);

    let scrape = Request::get(format!("http://{to}/metrics")).body(Full::default()).unwrap();
    let scrape = String::from_utf8(send(scrape).await.body.to_vec()).unwrap();
    for counted in ["handler_timeouts", "repeated_attempts"] {
        let sample = format!(r#"countersign_serve_{counted}_total{{endpoint="/hooks/jupiter"}} 1"#);
        assert!(scrape.lines().any(|line| line == sample), "{sample} is not in\n{scrape}");
    }
}

#[tokio::test]
async fn an_answer_that_arrives_while_the_process_is_suspended_is_in_time() {
    let mut target = Target::start().await;
    let (serving, _files) = forwarding(target.address(), "handler_timeout = '1s'\n").await;
    let to = serving.address();
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let call = target.call().await;
    serving.signal(Signal::STOP);
    call.answer(200);
    // Longer than the handler timeout.
    sleep(Duration::from_millis(1500)).await;
    serving.signal(Signal::CONT);
    assert_eq!(answered.await.unwrap(), 200);
    assert_eq!(jupiter("evt_1").send(to).await.status, 200);
    assert!(!target.is_called());
}

#[tokio::test]
async fn shutdown_keeps_the_drain_timeout_and_releases_events_in_flight() {
    let target = RawTarget::start().await;
    let (mut serving, _files) = forwarding_with(target.address, "drain_timeout = '1s'\n", "").await;
    let mut sender = TcpStream::connect(serving.address()).await.unwrap();
    sender.write_all(&jupiter("evt_1").to_bytes()).await.unwrap();
    let mut call = target.accept().await;
    serving.signal(Signal::TERM);
    let since = Instant::now();
    assert!(serving.note().await.contains("draining"));
    let note = serving.note().await;
    assert!(note.contains("released"), "{note}");
    call.closed().await;
    let mut answer = Vec::new();
    timeout(PATIENCE, sender.read_to_end(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 503 "), "{}", String::from_utf8_lossy(&answer));
    let (status, said) = serving.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    // The defaults are 20 s for the sender and 25 s for the target.
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

#[tokio::test]
async fn health_checks_are_answered_while_deliveries_wait_for_the_target() {
    let mut target = Target::start().await;
    let (mut serving, _files) = forwarding_with(target.address(), "connections = 8\n", "").await;
    let to = serving.address();
    let mut waiting = Vec::new();
    for id in 0..7 {
        let delivery = jupiter(&format!("evt_{id}"));
        waiting.push(tokio::spawn(async move { delivery.send(to).await.status }));
    }
    let mut calls = Vec::new();
    for _ in 0..7 {
        calls.push(target.call().await);
    }
    let turned_away = jupiter("evt_8").send(to).await;
    assert_eq!(turned_away.status, 503);
    assert!(turned_away.headers.contains_key("retry-after"));
    assert_eq!(serving.line().await["code"], "busy");
    let health = Request::get(format!("http://{to}/healthz")).body(Full::default());
    assert_eq!(send(health.unwrap()).await.status, 200);
    for call in calls {
        call.answer(200);
    }
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), 200);
    }
}

#[tokio::test]
async fn shutdown_reports_successes_that_the_store_has_not_recorded() {
    let redis = RedisServer::start(&[]);
    let mut target = Target::start().await;
    let more = format!("store = '{}'\ndrain_timeout = '2s'\n", redis.url());
    let (mut serving, _files) = forwarding_with(target.address(), &more, "").await;
    let to = serving.address();
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    let call = target.call().await;
    redis.stop();
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
    let since = Instant::now();
    serving.signal(Signal::TERM);
    while !serving.note().await.contains("did not record 1 events that were handled") {}
    let (status, said) = serving.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(said.contains("handled again: `evt_1`"), "{said}");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    redis.cont();
}

async fn forwarding(target: SocketAddr, of_endpoint: &str) -> (Serving, Files) {
    forwarding_with(target, "", of_endpoint).await
}

async fn forwarding_with(target: SocketAddr, more: &str, of_endpoint: &str) -> (Serving, Files) {
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n{more}[[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = 'http://{target}/in'\n{of_endpoint}"
    ));
    (configured(&files).await, files)
}

/// A target whose responses are written byte by byte.
struct RawTarget {
    listener: TcpListener,
    address: SocketAddr,
}

struct RawCall {
    stream: TcpStream,
    request: String,
}

impl RawTarget {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    /// The next request, on a new connection.
    async fn accept(&self) -> RawCall {
        let accepted = timeout(PATIENCE, self.listener.accept()).await.expect("it is called");
        let (mut stream, _) = accepted.unwrap();
        let mut request = String::new();
        while !request.contains("\r\n\r\n") || !request.ends_with('}') {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            assert_ne!(read, 0, "it ends in the middle: {request}");
            request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        }
        RawCall { stream, request }
    }

    async fn is_called(&self) -> bool {
        timeout(Duration::from_millis(10), self.listener.accept()).await.is_ok()
    }
}

impl RawCall {
    async fn answer(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// The program has closed the connection.
    async fn closed(&mut self) {
        let read = timeout(PATIENCE, self.stream.read(&mut [0; 16])).await;
        assert!(matches!(read.expect("the connection is closed"), Ok(0) | Err(_)));
    }
}
