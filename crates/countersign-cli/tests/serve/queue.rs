//! The queue: what was answered 202 reaches the target, whatever fails.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use countersign::queue::HandoffReceiver;
use countersign::tower::HandoffLayer;
use countersign::{Secret, Verifier, schemes};
use countersign_sqlite::queue::SqliteQueue;
use http::{Request, Response};
use http_body_util::Full;
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::config::must_fix;
use crate::deliveries::{Delivery, jupiter};
use crate::jobs::{QUICK, accepted, attempt, config, line, listed, queue, states, until};
use crate::processes::{self, Files, PATIENCE, SECRET, configured};
use crate::target::Target;

/// A server with a queue in the folder of its configuration.
fn files(forward: &str, more: &str) -> Files {
    files_with("queue = 'sqlite:queue.db'", forward, more)
}

fn files_with(queue: &str, forward: &str, more: &str) -> Files {
    Files::new(&config(queue, forward, more))
}

const SHORT_LEASE: &str = "queue = { url = 'sqlite:queue.db', lease = '1s' }";

#[tokio::test]
async fn a_target_that_fails_loses_nothing_though_the_sender_never_retries() {
    const EVENTS: usize = 12;
    let mut target = Target::start().await;
    let files = files(&target.url(), QUICK);
    let mut serving = configured(&files).await;
    let mut sending = JoinSet::new();
    for event in 0..EVENTS {
        let to = serving.address();
        sending.spawn(async move { jupiter(&format!("evt_{event}")).send(to).await.status });
    }
    assert_eq!(sending.join_all().await, [202; EVENTS]);
    // Each event fails twice, in a different way.
    let (mut delivered, mut calls) = (BTreeSet::new(), 0);
    while delivered.len() < EVENTS {
        let call = target.call().await;
        calls += 1;
        match attempt(&call) {
            1 => call.answer(500),
            2 => call.answer(404),
            _ => {
                assert!(delivered.insert(call.event_id()), "{} twice", call.event_id());
                call.answer(204);
            }
        }
    }
    assert_eq!(calls, 3 * EVENTS);
    let (mut retries, mut successes) = (0, 0);
    while successes < EVENTS {
        let line = serving.line().await;
        match line["code"].as_str().unwrap() {
            "accepted" => assert!(line["job"].is_i64()),
            "retry" => {
                retries += 1;
                assert!(line["retry_at"].is_string() && line["reason"].is_string(), "{line}");
            }
            "delivered" => {
                successes += 1;
                assert_eq!((&line["status"], &line["attempt"]), (&204.into(), &3.into()));
            }
            code => panic!("{code}"),
        }
    }
    assert_eq!(retries, 2 * EVENTS);
    assert!(states(&files).values().all(|state| state == "done"));
    // A sender that does retry.
    assert_eq!(jupiter("evt_3").send(serving.address()).await.status, 200);
    assert_eq!(serving.line().await["code"], "duplicate");
    assert!(!target.is_called());
}

#[tokio::test]
async fn a_kill_before_and_during_a_request_loses_nothing() {
    let mut target = Target::start().await;
    let files = files_with(SHORT_LEASE, &target.url(), "concurrency = 1");
    let mut serving = configured(&files).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        accepted(&mut serving, id).await;
    }
    // The target has the first one, and its response is lost with the server.
    let call = target.call().await;
    assert_eq!(call.event_id(), "evt_1");
    serving.signal(Signal::KILL);
    serving.ended().await;
    drop(call);

    let mut serving = configured(&files).await;
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let call = target.call().await;
        attempts.push((call.event_id(), attempt(&call)));
        call.answer(200);
    }
    attempts.sort_unstable();
    let expected = [("evt_1", 2), ("evt_2", 1), ("evt_3", 1)].map(|(id, n)| (id.to_owned(), n));
    assert_eq!(attempts, expected);
    for _ in 0..3 {
        line(&mut serving, "delivered").await;
    }
    assert_eq!(jupiter("evt_2").send(serving.address()).await.status, 200);
}

