//! Logs: one span for each request, and events at their levels.

use std::time::Duration;

use countersign::{BufferBudget, MemoryStore, TokioRuntime};
use http::StatusCode;
use tokio::time::sleep;
use tracing::Instrument;

use super::logged::Logged;
use super::{adapters, send};
use crate::adapters::instances::request;
use crate::whole_path::adapters::{Handler, event, layer, receiver};
use fixtures::delivery::{BODY, Delivery, scheme, verifier};

#[tokio::test(start_paused = true)]
async fn a_delivery_has_one_span_whose_fields_say_what_came_of_it() {
    let logged = Logged::default();
    let here = logged.here();
    let adapter = layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::NO_CONTENT));
    for _ in 0..2 {
        adapter.deliver(&event(1)).await;
    }
    let forged = request(&event(1), event(2).body);
    assert_eq!(send(&adapter.app, forged).await, 401);
    drop((adapter, here));

    let spans = logged.closed();
    let [handled, duplicate, rejected] = &spans[..] else { panic!("{spans:#?}") };
    let common = r#"INFO countersign.delivery{scheme="jupiter" endpoint="test" "#;
    for span in &spans {
        assert!(span.starts_with(common), "{span}");
    }
    for field in [r#"secret="0""#, "event=\"", "attempt=1", r#"code="handled" status=204"#] {
        assert!(handled.contains(field), "{field}: {handled}");
    }
    assert!(duplicate.contains(r#"code="duplicate" status=200"#), "{duplicate}");
    assert!(rejected.contains(r#"code="signature_mismatch" status=401"#), "{rejected}");
    let event = |span: &str| span.split("event=\"").nth(1).map(|rest| rest[..9].to_owned());
    assert_eq!(event(handled), event(duplicate));
    assert!(event(handled).is_some() && event(rejected).is_none(), "{rejected}");
}

#[tokio::test(start_paused = true)]
async fn each_thing_is_logged_at_its_level() {
    let logged = Logged::default();
    let here = logged.here();
    let adapter = layer(&receiver(MemoryStore::new()), &Handler::answering(StatusCode::OK));
    for _ in 0..2 {
        adapter.deliver(&event(1)).await;
    }
    send(&adapter.app, request(&event(1), event(2).body)).await;
    let [(_, busy), ..] =
        adapters(&verifier(&scheme("jupiter")).with_buffer_budget(BufferBudget::new(1)));
    send(&busy, request(&event(1), event(1).body)).await;
    drop(here);
    let events = logged.events();
    for (level, message) in [
        ("DEBUG", "verified "),
        ("DEBUG", "claimed "),
        ("DEBUG", "handled "),
        ("DEBUG", "the claim is settled "),
        ("DEBUG", "not claimed "),
        ("INFO", "rejected "),
        ("WARN", "rejected "),
    ] {
        let message = format!("countersign: {message}");
        let found = |line: &&String| line.starts_with(level) && line.contains(&message);
        assert!(events.iter().any(|line| found(&line)), "{level} {message}: {events:#?}");
    }
    let warned = events.iter().filter(|line| line.starts_with("WARN")).count();
    assert_eq!(warned, 1, "{events:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_logs_stands_in_the_span_of_its_delivery() {
    let logged = Logged::default();
    let here = logged.here();
    let handler = Handler::new(|_, _| async {
        tracing::info!(target: "countersign_user", "at work");
        sleep(Duration::from_secs(1)).await;
        tracing::info!(target: "countersign_user", "still at work");
    });
    layer(&receiver(MemoryStore::new()), &handler).deliver(&event(1)).await;
    drop(here);
    let events = logged.events();
    let own: Vec<_> = events.iter().filter(|line| line.contains("at work")).collect();
    assert_eq!(own.len(), 2, "{events:#?}");
    for line in own {
        assert!(line.contains("countersign.delivery{scheme=\"jupiter\""), "{line}");
        assert!(line.contains("attempt=1"), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_of_a_span_of_the_users_are_left_alone() {
    let logged = Logged::default();
    let here = logged.here();
    let span = tracing::info_span!(
        target: "countersign_user", "outer", code = tracing::field::Empty
    );
    let receiver = receiver(MemoryStore::new());
    // Without an adapter, and so outside of a delivery's span.
    let delivery = Delivery::of(&scheme("jupiter"));
    let verified = receiver.verifier().verify(&delivery.headers, BODY).unwrap();
    for _ in 0..2 {
        let claiming = receiver.claim(&verified, &TokioRuntime).instrument(span.clone());
        if let Ok(claim) = claiming.await {
            claim.complete().await.unwrap();
        }
    }
    drop((span, here));
    assert!(logged.closed()[0].contains("outer: "), "{:?}", logged.closed());
}
