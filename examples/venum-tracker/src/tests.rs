use axum::body::Body;
use axum::http::Request;
use countersign::{Signer, schemes};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";

#[tokio::test]
async fn a_transaction_is_tracked_to_its_final_step_in_any_order() {
    let app = app(SECRET, 10).unwrap();
    for step in ["processed", "landed", "finalized", "confirmed", "finalized"] {
        let status = deliver(&app, SECRET, &event(step)).await;
        assert!(status.is_success(), "{step}: {status}");
    }
    let shown = shown(&app, "5Kx").await.unwrap();
    assert_eq!(shown["reached"], "finalized");
    assert_eq!(shown["slots"].as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn each_step_is_handled_once_and_not_confused_with_another() {
    let app = app(SECRET, 10).unwrap();
    // The handler returns 204, the layer returns 200.
    assert_eq!(deliver(&app, SECRET, &event("processed")).await, StatusCode::NO_CONTENT);
    assert_eq!(deliver(&app, SECRET, &event("processed")).await, StatusCode::OK);
    assert_eq!(deliver(&app, SECRET, &event("finalized")).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_forged_step_changes_nothing() {
    let app = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, "whsec_other", &event("failed")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(shown(&app, "5Kx").await, None);
}

#[tokio::test]
async fn an_unknown_event_type_is_acknowledged() {
    let app = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, SECRET, &event("dropped")).await, StatusCode::NO_CONTENT);
    assert_eq!(shown(&app, "5Kx").await, None);
}

fn event(step: &str) -> String {
    json!({ "type": step, "signature": "5Kx", "slot": 254_812_345, "dex": "orca" }).to_string()
}

async fn deliver(app: &Router, secret: &str, body: &str) -> StatusCode {
    let scheme = schemes::venum();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let mut request = Request::post("/hooks/venum");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

async fn shown(app: &Router, signature: &str) -> Option<Value> {
    let request = Request::get(format!("/transactions/{signature}")).body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Some(serde_json::from_slice(&body).unwrap())
}