#[tokio::test]
async fn a_response_that_is_lost_is_followed_by_another_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let files = files(&format!("http://{}", listener.local_addr().unwrap()), QUICK);
    let mut serving = configured(&files).await;
    accepted(&mut serving, "evt_1").await;
    for is_last in [false, true] {
        let (mut stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        let mut request = vec![0; 16_384];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        if is_last {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    }
    let retry = line(&mut serving, "retry").await;
    assert_eq!((&retry["status"], &retry["attempt"]), (&Value::Null, &1.into()));
    assert_eq!(line(&mut serving, "delivered").await["attempt"], 2);
}

#[tokio::test]
async fn a_full_queue_answers_503_and_holds_exactly_what_was_accepted() {
    let queue = "queue = { url = 'sqlite:queue.db', max_bytes = 300000 }";
    let mut target = Target::start().await;
    let files = files_with(queue, &target.url(), "concurrency = 1\nbody_limit = 100000");
    let serving = configured(&files).await;
    let delivery = |id: usize| {
        let body = format!(r#"{{"event_id":"evt_{id}","type":"t","x":"{}"}}"#, "x".repeat(20_000));
        Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body)
    };
    let mut accepted = Vec::new();
    let mut full = 0;
    for id in 0..40 {
        match delivery(id).send(serving.address()).await.status {
            202 => accepted.push(format!("evt_{id}")),
            503 => full += 1,
            status => panic!("{status}"),
        }
    }
    assert!(accepted.len() > 3 && full > 3, "{accepted:?}, {full}");
    let stored: BTreeSet<String> = states(&files).into_keys().collect();
    assert_eq!(stored, accepted.into_iter().collect());
    // Once the target works, there is room again.
    let first = target.call().await;
    first.answer(200);
    let seen = target.answer_all();
    until(&files, |states| states.values().all(|state| state == "done")).await;
    assert_eq!(seen.borrow().len() + 1, stored.len());
    let room = async {
        while delivery(100).send(serving.address()).await.status != 202 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, room).await.unwrap();
}

#[tokio::test]
async fn events_of_a_key_are_forwarded_one_after_the_other() {
    let mut target = Target::start().await;
    let more = format!("order_by = 'body:/account'\n{QUICK}");
    let files = files(&target.url(), &more);
    let serving = configured(&files).await;
    for (id, account) in [("a1", "1"), ("a2", "1"), ("b1", "\"b\""), ("a3", "1"), ("c", "null")] {
        let body = format!(r#"{{"event_id":"{id}","type":"t","account":{account}}}"#);
        let delivery = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body);
        assert_eq!(delivery.send(serving.address()).await.status, 202);
    }
    // All but the later ones of the first key, in any order.
    let mut first = BTreeMap::new();
    for _ in 0..3 {
        let call = target.call().await;
        first.insert(call.event_id(), call);
    }
    assert_eq!(first.keys().collect::<Vec<_>>(), ["a1", "b1", "c"]);
    let mut first = first.into_values();
    // A failure does not let the next one pass.
    first.next().unwrap().answer(500);
    first.for_each(|call| call.answer(200));
    for (id, attempts) in [("a1", 2), ("a2", 1), ("a3", 1)] {
        let call = target.call().await;
        assert_eq!((call.event_id().as_str(), attempt(&call)), (id, attempts));
        sleep(Duration::from_millis(100)).await;
        assert!(!target.is_called());
        call.answer(200);
    }
    until(&files, |states| states.values().all(|state| state == "done")).await;
}

#[tokio::test]
async fn dead_letters_are_listed_shown_retried_and_discarded() {
    let mut target = Target::start().await;
    let files = files(&target.url(), "retry_schedule = []");
    let mut serving = configured(&files).await;
    for id in ["evt_1", "evt_2", "evt_3"] {
        accepted(&mut serving, id).await;
        target.call().await.answer(500);
        let dead = line(&mut serving, "dead").await;
        assert_eq!((&dead["event_id"], &dead["status"]), (&id.into(), &500.into()));
        assert_eq!(dead["reason"], "the target's status is 500");
    }
    let dead = listed(&files, "--state dead --event-id evt_2");
    assert_eq!((dead["matching"].as_i64(), dead["jobs"][0]["job"].as_i64()), (Some(1), Some(2)));
    assert_eq!(dead["endpoints"][0]["dead"], 3);
    let (status, said) = queue(&files, "list --state dead");
    assert!(status == Some(0) && said.contains("evt_1") && said.contains("3 dead"), "{said}");

    let (status, said) = queue(&files, "show 2");
    assert_eq!(status, Some(0));
    for part in ["evt_2", "swap.completed", "jupiter", "the target's status is 500"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // The request is complete: it verifies.
    let (_, request) = queue(&files, "show 2 --request");
    std::fs::write(files.path("request.json"), request).unwrap();
    let verified = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["verify", "--scheme", "jupiter", "--secret-env", "SECRET", "--request"])
        .arg(files.path("request.json"))
        .env("SECRET", SECRET)
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");

    assert_eq!(queue(&files, "retry").0, Some(2));
    assert_eq!(queue(&files, "show 99").0, Some(2));
    assert_eq!(queue(&files, "retry 99").0, Some(1));
    assert_eq!(queue(&files, "discard 1"), (Some(0), "1 job was discarded\n".to_owned()));
    assert_eq!(queue(&files, "retry --all"), (Some(0), "2 jobs were retried\n".to_owned()));
    let seen = target.answer_all();
    until(&files, |states| states.values().filter(|state| *state == "done").count() == 2).await;
    assert_eq!(seen.borrow().iter().collect::<BTreeSet<_>>().len(), 2);
    assert_eq!(states(&files)["evt_1"], "discarded");

    // A replay of what was delivered in the last hour.
    let replayed = queue(&files, "retry --state done --since 1h --json");
    assert_eq!(replayed, (Some(0), "{\"retried\":2}\n".to_owned()));
    until(&files, |_| seen.borrow().len() == 4).await;
}

#[tokio::test]
async fn a_paused_target_gets_nothing_until_it_is_resumed() {
    let mut target = Target::start().await;
    let files = files(&target.url(), "");
    let mut serving = configured(&files).await;
    assert_eq!(queue(&files, "pause /hooks/jupiter").0, Some(2));
    accepted(&mut serving, "first").await;
    target.call().await.answer(200);
    line(&mut serving, "delivered").await;
    for name in ["/hooks/jupiter", "--all"] {
        assert_eq!(queue(&files, &format!("pause {name}")).0, Some(0));
        accepted(&mut serving, name).await;
        sleep(Duration::from_millis(200)).await;
        assert!(!target.is_called());
        assert_eq!(listed(&files, "")["endpoints"][0]["paused"], true);
        assert_eq!(queue(&files, &format!("resume {name}")).0, Some(0));
        assert_eq!(queue(&files, &format!("resume {name}")).0, Some(1));
        target.call().await.answer(200);
        line(&mut serving, "delivered").await;
    }
}

#[tokio::test]
async fn two_servers_share_a_queue_and_deliver_each_event_once() {
    const EVENTS: usize = 30;
    let target = Target::start().await;
    let files = files(&target.url(), "");
    let servers = [configured(&files).await, configured(&files).await];
    let seen = target.answer_all();
    let mut sending = JoinSet::new();
    for event in 0..EVENTS {
        // Every event is sent to both, so one of them gets a duplicate.
        for server in &servers {
            let to = server.address();
            sending.spawn(async move { jupiter(&format!("evt_{event}")).send(to).await.status });
        }
    }
    let mut statuses = sending.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[200; EVENTS], [202; EVENTS]].concat());
    until(&files, |states| states.len() == EVENTS && states.values().all(|state| state == "done"))
        .await;
    let events: BTreeSet<String> = seen.borrow().iter().cloned().collect();
    assert_eq!((events.len(), seen.borrow().len()), (EVENTS, EVENTS));
}

