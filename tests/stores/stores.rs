//! Idempotency stores pass the suite, and the suite detects flawed stores.

mod flawed;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::store::IdempotencyStore;
use countersign::{ManualClock, MemoryStore};
use countersign_conformance::{StoreCase, StoreFailure, StoreUnderTest, store_cases};
use countersign_postgres::PostgresStore;
use countersign_redis::{RedisConfig, RedisStore};
use countersign_sqlite::{SqliteConfig, SqliteStore};
use countersign_test_servers::RedisServer;
use tokio::task::JoinSet;

use self::flawed::{Flaw, FlawedStore, Raced};
use crate::postgres::{self, Schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_passes_the_suite() {
    passes_the_suite(&Manual::new(|clock| MemoryStore::with_capacity(20_000).with_clock(clock)))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_memory_store_with_several_shards_passes_the_suite() {
    passes_the_suite(&Manual::new(|clock| MemoryStore::new().with_clock(clock))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sqlite_store_passes_the_suite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let next = AtomicUsize::new(0);
    let under_test = Manual::new(move |clock| {
        let name = format!("{}.db", next.fetch_add(1, Ordering::Relaxed));
        // The default timeout is too short for thousands of concurrent calls on a busy machine.
        let config = SqliteConfig::new(path.join(name)).with_deadline(Duration::from_secs(60));
        SqliteStore::open_with(config.with_clock(clock)).unwrap()
    });
    passes_the_suite(&under_test).await;
}

/// This store uses real time, so the cases run concurrently. Those with many tasks would delay the
/// steps of the others, and run after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_redis_store_passes_the_suite() {
    let redis = Arc::new(Redis(RedisServer::start(&[])));
    let (busy, quiet): (Vec<_>, Vec<_>) = store_cases::<Redis>()
        .into_iter()
        .partition(|case| ["64_tasks", "10_000"].iter().any(|many| case.name().contains(many)));
    let mut running = JoinSet::new();
    for case in quiet {
        let redis = Arc::clone(&redis);
        running.spawn(async move { case.run(&*redis).await });
    }
    let mut results = running.join_all().await;
    for case in busy {
        results.push(case.run(&*redis).await);
    }
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{failures:#?}");
}

/// The two cases with 64,000 and 640,000 claims are left out, because they would take a minute. The
/// tests of this store race for fewer events, with two stores.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_passes_the_suite() {
    let mut failures = Vec::new();
    for case in store_cases::<Postgres>() {
        let is_long = ["wins_each_of_10_000_events", "reclaims_each_of_1_000_events"];
        if !is_long.iter().any(|name| case.name().ends_with(name)) {
            let under_test = Postgres { schema: Schema::new(), client: postgres::client().await };
            failures.extend(case.run(&under_test).await.err());
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_map_behind_a_lock_passes_the_suite() {
    passes_the_suite(&Manual::new(|clock| FlawedStore::new(clock, Flaw::None))).await;
}

#[tokio::test]
async fn the_suite_detects_a_store_with_a_read_then_write_race() {
    let new = Flaw::ChecksThenActs(Raced::New);
    let abandoned = Flaw::ChecksThenActs(Raced::Abandoned);
    fails(new, "one_of_64_tasks_wins_each_of_10_000_events").await;
    fails(abandoned, "one_of_64_tasks_reclaims_each_of_1_000_events").await;
    fails(new, "an_event_claimed_by_64_tasks_succeeds_once").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_without_ownership_checks_on_release() {
    fails(Flaw::AnybodyReleases, "a_stale_attempts_failure_does_not_affect_the_new_holder").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_in_which_a_late_failure_undoes_a_success() {
    fails(Flaw::FailureUndoesSuccess, "a_late_failure_does_not_undo_a_success").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_ignores_a_late_success() {
    fails(Flaw::IgnoresLateSuccess, "a_success_of_a_stale_attempt_is_recorded_late").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_does_not_recognise_a_repeated_attempt() {
    let case = "a_repeated_claim_of_an_attempt_returns_the_same_grant";
    fails(Flaw::ResendIsAnother, case).await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_keeps_a_record_only_as_long_as_its_lease() {
    fails(Flaw::ForgetsWithTheLease, "a_done_event_is_not_granted_again").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_whose_retention_restarts_at_every_step() {
    fails(Flaw::RetentionStartsAgain, "no_operation_prolongs_the_retention_of_a_done_event").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_whose_retention_starts_at_the_first_claim() {
    fails(Flaw::RetentionCountsFromTheClaim, "the_retention_starts_at_the_completion").await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_grants_an_event_to_an_ended_attempt() {
    let case = "a_claim_that_arrives_after_its_own_release_is_not_granted";
    fails(Flaw::GrantsTheReleased, case).await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_ignores_a_release_that_overtakes_its_claim() {
    let case = "a_claim_that_was_overtaken_by_its_own_release_is_not_granted";
    fails(Flaw::IgnoresEarlyRelease, case).await;
}

#[tokio::test]
async fn the_suite_detects_a_store_that_drops_claims_at_the_end_of_the_retention() {
    fails(Flaw::RetentionEndsLease, "a_claimed_event_is_kept_after_its_retention").await;
}

#[tokio::test]
async fn the_suite_detects_a_cache_that_drops_claims() {
    fails(Flaw::DropsWhenFull, "none_of_10_000_claimed_events_is_granted_again").await;
}

#[test]
fn no_two_cases_share_a_name() {
    let cases: Vec<StoreCase<Manual<MemoryStore>>> = store_cases();
    let mut names: Vec<_> = cases.iter().map(StoreCase::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len());
}

async fn passes_the_suite(under_test: &impl StoreUnderTest) {
    let mut failures = Vec::new();
    for case in store_cases() {
        failures.extend(case.run(under_test).await.err());
    }
    let failures: Vec<_> = failures.iter().map(StoreFailure::to_string).collect();
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
}

async fn fails(flaw: Flaw, name: &str) {
    let under_test = Manual::new(move |clock| FlawedStore::new(clock, flaw));
    let case = store_cases().into_iter().find(|case| case.name() == name).unwrap();
    let failure = case.run(&under_test).await.expect_err("the flaw must be detected");
    assert_eq!(failure.case(), name);
}

/// Stores with a clock that changes only when it is advanced.
struct Manual<S> {
    clock: ManualClock,
    make: Box<dyn Fn(ManualClock) -> S + Send + Sync>,
}

impl<S> Manual<S> {
    fn new(make: impl Fn(ManualClock) -> S + Send + Sync + 'static) -> Self {
        Self { clock: ManualClock::at_unix_ms(1_760_000_000_000), make: Box::new(make) }
    }
}

impl<S: IdempotencyStore> StoreUnderTest for Manual<S> {
    type Store = S;

    async fn fresh(&self) -> S {
        (self.make)(self.clock.clone())
    }

    async fn advance(&self, _: &S, by: Duration) {
        self.clock.advance(by);
    }
}

/// Stores that share a server but no events.
struct Redis(RedisServer);

impl StoreUnderTest for Redis {
    type Store = RedisStore;

    async fn fresh(&self) -> RedisStore {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let prefix = format!("cs{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let config = RedisConfig::new(&self.0.url()).unwrap().with_prefix(prefix);
        // The default timeout is too short for thousands of concurrent calls on a busy machine.
        let config = config.with_deadline(Duration::from_secs(30));
        RedisStore::connect_with(config).await.unwrap()
    }

    async fn advance(&self, _: &RedisStore, by: Duration) {
        tokio::time::sleep(by).await;
    }

    fn unit(&self) -> Duration {
        Duration::from_millis(250)
    }
}

/// Stores whose records are moved into the past instead of the clock into the future.
struct Postgres {
    schema: Schema,
    client: tokio_postgres::Client,
}

impl StoreUnderTest for Postgres {
    type Store = PostgresStore;

    async fn fresh(&self) -> PostgresStore {
        self.schema.store().await
    }

    async fn advance(&self, _: &PostgresStore, by: Duration) {
        self.schema.advance(&self.client, by).await;
    }

    /// The delay between two steps that a case tolerates.
    fn unit(&self) -> Duration {
        Duration::from_secs(60)
    }
}
