use axum::body::{Body, to_bytes};
use axum::http::Request;
use countersign::metrics::METRICS;
use countersign::{Secret, Signer, schemes};
use serde_json::Value;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";
const EVENT: &str = r#"{"signature":"5Kxab","type":"transaction.landed"}"#;

#[tokio::test]
async fn the_scrape_says_what_came_of_deliveries() {
    let scrape = Scrape::install().unwrap();
    let app = app(Secret::new(SECRET).unwrap().named("current")).unwrap();
    for (secret, status) in [(SECRET, 204), (SECRET, 200), ("whsec_other", 401)] {
        assert_eq!(deliver(&app, secret).await, status);
    }

    let asked = Request::get("/metrics").body(Body::empty()).unwrap();
    let answer = metrics(scrape).oneshot(asked).await.unwrap();
    let text = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    let of = r#"scheme="venum",endpoint="trades""#;
    for sample in [
        format!(r#"countersign_verified_total{{{of},secret="current"}} 2"#),
        format!(r#"countersign_rejected_total{{{of},code="signature_mismatch"}} 1"#),
        format!(r#"countersign_claims_total{{{of},code="duplicate"}} 1"#),
        format!(r#"countersign_handlers_total{{{of},code="handled"}} 1"#),
        format!(r#"countersign_timestamp_skew_seconds_bucket{{{of},le="60"}} 2"#),
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample} is not in\n{text}");
    }
}

#[test]
fn every_panel_of_the_dashboard_shows_metrics_that_exist() {
    let dashboard: Value = serde_json::from_str(include_str!("../dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 5);
    let mut shown = Vec::new();
    for panel in panels {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            let names: Vec<&str> = metric_names(target["expr"].as_str().unwrap()).collect();
            assert!(!names.is_empty(), "{target}");
            shown.extend(names);
        }
    }
    for name in &shown {
        // The names that Prometheus derives from a histogram.
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let whole = whole.unwrap_or(name);
        assert!(METRICS.iter().any(|metric| metric.name == whole), "{name}");
    }
    let unseen =
        METRICS.iter().find(|metric| !shown.iter().any(|name| name.starts_with(metric.name)));
    assert!(unseen.is_none(), "no panel shows {unseen:?}");
}

fn metric_names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("countersign"))
}

/// Returns the status of the response to the same event, signed with this secret.
async fn deliver(app: &Router, secret: &str) -> u16 {
    let scheme = schemes::venum();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let mut request = Request::post("/hooks/venum");
    for (name, value) in signer.sign(EVENT.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(EVENT)).unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}
