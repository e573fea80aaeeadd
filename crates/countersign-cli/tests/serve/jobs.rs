//! The jobs of a queue, as the tests of both databases see them.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::deliveries::jupiter;
use crate::processes::{Files, PATIENCE, Serving};
use crate::target::Call;

pub(crate) const QUICK: &str =
    "retry_schedule = ['50ms', '50ms', '50ms', '50ms', '50ms', '50ms', '50ms']";

/// A server of Jupiter's endpoint. `queue` is the line of the queue, if there is one.
pub(crate) fn config(queue: &str, forward: &str, more: &str) -> String {
    format!(
        "listen = '127.0.0.1:0'\n{queue}\n[[endpoint]]\npath = '/hooks/jupiter'\n\
         scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\nforward = '{forward}'\n{more}\n"
    )
}

/// Runs `countersign queue` on the queue of these files.
pub(crate) fn queue(files: &Files, words: &str) -> (Option<i32>, String) {
    let config = files.path("serve.toml");
    // A URL can have a password, so that it is only read from the configuration.
    if std::fs::read_to_string(&config).unwrap().contains("sqlite:queue.db") {
        let file = format!("sqlite:{}", files.path("queue.db").display());
        queue_of(&["--queue", &file], words)
    } else {
        queue_of(&["--config", config.to_str().unwrap()], words)
    }
}

pub(crate) fn queue_of(of: &[&str], words: &str) -> (Option<i32>, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("queue")
        .args(words.split_whitespace())
        .args(of)
        .env("COLUMNS", "80")
        .output()
        .unwrap();
    let stderr = String::from_utf8(ended.stderr).unwrap();
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert!(!stderr.contains("panicked") && !stderr.contains("hunter2"), "{stderr}");
    let is_for_people = !words.contains("--json") && !words.contains("--request");
    let fits = stdout.lines().all(|line| line.chars().count() <= 80);
    assert!(fits || !is_for_people, "{stdout}");
    (ended.status.code(), stdout + &stderr)
}

pub(crate) fn listed(files: &Files, words: &str) -> Value {
    let (status, said) = queue(files, &format!("list --json {words}"));
    assert_eq!(status, Some(0), "{said}");
    serde_json::from_str(&said).unwrap()
}

/// The states of all jobs, by event.
pub(crate) fn states(files: &Files) -> BTreeMap<String, String> {
    let listed = listed(files, "--limit 10000");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let jobs = listed["jobs"].as_array().unwrap().iter();
    jobs.map(|job| (text(&job["event_id"]), text(&job["state"]))).collect()
}

/// Waits until the queue is as expected.
pub(crate) async fn until(files: &Files, expected: impl Fn(&BTreeMap<String, String>) -> bool) {
    let waiting = async {
        while !expected(&states(files)) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    let reached = timeout(PATIENCE, waiting).await;
    reached.unwrap_or_else(|_| panic!("{:?}", states(files)));
}

/// Sends an event, which is accepted.
pub(crate) async fn accepted(serving: &mut Serving, id: &str) {
    assert_eq!(jupiter(id).send(serving.address()).await.status, 202);
    let line = line(serving, "accepted").await;
    assert_eq!((&line["event_id"], &line["status"]), (&id.into(), &202.into()));
}

/// The next line with this code.
pub(crate) async fn line(serving: &mut Serving, code: &str) -> Value {
    loop {
        let line = serving.line().await;
        if line["code"] == code {
            return line;
        }
    }
}

pub(crate) fn attempt(call: &Call) -> u32 {
    call.header("countersign-attempt").unwrap().parse().unwrap()
}
