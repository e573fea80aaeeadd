//! Tests of the middleware alone: what it passes to the inner service, and what
//! outer middleware sees.

use std::io::Write;
use std::time::Duration;

use actix_web::dev::{Payload, Transform};
use actix_web::error::PayloadError;
use actix_web::test::{TestRequest, ok_service};
use actix_web::web::{Bytes, Json, ReqData, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use countersign::actix::{VerifyMiddleware, WebhookMiddleware};
use countersign::scheme::BodyView;
use countersign::{MemoryStore, PublicUrl, Scheme, Signer, Verified, Verifier};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::app::{LocalApp, local, of_body, pieces, request};
use crate::adapters::scripted::{Step, scripted};
use crate::whole_path::events::{receiver, receiver_with};
use fixtures::delivery::{BODY, Delivery, NOW_MS, scheme, secret, secret_text, verifier};

#[tokio::test]
async fn the_body_is_restored_for_the_extractors_of_the_handler() {
    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        config.service(
            resource("/bytes").wrap(verify.clone()).route(post().to(|body: Bytes| async { body })),
        );
        config.service(
            resource("/text").wrap(verify.clone()).route(post().to(|body: String| async { body })),
        );
        let json = |body: Json<Value>| async move { body["id"].to_string() };
        config.service(resource("/json").wrap(verify).route(post().to(json)));
    })
    .await;
    let delivery = Delivery::of(&jupiter).with_header("content-type", "application/json");
    for (path, handed_over) in [("/bytes", BODY), ("/text", BODY), ("/json", "\"evt_1\"")] {
        let sent = request(&delivery).uri(path).set_payload(BODY);
        let answer = app.answer(sent).await;
        assert_eq!((answer.status, &answer.body[..]), (200, handed_over.as_bytes()), "{path}");
    }
}

#[tokio::test]
async fn a_body_above_the_frameworks_limit_is_complete_in_the_verified_delivery() {
    let jupiter = scheme("jupiter");
    let large = vec![b'x'; 300 * 1024];
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        let length = |verified: ReqData<Verified>| async move { verified.body().len().to_string() };
        config.service(resource("/").wrap(verify).route(post().to(length)));
    })
    .await;
    let answer = app.deliver(&Delivery::with_body(&jupiter, &large)).await;
    assert_eq!(answer.body, large.len().to_string());
}

#[tokio::test]
async fn the_rest_of_the_request_reaches_the_handler_unchanged() {
    async fn echo(request: HttpRequest) -> String {
        let others = request.headers().get_all("x-other");
        let others: Vec<_> = others.map(|value| value.to_str().unwrap().to_owned()).collect();
        let tenant = request.match_info().query("tenant").to_owned();
        format!("{} {} {tenant} {others:?}", request.method(), request.uri())
    }

    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        config.service(resource("/hooks/{tenant}").wrap(verify).route(post().to(echo)));
    })
    .await;
    let sent = request(&Delivery::of(&jupiter)).uri("/hooks/a%2Fb?x=%20").set_payload(BODY);
    let sent = sent.append_header(("x-other", "1")).append_header(("x-other", "2"));
    let answer = app.answer(sent).await;
    assert_eq!(answer.body, r#"POST /hooks/a%2Fb?x=%20 a%2Fb ["1", "2"]"#);
}

