//! Shadow mode: an endpoint that verifies, and forwards whatever the result is.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::config::{GOOD, must_fix};
use crate::deliveries::{Delivery, jupiter, send};
use crate::processes::{Files, SECRET, configured};
use crate::target::Target;

#[tokio::test]
async fn every_request_is_forwarded_and_its_line_shows_the_enforced_result() {
    let mut target = Target::start().await;
    let files = Files::new(&format!("{GOOD}forward = '{}'\nenforce = false\n", target.url()));
    let mut serving = configured(&files).await;
    let large = [b" ".repeat(1 << 20), jupiter("evt_2").body.to_vec()].concat();
    for (delivery, code, status) in [
        (jupiter("evt_1"), "handled", 200),
        // The target finds duplicates: no event is claimed.
        (jupiter("evt_1"), "handled", 202),
        (jupiter("evt_1"), "handler_failed", 500),
        (jupiter("evt_1").forged(), "signature_mismatch", 204),
        (jupiter("evt_1").forged(), "signature_mismatch", 401),
        (Delivery { body: Bytes::from(large), ..jupiter("evt_2") }, "body_too_large", 200),
    ] {
        let delivery = delivery
            .with_header("countersign-event-id", "forged")
            .with_header("x-forwarded-for", "192.0.2.1");
        let to = serving.address();
        let expected = delivery.body.clone();
        let answered = tokio::spawn(async move { delivery.send(to).await });
        let call = target.call().await;
        assert_eq!(call.request.body(), &expected, "{code}");
        assert_eq!(call.header("countersign-event-id"), None);
        assert_eq!(call.header("x-forwarded-for"), Some("192.0.2.1"));
        let response = Response::builder().status(status).header("x-internal", "1");
        call.answer_with(response.body(Full::from("of the target")).unwrap());
        let answered = answered.await.unwrap();
        assert_eq!(answered.status, status, "{code}");
        if status != 204 {
            assert_eq!(answered.body, "of the target");
        }
        assert_eq!(answered.headers["x-internal"], "1");
        let line = serving.line().await;
        let facts = (line["code"].as_str(), line["status"].as_u64(), line["shadow"].as_bool());
        assert_eq!(facts, (Some(code), Some(status.into()), Some(true)), "{line}");
        assert_eq!(line["reason"].is_string(), !code.starts_with("handle"), "{line}");
    }
    serving.signal(Signal::TERM);
    assert!(serving.ended().await.0.success());
}

