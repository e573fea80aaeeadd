use std::sync::mpsc::sync_channel;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, Fingerprint, RenewOutcome, StoreError, protocol,
};
use rusqlite::Connection;
use tokio::sync::mpsc;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::*;
use crate::events::Key;
use crate::job::{Forget, Step};
use crate::schema;
use crate::tables::StoreTables;

const HOUR: Duration = Duration::from_secs(60 * 60);
const FIRST: ClaimOutcome = ClaimOutcome::Granted { attempt: 1, reclaimed: false };

/// A writer whose tasks are all queued before it starts, so that they are in the
/// same groups in every run.
struct Queue {
    connection: Connection,
    tasks: Vec<Task<StoreTables>>,
}

type Replied<T> = oneshot::Receiver<Result<T, StoreError>>;

impl Queue {
    fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        schema::create(&connection, &schema::STORE).unwrap();
        Self { connection, tasks: Vec::new() }
    }

    fn claim(&mut self, event: u32, attempt: &Attempt) -> Replied<ClaimOutcome> {
        let (reply, replied) = oneshot::channel();
        self.push(Step::claim(key(event), attempt.clone(), reply));
        replied
    }

    fn complete(&mut self, event: u32, attempt: &Attempt) -> Replied<CompleteOutcome> {
        let (reply, replied) = oneshot::channel();
        self.push(Step::new(key(event), attempt.clone(), protocol::complete, reply));
        replied
    }

    fn renew(&mut self, event: u32, attempt: &Attempt) -> Replied<RenewOutcome> {
        let (reply, replied) = oneshot::channel();
        self.push(Step::new(key(event), attempt.clone(), protocol::renew, reply));
        replied
    }

    fn push(&mut self, job: impl Job<StoreTables> + 'static) {
        self.tasks.push(Task::Job(Box::new(job)));
    }

    /// Executes the queued tasks.
    fn run(&mut self) {
        let (sender, mut receiver) = mpsc::channel(self.tasks.len().max(1));
        for task in self.tasks.drain(..) {
            assert!(sender.try_send(task).is_ok());
        }
        drop(sender);
        let config = SqliteConfig::new("unused");
        let (wake, _woken) = sync_channel(1);
        run(&self.connection, &config, &mut receiver, &Shared::default(), None, &wake).unwrap();
    }

    fn rows(&self) -> i64 {
        self.connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap()
    }
}

fn key(event: u32) -> Key {
    let mut key = Key::default();
    // Spread, as digests are.
    key[..4].copy_from_slice(&event.wrapping_mul(2_654_435_761).to_be_bytes());
    key
}

fn attempt() -> Attempt {
    Attempt::new(Fingerprint::from_u64(7), HOUR, 24 * HOUR).unwrap()
}

fn outcome<T>(mut replied: Replied<T>) -> Result<T, StoreError> {
    replied.try_recv().unwrap()
}

fn cause(error: &StoreError) -> &SqliteStoreError {
    std::error::Error::source(error).unwrap().downcast_ref().unwrap()
}

#[test]
fn the_jobs_of_a_group_see_each_other() {
    let mut queue = Queue::new();
    let (first, second) = (attempt(), attempt());
    let claimed = queue.claim(1, &first);
    let rejected = queue.claim(1, &second);
    let completed = queue.complete(1, &first);
    let late = queue.claim(1, &second);
    queue.run();
    assert_eq!(outcome(claimed).unwrap(), FIRST);
    assert!(matches!(outcome(rejected).unwrap(), ClaimOutcome::InFlight { .. }));
    assert_eq!(outcome(completed).unwrap(), CompleteOutcome::Recorded);
    assert!(matches!(outcome(late).unwrap(), ClaimOutcome::Done { .. }));
}

#[test]
fn a_group_that_does_not_fit_on_the_disk_is_executed_job_by_job() {
    let mut queue = Queue::new();
    let holder = attempt();
    let held = queue.claim(0, &holder);
    queue.run();
    assert_eq!(outcome(held).unwrap(), FIRST);
    // SQLite returns the same error as for a full disk.
    let pages: i64 = queue.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    queue.connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).unwrap();

    let claims: Vec<_> = (1..200).map(|event| queue.claim(event, &holder)).collect();
    let renewed = queue.renew(0, &holder);
    queue.run();
    assert_eq!(outcome(renewed).unwrap(), RenewOutcome::Renewed);
    let (mut granted, mut rejected) = (0, 0);
    for claim in claims {
        match outcome(claim) {
            Ok(claimed) => {
                assert_eq!(claimed, FIRST);
                granted += 1;
            }
            Err(error) => {
                assert_eq!(error.effect(), Effect::NotApplied);
                assert!(matches!(cause(&error), SqliteStoreError::Full { .. }), "{error:?}");
                rejected += 1;
            }
        }
    }
    assert!(rejected > 0, "{granted} were granted");
    assert_eq!(queue.rows(), granted + 1);
}

