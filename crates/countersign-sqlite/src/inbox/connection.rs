//! The transactions of an inbox layer, on one connection.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Grant, InboxDatabase, InboxError, InboxErrorKind, InboxEvent, InboxRow, InboxRun, Verified,
    run_in_transaction,
};
use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{SqliteInbox, inbox_error};

/// A connection on which an inbox layer begins its transactions, one after another.
///
/// One connection is enough, because SQLite has one writer at a time. A delivery waits for the
/// transactions before it, at most for the [wait](Self::with_wait), and then gets 503. So a handler
/// should not wait for anything else while it has the transaction.
#[derive(Clone)]
pub struct SqliteInboxConnection {
    inbox: SqliteInbox,
    connection: Arc<Mutex<Connection>>,
    wait: Duration,
}

impl SqliteInboxConnection {
    pub(super) fn new(inbox: SqliteInbox, connection: Connection) -> Self {
        Self { inbox, connection: Arc::new(Mutex::new(connection)), wait: WAIT }
    }

    /// How long a delivery waits for the transactions of others on this connection. Defaults to 1 s.
    /// Other connections, also of other processes, are waited for as long as the connection's busy
    /// timeout, which rusqlite sets to 5 s.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The inbox.
    #[must_use]
    pub fn inbox(&self) -> &SqliteInbox {
        &self.inbox
    }

    /// As [`SqliteInbox::run`], on this connection, without blocking while it waits.
    ///
    /// Run this in a task of its own if the caller can be cancelled.
    pub async fn run<T, E>(
        &self,
        verified: &Verified,
        effect: impl AsyncFnOnce(&mut SqliteTransaction, Grant) -> Result<T, E>,
    ) -> InboxRun<T, E> {
        run_in_transaction(self, &self.inbox.settings, verified, effect).await
    }
}

/// An open transaction that has the connection to itself. It is rolled back on drop.
///
/// It derefs to the [`Connection`]. Statements block, as all of rusqlite: a long one belongs in
/// `spawn_blocking`.
pub struct SqliteTransaction {
    connection: OwnedMutexGuard<Connection>,
}

impl InboxDatabase for SqliteInboxConnection {
    type Transaction = SqliteTransaction;

    async fn begin(&self) -> Result<SqliteTransaction, InboxError> {
        let locking = Arc::clone(&self.connection).lock_owned();
        let Ok(connection) = timeout(self.wait, locking).await else {
            return Err(InboxErrorKind::Locked.into());
        };
        blocking(move || {
            connection.execute_batch("BEGIN IMMEDIATE").map_err(inbox_error)?;
            Ok(SqliteTransaction { connection })
        })
        .await
    }

    async fn claim(
        &self,
        transaction: &mut SqliteTransaction,
        event: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        self.inbox.insert(transaction, event)
    }

    async fn commit(&self, transaction: SqliteTransaction) -> Result<(), InboxError> {
        if transaction.is_autocommit() {
            // The handler has ended it, or an error of SQLite has.
            return Err(InboxErrorKind::NoTransaction.into());
        }
        // If it fails, the transaction is rolled back on drop.
        blocking(move || transaction.execute_batch("COMMIT").map_err(inbox_error)).await
    }

    async fn roll_back(&self, transaction: SqliteTransaction) {
        drop(transaction);
    }
}

/// Runs what may wait for a lock or the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, InboxError> + Send + 'static,
) -> Result<T, InboxError> {
    match spawn_blocking(work).await {
        Ok(done) => done,
        // The runtime is shutting down.
        Err(error) => Err(InboxError::with_source(InboxErrorKind::Unavailable, error)),
    }
}

impl Deref for SqliteTransaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for SqliteTransaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if !self.connection.is_autocommit() {
            // It can only fail if there is no transaction any more.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }
}

impl fmt::Debug for SqliteInboxConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteInboxConnection")
            .field("inbox", &self.inbox)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SqliteTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTransaction").finish_non_exhaustive()
    }
}

/// Within the shortest response deadlines, and long enough for a burst of deliveries.
const WAIT: Duration = Duration::from_secs(1);