#[tokio::test]
async fn a_termination_waits_for_the_request_and_leaves_the_rest_in_the_queue() {
    let mut target = Target::start().await;
    let files = files(&target.url(), "concurrency = 1");
    let mut serving = configured(&files).await;
    accepted(&mut serving, "evt_1").await;
    accepted(&mut serving, "evt_2").await;
    let call = target.call().await;
    serving.signal(Signal::TERM);
    while !serving.note().await.contains("draining") {}
    sleep(Duration::from_millis(100)).await;
    call.answer(200);
    let (status, said) = serving.ended().await;
    assert!(status.success() && said.contains("\"delivered\""), "{said}");
    let states = states(&files);
    assert_eq!((states["evt_1"].as_str(), states["evt_2"].as_str()), ("done", "due"));
    assert!(!target.is_called());
}

#[tokio::test]
async fn retry_after_of_the_target_delays_the_next_attempt() {
    let mut target = Target::start().await;
    let files = files(&target.url(), QUICK);
    let mut serving = configured(&files).await;
    accepted(&mut serving, "evt_1").await;
    let response = Response::builder().status(429).header("retry-after", "3600");
    target.call().await.answer_with(response.body(Full::default()).unwrap());
    let retry = line(&mut serving, "retry").await;
    let at = humantime::parse_rfc3339(retry["retry_at"].as_str().unwrap()).unwrap();
    let wait = at.duration_since(std::time::SystemTime::now()).unwrap();
    assert!(wait > Duration::from_secs(3500) && wait <= Duration::from_secs(3600), "{wait:?}");
}

