use axum::body::{Body, to_bytes};
use axum::http::Request;
use countersign::{Signer, schemes};
use tower::ServiceExt;

use super::*;

const EVENT: &str = r#"{"event_id":"evt_1","type":"swap.completed"}"#;

#[tokio::test]
async fn each_customers_deliveries_verify_with_its_own_secret() {
    let (_, _, app) = two_customers();
    assert_eq!(deliver(&app, "acme", "acme's").await, (200, "acme: evt_1".to_owned()));
    assert_eq!(deliver(&app, "globex", "acme's").await.0, 401);
    assert_eq!(deliver(&app, "initech", "acme's").await.0, 503);
}

#[tokio::test]
async fn the_same_id_from_two_customers_is_two_events_and_each_is_handled_once() {
    let (_, _, app) = two_customers();
    for customer in ["acme", "globex"] {
        let secret = format!("{customer}'s");
        let handled = deliver(&app, customer, &secret).await;
        assert_eq!(handled, (200, format!("{customer}: evt_1")));
        assert_eq!(deliver(&app, customer, &secret).await, (200, String::new()));
    }
}

#[tokio::test]
async fn a_new_secret_is_valid_once_the_tenant_is_invalidated() {
    let (customers, verifier, app) = two_customers();
    assert_eq!(deliver(&app, "acme", "acme's").await.0, 200);
    customers.add_secret("acme", "acme's new one");
    assert_eq!(deliver(&app, "acme", "acme's new one").await.0, 401);
    verifier.invalidate_tenant("acme");
    assert_eq!(deliver(&app, "acme", "acme's new one").await.0, 200);
    assert_eq!(deliver(&app, "acme", "acme's").await.0, 200);
}

fn two_customers() -> (Customers, Verifier, Router) {
    let customers = Customers::default();
    customers.add_secret("acme", "acme's");
    customers.add_secret("globex", "globex's");
    let verifier = verifier(customers.clone()).unwrap();
    (customers, verifier.clone(), app(verifier))
}

/// Returns the response to a delivery for this customer that is signed with `secret`.
async fn deliver(app: &Router, customer: &str, secret: &str) -> (u16, String) {
    let scheme = schemes::jupiter();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let mut request = Request::post(format!("/hooks/{customer}"));
    for (name, value) in signer.sign(EVENT.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let response = app.clone().oneshot(request.body(Body::from(EVENT)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}
