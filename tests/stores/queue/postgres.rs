//! The table in Postgres, and what only a server can do.

use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::store::{Health, ReleaseOutcome, RenewOutcome, StoreError, StoreWarning};
use countersign_postgres::queue::{PostgresQueue, QueueConfig};
use countersign_postgres::{ConnectError, PostgresStoreError};
use countersign_test_servers::{Fault, FaultProxy, PgBouncer, PostgresServer};
use tokio::task::JoinSet;

use super::*;
use crate::postgres::{client, server};

/// A schema of the shared server that no other test uses.
pub(super) struct Postgres(String);

pub(super) struct PostgresProcess {
    pub(super) queue: PostgresQueue,
}

/// Longer than any operation on a busy machine.
const PATIENT: Duration = Duration::from_secs(60);

impl Postgres {
    fn config(&self) -> QueueConfig {
        self.config_at(&server().url())
    }

    fn config_at(&self, url: &str) -> QueueConfig {
        QueueConfig::new(url).unwrap().with_schema(&self.0).with_deadline(PATIENT)
    }

    async fn queue(&self) -> PostgresQueue {
        PostgresQueue::connect_with(self.config()).await.unwrap()
    }

    /// The number that a query returns, in which `{t}` is the beginning of a table's name.
    async fn number(&self, query: &str) -> i64 {
        let query = query.replace("{t}", &format!("\"{}\".countersign_queue_", self.0));
        client().await.query_one(&query, &[]).await.unwrap().get(0)
    }
}

impl Table for Postgres {
    type Process = PostgresProcess;