#[tokio::test]
async fn what_is_forwarded_is_signed_by_standard_webhooks() {
    // A secret of the scheme's own form.
    const OWN: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let own = || Verifier::new(schemes::standardwebhooks(), Secret::new(OWN).unwrap()).unwrap();
    for is_queued in [true, false] {
        let mut target = Target::start().await;
        let queue = if is_queued { "queue = 'sqlite:queue.db'" } else { "" };
        let more = format!("sign = {{ file = 'own.txt' }}\n{}", if is_queued { QUICK } else { "" });
        let files = files_with(queue, &target.url(), &more).with("own.txt", OWN);
        let mut serving = configured(&files).await;
        let delivery = jupiter("evt_1")
            .with_header("webhook-signature", "v1,Zm9yZ2Vk")
            .with_header("webhook_id", "forged");
        let to = serving.address();
        let sending = tokio::spawn(async move { delivery.send(to).await.status });
        let mut ids = BTreeSet::new();
        for status in if is_queued { &[500, 200][..] } else { &[200][..] } {
            let call = target.call().await;
            let (parts, body) = call.request.clone().into_parts();
            let verified = own().verify(&parts, body).unwrap();
            ids.insert(verified.event_id().to_owned());
            assert_eq!(call.header("webhook_id"), None);
            // The original signature is there, too.
            assert!(call.header("x-jup-signature").is_some());
            call.answer(*status);
        }
        assert_eq!(ids.len(), 1);
        assert_eq!(sending.await.unwrap(), if is_queued { 202 } else { 200 });
        serving.signal(Signal::TERM);
        while serving.has_line() {
            serving.line().await;
        }
        let (_, said) = serving.ended().await;
        assert!(!said.contains(OWN) && !said.contains(SECRET), "{said}");
    }
}

