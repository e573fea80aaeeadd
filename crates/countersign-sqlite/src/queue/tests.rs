use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use countersign_core::{
    Clock, Endpoint, EventKey, Fingerprint, ManualClock, Message, Repeats, Scheme, Secret, Signer,
    SystemClock, Verified, Verifier,
};
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

    async fn accept_in_order(&self, id: &str, key: &str) -> AcceptOutcome {
        let accepting = accepting(id).with_order_key(Some(key.to_owned()));
        self.queue.accept(accepting).await.unwrap()
    }

    async fn take(&self, jobs: usize) -> Taken {
        self.queue.take(Take::new(TARGET, self.owner, jobs).with_lease(10 * SECOND)).await.unwrap()
    }

    /// Takes all due jobs. Returns the ids of their events.
    async fn events(&self) -> Vec<String> {
        self.take(100).await.jobs.iter().map(event).collect()
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

fn event(job: &TakenJob) -> String {
    Message::parse(job.message.clone()).unwrap().event_id().to_owned()
}

fn verified(id: &str) -> Verified {
    let scheme = Scheme::builder("acme")
        .signature_header("X-Acme-Signature")
        .signed_payload("{body}")
        .event_id("body:/id")
        .build()
        .unwrap();
    let secret = || Secret::new("a secret of the tests").unwrap();
    let body = format!(r#"{{"id":"{id}"}}"#);
    let headers = Signer::new(scheme.clone(), secret()).unwrap().sign(body.as_bytes()).unwrap();
    Verifier::new(scheme, secret()).unwrap().verify(&headers, body).unwrap()
}

fn accepting(id: &str) -> Accepting {
    let verified = verified(id);
    let key = EventKey::of(&verified, &Endpoint::new(TARGET));
    let attempt = Attempt::new(Fingerprint::of(&verified), SECOND, 24 * HOUR).unwrap();
    let headers = [("x-acme-signature", "of no use here")];
    let head = ("POST", TARGET);
    let message = Message::new(format!("msg_{id}"), (&verified, &key), head, headers, START_MS);
    Accepting::new(key, attempt, TARGET, message)
}

fn retry(after: Duration) -> Settlement {
    Settlement::Retry { after, status: Some(500), error: "status 500".to_owned() }
}

fn dead() -> Settlement {
    Settlement::Dead { status: None, error: "no connection".to_owned() }
}

const DONE: Settlement = Settlement::Done { status: Some(200) };

#[tokio::test]
async fn an_accepted_event_is_done_and_has_one_job() {
    let table = Table::new();
    assert_eq!(table.accept("evt_1").await, AcceptOutcome::accepted(1, false));
    assert_eq!(table.accept("evt_1").await, AcceptOutcome::Duplicate);
    let accepting = accepting("evt_1");
    let claimed = table.queue.claim(&accepting.event, &accepting.attempt).await.unwrap();
    assert!(matches!(claimed, ClaimOutcome::Done { fingerprint_matches: true, .. }), "{claimed:?}");
    let taken = table.take(10).await;
    assert_eq!(taken.jobs.iter().map(event).collect::<Vec<_>>(), ["evt_1"]);
    assert_eq!((taken.jobs[0].attempt, taken.jobs[0].accepted_at_ms), (1, START_MS));
    assert_eq!(table.take(10).await.jobs.len(), 0);
    // After the job is done, too.
    assert!(matches!(table.settle(&taken.jobs[0], DONE).await, SettleOutcome::Settled { .. }));
    assert_eq!(table.accept("evt_1").await, AcceptOutcome::Duplicate);
    assert_eq!(table.states(), [("evt_1".to_owned(), JobState::Done)]);
}

#[tokio::test]
async fn a_claim_without_an_accept_is_no_claim() {
    let table = Table::new();
    let accepting = accepting("evt_1");
    for _ in 0..2 {
        let claimed = table.queue.claim(&accepting.event, &accepting.attempt).await.unwrap();
        assert_eq!(claimed, ClaimOutcome::Granted { attempt: 1, reclaimed: false });
    }
    // An event that is handled without a job.
    let complete = table.queue.complete(&accepting.event, &accepting.attempt);
    assert_eq!(complete.await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(table.accept("evt_1").await, AcceptOutcome::Duplicate);
    assert!(table.queue.forget(&accepting.event).await.unwrap());
    assert!(matches!(table.accept("evt_1").await, AcceptOutcome::Accepted { .. }));
}

#[tokio::test]
async fn a_repeat_that_is_handled_gets_a_job_of_its_own() {
    let table = Table::new();
    for _ in 0..2 {
        let accepting = accepting("evt_1").with_repeats(Repeats::Handle);
        let accepted = table.queue.accept(accepting).await.unwrap();
        assert!(matches!(accepted, AcceptOutcome::Accepted { .. }), "{accepted:?}");
    }
    let jobs = table.take(10).await.jobs;
    assert_eq!(jobs.iter().map(|job| job.possible_duplicate).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn what_was_accepted_survives_a_restart_and_is_seen_by_another_process() {
    let table = Table::new();
    table.accept("evt_1").await;
    let open = || {
        let config = QueueConfig::new(&table.path).with_clock(table.clock.clone());
        SqliteQueue::open_with(config).unwrap()
    };
    let other = open();
    assert_eq!(other.accept(accepting("evt_1")).await.unwrap(), AcceptOutcome::Duplicate);
    drop(other);
    let taken = open().take(Take::new(TARGET, table.owner, 10)).await.unwrap();
    assert_eq!(taken.jobs.len(), 1);
}

#[tokio::test]
async fn a_retry_is_due_after_its_time_and_keeps_the_result_of_the_last_attempt() {
    let table = Table::new();
    table.accept("evt_1").await;
    let job = table.take(1).await.jobs.remove(0);
    table.settle(&job, retry(60 * SECOND)).await;
    let taken = table.take(1).await;
    assert_eq!((taken.jobs.len(), taken.next_at_ms), (0, Some(START_MS + 60_000)));
    let summary = table.admin().list(&JobFilter::default(), 1).unwrap().remove(0);
    assert_eq!((summary.attempts, summary.last_status), (1, Some(500)));
    assert_eq!(summary.last_error.as_deref(), Some("status 500"));
    table.clock.advance(60 * SECOND);
    let job = table.take(1).await.jobs.remove(0);
    assert_eq!(job.attempt, 2);
    table.settle(&job, dead()).await;
    table.clock.advance(24 * HOUR);
    assert_eq!(table.events().await, [""; 0]);
    assert_eq!(table.states(), [("evt_1".to_owned(), JobState::Dead)]);
}

#[tokio::test]
async fn an_attempt_whose_lease_has_ended_is_fenced_by_its_token() {
    let table = Table::new();
    table.accept("evt_1").await;
    let first = table.take(1).await.jobs.remove(0);
    table.clock.advance(9 * SECOND);
    assert_eq!(table.take(1).await.jobs.len(), 0);
    // A renewal starts the lease again.
    table.queue.renew(vec![(first.id, first.token)], 10 * SECOND).await.unwrap();
    table.clock.advance(9 * SECOND);
    assert_eq!(table.take(1).await.jobs.len(), 0);
    table.clock.advance(SECOND);
    let taken = table.take(1).await;
    assert_eq!(taken.expired, 1);
    let second = &taken.jobs[0];
    assert_eq!(second.attempt, 2);
    for settlement in [retry(SECOND), dead(), DONE, Settlement::Release] {
        assert_eq!(table.settle(&first, settlement).await, SettleOutcome::Lost);
    }
    for _ in 0..2 {
        // The second time, as after a lost reply.
        let settled = table.settle(second, DONE).await;
        assert!(matches!(settled, SettleOutcome::Settled { .. }), "{settled:?}");
    }
    assert_eq!(table.settle(second, retry(SECOND)).await, SettleOutcome::Lost);
}

#[tokio::test]
async fn only_attempts_that_the_process_has_are_renewed() {
    let table = Table::new();
    table.accept("evt_1").await;
    table.accept("evt_2").await;
    let jobs = table.take(2).await.jobs;
    // The process knows nothing of the second, as after a lost reply.
    let held = vec![(jobs[0].id, jobs[0].token)];
    table.clock.advance(9 * SECOND);
    table.queue.renew(held.clone(), 10 * SECOND).await.unwrap();
    table.clock.advance(2 * SECOND);
    let taken = table.take(2).await;
    assert_eq!((taken.expired, taken.jobs.len()), (1, 1));
    assert_eq!(taken.jobs[0].id, jobs[1].id);
}

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
async fn a_late_success_is_recorded_if_no_other_attempt_has_the_job() {
    let table = Table::new();
    table.accept("evt_1").await;
    table.accept("evt_2").await;
    let jobs = table.take(2).await.jobs;
    table.clock.advance(11 * SECOND);
    // Both are due again, and one of them is taken.
    assert_eq!(table.take(1).await.jobs[0].id, jobs[0].id);
    assert_eq!(table.settle(&jobs[0], DONE).await, SettleOutcome::Lost);
    assert!(matches!(table.settle(&jobs[1], DONE).await, SettleOutcome::Settled { .. }));
    assert_eq!(table.take(2).await.jobs.len(), 0);
}

#[tokio::test]
async fn jobs_of_a_key_are_taken_one_after_the_other_and_others_are_not_delayed() {
    let table = Table::new();
    for (id, key) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        table.accept_in_order(id, key).await;
    }
    table.accept("c").await;
    let jobs = table.take(10).await.jobs;
    assert_eq!(jobs.iter().map(event).collect::<Vec<_>>(), ["a1", "b1", "c"]);
    // A retry keeps the key.
    table.settle(&jobs[0], retry(60 * SECOND)).await;
    assert_eq!(table.events().await, [""; 0]);
    table.clock.advance(60 * SECOND);
    let jobs = table.take(10).await.jobs;
    let first = jobs.iter().find(|job| event(job) == "a1").unwrap();
    assert_eq!(table.settle(first, DONE).await, SettleOutcome::settled(true));
    let next = table.take(1).await.jobs.remove(0);
    assert_eq!(event(&next), "a2");
    // A dead letter does not block its key.
    assert_eq!(table.settle(&next, dead()).await, SettleOutcome::settled(true));
    let next = table.take(1).await.jobs.remove(0);
    assert_eq!(event(&next), "a3");
    // The dead letter is retried while another one is in progress: it waits.
    let ids = JobFilter::of_states([JobState::Dead]);
    assert_eq!(table.admin().retry(&ids).unwrap(), 1);
    assert_eq!(table.take(1).await.jobs.len(), 0);
    table.settle(&next, DONE).await;
    assert_eq!(table.events().await, ["a2"]);
}

#[tokio::test]
async fn jobs_of_a_key_are_in_order_for_all_interleavings_of_two_processes() {
    let table = Table::new();
    for id in 0..20 {
        table.accept_in_order(&format!("e{id:02}"), ["x", "y"][id % 2]).await;
    }
    let other =
        SqliteQueue::open_with(QueueConfig::new(&table.path).with_clock(table.clock.clone()))
            .unwrap();
    let owner = Token::random().unwrap();
    let mut seen = Vec::new();
    for turn in 0.. {
        let queue = if turn % 2 == 0 { &table.queue } else { &other };
        let jobs = queue.take(Take::new(TARGET, owner, 5)).await.unwrap().jobs;
        if jobs.is_empty() {
            break;
        }
        for job in jobs {
            seen.push(event(&job));
            queue.settle(job.id, job.token, DONE).await.unwrap();
        }
    }
    assert_eq!(seen.len(), 20);
    for parity in 0..2 {
        let of_key: Vec<_> =
            seen.iter().filter(|id| id[1..].parse::<usize>().unwrap() % 2 == parity).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
}

#[tokio::test]
async fn limits_of_jobs_bytes_and_running_jobs_hold() {
    let table = Table::new();
    for id in 0..6 {
        table.accept(&format!("evt_{id}")).await;
    }
    let take = |jobs| Take::new(TARGET, table.owner, jobs);
    assert_eq!(table.queue.take(take(2)).await.unwrap().jobs.len(), 2);
    let few_bytes = take(10).with_max_bytes(1);
    assert_eq!(table.queue.take(few_bytes).await.unwrap().jobs.len(), 1);
    let running = take(10).with_max_running(4);
    assert_eq!(table.queue.take(running.clone()).await.unwrap().jobs.len(), 1);
    assert_eq!(table.queue.take(running).await.unwrap().jobs.len(), 0);
    let other = Take::new("/another", table.owner, 10);
    assert_eq!(table.queue.take(other).await.unwrap().jobs.len(), 0);
}

#[tokio::test]
async fn a_paused_target_keeps_its_jobs_and_still_accepts() {
    let table = Table::new();
    table.accept("evt_1").await;
    for name in [TARGET, "*"] {
        table.admin().pause(name).unwrap();
        table.accept("evt_2").await;
        let taken = table.take(10).await;
        assert!(taken.jobs.is_empty() && taken.is_paused, "{name}");
        assert!(table.admin().counts(TARGET).unwrap().is_paused);
        assert_eq!(table.admin().paused().unwrap(), [name]);
        assert!(table.admin().resume(name).unwrap());
        assert!(!table.admin().resume(name).unwrap());
    }
    assert_eq!(table.events().await, ["evt_1", "evt_2"]);
}

#[tokio::test]
async fn people_list_retry_and_discard_by_filter() {
    let table = Table::new();
    for id in ["evt_1", "evt_2", "evt_3", "evt_4"] {
        table.accept(id).await;
        table.clock.advance(SECOND);
    }
    let jobs = table.take(3).await.jobs;
    table.settle(&jobs[0], DONE).await;
    table.settle(&jobs[1], dead()).await;
    let mut admin = table.admin();
    let ids = |filter: &JobFilter| -> Vec<i64> {
        table.admin().list(filter, 10).unwrap().iter().map(|job| job.id).collect()
    };
    assert_eq!(ids(&JobFilter::of_states([JobState::Dead])), [2]);
    let mut of_event = JobFilter::default();
    of_event.event_id = Some("evt_3".to_owned());
    assert_eq!(ids(&of_event), [3]);
    let mut range = JobFilter::default();
    (range.since_ms, range.until_ms) = (Some(START_MS + 1_000), Some(START_MS + 3_000));
    assert_eq!(ids(&range), [2, 3]);
    assert_eq!(admin.count(&range).unwrap(), 2);
    let counts = admin.counts(TARGET).unwrap();
    assert_eq!((counts.pending, counts.running, counts.dead), (1, 1, 1));
    assert_eq!(counts.oldest_ms, Some(START_MS + 2_000));
    assert_eq!(admin.targets().unwrap(), [TARGET]);

    // One that is running is neither retried nor discarded.
    assert_eq!(admin.discard(&JobFilter::of_ids(vec![3, 4])).unwrap(), 1);
    let discarded = vec![JobState::Discarded];
    assert_eq!(ids(&JobFilter::of_states(discarded)), [4]);
    assert_eq!(admin.retry(&JobFilter::of_ids(vec![1, 2, 3, 4])).unwrap(), 3);
    table.settle(&jobs[2], DONE).await;
    // Its times are those of the system's clock.
    table.clock.set_unix_ms(SystemClock::new().now_unix_ms() + 1_000);
    let taken: BTreeSet<_> = table.events().await.into_iter().collect();
    assert_eq!(taken, ["evt_1", "evt_2", "evt_4"].map(str::to_owned).into());
    let (job, message) = admin.show(2).unwrap().unwrap();
    assert_eq!((job.attempts, message.attempt(), message.event_id()), (1, 1, "evt_2"));
    assert!(admin.show(5).unwrap().is_none());
    assert_eq!(admin.missing(&[1, 5, 4, 99_999]).unwrap(), [5, 99_999]);
    assert_eq!(admin.long_event_ids(4).unwrap().len(), 4);
    assert_eq!(admin.long_event_ids(5).unwrap(), [""; 0]);
}

#[tokio::test]
async fn states_that_an_operation_cannot_change_are_an_error_and_not_all_states() {
    let table = Table::new();
    table.accept("evt_1").await;
    table.accept("evt_2").await;
    let running = table.take(1).await.jobs.remove(0);
    let before = table.states();
    let of = |states: &[JobState]| JobFilter::of_states(states);
    let mut admin = table.admin();
    let error = admin.discard(&of(&[JobState::Done, JobState::Running])).unwrap_err();
    assert!(error.to_string().ends_with(": due, dead, waiting"), "{error}");
    let error = admin.retry(&of(&[JobState::Running])).unwrap_err();
    assert!(error.to_string().ends_with(": due, dead, done, discarded"), "{error}");
    assert_eq!(table.states(), before);
    table.settle(&running, DONE).await;
    assert_eq!(admin.discard(&of(&[JobState::Done, JobState::Due])).unwrap(), 1);
    let expected = [("evt_1", JobState::Done), ("evt_2", JobState::Discarded)];
    assert_eq!(table.states(), expected.map(|(id, state)| (id.to_owned(), state)));
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
