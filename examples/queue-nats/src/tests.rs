use std::sync::Mutex;

use axum::body::Body;
use axum::http::Request;
use countersign::Signer;
use countersign::queue::Message;
use countersign_test_servers::NatsServer;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_test";
const BRIEF: Duration = Duration::from_millis(100);

#[tokio::test]
async fn an_event_is_answered_at_once_and_handled_by_one_worker() {
    let (server, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
    let (jetstream, stream) = connect(&server.url()).await.unwrap();
    let claims = SqliteStore::open(folder.path().join("claims.db")).unwrap();
    let app = app(&layer(SECRET, jetstream, claims).await.unwrap()).unwrap();
    assert_eq!(status(&app, "evt_1").await, 202);
    assert_eq!(status(&app, "evt_1").await, 200);

    let worker = Worker::new(&stream).await.unwrap();
    let failing = async |_| Err("no such account");
    assert_eq!(worker.work_once(BRIEF, failing).await.unwrap(), 0);
    assert_eq!(status(&app, "evt_2").await, 202);

    let handled = Mutex::new(Vec::new());
    let handle = async |message: Message| {
        handled.lock().unwrap().push(message.event_id().to_owned());
        Ok::<_, String>(())
    };
    // The first one is not due yet.
    assert_eq!(worker.work_once(BRIEF, &handle).await.unwrap(), 1);
    assert_eq!(handled.into_inner().unwrap(), ["evt_2"]);
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
