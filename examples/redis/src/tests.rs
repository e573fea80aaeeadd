use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use countersign::redis::RedisConfig;
use countersign::{Signer, schemes};
use countersign_test_servers::RedisServer;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_test";

#[tokio::test]
async fn an_event_delivered_to_two_processes_is_handled_by_one() {
    let server = RedisServer::start(&[]);
    let one = app(layer(SECRET, connect(&server).await).unwrap());
    let other = app(layer(SECRET, connect(&server).await).unwrap());

    let body = r#"{"id":"evt_1","type":"charge.succeeded"}"#;
    assert_eq!(status(one.clone(), body).await, 204);
    assert_eq!(status(other, body).await, 200);
    assert_eq!(status(one, r#"{"id":"evt_2"}"#).await, 204);
}

#[tokio::test]
async fn without_its_store_it_answers_with_a_status_to_retry() {
    let mut server = RedisServer::start(&[]);
    let app = app(layer(SECRET, connect(&server).await).unwrap());
    server.kill9();
    assert_eq!(status(app, r#"{"id":"evt_1"}"#).await, 503);
}

async fn connect(server: &RedisServer) -> RedisStore {
    let config = RedisConfig::new(&server.url()).unwrap();
    RedisStore::connect_with(config.with_deadline(Duration::from_secs(30))).await.unwrap()
}

async fn status(app: Router, body: &str) -> u16 {
    let scheme = schemes::stripe();
    let signer = Signer::new(scheme, Secret::new(SECRET).unwrap()).unwrap();
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.oneshot(request).await.unwrap().status().as_u16()
}
