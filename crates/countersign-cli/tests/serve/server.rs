//! Paths, methods and connections.

use std::process::{Command, Stdio};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::Signal;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::deliveries::{jupiter, send};
use crate::processes::{self, Files, PATIENCE, SECRET, Serving, configured};

#[tokio::test]
async fn health_is_answered_and_unknown_paths_and_methods_are_not() {
    let mut serving = processes::jupiter("").await;
    for (method, path, status, allow) in [
        (Method::GET, "/healthz", 200, None),
        (Method::POST, "/healthz", 405, Some("GET, HEAD")),
        (Method::GET, "/readyz", 200, None),
        (Method::POST, "/readyz", 405, Some("GET, HEAD")),
        (Method::GET, "/hooks/jupiter", 405, Some("POST")),
        (Method::PUT, "/hooks/jupiter", 405, Some("POST")),
        (Method::POST, "/hooks/jupiter/", 404, None),
        (Method::POST, "/hooks/Jupiter", 404, None),
        (Method::GET, "/", 404, None),
        (Method::POST, "/hooks/jupiter?tenant=7", 401, None),
    ] {
        let uri = format!("http://{}{path}", serving.address());
        let request = Request::builder().method(&method).uri(uri).body(Full::default());
        let answered = send(request.unwrap()).await;
        assert_eq!(answered.status, status, "{method} {path}");
        assert_eq!(answered.body, "", "{method} {path}");
        let allowed = answered.headers.get("allow").map(|value| value.to_str().unwrap());
        assert_eq!(allowed, allow, "{method} {path}");
    }
    // Requests of operators have no line.
    for (code, method, path, endpoint) in [
        ("method_not_allowed", Some("GET"), Some("/hooks/jupiter"), Some("/hooks/jupiter")),
        ("method_not_allowed", Some("PUT"), Some("/hooks/jupiter"), Some("/hooks/jupiter")),
        ("not_found", Some("POST"), Some("/hooks/jupiter/"), None),
        ("not_found", Some("POST"), Some("/hooks/Jupiter"), None),
        ("not_found", Some("GET"), Some("/"), None),
        ("missing_signature", None, None, Some("/hooks/jupiter")),
    ] {
        let line = serving.line().await;
        assert_eq!(line["code"], code, "{line}");
        assert_eq!((line["method"].as_str(), line["path"].as_str()), (method, path), "{line}");
        assert_eq!(line["endpoint"].as_str(), endpoint, "{line}");
        assert_eq!(line["scheme"].as_str(), endpoint.map(|_| "jupiter"), "{line}");
    }
    assert!(!serving.has_line());
}

#[tokio::test]
async fn endless_headers_are_rejected() {
    let serving = processes::jupiter("").await;
    let huge = jupiter("evt_1").with_header("x-huge", &"a".repeat(64 * 1024));
    assert_eq!(huge.send(serving.address()).await.status, 431);
}

#[tokio::test]
async fn deliveries_are_accepted_over_http_2() {
    let serving = processes::jupiter("").await;
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let delivery = jupiter("evt_1");
    let mut request = Request::post(format!("http://{}/hooks/jupiter", serving.address()));
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let request = request.body(Full::<Bytes>::new(delivery.body)).unwrap();
    assert_eq!(client.request(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_huge_connection_limit_is_accepted() {
    let files = Files::new(
        "listen = '127.0.0.1:0'\nconnections = 4611686018427387904\n[[endpoint]]\n\
         path = '/hooks/jupiter'\nscheme = 'jupiter'\nsecrets = [{ env = 'SECRET' }]\n",
    );
    let serving = configured(&files).await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn fewer_connections_are_open_if_the_process_may_open_few_files() {
    let limited = "ulimit -n 64 && exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_countersign"), "serve"]);
    command.args(["--listen", "127.0.0.1:0", "--endpoint", "/hooks/jupiter=jupiter"]);
    command.args(["--secret-env", "SECRET"]).env("SECRET", SECRET);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let serving = Serving::start(command).await;
    let address = serving.address();
    let mut idle = Vec::new();
    for _ in 0..40 {
        idle.push(timeout(PATIENCE, TcpStream::connect(address)).await.unwrap().unwrap());
    }
    let uri = format!("http://{address}/healthz");
    let health = Request::get(uri).body(Full::default()).unwrap();
    assert_eq!(send(health).await.status, 200);
    drop(idle);
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    assert!(said.contains("at most 28 connections can be open, instead of 512"), "{said}");
}
