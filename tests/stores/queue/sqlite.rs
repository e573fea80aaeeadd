//! The table in a SQLite file.

use std::path::PathBuf;

use countersign::ManualClock;
use countersign::store::{Health, ReleaseOutcome, RenewOutcome, StoreError};
use countersign_sqlite::queue::{QueueAdmin, QueueConfig, SqliteQueue};
use tempfile::TempDir;

use super::*;

pub(super) struct Sqlite {
    folder: TempDir,
    clock: ManualClock,
}

pub(super) struct SqliteProcess {
    queue: SqliteQueue,
    path: PathBuf,
}

impl Table for Sqlite {
    type Process = SqliteProcess;

    async fn new() -> Self {
        // Later than the clock of the system, which people's operations use, during the test.
        let clock = ManualClock::at_unix_ms(now_ms() + 60_000);
        Self { folder: tempfile::tempdir().unwrap(), clock }
    }

    async fn open(&self) -> SqliteProcess {
        let path = self.folder.path().join("queue.db");
        let config = QueueConfig::new(&path).with_clock(self.clock.clone());
        SqliteProcess { queue: SqliteQueue::open_with(config).unwrap(), path }
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

impl SqliteProcess {
    fn admin(&self) -> QueueAdmin {
        QueueAdmin::open(&self.path).unwrap()
    }
}

impl Process for SqliteProcess {
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
        self.admin().list(filter, 1_000).unwrap()
    }

    async fn count(&self, filter: &JobFilter) -> u64 {
        self.admin().count(filter).unwrap()
    }

    async fn show(&self, id: i64) -> Option<(JobSummary, Message)> {
        self.admin().show(id).unwrap()
    }

    async fn retry(&self, filter: &JobFilter) -> Result<u64, String> {
        self.admin().retry(filter).map_err(|error| error.to_string())
    }

    async fn discard(&self, filter: &JobFilter) -> Result<u64, String> {
        self.admin().discard(filter).map_err(|error| error.to_string())
    }

    async fn pause(&self, target: &str) {
        self.admin().pause(target).unwrap();
    }

    async fn resume(&self, target: &str) -> bool {
        self.admin().resume(target).unwrap()
    }

    async fn paused(&self) -> Vec<String> {
        self.admin().paused().unwrap()
    }

    async fn targets(&self) -> Vec<String> {
        self.admin().targets().unwrap()
    }

    async fn missing(&self, ids: &[i64]) -> Vec<i64> {
        self.admin().missing(ids).unwrap()
    }

    async fn long_event_ids(&self, bytes: u32) -> Vec<String> {
        self.admin().long_event_ids(bytes).unwrap()
    }

    async fn counts(&self, target: &str) -> TargetCounts {
        self.admin().counts(target).unwrap()
    }
}

claims_of!(SqliteProcess);
