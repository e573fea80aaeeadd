//! Metrics and tracing of deliveries through actix-web: the same as through
//! tower.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::error::{ErrorBadGateway, InternalError, PayloadError};
use actix_web::web::{Data, ServiceConfig, post, resource};
use countersign::actix::{ClaimedWebhook, VerifyMiddleware, WebhookMiddleware};
use countersign::{Endpoint, MemoryStore};
use tokio::time::sleep;

use super::app::{LocalApp, local, pieces, request};
use crate::telemetry::logged::Logged;
use crate::telemetry::recorded::Recorded;
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::{scheme, verifier};

#[tokio::test(start_paused = true)]
async fn a_handled_delivery_is_recorded_once_at_every_step() {
    let (recorded, logged) = (Recorded::default(), Logged::default());
    let (_recorded, here) = (recorded.here(), logged.here());
    local(async {
        let app = in_front_of(async || HttpResponse::NoContent()).await;
        assert_eq!(app.deliver(&event(1)).await.status, 204);
    })
    .await;
    drop(here);
    let counts = ["claims granted 1", "handlers handled 1", "settled completed 1", "verified 0 1"];
    assert_eq!(recorded.counts(), counts);
    let spans = logged.closed();
    let [span] = &spans[..] else { panic!("{spans:#?}") };
    assert!(span.contains(r#"attempt=1 code="handled" status=204"#), "{span}");
}

#[tokio::test(start_paused = true)]
async fn the_outcome_of_a_handler_is_recorded_once() {
    let failing = in_front_of(async || -> Result<&str, _> { Err(ErrorBadGateway("")) });
    let answering = in_front_of(async || -> Result<&str, _> {
        Err(InternalError::from_response("", HttpResponse::ImATeapot().finish()))
    });
    let panicking = in_front_of(async || -> &str { panic!("intended panic") });
    let late = in_front_of(async || {
        sleep(Duration::from_secs(10)).await;
        "late"
    });
    let released = &["handlers handler_failed 1", "settled released 1"][..];
    let dropped =
        &["claim_release_retries 1", "handlers handler_failed 1", "settled dropped 1"][..];
    let timed_out = &["handler_timeouts 1", "handlers handled 1", "settled completed 1"][..];
    local(async {
        for (app, status, counts) in [
            (failing.await, 502, released),
            (answering.await, 418, released),
            (panicking.await, 500, dropped),
            (late.await, 503, timed_out),
        ] {
            let recorded = Recorded::default();
            let _here = recorded.here();
            assert_eq!(app.deliver(&event(1)).await.status, status);
            sleep(Duration::from_secs(60)).await;
            let mut after_claim = recorded.counts();
            after_claim
                .retain(|count| count != "claims granted 1" && !count.starts_with("verified "));
            assert_eq!(after_claim, *counts);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_rejection_is_counted_once_at_every_adapter() {
    local(rejections_at_every_adapter()).await;
}

async fn rejections_at_every_adapter() {
    let verify = VerifyMiddleware::new(verifier(&scheme("jupiter")).with_endpoint(endpoint()));
    let claiming = async |_: ClaimedWebhook| "handled";
    let adapters = [
        in_front_of(async || "handled").await,
        LocalApp::new(|config| {
            config.service(resource("/").wrap(verify).route(post().to(async || "handled")));
        })
        .await,
        LocalApp::new(|config: &mut ServiceConfig| {
            config.app_data(Data::new(receiver(MemoryStore::new())));
            config.service(resource("/").route(post().to(claiming)));
        })
        .await,
    ];
    for app in adapters {
        let recorded = Recorded::default();
        let _here = recorded.here();
        let broken = || pieces([Err(PayloadError::Incomplete(None))]);
        assert_eq!(app.deliver(&event(1).with_header(SIGNATURE, "00")).await.status, 400);
        let mut forged = event(1);
        forged.body = event(2).body;
        assert_eq!(app.deliver(&forged).await.status, 401);
        let cut_off = app.answer_with(request(&event(1)), broken().into()).await;
        assert_eq!(cut_off.status, 400);
        assert_eq!(
            recorded.counts(),
            [
                "rejected body_incomplete 1",
                "rejected malformed_signature 1",
                "rejected signature_mismatch 1"
            ]
        );
    }
}

/// A handler inside the middleware that claims and settles.
async fn in_front_of<F, Fut, R>(handler: F) -> LocalApp
where
    F: Fn() -> Fut + Clone + 'static,
    Fut: Future<Output = R> + 'static,
    R: actix_web::Responder + 'static,
{
    let layer = WebhookMiddleware::new(receiver(MemoryStore::new()));
    LocalApp::new(|config| {
        config.service(resource("/").wrap(layer).route(post().to(handler)));
    })
    .await
}

fn endpoint() -> Endpoint {
    Endpoint::new("test")
}

const SIGNATURE: &str = "x-jup-signature";
