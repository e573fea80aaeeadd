use axum::body::Body;
use axum::http::Request;
use countersign::{Signer, schemes};
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";
const EVENT: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

#[tokio::test]
async fn a_genuine_delivery_is_handled_raw_and_typed() {
    assert_eq!(deliver("/raw", SECRET, EVENT).await, StatusCode::NO_CONTENT);
    assert_eq!(deliver("/typed", SECRET, EVENT).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_delivery_signed_with_another_secret_is_rejected() {
    assert_eq!(deliver("/raw", "whsec_other", EVENT).await, StatusCode::UNAUTHORIZED);
    assert_eq!(deliver("/typed", "whsec_other", EVENT).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_genuine_delivery_of_another_json_type_is_rejected() {
    assert_eq!(deliver("/raw", SECRET, "[]").await, StatusCode::NO_CONTENT);
    assert_eq!(deliver("/typed", SECRET, "[]").await, StatusCode::BAD_REQUEST);
}

/// Returns the response of the app to a delivery that is signed with `secret`.
async fn deliver(path: &str, secret: &str, body: &'static str) -> StatusCode {
    let scheme = schemes::stripe();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let content_type = ("Content-Type", "application/json");
    let mut request = Request::post(path).header(content_type.0, content_type.1);
    for (name, value) in signer.sign_with(&[content_type], body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    app(SECRET).unwrap().oneshot(request).await.unwrap().status()
}
