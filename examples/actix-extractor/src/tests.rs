use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use countersign::{Signer, schemes};

use super::*;

const SECRET: &str = "whsec_example";
const EVENT: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

#[actix_web::test]
async fn a_genuine_delivery_is_handled_raw_and_typed() {
    assert_eq!(deliver("/raw", SECRET, EVENT).await, StatusCode::NO_CONTENT);
    assert_eq!(deliver("/typed", SECRET, EVENT).await, StatusCode::NO_CONTENT);
}

#[actix_web::test]
async fn a_delivery_signed_with_another_secret_is_rejected() {
    assert_eq!(deliver("/raw", "whsec_other", EVENT).await, StatusCode::UNAUTHORIZED);
    assert_eq!(deliver("/typed", "whsec_other", EVENT).await, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn a_genuine_delivery_of_another_json_type_is_rejected() {
    assert_eq!(deliver("/raw", SECRET, "[]").await, StatusCode::NO_CONTENT);
    assert_eq!(deliver("/typed", SECRET, "[]").await, StatusCode::BAD_REQUEST);
}

/// Returns the response of the app to a delivery that is signed with `secret`.
async fn deliver(path: &str, secret: &str, body: &'static str) -> StatusCode {
    let verifier = verifier(SECRET).unwrap();
    let app = init_service(App::new().configure(|config| app(config, &verifier))).await;

    let scheme = schemes::stripe();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let content_type = ("Content-Type", "application/json");
    let mut request = TestRequest::post().uri(path).insert_header(content_type);
    for header in signer.sign_with(&[content_type], body.as_bytes()).unwrap() {
        request = request.insert_header(header);
    }
    call_service(&app, request.set_payload(body).to_request()).await.status()
}
