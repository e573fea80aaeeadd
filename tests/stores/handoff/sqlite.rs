//! The jobs in a SQLite file.

use std::path::PathBuf;

use countersign::store::Token;
use countersign_sqlite::queue::{
    JobFilter, QueueAdmin, QueueConfig, SettleOutcome, Settlement, SqliteHandoff, SqliteQueue, Take,
};
use tempfile::TempDir;

use super::queue::Queue;
use super::*;

/// A file in a new folder.
pub(super) struct Sqlite {
    _folder: TempDir,
    pub(super) path: PathBuf,
}

const TARGET: &str = "/hooks/sample";

impl Sqlite {
    fn queue(&self) -> SqliteQueue {
        let config = QueueConfig::new(&self.path).with_deadline(PATIENT);
        SqliteQueue::open_with(config.with_lock_timeout(PATIENT)).unwrap()
    }
}

pub(super) fn queue_at(path: &std::path::Path) -> SqliteHandoff {
    SqliteQueue::open_with(QueueConfig::new(path).with_deadline(PATIENT))
        .unwrap()
        .hand_off_to(TARGET)
}

impl Queue for Sqlite {
    type Handoff = SqliteHandoff;

    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue.db");
        Self { path, _folder: folder }
    }

    async fn open(&self) -> SqliteHandoff {
        self.queue().hand_off_to(TARGET)
    }

    async fn messages(&self) -> Vec<Message> {
        if !self.path.exists() {
            return Vec::new();
        }
        let admin = QueueAdmin::open(&self.path).unwrap();
        let jobs = admin.list(&JobFilter::default(), 100_000).unwrap();
        let message = |id| admin.show(id).unwrap().unwrap().1.with_attempt(1);
        jobs.iter().map(|job| message(job.id)).collect()
    }
}

#[tokio::test]
async fn a_worker_takes_the_jobs_of_its_target_and_reads_their_messages() {
    let file = Sqlite::new().await;
    let queue = file.queue();
    let (own, other) = (layer(queue.hand_off_to(TARGET)), layer(queue.hand_off_to("/other")));
    assert_eq!(result(&deliver(&own, "evt_1").await), (202, None));
    assert_eq!(result(&deliver(&other, "evt_2").await), (202, None));

    let worker = file.queue();
    let owner = Token::random().unwrap();
    let taken = worker.take(Take::new(TARGET, owner, 10)).await.unwrap();
    let [job] = taken.jobs.as_slice() else { panic!("{taken:?}") };
    let message = Message::parse(job.message.clone()).unwrap();
    assert_eq!(message.event_id(), "evt_1");
    assert!(message.verify(&verifier()).is_ok());
    let done = Settlement::Done { status: None };
    let settled = worker.settle(job.id, job.token, done).await.unwrap();
    assert!(matches!(settled, SettleOutcome::Settled { .. }));
    // The event stays done.
    assert_eq!(result(&deliver(&own, "evt_1").await), (200, Some("duplicate")));
}

#[tokio::test]
async fn a_file_without_room_answers_503_and_still_knows_its_events() {
    let file = Sqlite::new().await;
    let config = QueueConfig::new(&file.path).with_deadline(PATIENT).with_max_bytes(400_000);
    let layer = layer(SqliteQueue::open_with(config).unwrap().hand_off_to(TARGET));
    let mut accepted = 0;
    let rejected = loop {
        let filler = "x".repeat(20_000);
        let body = format!(r#"{{"id":"evt_{accepted}","filler":"{filler}"}}"#);
        let response = send(&layer, request_with(&body)).await;
        match result(&response) {
            (202, None) => accepted += 1,
            _ => break response,
        }
        assert!(accepted < 100, "the file has a maximum size");
    };
    assert_eq!(result(&rejected), (503, Some("store_full")));
    assert!(rejected.headers().contains_key("retry-after"));
    assert_eq!(result(&deliver(&layer, "evt_0").await), (200, Some("duplicate")));
    assert_eq!(file.messages().await.len(), accepted);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_answers_503_and_the_retry_is_stored() {
    let file = Sqlite::new().await;
    let config = QueueConfig::new(&file.path).with_lock_timeout(Duration::from_millis(20));
    let layer = layer(SqliteQueue::open_with(config).unwrap().hand_off_to(TARGET));
    let other = rusqlite::Connection::open(&file.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("store_unavailable")));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(deliver_until_accepted(&layer, "evt_1").await, 202);
    assert_eq!(ids(&file.messages().await), ["evt_1"]);
}