#[test]
fn a_record_of_a_later_version_is_left_alone() {
    let mut queue = Queue::new();
    let holder = attempt();
    drop(queue.complete(1, &holder));
    queue.run();
    queue.connection.execute("UPDATE event SET state = 4", []).unwrap();

    let (claimed, completed) = (queue.claim(1, &attempt()), queue.complete(1, &holder));
    let (renewed, other) = (queue.renew(1, &holder), queue.claim(2, &holder));
    queue.run();
    let errors = [
        outcome(claimed).unwrap_err(),
        outcome(completed).unwrap_err(),
        outcome(renewed).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(matches!(cause(&error), SqliteStoreError::Layout), "{error:?}");
    }
    assert_eq!(outcome(other).unwrap(), FIRST);
    let state = "SELECT max(state) FROM event";
    let state: i64 = queue.connection.query_row(state, [], |row| row.get(0)).unwrap();
    assert_eq!(state, 4);

    let (reply, forgotten) = oneshot::channel();
    queue.push(Forget { key: key(1), was_known: false, reply });
    queue.run();
    assert!(outcome(forgotten).unwrap());
    assert_eq!(queue.rows(), 1);
}

#[test]
fn a_value_that_is_no_record_is_an_error_of_a_damaged_file() {
    let mut queue = Queue::new();
    let holder = attempt();
    drop(queue.complete(1, &holder));
    queue.run();
    queue.connection.execute("UPDATE event SET token = x'00'", []).unwrap();
    let claimed = queue.claim(1, &attempt());
    queue.run();
    let error = outcome(claimed).unwrap_err();
    assert!(matches!(cause(&error), SqliteStoreError::Corrupt { .. }), "{error:?}");
}

#[test]
fn a_claim_whose_caller_has_gone_is_not_executed() {
    let mut queue = Queue::new();
    drop(queue.claim(1, &attempt()));
    let late = queue.claim(1, &attempt());
    queue.run();
    assert_eq!(outcome(late).unwrap(), FIRST);
}

#[test]
fn a_success_whose_caller_has_gone_is_recorded() {
    let mut queue = Queue::new();
    drop(queue.complete(1, &attempt()));
    let late = queue.claim(1, &attempt());
    queue.run();
    assert!(matches!(outcome(late).unwrap(), ClaimOutcome::Done { .. }));
}

#[test]
fn expired_rows_are_deleted_in_batches() {
    let mut queue = Queue::new();
    let mut expired = attempt();
    (expired.lease, expired.retention) = (Duration::ZERO, Duration::ZERO);
    for event in 0..2 * 500 + 1 {
        drop(queue.complete(event, &expired));
    }
    drop(queue.complete(9_999, &attempt()));
    queue.run();
    // Each group is followed by a purge as long as the last one was a whole batch.
    let left = queue.rows();
    assert!(left > 1, "{left}");
    for _ in 0..3 {
        queue.tasks.push(Task::Purge);
        queue.run();
    }
    assert_eq!(queue.rows(), 1);
}

#[test]
fn a_pause_lasts_until_both_signals_are_received() {
    let mut queue = Queue::new();
    let (reached, paused) = sync_channel(0);
    let before = queue.claim(1, &attempt());
    queue.tasks.push(Task::Pause(reached));
    let mut after = queue.claim(2, &attempt());
    let writer = std::thread::spawn(move || queue.run());
    paused.recv().unwrap();
    assert_eq!(outcome(before).unwrap(), FIRST);
    assert_eq!(after.try_recv().unwrap_err(), TryRecvError::Empty);
    paused.recv().unwrap();
    writer.join().unwrap();
    assert_eq!(outcome(after).unwrap(), FIRST);
}

#[test]
fn a_pause_ends_if_the_other_thread_has_ended() {
    let mut queue = Queue::new();
    let (reached, paused) = sync_channel(0);
    drop(paused);
    queue.tasks.push(Task::Pause(reached));
    let after = queue.claim(1, &attempt());
    queue.run();
    assert_eq!(outcome(after).unwrap(), FIRST);
}
