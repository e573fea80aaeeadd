//! Shadow mode in actix-web.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use actix_web::{App, HttpMessage, HttpRequest, web};
use countersign::actix::VerifyMiddleware;
use countersign::{EarlyResponse, Verified};

use crate::telemetry::recorded::Recorded;
use fixtures::delivery::{Delivery, scheme, verifier};

#[tokio::test]
async fn every_request_reaches_the_handler_and_is_counted_as_if_enforced() {
    let jupiter = scheme("jupiter");
    let verify = || VerifyMiddleware::new(verifier(&jupiter).with_body_limit(1000));
    let good = Delivery::of(&jupiter);
    let large = "x".repeat(2000);
    let deliveries = [
        (good.clone(), String::from_utf8(good.body.clone()).unwrap(), "verified evt_1"),
        (good.clone(), "{}".to_owned(), "signature_mismatch"),
        (good.clone(), large, "body_too_large"),
        (good.without_header("x-jup-signature"), "{}".to_owned(), "missing_signature"),
    ];
    let mut counts = Vec::new();
    for is_shadow in [false, true] {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let hook = web::resource("/").route(web::post().to(on_event));
        // Two types of service.
        let enforcing = init_service(App::new().service(hook.wrap(verify()))).await;
        let hook = web::resource("/").route(web::post().to(on_event));
        let shadow = init_service(App::new().service(hook.wrap(verify().shadow()))).await;
        for (delivery, body, expected) in &deliveries {
            let mut request = TestRequest::post().uri("/").set_payload(body.clone());
            for (name, value) in &delivery.headers {
                request = request.insert_header((name.as_str(), value.as_slice()));
            }
            if is_shadow {
                let response = call_service(&shadow, request.to_request()).await;
                assert_eq!(response.status(), 200);
                assert_eq!(read_body(response).await, format!("{expected} {body}"));
            } else {
                call_service(&enforcing, request.to_request()).await;
            }
        }
        counts.push(recorded.counts_of("jupiter", "jupiter"));
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(counts[0].len(), 5, "{counts:?}");
}

async fn on_event(request: HttpRequest, verified: Option<Verified>, body: Bytes) -> String {
    let body = String::from_utf8_lossy(&body);
    match verified {
        Some(verified) => format!("verified {} {body}", verified.event_id()),
        None => {
            let code = request.extensions().get::<EarlyResponse>().map(EarlyResponse::code);
            format!("{} {body}", code.unwrap_or("not verified"))
        }
    }
}
