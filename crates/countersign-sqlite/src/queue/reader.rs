//! The thread that looks up events. It has a connection of its own, so that a repeat
//! waits for no commit.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{Attempt, ClaimOutcome, Clock, StoreError, protocol};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::error::{OpenError, SqliteStoreError};
use crate::events::{Events, Key, LoadError};
use crate::service::start;
use crate::time::Timekeeper;

pub(super) struct Reader(mpsc::Sender<Lookup>);

struct Lookup {
    key: Key,
    attempt: Attempt,
    reply: oneshot::Sender<Result<ClaimOutcome, StoreError>>,
}

impl Reader {
    pub(super) fn start(path: &Path, clock: Option<Arc<dyn Clock>>) -> Result<Self, OpenError> {
        let failed = |error| OpenError::of(error, Duration::ZERO);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let (lookups, mut queue) = mpsc::channel(QUEUE);
        start("reader", move || {
            // If it fails, the queue is dropped, which is an error of every lookup.
            let _ = run(&connection, Timekeeper::new(clock), &mut queue);
        })?;
        Ok(Self(lookups))
    }

    /// Whether the event is done. Anything else is granted.
    pub(super) async fn claim(
        &self,
        key: Key,
        attempt: Attempt,
        deadline: Duration,
    ) -> Result<ClaimOutcome, StoreError> {
        let (reply, replied) = oneshot::channel();
        let looked_up = async {
            let stopped = || StoreError::not_applied(SqliteStoreError::Stopped);
            self.0.send(Lookup { key, attempt, reply }).await.map_err(|_| stopped())?;
            replied.await.unwrap_or_else(|_| Err(stopped()))
        };
        let late = |_| StoreError::not_applied(SqliteStoreError::Deadline { deadline });
        timeout(deadline, looked_up).await.map_err(late)?
    }
}

fn run(
    connection: &Connection,
    mut time: Timekeeper,
    lookups: &mut mpsc::Receiver<Lookup>,
) -> rusqlite::Result<()> {
    let mut events = Events::new(connection, None, time.now())?;
    while let Some(Lookup { key, attempt, reply }) = lookups.blocking_recv() {
        events.now = time.now();
        let found = match events.load(&key) {
            Ok(stored) => {
                let record = stored.and_then(|stored| stored.record);
                let (claimed, _) = protocol::claim(record.as_ref(), &attempt, events.now.wall_ms);
                Ok(match claimed {
                    ClaimOutcome::Done { .. } => claimed,
                    _ => ClaimOutcome::Granted { attempt: 1, reclaimed: false },
                })
            }
            Err(LoadError::Layout) => Err(SqliteStoreError::Layout),
            Err(LoadError::Sqlite(error)) => Err(SqliteStoreError::of(error)),
        };
        // The caller may have gone.
        let _ = reply.send(found.map_err(StoreError::not_applied));
    }
    Ok(())
}

const BUSY: Duration = Duration::from_millis(100);
const QUEUE: usize = 1_024;
