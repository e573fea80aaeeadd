//! An endpoint that handles only some types of events.

use http::Request;
use http_body_util::Full;

use crate::config::rejected;
use crate::deliveries::{Delivery, send};
use crate::processes::{Files, SECRET, command, configured};
use crate::target::Target;

#[tokio::test]
async fn events_of_other_types_are_acknowledged_once_they_are_verified() {
    let target = Target::start().await;
    let files = config("jupiter", &format!("only = ['swap.*', 'x']\nforward = '{}'", target.url()));
    let mut serving = configured(&files).await;
    let forwarded = target.answer_all();
    let event = |id: &str, kind: &str| {
        let body = format!(r#"{{"event_id":"{id}"{kind}}}"#);
        Delivery::signed("/hooks", "jupiter", SECRET, body)
    };
    for (delivery, status, code) in [
        (event("evt_1", r#","type":"swap.completed""#), 200, "handled"),
        (event("evt_2", r#","type":"order.filled""#), 200, "filtered"),
        (event("evt_2", r#","type":"order.filled""#), 200, "duplicate"),
        (event("evt_3", r#","type":"x""#), 200, "handled"),
        (event("evt_4", r#","type":"xy""#), 200, "filtered"),
        // It may be of any type.
        (event("evt_5", ""), 200, "handled"),
        (event("evt_6", r#","type":"order.filled""#).forged(), 401, "signature_mismatch"),
    ] {
        assert_eq!(delivery.send(serving.address()).await.status, status, "{code}");
        assert_eq!(serving.line().await["code"], code);
    }
    assert_eq!(*forwarded.borrow(), ["evt_1", "evt_3", "evt_5"]);
    let metrics = Request::get(format!("http://{}/metrics", serving.address()));
    let metrics = send(metrics.body(Full::default()).unwrap()).await.body;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    let counted = "countersign_serve_filtered_total{endpoint=\"/hooks\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn only_with_an_unsigned_type_causes_a_note_and_an_unknown_type_an_error() {
    let files = config("github", "only = ['push']");
    let serving = configured(&files).await;
    serving.signal(rustix::process::Signal::TERM);
    let (_, said) = serving.ended().await;
    assert!(said.contains("`only`: scheme `github` does not sign the event type"), "{said}");

    let scheme = "name = 'acme'\nsignature_header = 'X-S'\nsigned_payload = '{body}'\n";
    let files = config("acme.toml", "only = ['push']").with("acme.toml", scheme);
    let mut serve = command("--config");
    serve.arg(files.path("serve.toml"));
    rejected(serve, &["line 6, `only`: deliveries of scheme `acme` have no event type"]);
}

#[tokio::test]
async fn a_delivery_whose_response_the_provider_reads_is_handled_whatever_its_type() {
    let target = Target::start().await;
    let files = config("slack", &format!("only = ['message']\nforward = '{}'", target.url()));
    let mut serving = configured(&files).await;
    let forwarded = target.answer_all();
    for (body, code) in [
        (r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}"#, "handled"),
        (r#"{"type":"event_callback","event_id":"Ev2","event":{"type":"pin_added"}}"#, "filtered"),
        (r#"{"type":"view_submission"}"#, "handled"),
    ] {
        let delivery = Delivery::signed("/hooks", "slack", SECRET, body);
        assert_eq!(delivery.send(serving.address()).await.status, 200, "{body}");
        assert_eq!(serving.line().await["code"], code, "{body}");
    }
    assert_eq!(forwarded.borrow().len(), 2);
}

#[test]
fn a_type_with_white_space_around_it_is_an_error() {
    let files = config("github", "only = ['push ']");
    let mut serve = command("--config");
    serve.arg(files.path("serve.toml"));
    rejected(serve, &["`only`: a type begins or ends with white space"]);
}

#[test]
fn only_is_an_error_if_a_delivery_has_more_than_one_event_or_a_response() {
    for (scheme, why) in [
        ("retell", "the provider reads the response to every delivery"),
        ("twilio", "the provider reads the response to every delivery"),
        ("line", "a delivery can contain several events, of different types"),
        ("sendgrid", "a delivery can contain several events, of different types"),
        ("aws-sns", "its types are not those of events"),
    ] {
        let files = config(scheme, "only = ['push']");
        let mut serve = command("--config");
        serve.arg(files.path("serve.toml"));
        let said = format!("`only`: cannot be used with scheme `{scheme}`: {why}");
        rejected(serve, &[&said, "Remove it"]);
    }
}

fn config(scheme: &str, more: &str) -> Files {
    Files::new(&format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks'\nscheme = '{scheme}'\n\
         secrets = [{{ env = 'SECRET' }}]\n{more}\n"
    ))
}
