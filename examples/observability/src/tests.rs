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
async fn the_metrics_show_the_results_of_deliveries() {
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

#[test]
fn every_alert_is_about_metrics_labels_and_codes_that_exist() {
    let rules: Vec<&str> = include_str!("../alerts.yml").split("- alert: ").skip(1).collect();
    assert!(rules.len() > 5);
    for rule in rules {
        let (name, rest) = rule.split_once('\n').unwrap();
        let (expression, rest) = rest.split_once("labels:\n").unwrap();
        let names: Vec<&str> = metric_names(expression).collect();
        assert!(!names.is_empty(), "{name}");
        for metric in &names {
            let known = METRICS.iter().any(|known| known.name == *metric)
                || METRICS_OF_SERVE.contains(&format!("\"{metric}\""));
            assert!(known, "{name}: {metric}");
        }
        for matcher in expression.split('{').skip(1) {
            let (label, values) =
                matcher.split_once('}').unwrap().0.split_once(['=', '!']).unwrap();
            assert_eq!(label, "code", "{name}");
            let values = values.trim_matches(['=', '~', '"']).split('|');
            for code in values {
                assert!(CODES.contains(&code) || is_rejection(code), "{name}: {code}");
            }
        }
        for needed in ["severity: ", "summary: ", "description: "] {
            assert!(rest.contains(needed), "{name} has no {needed}");
        }
    }
}

/// The codes of claims, handlers and responses that are not a kind of rejection.
const CODES: [&str; 5] = ["busy", "exhausted", "handled", "store_full", "store_unavailable"];

fn is_rejection(code: &str) -> bool {
    countersign::VerifyErrorKind::ALL.iter().any(|kind| kind.code() == code)
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

/// The source file with the names of the metrics that only the program has.
const METRICS_OF_SERVE: &str = concat!(
    include_str!("../../../crates/countersign-cli/src/serve/metrics.rs"),
    include_str!("../../../crates/countersign-cli/src/serve/metrics/exporter.rs"),
    include_str!("../../../crates/countersign-cli/src/serve/metrics/queue.rs"),
);
