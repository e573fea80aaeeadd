use axum::body::Body;
use axum::body::to_bytes;
use countersign::{Signer, schemes};
use tower::ServiceExt;

use super::*;

const SECRET: &str = "It's a Secret to Everybody";
const EVENT: &str = r#"{"zen":"Keep it logically awesome."}"#;

#[tokio::test]
async fn a_genuine_delivery_is_handled() {
    let answer = deliver(SECRET, EVENT).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_delivery_signed_with_another_secret_is_rejected_with_an_empty_body() {
    let answer = deliver("another", EVENT).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let error = answer.extensions().get::<VerifyError>().unwrap();
    assert_eq!(error.code(), "signature_mismatch");
    assert!(to_bytes(answer.into_body(), usize::MAX).await.unwrap().is_empty());
}

/// Returns the response of the app to a delivery that is signed with `secret`.
async fn deliver(secret: &str, body: &'static str) -> Response {
    let scheme = schemes::github();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let event = ("X-GitHub-Event", "ping");
    let mut request = Request::builder().method("POST").uri("/").header(event.0, event.1);
    for (name, value) in signer.sign_with(&[event], body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    app(SECRET).unwrap().oneshot(request).await.unwrap()
}
