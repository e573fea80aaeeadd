//! The Postgres store on a real server, healthy and unhealthy.

mod failures;
mod operations;
mod pooler;
mod protocol;
mod starting;
mod tls;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::EventKey;
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, Fingerprint, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning,
};
use countersign::testing::SampleDelivery;
use countersign_postgres::{ConnectError, PostgresConfig, PostgresStore, PostgresStoreError};
use countersign_test_servers::PostgresServer;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const FIRST: ClaimOutcome = granted(1);

/// Longer than any operation on a busy machine.
const PATIENT: Duration = Duration::from_secs(60);

const fn granted(epoch: u32) -> ClaimOutcome {
    ClaimOutcome::Granted { attempt: epoch, reclaimed: false }
}

fn event(id: &str) -> EventKey {
    SampleDelivery::of(id).event_key()
}

/// An attempt with a lease and a retention that outlast any test.
fn attempt() -> Attempt {
    Attempt::new(Fingerprint::from_u64(7), HOUR, DAY).unwrap()
}

/// The server that the tests share. It ends with this process.
pub(crate) fn server() -> &'static PostgresServer {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(|| PostgresServer::start(&[]))
}

/// A schema of the shared server that no other test uses.
pub(crate) struct Schema(String);

impl Schema {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        // Not a part of another one's name.
        Self(format!("test {}.", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        let config = PostgresConfig::new(&server().url()).unwrap();
        config.with_schema(&self.0).with_deadline(PATIENT)
    }

    pub(crate) async fn store(&self) -> PostgresStore {
        PostgresStore::connect_with(self.config()).await.unwrap()
    }

    /// The table, for a statement of a test.
    fn table(&self) -> String {
        format!("\"{}\".countersign_event", self.0)
    }

    /// Moves the ends of leases and retentions into the past.
    pub(crate) async fn advance(&self, client: &tokio_postgres::Client, by: Duration) {
        let (table, ms) = (self.table(), by.as_millis());
        let past = format!("- interval '{ms} ms'");
        let update = format!("UPDATE {table} SET until = until {past}, forget = forget {past}");
        client.batch_execute(&update).await.unwrap();
    }
}

/// A connection of another program.
pub(crate) async fn client() -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(&server().url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Ends the connections of the stores on this schema.
async fn terminate(schema: &Schema) {
    let terminate = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'countersign' AND query LIKE '%{}%'",
        schema.0
    );
    client().await.batch_execute(&terminate).await.unwrap();
}

/// Waits until a statement on this schema waits for a lock.
async fn waits_for_a_lock(schema: &Schema) {
    let client = client().await;
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%{}%'",
        schema.0
    );
    eventually(async || client.query_one(&waiting, &[]).await.unwrap().get::<_, i64>(0) > 0).await;
}

/// The cause of a store's error.
fn cause(error: &StoreError) -> &PostgresStoreError {
    let source = std::error::Error::source(error).unwrap();
    source.downcast_ref().unwrap()
}

/// Claims until the store responds again.
async fn recovered(store: &PostgresStore, key: &EventKey, attempt: &Attempt) -> ClaimOutcome {
    for _ in 0..4_000 {
        if let Ok(outcome) = store.claim(key, attempt).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store has not recovered");
}

async fn eventually(is: impl AsyncFn() -> bool) {
    for _ in 0..4_000 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the condition was not met in time");
}

fn is_done(outcome: &ClaimOutcome) -> bool {
    matches!(outcome, ClaimOutcome::Done { .. })
}

fn is_in_flight(outcome: &ClaimOutcome) -> bool {
    matches!(outcome, ClaimOutcome::InFlight { .. })
}
