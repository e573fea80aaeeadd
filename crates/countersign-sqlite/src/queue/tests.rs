//! What only a file has. `tests/stores/queue` has what all tables of jobs have in common.

use std::path::PathBuf;
use std::time::Duration;

use countersign_core::{Clock, Endpoint, EventKey, Fingerprint, ManualClock, Message};
use countersign_testing::SampleDelivery;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

const START_MS: i64 = 1_760_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);
const SECOND: Duration = Duration::from_secs(1);
const TARGET: &str = "/hooks/acme";

struct Table {
    _folder: TempDir,
    path: PathBuf,
    clock: ManualClock,
    queue: SqliteQueue,
    owner: Token,
}

impl Table {
    fn new() -> Self {
        Self::with(|config| config)
    }

    fn with(change: impl FnOnce(QueueConfig) -> QueueConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        let clock = ManualClock::at_unix_ms(START_MS);
        let config = QueueConfig::new(&path).with_clock(clock.clone());
        let queue = SqliteQueue::open_with(change(config)).unwrap();
        Self { _folder: folder, path, clock, queue, owner: Token::random().unwrap() }
    }

    async fn accept(&self, id: &str) -> AcceptOutcome {
        self.queue.accept(accepting(id)).await.unwrap()
    }

    async fn take(&self, jobs: usize) -> Taken {
        self.queue.take(Take::new(TARGET, self.owner, jobs).with_lease(10 * SECOND)).await.unwrap()
    }

    async fn settle(&self, job: &TakenJob, settlement: Settlement) -> SettleOutcome {
        self.queue.settle(job.id, job.token, settlement).await.unwrap()
    }

    fn admin(&self) -> QueueAdmin {
        QueueAdmin::open(&self.path).unwrap()
    }

    fn states(&self) -> Vec<(String, JobState)> {
        let jobs = self.admin().list(&JobFilter::default(), 100).unwrap();
        jobs.into_iter().map(|job| (job.event_id, job.state)).collect()
    }
}

fn accepting(id: &str) -> Accepting {
    let verified = SampleDelivery::of(id).verified();
    let key = EventKey::of(&verified, &Endpoint::new(TARGET));
    let attempt = Attempt::new(Fingerprint::of(&verified), SECOND, 24 * HOUR).unwrap();
    let headers = [("x-acme-signature", "of no use here")];
    let head = ("POST", TARGET);
    let message = Message::new(format!("msg_{id}"), (&verified, &key), head, headers, START_MS);
    Accepting::new(key, attempt, TARGET, message)
}

fn dead() -> Settlement {
    Settlement::Dead { status: None, error: "no connection".to_owned() }
}

const DONE: Settlement = Settlement::Done { status: Some(200) };

#[tokio::test]
async fn a_process_that_was_stopped_does_not_take_its_own_running_jobs() {
    let table = Table::new();
    table.accept("evt_1").await;
    table.accept("evt_2").await;
    let first = table.take(1).await.jobs.remove(0);
    let take = || Take::new(TARGET, table.owner, 10).with_lease(10 * SECOND);
    let held = vec![(first.id, first.token)];
    for change in [HOUR.as_millis() as i64, -(24 * HOUR.as_millis() as i64)] {
        table.clock.set_unix_ms(table.clock.now_unix_ms() + change);
        let taken = table.queue.take(take().with_held(held.clone())).await.unwrap();
        assert_eq!(taken.expired, 0, "{change}");
        assert!(taken.jobs.iter().all(|job| job.id != first.id), "{change}");
        for job in taken.jobs {
            table.settle(&job, DONE).await;
        }
    }
    let settled = table.settle(&first, DONE).await;
    assert!(matches!(settled, SettleOutcome::Settled { .. }), "{settled:?}");
    // It is not renewed after it was settled.
    table.queue.renew(held, HOUR).await.unwrap();
    let expected = ["evt_1", "evt_2"].map(|id| (id.to_owned(), JobState::Done));
    assert_eq!(table.states(), expected);
}