    async fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // It needs quotes in an identifier and in a literal.
        Self(format!("queue's {}.", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    async fn open(&self) -> PostgresProcess {
        PostgresProcess { queue: self.queue().await }
    }

    async fn advance(&self, by: Duration) {
        let past = format!("- interval '{} ms'", by.as_millis());
        let tables = format!("\"{}\".countersign_queue_", self.0);
        let update = format!(
            "UPDATE {tables}job SET accepted = accepted {past}, run_at = run_at {past},
                 settled = settled {past};
             UPDATE {tables}event SET at = at {past}, forget = forget {past}"
        );
        client().await.batch_execute(&update).await.unwrap();
    }
}

impl Process for PostgresProcess {
    async fn accept(&self, accepting: Accepting) -> AcceptOutcome {
        self.queue.accept(accepting).await.unwrap()
    }

    async fn take(&self, take: Take) -> Taken {
        self.queue.take(take).await.unwrap()
    }

    async fn settle(&self, job: &TakenJob, settlement: Settlement) -> SettleOutcome {
        self.queue.settle(job.id, job.token, settlement).await.unwrap()
    }

    async fn renew_held(&self, held: Vec<(i64, Token)>, lease: Duration) {
        self.queue.renew(held, lease).await.unwrap();
    }

    async fn list(&self, filter: &JobFilter) -> Vec<JobSummary> {
        self.queue.list(filter, 1_000).await.unwrap()
    }

    async fn count(&self, filter: &JobFilter) -> u64 {
        self.queue.count(filter).await.unwrap()
    }

    async fn show(&self, id: i64) -> Option<(JobSummary, Message)> {
        self.queue.show(id).await.unwrap()
    }

    async fn retry(&self, filter: &JobFilter) -> Result<u64, String> {
        self.queue.retry(filter).await.map_err(|error| error.to_string())
    }

    async fn discard(&self, filter: &JobFilter) -> Result<u64, String> {
        self.queue.discard(filter).await.map_err(|error| error.to_string())
    }

    async fn pause(&self, target: &str) {
        self.queue.pause(target).await.unwrap();
    }

    async fn resume(&self, target: &str) -> bool {
        self.queue.resume(target).await.unwrap()
    }

    async fn paused(&self) -> Vec<String> {
        self.queue.paused().await.unwrap()
    }

    async fn targets(&self) -> Vec<String> {
        self.queue.targets().await.unwrap()
    }

    async fn missing(&self, ids: &[i64]) -> Vec<i64> {
        self.queue.missing(ids).await.unwrap()
    }

    async fn long_event_ids(&self, bytes: u32) -> Vec<String> {
        self.queue.long_event_ids(bytes).await.unwrap()
    }

    async fn counts(&self, target: &str) -> TargetCounts {
        self.queue.counts(target).await.unwrap()
    }
}

claims_of!(PostgresProcess);

fn cause(error: &StoreError) -> &PostgresStoreError {
    std::error::Error::source(error).unwrap().downcast_ref().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deliveries_of_one_event_at_once_get_one_job() {
    const DELIVERIES: usize = 16;
    let table = Postgres::new().await;
    let queues = [table.queue().await, table.queue().await];
    for round in 0..10 {
        let mut accepts = JoinSet::new();
        for delivery in 0..DELIVERIES {
            let queue = queues[delivery % 2].clone();
            // With and without the transaction of an order key.
            let key = (round % 2 == 0).then(|| "a".to_owned());
            let accepting = accepting(&format!("evt_{round}")).with_order_key(key);
            accepts.spawn(async move { queue.accept(accepting).await.unwrap() });
        }
        let outcomes = accepts.join_all().await;
        let duplicates = outcomes.iter().filter(|it| **it == AcceptOutcome::Duplicate).count();
        assert_eq!(duplicates, DELIVERIES - 1, "{outcomes:?}");
    }
    let jobs = "SELECT count(*) FROM {t}job JOIN {t}message ON job = id";
    assert_eq!(table.number(jobs).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_the_jobs_of_a_key_that_are_accepted_at_once_the_first_is_due() {
    let table = Postgres::new().await;
    let queues = [table.queue().await, table.queue().await];
    let mut accepts = JoinSet::new();
    for delivery in 0..32 {
        let queue = queues[delivery % 2].clone();
        let accepting = accepting(&format!("e{delivery}")).with_order_key(Some("a".to_owned()));
        accepts.spawn(async move { queue.accept(accepting).await.unwrap() });
    }
    accepts.join_all().await;
    let due = "SELECT count(*) FROM {t}job WHERE state = 1 AND id = (SELECT min(id) FROM {t}job)";
    assert_eq!(table.number(due).await, 1);
    assert_eq!(table.number("SELECT count(*) FROM {t}job WHERE state = 6").await, 31);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn takes_at_once_never_exceed_the_maximum_of_running_jobs() {
    let table = Postgres::new().await;
    let queues = [table.queue().await, table.queue().await];
    for id in 0..40 {
        queues[0].accept(accepting(&format!("e{id}"))).await.unwrap();
    }
    let mut takes = JoinSet::new();
    for take in 0..12 {
        let queue = queues[take % 2].clone();
        let take = Take::new(TARGET, Token::random().unwrap(), 4).with_max_running(5);
        takes.spawn(async move { queue.take(take).await.unwrap().jobs.len() });
    }
    assert_eq!(takes.join_all().await.into_iter().sum::<usize>(), 5);
}

#[tokio::test]
async fn an_accept_whose_reply_is_lost_finds_its_own_job() {
    let table = Postgres::new().await;
    table.queue().await;
    let proxy = FaultProxy::start(server().address()).await;
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let config = table.config_at(&url).with_connections(1);
    let queue = PostgresQueue::connect_with(config).await.unwrap();
    for (id, repeats) in [("evt_1", Repeats::Suppress), ("evt_2", Repeats::Handle)] {
        // The statements are prepared before a reply is lost.
        queue.accept(accepting(&format!("before {id}"))).await.unwrap();
        proxy.set(Fault::ResetAfter(0));
        let accepted = queue.accept(accepting(id).with_repeats(repeats)).await.unwrap();
        let is_new = matches!(accepted, AcceptOutcome::Accepted { possible_duplicate: false, .. });
        assert!(is_new, "{accepted:?}");
        assert_eq!(proxy.fault(), Fault::None);
    }
    assert_eq!(table.number("SELECT count(*) FROM {t}job").await, 4);
    let job = queue.take(Take::new(TARGET, Token::random().unwrap(), 1)).await.unwrap().jobs;
    for _ in 0..2 {
        proxy.set(Fault::ResetAfter(0));
        assert!(is_settled(queue.settle(job[0].id, job[0].token, DONE).await.unwrap()));
    }
}

#[tokio::test]
async fn an_accept_without_a_reply_is_unknown_and_its_repeat_a_duplicate() {
    let table = Postgres::new().await;
    let proxy = FaultProxy::start(server().address()).await;
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let config = table.config_at(&url).with_connections(1);
    let config = config.with_deadline(Duration::from_millis(500));
    let queue = PostgresQueue::connect_with(config).await.unwrap();
    queue.accept(accepting("before")).await.unwrap();
    proxy.set(Fault::HalfOpen);
    let error = queue.accept(accepting("evt_1")).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(matches!(cause(&error), PostgresStoreError::Deadline { .. }), "{error:?}");
    let other = table.queue().await;
    // The server may still execute it.
    while table.number("SELECT count(*) FROM {t}job").await < 2 {}
    assert_eq!(other.accept(accepting("evt_1")).await.unwrap(), AcceptOutcome::Duplicate);
}

#[tokio::test]
async fn a_transaction_that_is_cut_before_its_commit_is_not_applied() {
    let table = Postgres::new().await;
    let queue = table.queue().await;
    let blocker = client().await;
    let lock = format!("BEGIN; LOCK TABLE \"{}\".countersign_queue_job", table.0);
    blocker.batch_execute(&lock).await.unwrap();
    let config = table.config().with_deadline(Duration::from_millis(300));
    let hurried = PostgresQueue::connect_to_existing(config).await.unwrap();
    let in_order = || accepting("evt_1").with_order_key(Some("a".to_owned()));
    let error = hurried.accept(in_order()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "{error:?}");
    blocker.batch_execute("ROLLBACK").await.unwrap();
    let accepted = queue.accept(in_order()).await.unwrap();
    assert!(matches!(accepted, AcceptOutcome::Accepted { .. }), "{accepted:?}");
}

/// One server for this, because each start takes a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_a_kill_of_the_server() {
    let mut server = PostgresServer::start(&["-c", "fsync=on"]);
    let config = QueueConfig::new(&server.url()).unwrap().with_deadline(Duration::from_secs(5));
    let queue = PostgresQueue::connect_with(config).await.unwrap();
    for round in 0..2 {
        let writes = queue.clone();
        let writing = tokio::spawn(async move {
            let mut accepted = Vec::new();
            for number in 0.. {
                let id = format!("evt_{round}_{number}");
                match writes.accept(accepting(&id)).await {
                    Ok(AcceptOutcome::Accepted { .. }) => accepted.push(id),
                    Ok(outcome) => panic!("{outcome:?}"),
                    Err(_) => break,
                }
            }
            accepted
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill9();
        let accepted = writing.await.unwrap();
        assert!(queue.accept(accepting("while it is away")).await.is_err());
        server.restart();
        while queue.probe().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut filter = JobFilter::default();
        for id in accepted {
            filter.event_id = Some(id.clone());
            assert_eq!(queue.count(&filter).await.unwrap(), 1, "{id}");
            let repeat = queue.accept(accepting(&id)).await.unwrap();
            assert_eq!(repeat, AcceptOutcome::Duplicate, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_pooler_mode_works_behind_a_transaction_pooler() {
    let table = Postgres::new().await;
    let bouncer = PgBouncer::start(server(), 3);
    let config = table.config_at(&format!("{}?pooler=true", bouncer.url()));
    let queue = PostgresQueue::connect_with(config).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let queue = queue.clone();
        tasks.spawn(async move {
            for id in 0..10 {
                let key = (id % 2 == 0).then(|| "a".to_owned());
                let accepting = accepting(&format!("{task}-{id}")).with_order_key(key);
                queue.accept(accepting).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let mut done = 0;
    loop {
        let take = Take::new(TARGET, Token::random().unwrap(), 10);
        let jobs = queue.take(take).await.unwrap().jobs;
        if jobs.is_empty() {
            break;
        }
        for job in jobs {
            assert!(is_settled(queue.settle(job.id, job.token, DONE).await.unwrap()));
            done += 1;
        }
    }
    assert_eq!(done, 80);
    assert_eq!(queue.probe().await.unwrap().warnings, [] as [StoreWarning; 0]);
}

#[tokio::test]
async fn jobs_that_are_over_are_purged_after_their_time_and_dead_ones_are_kept() {
    let table = Postgres::new().await;
    let config = table.config().with_keep_done(HOUR);
    let queue = PostgresQueue::connect_with(config.with_purge_interval(Duration::from_millis(10)));
    let process = PostgresProcess { queue: queue.await.unwrap() };
    for id in ["done", "dead", "discarded", "due"] {
        process.accept_event(id).await;
    }
    let jobs = process.take_up_to(2).await.jobs;
    process.settle(&jobs[0], DONE).await;
    process.settle(&jobs[1], dead()).await;
    let mut third = JobFilter::default();
    third.event_id = Some("discarded".to_owned());
    process.discard(&third).await.unwrap();
    table.advance(HOUR / 2).await;
    assert_eq!(process.states().await.len(), 4);
    table.advance(HOUR).await;
    while process.states().await.len() != 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(table.number("SELECT count(*) FROM {t}message").await, 2);
    // The event is still known.
    assert_eq!(process.accept_event("done").await, AcceptOutcome::Duplicate);
    table.advance(24 * HOUR).await;
    while table.number("SELECT count(*) FROM {t}event").await != 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(process.states().await.len(), 2);
}

#[tokio::test]
async fn an_id_with_a_character_that_postgres_cannot_store_is_accepted() {
    let table = Postgres::new().await;
    let process = table.open().await;
    let accepted = process.accept_in_order("a\0b", "x\0y").await;
    assert!(matches!(accepted, AcceptOutcome::Accepted { .. }), "{accepted:?}");
    let job = process.take_one().await;
    // The message has the exact one.
    assert_eq!(event(&job), "a\0b");
    assert_eq!(process.states().await[0].0, "a\u{fffd}b");
}

#[tokio::test]
async fn unsuitable_servers_and_missing_tables_are_errors_that_say_what_to_do() {
    let table = Postgres::new().await;
    let existing = PostgresQueue::connect_to_existing(table.config()).await;
    let error = existing.expect_err("there is no table");
    assert!(matches!(error, ConnectError::MissingTables { .. }), "{error:?}");
    assert!(error.to_string().contains("`countersign serve` creates them"), "{error}");

    let url = format!("{}?options=-csynchronous_commit%3Doff", server().url());
    let connected = PostgresQueue::connect_with(table.config_at(&url)).await;
    let error = connected.expect_err("an accepted delivery could be lost");
    assert!(matches!(error, ConnectError::AsynchronousCommit { .. }), "{error:?}");
    assert!(error.to_string().contains("ALTER ROLE"), "{error}");

    let _ = server().psql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    let latin = server().url().replace("/postgres", "/latin");
    let latin = latin.replace("//latin", "//postgres");
    let connected = PostgresQueue::connect_with(table.config_at(&latin)).await;
    let error = connected.expect_err("not all texts can be stored");
    assert!(matches!(error, ConnectError::Encoding { .. }), "{error:?}");

    table.queue().await;
    let version = format!("UPDATE \"{}\".countersign_version SET version = 2", table.0);
    client().await.batch_execute(&version).await.unwrap();
    let error = PostgresQueue::connect_with(table.config()).await.expect_err("it is newer");
    let is_newer = matches!(error, ConnectError::NewerSchema { found: 2, supported: 1, .. });
    assert!(is_newer, "{error:?}");
}

#[tokio::test]
async fn a_user_without_a_right_is_an_error_at_the_start_and_the_rights_of_the_manual_suffice() {
    let table = Postgres::new().await;
    let schema = format!("\"{}\"", table.0);
    let migration = table.config().migration();
    let admin = client().await;
    admin.batch_execute(&migration).await.unwrap();
    admin.batch_execute(&migration).await.unwrap();
    let tables = ["event", "job", "message", "paused"]
        .map(|table| format!("{schema}.countersign_queue_{table}"))
        .join(", ");
    let grants = [
        format!("GRANT USAGE ON SCHEMA {schema} TO queue_user"),
        format!("GRANT SELECT ON {schema}.countersign_version TO queue_user"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO queue_user"),
        format!("GRANT USAGE ON SEQUENCE {schema}.countersign_queue_job_id TO queue_user"),
    ];
    admin.batch_execute("CREATE ROLE queue_user LOGIN").await.unwrap();
    for grant in grants {
        let config = table.config_at(&server().url_of("queue_user"));
        let error = PostgresQueue::connect_with(config).await.expect_err("a right is missing");
        assert!(matches!(error, ConnectError::NotPermitted { .. }), "{error:?}");
        assert!(error.to_string().contains("countersign_queue_job_id"), "{error}");
        admin.batch_execute(&grant).await.unwrap();
    }
    let config = table.config_at(&server().url_of("queue_user"));
    let process = PostgresProcess { queue: PostgresQueue::connect_with(config).await.unwrap() };
    process.accept_in_order("evt_1", "a").await;
    assert_eq!(process.take_events().await, ["evt_1"]);
}

#[tokio::test]
async fn the_debug_form_shows_no_password_and_no_message() {
    let table = Postgres::new().await;
    let config = table.config_at("postgres://user:hunter2@127.0.0.1/shop");
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    let queue = table.queue().await;
    queue.accept(accepting("evt_1")).await.unwrap();
    let taken = queue.take(Take::new(TARGET, Token::random().unwrap(), 1)).await.unwrap();
    assert!(!format!("{taken:?} {queue:?}").contains("evt_1"), "{taken:?}");
}
