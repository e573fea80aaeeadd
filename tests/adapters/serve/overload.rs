//! More connections than the server has slots and memory for.

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use countersign::BufferBudget;
use countersign::serve::Serve;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::oneshot;

use super::{GET, Server, TestContext, hello, in_time, until_closed};

#[tokio::test]
async fn requests_that_block_every_connection_do_not_block_reserved_requests() {
    let context = TestContext::start(|serve| {
        serve.with_connections(2).with_reserve(1, |request| request.uri().path() == "/")
    })
    .await;
    let mut waiting = [context.ask().await, context.ask().await];
    for _ in 0..3 {
        assert_eq!(context.server.answer(GET).await, "200");
        assert_eq!(context.server.answer(WAIT).await, "503");
    }
    // When a slot is free, requests are served as before.
    let [gone, _] = &mut waiting;
    context.way_out.add_permits(2);
    super::head_of(gone).await;
    drop(waiting);
    let mut next = context.ask().await;
    context.way_out.add_permits(1);
    assert_eq!(super::head_of(&mut next).await, "200");
}

#[tokio::test]
async fn a_reserve_connection_is_for_one_request() {
    let context = TestContext::start(|serve| {
        serve.with_connections(1).with_reserve(1, |request| request.uri().path() == "/")
    })
    .await;
    let _waiting = context.ask().await;
    let mut urgent = context.server.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut urgent, super::GET_AND_STAY).await.unwrap();
    assert_eq!(super::head_of(&mut urgent).await, "200");
    until_closed(&mut urgent).await;
}

#[tokio::test]
async fn a_request_with_too_many_fields_is_rejected_over_http_1_and_http_2() {
    let server = Server::start(|listener| Serve::new(listener, hello())).await;
    for (fields, status) in [(90, StatusCode::OK), (101, REJECTED)] {
        let mut request = Request::post(format!("http://{}/", server.address));
        for field in 0..fields {
            request = request.header(format!("x-{field}"), "1");
        }
        let answer = client().request(request.body(Full::default()).unwrap());
        assert_eq!(in_time(answer).await.unwrap().status(), status, "{fields} fields");
        let fields: String = (0..fields).map(|field| format!("x-{field}: 1\r\n")).collect();
        let request = format!("POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{fields}\r\n");
        assert_eq!(server.answer(request.as_bytes()).await, status.as_str());
    }
}

#[tokio::test]
async fn the_heads_of_streams_are_counted_as_soon_as_they_arrive() {
    let budget = BufferBudget::new(8 * 1024);
    let (inside, is_inside) = oneshot::channel();
    let (way_out, leaves) = oneshot::channel::<()>();
    let once = std::sync::Mutex::new(Some((inside, leaves)));
    let once = std::sync::Arc::new(once);
    let app = Router::new().route(
        "/",
        post(move || {
            let first = once.lock().unwrap().take();
            async {
                if let Some((inside, leaves)) = first {
                    inside.send(()).unwrap();
                    leaves.await.unwrap();
                }
            }
        }),
    );
    let counted = budget.clone();
    let server = Server::start(|listener| Serve::new(listener, app).with_buffer_budget(counted));
    let server = server.await;
    let client = client();
    let request =
        || Request::post(format!("http://{}/", server.address)).body(Full::default()).unwrap();
    let first = tokio::spawn(client.request(request()));
    in_time(is_inside).await.unwrap();
    assert!(budget.used() > 4 * 1024);
    let second = in_time(client.request(request())).await.unwrap();
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers()["retry-after"], "1");

    way_out.send(()).unwrap();
    assert_eq!(in_time(first).await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(budget.used(), 0);
    let third = in_time(client.request(request())).await.unwrap();
    assert_eq!(third.status(), StatusCode::OK);
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).http2_only(true).build_http()
}

const REJECTED: StatusCode = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
const WAIT: &[u8] =
    b"POST /wait HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