#[tokio::test]
async fn a_full_file_accepts_nothing_and_forgets_done_jobs_first() {
    let table = Table::with(|config| config.with_max_bytes(400_000));
    let mut accepted = 0;
    let full = loop {
        match table.accept(&format!("{accepted}-{}", "x".repeat(1_000))).await {
            AcceptOutcome::Accepted { .. } => accepted += 1,
            full => break full,
        }
        assert!(accepted < 1_000);
    };
    assert_eq!(full, AcceptOutcome::Full);
    assert!(accepted > 20, "{accepted}");
    let health = table.queue.probe().await.unwrap();
    assert_eq!(health.warnings, [StoreWarning::Full]);
    // A repeat needs no room.
    let repeat = table.accept(&format!("0-{}", "x".repeat(1_000))).await;
    assert_eq!(repeat, AcceptOutcome::Duplicate);
    for job in table.take(accepted).await.jobs {
        table.settle(&job, DONE).await;
    }
    for _ in 0..1_000 {
        if let AcceptOutcome::Accepted { .. } = table.accept("another").await {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("the file is still full");
}

#[tokio::test]
async fn done_jobs_are_purged_after_their_time_and_dead_ones_are_kept() {
    let table = Table::with(|config| config.with_keep_done(HOUR));
    for id in ["done", "dead", "discarded", "due"] {
        table.accept(id).await;
    }
    let jobs = table.take(2).await.jobs;
    table.settle(&jobs[0], DONE).await;
    table.settle(&jobs[1], dead()).await;
    table.admin().discard(&JobFilter::of_ids(vec![3])).unwrap();
    // `discard` uses the clock of the system.
    let connection = Connection::open(&table.path).unwrap();
    connection.execute("UPDATE job SET settled_ms = ?1 WHERE id = 3", [START_MS]).unwrap();
    table.clock.advance(HOUR - SECOND);
    table.accept("another").await;
    assert_eq!(table.states().len(), 5);
    table.clock.advance(SECOND);
    for _ in 0..1_000 {
        table.queue.probe().await.unwrap();
        if table.states().len() == 3 {
            let messages: i64 =
                connection.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
            assert_eq!(messages, 3);
            // The event is still known.
            assert_eq!(table.accept("done").await, AcceptOutcome::Duplicate);
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("nothing was purged: {:?}", table.states());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let table = Table::new();
    table.accept("evt_1").await;
    for end in ["", "-wal", "-shm"] {
        let file = format!("{}{end}", table.path.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_store_is_no_queue_and_a_queue_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    assert!(QueueAdmin::open(&path).unwrap_err().to_string().contains("names no file"));
    drop(crate::SqliteStore::open(&path).unwrap());
    assert!(matches!(SqliteQueue::open(&path).unwrap_err(), OpenError::Foreign));
    assert!(matches!(QueueAdmin::open(&path).unwrap_err(), OpenError::Foreign));
    let path = folder.path().join("queue.db");
    drop(SqliteQueue::open(&path).unwrap());
    assert!(matches!(crate::SqliteStore::open(&path).unwrap_err(), OpenError::Foreign));
    let mode: i64 = {
        let connection = Connection::open(&path).unwrap();
        connection.execute("PRAGMA user_version = 2", []).unwrap();
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(mode, 2);
    let error = SqliteQueue::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn every_statement_of_the_writer_uses_an_index() {
    let connection = Connection::open_in_memory().unwrap();
    crate::schema::create(&connection, &crate::schema::QUEUE).unwrap();
    for sql in tables::ALL {
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = plan.parameter_count();
        let nothing = std::iter::repeat_n(rusqlite::types::Null, parameters);
        let steps: Vec<String> = plan
            .query_map(rusqlite::params_from_iter(nothing), |row| row.get(3))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        for step in steps {
            assert!(!step.contains("SCAN") || step.contains("SCAN CONSTANT"), "{sql}: {step}");
            assert!(!step.contains("TEMP B-TREE"), "{sql}: {step}");
        }
    }
}