#[tokio::test]
async fn lines_and_metrics_count_the_jobs_and_show_no_content() {
    let mut target = Target::start().await;
    let files = files(&target.url(), "retry_schedule = ['50ms']");
    let mut serving = configured(&files).await;
    let body = r#"{"event_id":"evt_1","type":"t","note":"canary of the body"}"#;
    let delivery = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body);
    let signature = delivery.headers[0].1.clone();
    assert_eq!(delivery.send(serving.address()).await.status, 202);
    for _ in 0..2 {
        target.call().await.answer(500);
    }
    line(&mut serving, "dead").await;
    let get = |address: std::net::SocketAddr| async move {
        let request = http::Request::get(format!("http://{address}/metrics"));
        crate::deliveries::send(request.body(Full::default()).unwrap()).await
    };
    let expected = [
        "countersign_serve_queue_accepted_total{endpoint=\"/hooks/jupiter\"} 1",
        "countersign_serve_queue_attempts_total{endpoint=\"/hooks/jupiter\",result=\"failed\"} 2",
        "countersign_serve_queue_dead_letters_total{endpoint=\"/hooks/jupiter\"} 1",
        "countersign_serve_queue_jobs{endpoint=\"/hooks/jupiter\",state=\"dead\"} 1",
        "countersign_serve_queue_jobs{endpoint=\"/hooks/jupiter\",state=\"pending\"} 0",
        "countersign_serve_queue_oldest_seconds{endpoint=\"/hooks/jupiter\"} 0",
    ];
    let counted = async {
        loop {
            let text = get(serving.address()).await.body;
            let text = String::from_utf8(text.to_vec()).unwrap();
            if expected.iter().all(|line| text.contains(line)) {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, counted).await.unwrap();
    serving.signal(Signal::TERM);
    let (_, said) = serving.ended().await;
    for hidden in ["canary of the body", signature.as_str(), SECRET] {
        assert!(!said.contains(hidden), "{hidden}: {said}");
    }
}

#[tokio::test]
async fn the_command_line_is_enough_for_one_endpoint() {
    let mut target = Target::start().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let words = format!("--forward {} --queue sqlite:{}", target.url(), path.display());
    let mut serving = processes::jupiter(&words).await;
    accepted(&mut serving, "evt_1").await;
    let call = target.call().await;
    assert_eq!(call.header("countersign-possible-duplicate"), Some("false"));
    call.answer(200);
    line(&mut serving, "delivered").await;
}

#[test]
fn a_queue_without_a_target_or_for_an_interactive_scheme_is_an_error_with_its_fix() {
    let files = files("http://127.0.0.1:1", "");
    let good = std::fs::read_to_string(files.path("serve.toml")).unwrap();
    let without = good.replace("forward = 'http://127.0.0.1:1'\n", "");
    must_fix(&without, &["`path`", "the queue needs a target", "queue = false"]);
    let interactive = good.replace("jupiter'", "telegram'");
    must_fix(&interactive, &["reads the response", "queue = false"]);
    let without = good.replace("queue = 'sqlite:queue.db'\n", "");
    must_fix(&format!("{without}order_by = 'body:/id'\n"), &["`order_by`", "without a queue"]);
    must_fix(&format!("{good}order_by = '/id'\n"), &["`order_by`", "body:/data/object/id"]);
    for place in ["body:/a/*/id", "body:/a/-", "body:/a/id+/b", "body:/a~2b", "body:"] {
        must_fix(&format!("{good}order_by = '{place}'\n"), &["`order_by`"]);
    }
    must_fix(
        &format!("{good}retry_schedule = ['soon']\n"),
        &["`retry_schedule`", "not a duration"],
    );
    must_fix(&format!("{good}outage = 'fail-open'\n"), &["`outage` has no effect with a queue"]);
    must_fix(&format!("{good}enforce = false\n"), &["enforce = false", "queue = false"]);
    must_fix(&format!("{good}sign = {{ file = 'blank.txt' }}\n"), &["`sign`"]);
    must_fix(&good.replace("sqlite:", "redis://"), &["`queue`", "sqlite:", "postgres://"]);
    must_fix(&good.replace("queue.db", "missing/queue.db"), &["the queue `", "create it"]);
}

#[tokio::test]
async fn what_a_service_with_the_library_hands_off_is_forwarded_by_the_worker() {
    let mut target = Target::start().await;
    let files = files(&target.url(), QUICK);
    let jobs = SqliteQueue::open(files.path("queue.db")).unwrap();
    let verifier = Verifier::new(schemes::jupiter(), Secret::new(SECRET).unwrap()).unwrap();
    // The name of the endpoint of `serve`, so that both know the same events.
    let verifier = verifier.with_endpoint("/hooks/jupiter");
    let receiver = HandoffReceiver::new(verifier, jobs.hand_off_to("/hooks/jupiter"));
    let service = HandoffLayer::new(receiver).endpoint().unwrap();
    let Delivery { path, headers, body } = jupiter("evt_1").with_header("x-odd", "1");
    let mut request = Request::post(path);
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let response = service.oneshot(request.body(Full::new(body)).unwrap()).await.unwrap();
    assert_eq!(response.status(), 202);

    let mut serving = configured(&files).await;
    let call = target.call().await;
    assert_eq!(call.event_id(), "evt_1");
    // As of a delivery that `serve` has accepted itself.
    assert!(call.header("x-jup-signature").is_some() && call.header("x-odd").is_none());
    call.answer(204);
    line(&mut serving, "delivered").await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    assert_eq!(states(&files).into_values().collect::<Vec<_>>(), ["done"]);
}
