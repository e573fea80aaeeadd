//! What every queue promises.

use std::collections::BTreeSet;

use countersign::Verified;
use countersign::queue::HandedOff;
use tokio::task::JoinSet;

use super::queue::Queue;
use super::*;

on_each_queue!(
    a_delivery_is_answered_202_and_its_message_verifies_again,
    a_repeat_is_a_duplicate_and_stores_nothing,
    a_delivery_that_nothing_identifies_is_stored_again_and_marked,
    a_forged_delivery_is_not_stored,
    of_64_tasks_that_race_for_each_event_one_stores_its_message,
    a_client_that_disconnects_loses_no_message_and_stores_none_twice,
    what_was_answered_202_is_known_to_another_process,
);

async fn a_delivery_is_answered_202_and_its_message_verifies_again<Q: Queue>() {
    let queue = Q::new().await;
    let layer = layer(queue.open().await);
    let body = "{\"id\":\"evt_1\",\"text\":\"line\\u0000 \u{e9}\"}\n\n";
    let response = send(&layer, request_with(body)).await;
    assert_eq!(result(&response), (202, None));
    let handed_off = response.extensions().get::<HandedOff>().unwrap();
    assert!(!handed_off.possible_duplicate);
    assert!(response.extensions().get::<Verified>().is_some());

    let messages = queue.messages().await;
    assert_eq!(ids(&messages), ["evt_1"]);
    let message = &messages[0];
    assert_eq!(message.body(), body);
    assert_eq!((message.method(), message.target()), ("POST", "/hooks?from=tests"));
    let odd = message.headers().iter().find(|(name, _)| name == "x-odd").unwrap();
    assert_eq!(odd.1, b"caf\xe9");
    assert_eq!((message.attempt(), message.possible_duplicate()), (1, false));
    assert_eq!(message.verify(&verifier()).unwrap().event_id(), "evt_1");
    let other = Verifier::new(scheme("body:/id"), Secret::new("another secret").unwrap()).unwrap();
    assert!(message.verify(&other).is_err());
}

async fn a_repeat_is_a_duplicate_and_stores_nothing<Q: Queue>() {
    let queue = Q::new().await;
    let layer = layer(queue.open().await);
    assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
    for (body, same) in [(r#"{"id":"evt_1"}"#, true), (r#"{"id":"evt_1","more":1}"#, false)] {
        let response = send(&layer, request_with(body)).await;
        assert_eq!(result(&response), (200, Some("duplicate")));
        let early = response.extensions().get::<EarlyResponse>().unwrap();
        let EarlyResponse::Duplicate { fingerprint_matches, done_at_unix_ms, .. } = early else {
            panic!("{early:?}")
        };
        assert_eq!(*fingerprint_matches, same);
        let now = countersign::Clock::now_unix_ms(&countersign::SystemClock::new());
        assert!(now.abs_diff(*done_at_unix_ms) < 300_000, "{done_at_unix_ms}");
    }
    assert_eq!(result(&deliver(&layer, "evt_2").await), (202, None));
    assert_eq!(ids(&queue.messages().await), ["evt_1", "evt_2"]);
}

async fn a_delivery_that_nothing_identifies_is_stored_again_and_marked<Q: Queue>() {
    let queue = Q::new().await;
    let verifier = Verifier::new(scheme(""), secret()).unwrap();
    let handling = layer_with(verifier.clone(), queue.open().await);
    let receiver = HandoffReceiver::new(verifier, queue.open().await);
    let suppressing = HandoffLayer::new(receiver.with_repeats(Repeats::Suppress));
    let mut possible = Vec::new();
    for _ in 0..3 {
        let response = deliver(&handling, "evt_1").await;
        assert_eq!(result(&response), (202, None));
        possible.push(response.extensions().get::<HandedOff>().unwrap().possible_duplicate);
    }
    assert_eq!(possible, [false, true, true]);
    assert_eq!(result(&deliver(&suppressing, "evt_1").await), (200, Some("duplicate")));
    let messages = queue.messages().await;
    let marked: Vec<_> = messages.iter().map(Message::possible_duplicate).collect();
    assert_eq!(marked, [false, true, true]);
    let different: BTreeSet<_> = messages.iter().map(Message::id).collect();
    assert_eq!(different.len(), 3);
}

async fn a_forged_delivery_is_not_stored<Q: Queue>() {
    let queue = Q::new().await;
    let layer = layer(queue.open().await);
    let mut forged = request("evt_1");
    *forged.body_mut() = Full::from(r#"{"id":"evt_2"}"#);
    assert_eq!(send(&layer, forged).await.status(), 401);
    assert_eq!(queue.messages().await.len(), 0);
    assert_eq!(result(&deliver(&layer, "evt_2").await), (202, None));
}

/// `COUNTERSIGN_HANDOFF_EVENTS=10000` is a long run.
async fn of_64_tasks_that_race_for_each_event_one_stores_its_message<Q: Queue>() {
    let events = std::env::var("COUNTERSIGN_HANDOFF_EVENTS");
    let events = events.map_or(25, |events| events.parse::<usize>().unwrap());
    let queue = Q::new().await;
    // As of two processes.
    let layers = [layer(queue.open().await), layer(queue.open().await)];
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let layer = layers[task % 2].clone();
        tasks.spawn(async move {
            let mut accepted = 0;
            for event in 0..events {
                match deliver_until_accepted(&layer, &format!("evt_{event}")).await {
                    202 => accepted += 1,
                    status => assert_eq!(status, 200),
                }
            }
            accepted
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<usize>(), events);
    let messages = queue.messages().await;
    assert_eq!(messages.len(), events);
    let different: BTreeSet<_> = messages.iter().map(Message::event_id).collect();
    assert_eq!(different.len(), events);
}

async fn a_client_that_disconnects_loses_no_message_and_stores_none_twice<Q: Queue>() {
    let queue = Q::new().await;
    let layer = layer(queue.open().await);
    for event in 0..50 {
        let delivering = layer.endpoint().unwrap().oneshot(request(&format!("evt_{event}")));
        disconnect(delivering, 1 + event % 5).await;
    }
    layer.drain().await;
    // The hand-offs that had begun were not cancelled.
    let begun = queue.messages().await.len();
    assert!(begun > 0);
    let mut accepted = 0;
    for event in 0..50 {
        accepted +=
            usize::from(deliver_until_accepted(&layer, &format!("evt_{event}")).await == 202);
    }
    assert_eq!(begun + accepted, 50);
    assert_eq!(queue.messages().await.len(), 50);
}

async fn what_was_answered_202_is_known_to_another_process<Q: Queue>() {
    let queue = Q::new().await;
    assert_eq!(result(&deliver(&layer(queue.open().await), "evt_1").await), (202, None));
    let other = layer(queue.open().await);
    assert_eq!(result(&deliver(&other, "evt_1").await), (200, Some("duplicate")));
    assert_eq!(queue.messages().await.len(), 1);
}
