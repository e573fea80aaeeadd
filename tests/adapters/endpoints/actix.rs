//! The same in actix-web.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, Responder, web};
use countersign::Verified;
use countersign::actix::WebhookMiddleware;
use tokio::task::LocalSet;

use super::receiver;
use crate::telemetry::logged::Logged;
use fixtures::delivery::{Delivery, scheme};

#[tokio::test]
async fn a_handler_without_a_middleware_is_a_500_and_logs_its_route() {
    let logged = Logged::default();
    let _here = logged.here();
    let app = App::new().route("/hooks/{name}", web::post().to(on_event));
    let app = init_service(app).await;
    let response = call_service(&app, TestRequest::post().uri("/hooks/acme").to_request()).await;
    assert_eq!(response.status(), 500);
    assert!(read_body(response).await.is_empty());
    let events = logged.events();
    let [event] = &events[..] else { panic!("{events:#?}") };
    assert!(event.contains("route=\"/hooks/{name}\""), "{event}");
}

#[tokio::test(start_paused = true)]
async fn a_middleware_applied_twice_passes_on_and_is_logged_once() {
    let logged = Logged::default();
    let _here = logged.here();
    let test = async {
        let hooks = WebhookMiddleware::new(receiver("jupiter"));
        let hook = web::resource("/").wrap(hooks.clone()).route(web::post().to(on_event));
        let app = init_service(App::new().service(hook).wrap(hooks)).await;
        for number in 0..2 {
            let body = format!(r#"{{"event_id":"evt_{number}"}}"#);
            let delivery = Delivery::with_body(&scheme("jupiter"), &body);
            for status in [204, 200] {
                let mut request = TestRequest::post().uri("/").set_payload(body.clone());
                for (name, value) in &delivery.headers {
                    request = request.insert_header((name.as_str(), value.as_slice()));
                }
                assert_eq!(call_service(&app, request.to_request()).await.status(), status);
            }
        }
    };
    LocalSet::new().run_until(test).await;
    let events = logged.events();
    let twice = events.iter().filter(|event| event.contains("applied twice")).count();
    assert_eq!(twice, 1, "{events:#?}");
}

async fn on_event(verified: Verified) -> impl Responder {
    assert!(!verified.body().is_empty());
    HttpResponse::NoContent()
}
