//! Benchmark of the SQLite store, with a budget, as a Markdown table.
//!
//! A hand-written thread with group commit runs beside it: two statements for each
//! event, and neither fencing, nor crash counting, nor a purge. The files are in
//! the temporary folder, whose disk matters. The rounds alternate.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use countersign_core::EventKey;
use countersign_sqlite::{SqliteConfig, SqliteStore, Synchronous};
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

#[path = "store/load.rs"]
mod load;
#[path = "store/report.rs"]
mod report;

use load::{attempt, claim_and_complete, keys};
use report::{median, note, per_second, row};

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let size = if is_bench { FULL } else { SMALL };
    let runtime = Runtime::new().unwrap();

    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    runtime.block_on(fresh_file(&size));
    runtime.block_on(growing_file(&size));
    runtime.block_on(other_settings(&size));
}

struct Size {
    events: usize,
    rounds: usize,
    /// The rows of the file that grows, in multiples of `events`.
    growth: usize,
}

const FULL: Size = Size { events: 100_000, rounds: 7, growth: 10 };
const SMALL: Size = Size { events: 500, rounds: 1, growth: 2 };

const TASKS: usize = 64;

/// Claim and complete of each event in a new file.
async fn fresh_file(size: &Size) {
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    for round in 0..size.rounds {
        let keys = keys(round, size.events, TASKS);
        let folder = tempfile::tempdir().unwrap();
        let hand_written = HandWritten::open(&folder.path().join("reference.db"));
        let store = open(&folder.path().join("store.db"), Synchronous::Normal);
        reference.push(per_second(size.events, hand_written.handle(keys.clone())).await);
        ours.push(per_second(size.events, claim_and_complete(&store, keys)).await);
    }
    let (ours, reference) = (median(&mut ours), median(&mut reference));
    let events = size.events;
    let what = format!("claim + complete, {TASKS} tasks, new file of {events} events");
    row(&what, &rate(ours), "≥ 40,000/s", ours >= 40_000.0);
    note(&format!("the same, hand-written: {TASKS} tasks, two statements"), &rate(reference));
}

/// The last events of a file that has become large.
async fn growing_file(size: &Size) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("store.db"), Synchronous::Normal);
    let mut last = 0.0;
    for round in 0..size.growth {
        let keys = keys(100 + round, size.events, TASKS);
        last = per_second(size.events, claim_and_complete(&store, keys)).await;
    }
    let rows = size.events * size.growth;
    note(&format!("claim + complete, {TASKS} tasks, the last events of {rows}"), &rate(last));
}

async fn other_settings(size: &Size) {
    for (tasks, synchronous) in
        [(TASKS, Synchronous::Full), (1, Synchronous::Normal), (1, Synchronous::Full)]
    {
        let events = if tasks == 1 { size.events / 10 } else { size.events };
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("store.db"), synchronous);
        let measured =
            per_second(events, claim_and_complete(&store, keys(200, events, tasks))).await;
        note(
            &format!("claim + complete, tasks: {tasks}, `Synchronous::{synchronous:?}`"),
            &rate(measured),
        );
    }
}

fn open(path: &Path, synchronous: Synchronous) -> Arc<SqliteStore> {
    let config = SqliteConfig::new(path).with_synchronous(synchronous);
    Arc::new(SqliteStore::open_with(config.with_deadline(Duration::from_secs(60))).unwrap())
}

/// What a user would write.
#[derive(Clone)]
struct HandWritten(mpsc::Sender<Call>);

struct Call {
    key: EventKey,
    token: [u8; 16],
    is_claim: bool,
    reply: oneshot::Sender<bool>,
}

impl HandWritten {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768;
                 CREATE TABLE event (key BLOB PRIMARY KEY, state INT NOT NULL, token BLOB,
                     until INT NOT NULL, forget INT NOT NULL) STRICT",
            )
            .unwrap();
        let (calls, queue) = mpsc::channel(1_024);
        thread::spawn(move || Self::run(&connection, queue));
        Self(calls)
    }

    fn run(connection: &Connection, mut queue: mpsc::Receiver<Call>) {
        let mut claim = connection.prepare(CLAIM).unwrap();
        let mut complete = connection.prepare(COMPLETE).unwrap();
        let mut replies = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            let mut next = Some(first);
            while let Some(Call { key, token, is_claim, reply }) = next {
                let (key, token) = (&key.digest()[..], &token[..]);
                let changed = match is_claim {
                    true => claim.execute(params![key, token, NOW_MS + 60_000, FORGET_MS, NOW_MS]),
                    false => complete.execute(params![key, token, FORGET_MS]),
                };
                replies.push((reply, changed.unwrap() == 1));
                next = if replies.len() < 256 { queue.try_recv().ok() } else { None };
            }
            connection.execute_batch("COMMIT").unwrap();
            for (reply, changed) in replies.drain(..) {
                reply.send(changed).unwrap();
            }
        }
    }

    async fn call(&self, key: &EventKey, token: [u8; 16], is_claim: bool) {
        let (reply, changed) = oneshot::channel();
        let call = Call { key: key.clone(), token, is_claim, reply };
        assert!(self.0.send(call).await.is_ok());
        assert!(changed.await.unwrap());
    }

    async fn handle(&self, keys: Vec<Vec<EventKey>>) {
        let mut tasks = JoinSet::new();
        for keys in keys {
            let hand_written = self.clone();
            tasks.spawn(async move {
                for key in keys {
                    let token = attempt().token.to_bytes();
                    hand_written.call(&key, token, true).await;
                    hand_written.call(&key, token, false).await;
                }
            });
        }
        tasks.join_all().await;
    }
}

const CLAIM: &str = "INSERT INTO event VALUES (?1, 0, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE
     SET state = 0, token = excluded.token, until = excluded.until, forget = excluded.forget
     WHERE event.forget <= ?5 OR (event.state = 0 AND event.until <= ?5)";

const COMPLETE: &str =
    "UPDATE event SET state = 1, token = NULL, forget = ?3 WHERE key = ?1 AND token = ?2";

const NOW_MS: i64 = 1_760_000_000_000;
const FORGET_MS: i64 = NOW_MS + 7 * 24 * 60 * 60 * 1_000;

fn rate(per_second: f64) -> String {
    format!("{per_second:.0}/s")
}