#[tokio::test]
async fn the_url_is_verified_as_it_was_sent() {
    let signs_url = Scheme::builder("signs-url")
        .signature_header("x-signature")
        .signed_payload("{url}{body}")
        .build()
        .unwrap();
    let origin = PublicUrl::origin("https://receiver.example").unwrap();
    let verifier = Verifier::with_public_url(origin, signs_url.clone(), secret(1)).unwrap();
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier.with_clock(|| NOW_MS));
        config.service(resource("/{any:.*}").wrap(verify).route(post().to(HttpResponse::Ok)));
    })
    .await;
    for (target, status) in
        [("/h%6Fok//a?b=%41&b", 200), ("/hook//a?b=A&b", 401), ("/h%6Fok/a?b=%41&b", 401)]
    {
        let url = PublicUrl::new("https://receiver.example/h%6Fok//a?b=%41&b").unwrap();
        let signer = Signer::new(signs_url.clone(), secret(1)).unwrap();
        let headers = signer.with_url(url).sign(b"{}").unwrap();
        let sent = TestRequest::post().uri(target).set_payload("{}");
        let sent = headers.into_iter().fold(sent, |sent, header| sent.append_header(header));
        assert_eq!(app.answer(sent).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn a_body_that_is_signed_decoded_is_not_decoded_again() {
    let decoded = Scheme::builder("decoded")
        .signature_header("x-signature")
        .signed_payload("{body}")
        .body_view(BodyView::Decoded)
        .build()
        .unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(BODY.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let receiver = receiver_with(verifier(&decoded), MemoryStore::new());

    async fn echo(request: HttpRequest, body: Bytes) -> HttpResponse {
        assert!(!request.headers().contains_key("content-encoding"));
        assert!(!request.headers().contains_key("content-length"));
        HttpResponse::Ok().body(body)
    }

    local(async {
        let app = LocalApp::new(|config| {
            let verify = VerifyMiddleware::new(receiver.verifier().clone());
            config.service(resource("/verify").wrap(verify).route(post().to(echo)));
            let webhook = WebhookMiddleware::new(receiver);
            config.service(resource("/webhook").wrap(webhook).route(post().to(echo)));
        })
        .await;
        let delivery = Delivery::of(&decoded).with_header("content-encoding", "gzip");
        for path in ["/verify", "/webhook"] {
            let sent = request(&delivery).uri(path).set_payload(gzip.clone());
            let sent = sent.append_header(("content-length", gzip.len()));
            let answer = app.answer(sent).await;
            assert_eq!((answer.status, &answer.body[..]), (200, BODY.as_bytes()), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_encoded_body_is_verified_as_it_was_sent_and_not_as_the_framework_decodes_it() {
    async fn raw(verified: ReqData<Verified>) -> Bytes {
        verified.body().clone()
    }

    let jupiter = scheme("jupiter");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(BODY.as_bytes()).unwrap();
    let gzip = encoder.finish().unwrap();
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        config.service(resource("/").wrap(verify).route(post().to(raw)));
    })
    .await;
    let signed_as_sent = Delivery::with_body(&jupiter, &gzip);
    assert_eq!(app.deliver(&signed_as_sent).await.body, gzip);
    let called_gzip = signed_as_sent.with_header("content-encoding", "gzip");
    assert_eq!(app.deliver(&called_gzip).await.answer(), (415, Some("unsupported_encoding")));
}

#[tokio::test]
async fn an_outer_body_limit_is_answered_413() {
    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        config.service(resource("/").wrap(verify).route(post().to(HttpResponse::Ok)));
    })
    .await;
    for (error, status, code) in [
        (PayloadError::Overflow, 413, "body_too_large"),
        (PayloadError::Incomplete(None), 400, "body_incomplete"),
        (PayloadError::EncodingCorrupted, 400, "body_incomplete"),
    ] {
        let breaks_off = Payload::from(pieces([Ok(BODY.into()), Err(error)]));
        let answer = app.answer_with(request(&Delivery::of(&jupiter)), breaks_off).await;
        assert_eq!(answer.answer(), (status, Some(code)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_endless_empty_pieces_ends_at_the_deadline_too() {
    let jupiter = scheme("jupiter");
    let app = LocalApp::new(|config| {
        let verify = VerifyMiddleware::new(verifier(&jupiter));
        config.service(resource("/").wrap(verify).route(post().to(HttpResponse::Ok)));
    })
    .await;
    let empty = std::iter::repeat_with(|| Ok(Bytes::new())).take(100_000);
    let endless = Payload::from(pieces(empty.chain([Ok(BODY.into())])));
    let deadline = async {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_secs(5)).await;
    };
    let asked = app.answer_with(request(&Delivery::of(&jupiter)), endless);
    let (answer, ()) = tokio::join!(asked, deadline);
    assert_eq!(answer.answer(), (408, Some("body_timeout")));
}

#[tokio::test(start_paused = true)]
async fn the_body_timeout_can_be_set() {
    let jupiter = scheme("jupiter");
    let timeout = Duration::from_secs(20);
    let verifier = verifier(&jupiter).with_min_body_rate(0).with_body_timeout(timeout);
    let receiver = receiver_with(verifier.clone(), MemoryStore::new());
    local(async {
        let app = LocalApp::new(|config| {
            let verify = VerifyMiddleware::new(verifier);
            config.service(resource("/verify").wrap(verify).route(post().to(HttpResponse::Ok)));
            let webhook = WebhookMiddleware::new(receiver.with_ack_deadline(timeout * 2));
            config.service(resource("/webhook").wrap(webhook).route(post().to(HttpResponse::Ok)));
        })
        .await;
        for (path, pause, status) in [
            ("/verify", 19, 200),
            ("/verify", 21, 408),
            ("/webhook", 21, 408),
            ("/webhook", 19, 200),
        ] {
            let steps = [Step::Wait(Duration::from_secs(pause)), Step::Data(BODY.into())];
            let slow = Payload::from(of_body(scripted(steps).0));
            let sent = request(&Delivery::of(&jupiter)).uri(path);
            assert_eq!(app.answer_with(sent, slow).await.status, status, "{path} {pause}");
        }
    })
    .await;
}

#[tokio::test]
async fn debug_output_shows_no_secret() {
    let verify = VerifyMiddleware::new(verifier(&scheme("jupiter")));
    let webhook = WebhookMiddleware::new(receiver(MemoryStore::new()));
    let verify_service = verify.new_transform(ok_service()).await.unwrap();
    let webhook_service = webhook.new_transform(ok_service()).await.unwrap();
    let shown = format!("{verify:?} {webhook:?} {verify_service:?} {webhook_service:?}");
    assert_eq!(shown.matches("jupiter").count(), 4, "{shown}");
    assert!(!shown.contains(&secret_text(1)), "{shown}");
}
