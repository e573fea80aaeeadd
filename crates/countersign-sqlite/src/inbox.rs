//! The inbox: the claim of an event is a row in the application's own transaction.

mod connection;
mod error;
mod order;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Clock, Fingerprint, Grant, InboxClaim, InboxError, InboxErrorKind, InboxEvent, InboxRow,
    InboxRun, InboxSettings, Order, SystemClock, Verified,
};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

pub use connection::{SqliteInboxConnection, SqliteTransaction};

use error::inbox_error;

/// Claims events in transactions of the application's own SQLite database.
///
/// The row of the event and the effect of its handler are committed together, so the effect
/// happens exactly once in this database.
///
/// ```
/// # use countersign_core::{EarlyResponse, InboxClaim, Verified, Verifier};
/// # use countersign_sqlite::SqliteInbox;
/// use rusqlite::{Connection, TransactionBehavior};
///
/// # fn on_event(db: &mut Connection, verifier: &Verifier, verified: &Verified) -> Result<u16, Box<dyn std::error::Error>> {
/// let inbox = SqliteInbox::new(verifier);
/// let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
/// match inbox.claim(&tx, verified)? {
///     InboxClaim::First | InboxClaim::Repeat => {
///         tx.execute("INSERT INTO ledger (event) VALUES (?1)", [verified.event_id()])?;
///         tx.commit()?;
///         Ok(204)
///     }
///     InboxClaim::Duplicate { .. } => Ok(200),
///     InboxClaim::InFlight => Ok(503), // with `Retry-After`
/// }
/// # }
/// ```
///
/// [`run`](Self::run) does the same in one call, and [`on`](Self::on) lets a layer do it.
#[derive(Clone)]
pub struct SqliteInbox {
    settings: InboxSettings,
    clock: Arc<dyn Clock>,
}

impl SqliteInbox {
    /// The inbox of an endpoint: `SqliteInbox::new(&verifier)`, or with other settings than the
    /// defaults.
    #[must_use]
    pub fn new(settings: impl Into<InboxSettings>) -> Self {
        Self { settings: settings.into(), clock: Arc::new(SystemClock::new()) }
    }