#[tokio::test]
async fn a_verified_body_is_counted_once_against_the_memory_budget() {
    let mut target = Target::start().await;
    let more = format!("forward = '{}'\nenforce = false\nbody_limit = 31457280\n", target.url());
    let serving = configured(&Files::new(&format!("{GOOD}{more}"))).await;
    // Twice this is more than one request may use of the budget, which is 48 MiB.
    let body = format!(r#"{{"event_id":"evt_1","pad":"{}"}}"#, "x".repeat(26 << 20));
    let delivery = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body);
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    target.call().await.answer(200);
    assert_eq!(answered.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_handshake_is_answered_by_the_target() {
    let mut target = Target::start().await;
    let config = GOOD.replace("'jupiter'", "'slack'");
    let files = Files::new(&format!("{config}forward = '{}'\nenforce = false\n", target.url()));
    let mut serving = configured(&files).await;
    let body = r#"{"type":"url_verification","challenge":"c"}"#;
    let handshake = Delivery { body: Bytes::from(body), headers: Vec::new(), ..jupiter("evt_1") };
    let to = serving.address();
    let answered = tokio::spawn(async move { handshake.send(to).await });
    let call = target.call().await;
    assert_eq!(call.request.body(), body);
    call.answer_with(Response::new(Full::from("of the target")));
    let answered = answered.await.unwrap();
    assert_eq!((answered.status, &answered.body[..]), (200, &b"of the target"[..]));
    assert_eq!(serving.line().await["shadow"], true);
}

#[tokio::test]
async fn senders_that_stall_keep_no_connection_to_the_target() {
    let mut target = Target::start().await;
    let files = Files::new(&format!("{GOOD}forward = '{}'\nenforce = false\n", target.url()));
    let serving = configured(&files).await;
    let to = serving.address();
    let mut stalled = Vec::new();
    // More than the connections to a target.
    for _ in 0..80 {
        let mut client = TcpStream::connect(to).await.unwrap();
        let head = "POST /hooks/jupiter HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\n{";
        client.write_all(head.as_bytes()).await.unwrap();
        stalled.push(client);
    }
    let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
    target.call().await.answer(200);
    assert_eq!(answered.await.unwrap(), StatusCode::OK);
    assert!(!target.is_called());
}

#[tokio::test]
async fn a_method_that_no_delivery_has_reaches_the_target() {
    let mut target = Target::start().await;
    let files = Files::new(&format!("{GOOD}forward = '{}'\nenforce = false\n", target.url()));
    let mut serving = configured(&files).await;
    let request = Request::put(format!("http://{}/hooks/jupiter", serving.address()));
    let request = request.body(Full::default()).unwrap();
    let answered = tokio::spawn(async move { send(request).await.status });
    let call = target.call().await;
    assert_eq!(call.request.method(), "PUT");
    call.answer(204);
    assert_eq!(answered.await.unwrap(), StatusCode::NO_CONTENT);
    let line = serving.line().await;
    assert_eq!((&line["code"], &line["shadow"]), (&"method_not_allowed".into(), &true.into()));
}

#[tokio::test]
async fn the_query_of_a_request_is_added_to_that_of_the_target() {
    let mut target = Target::start().await;
    let files = Files::new(&format!("{GOOD}forward = '{}'\nenforce = false\n", target.url()));
    let serving = configured(&files).await;
    let delivery = Delivery { path: "/hooks/jupiter?shop=1", ..jupiter("evt_1") };
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.request.uri(), "/in?from=hooks&shop=1");
    call.answer(200);
    assert_eq!(answered.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn an_unreachable_target_is_answered_503_as_without_shadow_mode() {
    let target = Target::start().await;
    let url = target.url();
    let files = Files::new(&format!("{GOOD}forward = '{url}'\nenforce = false\n"));
    drop(target);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = closed.local_addr().unwrap();
    drop(closed);
    let config = std::fs::read_to_string(files.path("serve.toml")).unwrap();
    let config = config.replace(&url, &format!("http://{away}/in"));
    let serving = configured(&files.with("serve.toml", config)).await;
    for delivery in [jupiter("evt_1"), jupiter("evt_1").forged()] {
        assert_eq!(delivery.send(serving.address()).await.status, 503);
    }
}

#[test]
fn shadow_mode_requires_a_target_and_rejects_settings_without_effect() {
    must_fix(&format!("{GOOD}enforce = false\n"), &["line 6, `enforce`: needs `forward`"]);
    must_fix(&format!("{GOOD}enforce = 'no'\n"), &["line 6, `enforce`", "`true`, or `false`"]);
    let tenants = GOOD.replace("/hooks/jupiter", "/hooks/{tenant}");
    let tenants = tenants.replace("secrets = [{ env = 'SECRET' }]\n", "");
    let shadow = "forward = 'http://127.0.0.1:9/in'\nenforce = false\n";
    let secrets = "[endpoint.tenants.secrets]\nacme = [{ env = 'SECRET' }]\n";
    let said = "`enforce`: cannot be used with tenants in the path";
    must_fix(&format!("{tenants}{shadow}{secrets}"), &[said]);
    for (key, value) in [
        ("only", "['a']"),
        ("outage", "'fail-open'"),
        ("retention", "'30d'"),
        ("repeats", "'suppress'"),
    ] {
        let shadow = "forward = 'http://127.0.0.1:9/in'\nenforce = false\n";
        let said = format!("line 7, `enforce`: `{key}` has no effect with it");
        must_fix(&format!("{GOOD}{shadow}{key} = {value}\n"), &[&said, "enforce = true"]);
    }
}
