use axum::body::Body;
use axum::http::Request;
use countersign::Signer;
use countersign_test_servers::PostgresServer;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_test";

#[tokio::test]
async fn a_payment_is_booked_once() {
    let server = PostgresServer::start(&[]);
    let ledger = connect(&server.url()).await.unwrap();
    let app = app(layer(verifier(SECRET).unwrap(), ledger.clone()));

    let payment = payment("evt_1", r#"{"id":"pi_1","customer":"cus_1","amount":1200}"#);
    assert_eq!(status(&app, &payment).await, 204);
    assert_eq!(status(&app, &payment).await, 200);
    assert_eq!(booked(&ledger).await, 1_200);

    // After a restart, too.
    let ledger = connect(&server.url()).await.unwrap();
    let app = super::app(layer(verifier(SECRET).unwrap(), ledger.clone()));
    assert_eq!(status(&app, &payment).await, 200);
    assert_eq!(booked(&ledger).await, 1_200);
}

#[tokio::test]
async fn a_payment_that_cannot_be_booked_is_delivered_again() {
    let server = PostgresServer::start(&[]);
    let ledger = connect(&server.url()).await.unwrap();
    let app = app(layer(verifier(SECRET).unwrap(), ledger.clone()));

    // Nothing shows whose payment it is, yet.
    assert_eq!(status(&app, &payment("evt_1", r#"{"id":"pi_1"}"#)).await, 500);
    let payment = payment("evt_1", r#"{"id":"pi_1","customer":"cus_1","amount":1200}"#);
    assert_eq!(status(&app, &payment).await, 204);
    assert_eq!(booked(&ledger).await, 1_200);
}

fn payment(event: &str, object: &str) -> String {
    format!(r#"{{"id":"{event}","type":"payment_intent.succeeded","data":{{"object":{object}}}}}"#)
}

async fn booked(ledger: &Pool) -> i64 {
    let sum = "SELECT sum(cents)::int8 FROM ledger WHERE account = 'cus_1'";
    ledger.get().await.unwrap().query_one(sum, &[]).await.unwrap().get(0)
}

async fn status(app: &Router, body: &str) -> u16 {
    let scheme = schemes::stripe();
    let signer = Signer::new(scheme, Secret::new(SECRET).unwrap()).unwrap();
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}