    /// Sets the clock for retentions, for tests. Defaults to the wall clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The statements that create the inbox's tables, for your migrations. Executing them again
    /// changes nothing. The tables are in version [`VERSION`](Self::VERSION).
    #[must_use]
    pub fn migration() -> &'static str {
        MIGRATION
    }

    /// The version of the tables that [`migration`](Self::migration) creates. A later version of
    /// this crate that needs other tables has a further migration.
    pub const VERSION: i64 = 1;

    /// Checks that the tables exist in the supported version. Call it at start-up.
    ///
    /// # Errors
    ///
    /// [`InboxErrorKind::MissingTables`] or [`InboxErrorKind::Version`] if not.
    pub fn check(connection: &Connection) -> Result<(), InboxError> {
        let select = "SELECT version FROM countersign_inbox_version";
        let found = connection.query_row(select, [], |row| row.get(0)).optional();
        match found.map_err(inbox_error)? {
            Some(Self::VERSION) => Ok(()),
            Some(found) => Err(InboxError::version(found, Self::VERSION)),
            None => Err(InboxErrorKind::MissingTables.into()),
        }
    }

    /// Claims the event of a delivery in the open transaction of this connection: one statement
    /// for a new event, two for a duplicate.
    ///
    /// Begin the transaction with `BEGIN IMMEDIATE`
    /// ([`TransactionBehavior::Immediate`]). SQLite has one writer at a time: while another
    /// connection writes, beginning waits for the busy timeout, and then returns `SQLITE_BUSY`,
    /// whichever event the other one handles. If the transaction is deferred, the claim waits, and
    /// returns [`InboxClaim::InFlight`].
    ///
    /// If the transaction is rolled back, or rolled back to a savepoint before the claim, the event
    /// is not claimed. A second claim in one transaction finds the row of the first.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if the connection is not in a transaction, or a statement fails.
    pub fn claim(&self, tx: &Connection, verified: &Verified) -> Result<InboxClaim, InboxError> {
        match self.insert(tx, &self.settings.event(verified)) {
            Ok(row) => Ok(self.settings.claim(verified, row)),
            // Not even a duplicate can be handled: this transaction cannot write.
            Err(error) if error.kind() == InboxErrorKind::Locked => Ok(InboxClaim::InFlight),
            Err(error) => Err(error),
        }
    }

    fn insert(&self, tx: &Connection, event: &InboxEvent) -> Result<InboxRow, InboxError> {
        if tx.is_autocommit() {
            return Err(InboxErrorKind::NoTransaction.into());
        }
        insert(tx, event, self.now_ms()).map_err(inbox_error)
    }

    /// Begins a transaction, claims the event in it, runs the effect, and commits. If the effect
    /// returns an error, everything is rolled back.
    ///
    /// This blocks: in an async handler, call it in `spawn_blocking`, which a client that
    /// disconnects does not cancel.
    pub fn run<T, E>(
        &self,
        connection: &mut Connection,
        verified: &Verified,
        effect: impl FnOnce(&Transaction<'_>, Grant) -> Result<T, E>,
    ) -> InboxRun<T, E> {
        let tx = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => tx,
            Err(error) => return inbox_error(error).into(),
        };
        // A dropped transaction is rolled back.
        let grant = match self.claim(&tx, verified) {
            Ok(claim) => match claim.granted() {
                Ok(grant) => grant,
                Err(early) => return InboxRun::Early(early),
            },
            Err(error) => return error.into(),
        };
        match effect(&tx, grant) {
            Ok(value) => match tx.commit() {
                Ok(()) => InboxRun::Handled(value),
                Err(error) => inbox_error(error).into(),
            },
            Err(error) => InboxRun::Failed(error),
        }
    }

    /// Deletes at most `limit` expired rows of each table, and returns how many. Call it from time to
    /// time, outside of other transactions, until it returns 0.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if the statement fails.
    pub fn purge(&self, connection: &Connection, limit: u32) -> Result<usize, InboxError> {
        let parameters = [self.now_ms(), limit.into()];
        let mut purged = 0;
        for table in ["countersign_inbox", "countersign_inbox_stream"] {
            let statement = format!(
                "DELETE FROM {table} WHERE rowid IN \
                 (SELECT rowid FROM {table} WHERE forget_ms <= ?1 LIMIT ?2)"
            );
            purged += connection.execute(&statement, parameters).map_err(inbox_error)?;
        }
        Ok(purged)
    }

    /// The inbox on this connection, for an inbox layer.
    #[must_use]
    pub fn on(&self, connection: Connection) -> SqliteInboxConnection {
        SqliteInboxConnection::new(self.clone(), connection)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_unix_ms()
    }

    fn forget_ms(&self) -> i64 {
        later(self.now_ms(), self.settings.retention())
    }
}

fn insert(tx: &Connection, event: &InboxEvent, now_ms: i64) -> rusqlite::Result<InboxRow> {
    let key = &event.key.digest()[..];
    let fingerprint = event.fingerprint.to_u64().cast_signed();
    let forget_ms = later(now_ms, event.retention);
    let mut insert = tx.prepare(INSERT)?;
    if insert.execute(params![key, fingerprint, now_ms, forget_ms])? == 1 {
        return Ok(InboxRow::Inserted);
    }
    let mut select = tx.prepare(SELECT)?;
    select.query_row([key], |row| {
        let fingerprint = Fingerprint::from_u64(row.get::<_, i64>(0)?.cast_unsigned());
        Ok(InboxRow::Found { fingerprint, at_unix_ms: row.get(1)? })
    })
}

fn later(now_ms: i64, by: Duration) -> i64 {
    now_ms.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

impl fmt::Debug for SqliteInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteInbox").field("settings", &self.settings).finish_non_exhaustive()
    }
}

const MIGRATION: &str = include_str!("inbox/migration.sql");

const INSERT: &str = "INSERT INTO countersign_inbox (key, fingerprint, at_ms, forget_ms) \
     VALUES (?1, ?2, ?3, ?4) ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, \
     at_ms = excluded.at_ms, forget_ms = excluded.forget_ms \
     WHERE countersign_inbox.forget_ms <= excluded.at_ms";

const SELECT: &str = "SELECT fingerprint, at_ms FROM countersign_inbox WHERE key = ?1";
