//! Benchmark of the queue in a SQLite file, with a budget, as a Markdown table.
//!
//! A plain insert of the same bytes runs beside it, in a hand-written thread with
//! group commit and the same sync. The files are in the temporary folder, whose
//! disk matters. The rounds alternate.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use std::path::Path;
use std::thread;
use std::time::Duration;

use countersign_core::{EventKey, Message, Token};
use countersign_sqlite::queue::{
    AcceptOutcome, Accepting, QueueConfig, Settlement, SqliteQueue, Take,
};
use countersign_testing::SampleDelivery;
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

#[path = "store/load.rs"]
#[expect(dead_code, reason = "the load of a store is not that of a queue")]
mod load;
#[path = "store/report.rs"]
mod report;

use load::attempt;
use report::{median, note, per_second, row};

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (events, rounds) = if is_bench { (50_000, 5) } else { (300, 1) };
    let runtime = Runtime::new().unwrap();
    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    runtime.block_on(measure(events, rounds));
}

async fn measure(events: usize, rounds: usize) {
    let (mut accepted, mut taken, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let deliveries = deliveries(round, events);
        let inserts = Plain::open(&folder.path().join("plain.db"));
        plain.push(per_second(events, inserts.insert(deliveries.clone())).await);
        let config = QueueConfig::new(folder.path().join("queue.db"));
        let queue = SqliteQueue::open_with(config.with_deadline(Duration::from_secs(60))).unwrap();
        accepted.push(per_second(events, accept(&queue, deliveries)).await);
        taken.push(per_second(events, take_and_settle(&queue, events)).await);
    }
    let (accepted, plain) = (median(&mut accepted), median(&mut plain));
    row(
        &format!("accept, {TASKS} tasks, messages of 1 KiB, synced"),
        &format!("{accepted:.0}/s"),
        "≥ 10,000/s",
        accepted >= 10_000.0,
    );
    note("a plain insert of the same bytes, synced, in groups", &format!("{plain:.0}/s"));
    note("take 64 jobs, settle each", &format!("{:.0}/s", median(&mut taken)));
}

/// The deliveries of each task, with messages of about 1 KiB.
fn deliveries(round: usize, events: usize) -> Vec<Vec<(EventKey, Message)>> {
    let mut deliveries = vec![Vec::new(); TASKS];
    for number in 0..events {
        let sample = SampleDelivery::of(format!("evt_{round}_{number}")).with_endpoint(TARGET);
        let (key, verified) = (sample.event_key(), sample.verified());
        let headers = [("x-filler", "x".repeat(600))];
        let head = ("POST", TARGET);
        let id = format!("msg_{number}");
        let message = Message::new(id, (&verified, &key), head, headers, 1_760_000_000_000);
        deliveries[number % TASKS].push((key, message));
    }
    deliveries
}

async fn accept(queue: &SqliteQueue, deliveries: Vec<Vec<(EventKey, Message)>>) {
    let mut tasks = JoinSet::new();
    for deliveries in deliveries {
        let queue = queue.clone();
        tasks.spawn(async move {
            for (key, message) in deliveries {
                let accepting = Accepting::new(key, attempt(), TARGET, message);
                let outcome = queue.accept(accepting).await.unwrap();
                assert!(matches!(outcome, AcceptOutcome::Accepted { .. }), "{outcome:?}");
            }
        });
    }
    tasks.join_all().await;
}

async fn take_and_settle(queue: &SqliteQueue, events: usize) {
    let owner = Token::random().unwrap();
    let mut left = events;
    while left > 0 {
        let jobs = queue.take(Take::new(TARGET, owner, TASKS)).await.unwrap().jobs;
        assert!(!jobs.is_empty());
        left -= jobs.len();
        let mut settling = JoinSet::new();
        for job in jobs {
            let queue = queue.clone();
            settling.spawn(async move {
                let done = Settlement::Done { status: Some(200) };
                queue.settle(job.id, job.token, done).await.unwrap()
            });
        }
        settling.join_all().await;
    }
}

/// One insert for each delivery, and nothing else.
#[derive(Clone)]
struct Plain(mpsc::Sender<(Vec<u8>, oneshot::Sender<()>)>);

impl Plain {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768;
                 CREATE TABLE job (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
            )
            .unwrap();
        let (calls, mut queue) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>(1_024);
        thread::spawn(move || {
            let mut insert = connection.prepare("INSERT INTO job (bytes) VALUES (?1)").unwrap();
            let mut replies = Vec::new();
            while let Some(first) = queue.blocking_recv() {
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                let mut next = Some(first);
                while let Some((bytes, reply)) = next {
                    insert.execute(params![bytes]).unwrap();
                    replies.push(reply);
                    next = if replies.len() < 256 { queue.try_recv().ok() } else { None };
                }
                connection.execute_batch("COMMIT").unwrap();
                replies.drain(..).for_each(|reply| reply.send(()).unwrap());
            }
        });
        Self(calls)
    }

    async fn insert(&self, deliveries: Vec<Vec<(EventKey, Message)>>) {
        let mut tasks = JoinSet::new();
        for deliveries in deliveries {
            let calls = self.0.clone();
            tasks.spawn(async move {
                for (_, message) in deliveries {
                    let (reply, replied) = oneshot::channel();
                    assert!(calls.send((message.to_bytes(), reply)).await.is_ok());
                    replied.await.unwrap();
                }
            });
        }
        tasks.join_all().await;
    }
}

const TASKS: usize = 64;
const TARGET: &str = "/hooks/venum";
