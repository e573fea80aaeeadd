//! The metrics endpoint, as Prometheus scrapes it.

use http::{Method, Request};
use http_body_util::Full;

use crate::deliveries::{Answered, jupiter, send};
use crate::processes::{self, SECRET, Serving};

#[tokio::test]
async fn results_of_deliveries_are_counted_by_endpoint_and_code() {
    let mut serving = processes::jupiter("").await;
    let genuine = jupiter("evt_1");
    for (delivery, status) in [(genuine.clone(), 200), (genuine.clone(), 200)] {
        assert_eq!(delivery.send(serving.address()).await.status, status);
        serving.line().await;
    }
    assert_eq!(genuine.forged().send(serving.address()).await.status, 401);

    let of = r#"scheme="jupiter",endpoint="/hooks/jupiter""#;
    let scrape = scrape(&serving).await;
    for sample in [
        format!(r#"countersign_verified_total{{{of},secret="SECRET"}} 2"#),
        format!(r#"countersign_rejected_total{{{of},code="signature_mismatch"}} 1"#),
        format!(r#"countersign_claims_total{{{of},code="granted"}} 1"#),
        format!(r#"countersign_claims_total{{{of},code="duplicate"}} 1"#),
        format!(r#"countersign_handlers_total{{{of},code="handled"}} 1"#),
        format!(r#"countersign_settled_total{{{of},code="completed"}} 1"#),
        format!(r#"countersign_body_bytes_bucket{{{of},le="256"}} 2"#),
        format!(r"countersign_verify_duration_seconds_count{{{of}}} 2"),
        format!(r"countersign_handler_duration_seconds_count{{{of}}} 1"),
    ] {
        assert!(scrape.lines().any(|line| line == sample), "{sample} is not in\n{scrape}");
    }
    let help = "# HELP countersign_rejected_total Requests rejected";
    assert!(scrape.lines().any(|line| line.starts_with(help)), "{scrape}");
}

#[tokio::test]
async fn metrics_are_served_as_text_for_get_and_head_only() {
    let serving = processes::jupiter("").await;
    let answered = ask(&serving, Method::GET).await;
    assert_eq!(answered.status, 200);
    assert_eq!(answered.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let answered = ask(&serving, Method::POST).await;
    assert_eq!((answered.status, answered.headers["allow"].to_str().unwrap()), (405, "GET, HEAD"));
}

#[tokio::test]
async fn the_metrics_contain_nothing_that_a_sender_chooses() {
    let serving = processes::jupiter("").await;
    let delivery = jupiter("evt_canary").with_header("x-canary", "canary");
    delivery.send(serving.address()).await;
    delivery.forged().send(serving.address()).await;
    let mut elsewhere = jupiter("evt_canary");
    elsewhere.path = "/hooks/canary";
    elsewhere.send(serving.address()).await;

    let scrape = scrape(&serving).await;
    assert!(scrape.contains("countersign_rejected_total"));
    for word in ["canary", "swap.completed", SECRET] {
        assert!(!scrape.contains(word), "{word} is in\n{scrape}");
    }
}

async fn scrape(serving: &Serving) -> String {
    let answered = ask(serving, Method::GET).await;
    assert_eq!(answered.status, 200);
    String::from_utf8(answered.body.to_vec()).unwrap()
}

async fn ask(serving: &Serving, method: Method) -> Answered {
    let uri = format!("http://{}/metrics", serving.address());
    let request = Request::builder().method(method).uri(uri).body(Full::default());
    send(request.unwrap()).await
}
