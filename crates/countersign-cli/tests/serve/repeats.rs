//! Duplicates of events with and without a unique identity.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use countersign::{PublicUrl, Secret, Signer, schemes};
use http::Response;
use http_body_util::Full;
use serde_json::Value;

use crate::config::must_fix;
use crate::deliveries::{Answered, Delivery};
use crate::processes::{Files, SECRET, Serving, configured};
use crate::target::Target;

#[tokio::test]
async fn two_events_with_equal_bodies_both_reach_the_target() {
    let minute_ago = SystemTime::now() - Duration::from_secs(60);
    for (scheme, body) in [
        ("zendesk", r#"{"event":"ticket_solved"}"#),
        ("cal.com", r#"{"title":"booked"}"#),
        ("woocommerce", r#"{"id":77}"#),
    ] {
        let (mut target, mut serving) = serve(scheme, "").await;
        let at = |time| signed(scheme, time, body);
        // Only Zendesk signs the time of sending.
        for delivery in [at(minute_ago), at(SystemTime::now())] {
            let answered = deliver(&serving, &delivery, &mut target, "").await;
            assert_eq!(answered.status, 200, "{scheme}");
            assert_eq!(serving.line().await["code"], "handled", "{scheme}");
        }
    }
}

#[tokio::test]
async fn a_response_that_the_provider_reads_always_comes_from_the_target() {
    let (mut target, mut serving) = serve("twilio", "").await;
    let digits = signed("twilio", SystemTime::now(), "CallSid=CA1&Digits=1");
    for (flag, twiml) in [("false", "<Response><Say>1</Say></Response>"), ("true", "<Response/>")] {
        let delivery = digits.clone();
        let to = serving.address();
        let answered = tokio::spawn(async move { delivery.send(to).await });
        let call = target.call().await;
        assert_eq!(call.header("countersign-possible-duplicate"), Some(flag));
        let answer = Response::builder().header("content-type", "text/xml");
        call.answer_with(answer.body(Full::from(twiml)).unwrap());
        let answered = answered.await.unwrap();
        assert_eq!((answered.status, &answered.body[..]), (200, twiml.as_bytes()));
        let line = serving.line().await;
        assert_eq!(line["code"], "handled");
        let flagged = line.get("possible_duplicate").cloned().unwrap_or(Value::Bool(false));
        assert_eq!(flagged.to_string(), flag);
    }
}

#[tokio::test]
async fn the_file_configures_repeats_and_the_event_id() {
    let body = r#"{"booking":{"uid":"b1"},"at":1}"#;
    for (keys, repeat) in [
        ("repeats = 'suppress'", "duplicate"),
        ("event_id = '/booking/uid+/at'", "duplicate"),
        ("event_id = '/booking/uid+/at'\nrepeats = 'handle'", "handled"),
        ("event_id = '/booking/no'", "handled"),
    ] {
        let (mut target, mut serving) = serve("cal.com", keys).await;
        let delivery = signed("cal.com", SystemTime::now(), body);
        deliver(&serving, &delivery, &mut target, "").await;
        let first = serving.line().await;
        assert_eq!(first["code"], "handled", "{keys}");
        if repeat == "handled" {
            deliver(&serving, &delivery, &mut target, "").await;
        } else {
            assert_eq!(delivery.send(serving.address()).await.status, 200);
        }
        let line = serving.line().await;
        assert_eq!(line["code"], repeat, "{keys}");
        assert_eq!(line["event_id"], first["event_id"], "{keys}");
        assert!(!target.is_called());
    }
}

#[tokio::test]
async fn a_field_that_cannot_be_the_event_id_is_an_error() {
    for (keys, reported) in [
        ("event_id = 'booking'", "event_id"),
        ("event_id = '/a/*/b/*/c'", "more than one `*`"),
        ("event_id = 'header:X-Cal-Id'", "not signed"),
        ("event_id = 7", "event_id"),
        ("repeats = 'drop'", "suppress"),
    ] {
        must_fix(&file("cal.com", "http://127.0.0.1:9/", keys), &["serve.toml", reported]);
    }
}

/// A server with this scheme, and the target that it forwards to.
async fn serve(scheme: &str, keys: &str) -> (Target, Serving) {
    let target = Target::start().await;
    let serving = configured(&Files::new(&file(scheme, &target.url(), keys))).await;
    (target, serving)
}

fn file(scheme: &str, forward: &str, keys: &str) -> String {
    let url = if scheme == "twilio" { format!("url = '{URL}'\n") } else { String::new() };
    format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks'\nscheme = '{scheme}'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = '{forward}'\n{url}{keys}\n"
    )
}

/// Sends a delivery, and lets the target answer it.
async fn deliver(
    serving: &Serving,
    delivery: &Delivery,
    target: &mut Target,
    body: &'static str,
) -> Answered {
    let (delivery, to) = (delivery.clone(), serving.address());
    let answered = tokio::spawn(async move { delivery.send(to).await });
    let response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    target.call().await.answer_with(response);
    answered.await.unwrap()
}

fn signed(scheme: &str, at: SystemTime, body: &'static str) -> Delivery {
    let form = if scheme == "twilio" { "x-www-form-urlencoded" } else { "json" };
    let own = [("content-type".to_owned(), format!("application/{form}"))];
    let unix_ms = at.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let signer = Signer::new(schemes::named(scheme).unwrap(), Secret::new(SECRET).unwrap());
    let signer = signer.unwrap().at_unix_ms(i64::try_from(unix_ms).unwrap());
    let signer = signer.with_url(PublicUrl::new(URL).unwrap());
    let headers = signer.sign_with(&own, body.as_bytes()).unwrap();
    let headers = headers.into_iter().chain(own).collect();
    Delivery { path: "/hooks", headers, body: body.into() }
}

const URL: &str = "https://hooks.example/hooks";
