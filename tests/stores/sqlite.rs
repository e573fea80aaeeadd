//! The SQLite store on real files, healthy and unhealthy.

mod clock;
mod failures;
mod opening;
mod operations;
mod processes;
mod protocol;

use std::path::PathBuf;
use std::time::Duration;

use countersign::EventKey;
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, Fingerprint, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning,
};
use countersign::testing::SampleDelivery;
use countersign_sqlite::{OpenError, SqliteConfig, SqliteStore, SqliteStoreError, Synchronous};
use rusqlite::Connection;
use tempfile::TempDir;

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

/// A file in a new folder, which is deleted with it.
struct File {
    _folder: TempDir,
    path: PathBuf,
}

impl File {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("events.db"), _folder: folder }
    }

    fn config(&self) -> SqliteConfig {
        SqliteConfig::new(&self.path).with_deadline(PATIENT).with_lock_timeout(PATIENT)
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open_with(self.config()).unwrap()
    }

    /// A connection of another program.
    fn connect(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// Waits until no connection of a dropped store has the file open: the last one
    /// deletes the log.
    async fn closed(&self) {
        let log = self.path.with_extension("db-wal");
        eventually(|| !log.exists()).await;
    }
}

/// The cause of a store's error.
fn cause(error: &StoreError) -> &SqliteStoreError {
    let source = std::error::Error::source(error).unwrap();
    source.downcast_ref().unwrap()
}

async fn eventually(is: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if is() {
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
