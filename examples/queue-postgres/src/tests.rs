use axum::body::Body;
use axum::http::Request;
use countersign::Signer;
use countersign_test_servers::PostgresServer;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_test";

#[tokio::test]
async fn a_payment_is_answered_before_it_is_booked_and_is_booked_once() {
    let server = PostgresServer::start(&[]);
    let pool = connect(&server.url()).await.unwrap();
    let app = app(&layer(verifier(SECRET).unwrap(), pool.clone())).unwrap();

    let payment = payment("evt_1", r#"{"id":"pi_1","customer":"cus_1","amount":1200}"#);
    assert_eq!(status(&app, &payment).await, 202);
    assert_eq!(status(&app, &payment).await, 200);
    assert_eq!(booked(&pool).await, None);

    // In another process.
    let worker = connect(&server.url()).await.unwrap();
    assert!(work_once(&worker).await.unwrap());
    assert!(!work_once(&worker).await.unwrap());
    assert_eq!(booked(&pool).await, Some(1_200));
    assert_eq!(status(&app, &payment).await, 200);
}

#[tokio::test]
async fn a_payment_that_cannot_be_booked_is_retried_and_leaves_nothing_until_then() {
    let server = PostgresServer::start(&[]);
    let pool = connect(&server.url()).await.unwrap();
    let app = app(&layer(verifier(SECRET).unwrap(), pool.clone())).unwrap();

    let payment = payment("evt_1", r#"{"id":"pi_1","customer":"cus_1","amount":1200}"#);
    assert_eq!(status(&app, &payment).await, 202);
    let client = pool.get().await.unwrap();
    client.batch_execute("ALTER TABLE ledger ADD CHECK (cents < 0)").await.unwrap();
    assert!(work_once(&pool).await.unwrap());
    assert_eq!(booked(&pool).await, None);
    // The retry is due later.
    assert!(!work_once(&pool).await.unwrap());
    client.batch_execute("ALTER TABLE ledger DROP CONSTRAINT ledger_cents_check").await.unwrap();
    client.batch_execute("UPDATE jobs SET run_at = now()").await.unwrap();
    assert!(work_once(&pool).await.unwrap());
    assert_eq!(booked(&pool).await, Some(1_200));
}

fn payment(event: &str, object: &str) -> String {
    format!(r#"{{"id":"{event}","type":"payment_intent.succeeded","data":{{"object":{object}}}}}"#)
}

async fn booked(pool: &Pool) -> Option<i64> {
    let sum = "SELECT sum(cents)::int8 FROM ledger WHERE account = 'cus_1'";
    pool.get().await.unwrap().query_one(sum, &[]).await.unwrap().get(0)
}

async fn status(app: &Router, body: &str) -> u16 {
    let signer = Signer::new(schemes::stripe(), Secret::new(SECRET).unwrap()).unwrap();
    let mut request = Request::post("/");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}
