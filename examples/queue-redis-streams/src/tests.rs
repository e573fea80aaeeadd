use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use countersign::Signer;
use countersign::queue::Message;
use countersign::redis::RedisConfig;
use countersign_test_servers::RedisServer;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_test";
const BRIEF: Duration = Duration::from_millis(1);

#[tokio::test]
async fn an_event_is_answered_at_once_and_handled_by_one_worker_of_the_group() {
    let server = RedisServer::start(&["--appendonly", "yes"]);
    let app = app(&layer(SECRET, &connect(&server).await).unwrap()).unwrap();
    assert_eq!(status(&app, "evt_1").await, 202);
    assert_eq!(status(&app, "evt_1").await, 200);

    let handled = Mutex::new(Vec::new());
    let handle = async |message: Message| {
        handled.lock().unwrap().push(message.event_id().to_owned());
        Ok::<_, String>(())
    };
    let mut one = Worker::connect(&server.url(), "one").await.unwrap();
    let mut two = Worker::connect(&server.url(), "two").await.unwrap();
    assert_eq!(one.work_once(BRIEF, &handle).await.unwrap(), 1);
    assert_eq!(two.work_once(BRIEF, &handle).await.unwrap(), 0);
    assert_eq!(handled.into_inner().unwrap(), ["evt_1"]);
    assert_eq!(server.cli(&["XLEN", STREAM]), "0");
    assert_eq!(status(&app, "evt_1").await, 200);
}

#[tokio::test]
async fn a_message_whose_worker_fails_is_handled_by_another_one() {
    let server = RedisServer::start(&["--appendonly", "yes"]);
    let app = app(&layer(SECRET, &connect(&server).await).unwrap()).unwrap();
    assert_eq!(status(&app, "evt_1").await, 202);
    let mut one = Worker::connect(&server.url(), "one").await.unwrap();
    let failing = async |_| Err("no such account");
    assert_eq!(one.work_once(BRIEF, failing).await.unwrap(), 0);

    let two = Worker::connect(&server.url(), "two").await.unwrap();
    // Not before the patience is over.
    let mut two = two.with_patience(Duration::from_secs(60));
    let handle = async |_| Ok::<_, String>(());
    assert_eq!(two.work_once(BRIEF, handle).await.unwrap(), 0);
    let mut two = two.with_patience(Duration::ZERO);
    assert_eq!(two.work_once(BRIEF, handle).await.unwrap(), 1);
}

async fn connect(server: &RedisServer) -> RedisStore {
    let config = RedisConfig::new(&server.url()).unwrap();
    RedisStore::connect_with(config.with_deadline(Duration::from_secs(30))).await.unwrap()
}

async fn status(app: &Router, event: &str) -> u16 {
    let signer = Signer::new(schemes::jupiter(), Secret::new(SECRET).unwrap()).unwrap();
    let body = format!(r#"{{"event_id":"{event}"}}"#);
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap().status().as_u16()
}
