//! Processes that are killed with SIGKILL while they hand off.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::queue::Queue;
use super::*;

/// The processes that these tests start run this test alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_process_hands_events_off_and_names_those_that_are_accepted() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let round = std::env::var(ROUND).unwrap();
    if target.starts_with("postgres:") {
        hand_off_all(postgres::queue_at(&target, 2, PATIENT), &round).await;
    } else if let Some((url, claims)) = target.split_once(nats::CLAIMS) {
        hand_off_all(nats::handoff_at(url, claims.as_ref()).await, &round).await;
    } else if target.starts_with("redis:") {
        hand_off_all(redis::stream_at(&target, PATIENT).await, &round).await;
    } else {
        hand_off_all(sqlite::queue_at(target.as_ref()), &round).await;
    }
}

async fn hand_off_all<Q: Handoff>(queue: Q, round: &str) {
    let layer = layer(queue);
    for event in 0..EVENTS {
        let id = format!("evt_{round}-{event}");
        let response = deliver(&layer, &id).await;
        assert_eq!(result(&response), (202, None), "{id}");
        eprintln!("{id}");
    }
}

const TARGET: &str = "COUNTERSIGN_TEST_HANDOFF";
const ROUND: &str = "COUNTERSIGN_TEST_ROUND";
const CHILD: [&str; 3] = [
    "handoff::processes::a_child_process_hands_events_off_and_names_those_that_are_accepted",
    "--exact",
    "--nocapture",
];
/// More than a process hands off before it is killed.
const EVENTS: usize = 10_000;

on_each_queue!(after_a_kill_9_no_accepted_event_is_lost_and_none_is_stored_twice);

/// `COUNTERSIGN_HANDOFF_ROUNDS=100` is a long run.
async fn after_a_kill_9_no_accepted_event_is_lost_and_none_is_stored_twice<Q: Target>() {
    let rounds = std::env::var("COUNTERSIGN_HANDOFF_ROUNDS");
    let rounds = rounds.map_or(3, |rounds| rounds.parse::<usize>().unwrap());
    let queue = Q::new().await;
    let mut stored = 0;
    for round in 0..rounds {
        // Another moment of a hand-off each time.
        let accepted = accepted_before_the_kill(&queue.target(), round, 20 + 7 * round);
        let layer = layer(queue.open().await);
        // The sender of an event without a response delivers it again.
        let next = accepted.len();
        for (event, id) in accepted.iter().enumerate() {
            assert_eq!(id, &format!("evt_{round}-{event}"));
            assert_eq!(deliver_until_accepted(&layer, id).await, 200, "{id}");
        }
        for event in next..next + 3 {
            let status = deliver_until_accepted(&layer, &format!("evt_{round}-{event}")).await;
            assert!(matches!(status, 200 | 202), "{status}");
        }
        stored += next + 3;
        let messages = queue.messages().await;
        let different: std::collections::BTreeSet<_> = ids(&messages).into_iter().collect();
        assert_eq!((messages.len(), different.len()), (stored, stored), "round {round}");
    }
}

/// Kills the process after it has named this number of events. Returns all that it has named.
fn accepted_before_the_kill(target: &str, round: usize, events: usize) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(CHILD).env(TARGET, target).env(ROUND, round.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut accepted: Vec<String> = lines.by_ref().take(events).map(Result::unwrap).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // Those that it has named in the meantime.
    accepted.extend(lines.map(Result::unwrap));
    assert!(accepted.len() < EVENTS);
    accepted
}

/// A queue that another process can use.
trait Target: Queue {
    /// Its path or URL.
    fn target(&self) -> String;
}

impl Target for sqlite::Sqlite {
    fn target(&self) -> String {
        self.path.to_str().unwrap().to_owned()
    }
}

impl Target for nats::Nats {
    fn target(&self) -> String {
        format!("{}{}{}", self.url(), nats::CLAIMS, self.claims().display())
    }
}

impl Target for postgres::Postgres {
    fn target(&self) -> String {
        self.url.clone()
    }
}

impl Target for redis::Redis {
    fn target(&self) -> String {
        self.0.url()
    }
}
