//! The inbox: the claim of an event is a row in the application's own transaction.

mod error;
mod handoff;
mod order;
mod pool;
mod statements;
mod transaction;

use std::fmt;
use std::time::Duration;

use countersign_core::{
    Fingerprint, Grant, InboxClaim, InboxError, InboxErrorKind, InboxEvent, InboxRow, InboxRun,
    InboxSettings, Verified,
};
use deadpool_postgres::Pool;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Client, Row};

pub use handoff::{EnqueueFuture, PostgresHandoff};
pub use pool::PostgresInboxPool;
pub use transaction::{OpenTransaction, PostgresTransaction};

use error::inbox_error;
use statements::{CLAIM, FIND, PURGE};

/// Claims events in transactions of the application's own Postgres database.
///
/// The row of the event and the effect of its handler are committed together, so the effect
/// happens exactly once in this database.
///
/// ```
/// # use countersign_core::{InboxClaim, Verified, Verifier};
/// # use countersign_postgres::{PostgresInbox, deadpool_postgres::Pool};
/// # async fn on_event(pool: &Pool, verifier: &Verifier, verified: &Verified) -> Result<u16, Box<dyn std::error::Error>> {
/// let inbox = PostgresInbox::new(verifier);
/// let mut client = pool.get().await?;
/// let tx = client.transaction().await?;
/// match inbox.claim(&tx, verified).await? {
///     InboxClaim::First | InboxClaim::Repeat => {
///         tx.execute("INSERT INTO ledger (event) VALUES ($1)", &[&verified.event_id()]).await?;
///         tx.commit().await?;
///         Ok(204)
///     }
///     InboxClaim::Duplicate { .. } => Ok(200),
///     InboxClaim::InFlight => Ok(503), // with `Retry-After`
/// }
/// # }
/// ```
///
/// [`run`](Self::run) does the same in one call, and [`on`](Self::on) lets a layer do it.
///
/// The tables are found by the user's search path.
#[derive(Clone)]
pub struct PostgresInbox {
    settings: InboxSettings,
    has_pooler: bool,
}

impl PostgresInbox {
    /// The inbox of an endpoint: `PostgresInbox::new(&verifier)`, or with other settings than the
    /// defaults.
    #[must_use]
    pub fn new(settings: impl Into<InboxSettings>) -> Self {
        Self { settings: settings.into(), has_pooler: false }
    }

    /// For a server behind a transaction pooler, such as PgBouncer with `pool_mode = transaction`:
    /// no statement is prepared. The server then parses and plans each statement at each execution.
    #[must_use]
    pub fn with_pooler(mut self) -> Self {
        self.has_pooler = true;
        self
    }

    /// The statements that create the inbox's tables, for your migrations. Executing them again
    /// changes nothing. The tables are in version [`VERSION`](Self::VERSION).
    ///
    /// Another user than their owner needs `SELECT, INSERT, UPDATE, DELETE` on `countersign_inbox`
    /// and `countersign_inbox_stream`, and `SELECT` on `countersign_inbox_version`.
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
    pub async fn check(client: &Client) -> Result<(), InboxError> {
        let select = "SELECT version FROM countersign_inbox_version";
        let rows = client.query_typed(select, &[]).await.map_err(inbox_error)?;
        match rows.first().map(|row| column(row, "version")).transpose()? {
            Some(Self::VERSION) => Ok(()),
            Some(found) => Err(InboxError::version(found, Self::VERSION)),
            None => Err(InboxErrorKind::MissingTables.into()),
        }
    }

    /// Claims the event of a delivery in this transaction, with one statement: one round trip,
    /// which does not wait for another transaction with the same event. A duplicate of an event
    /// whose transaction has ended at the same time needs a second one.
    ///
    /// The statement takes an advisory lock until the end of the transaction. Its number is 64 bits
    /// of [`EventKey::digest`](countersign_core::EventKey::digest), as a big-endian integer, XOR
    /// `0x4353_696E_626F_7801`, XOR the oid of the table. If the application holds an advisory lock with the same number, the
    /// event is in flight.
    ///
    /// If the transaction is rolled back, or rolled back to a savepoint before the claim, the event
    /// is not claimed. A second claim in one transaction finds the row of the first.
    ///
    /// At REPEATABLE READ and SERIALIZABLE, a delivery whose event was handled after the transaction
    /// began is [`InboxErrorKind::Conflict`] (SQLSTATE 40001), because the transaction cannot see
    /// the row: roll back and respond with 503, and the retry is a duplicate. READ COMMITTED, the
    /// default of Postgres, has no such conflicts.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if a statement fails. The transaction is then aborted: roll it back.
    pub async fn claim(
        &self,
        tx: &impl OpenTransaction,
        verified: &Verified,
    ) -> Result<InboxClaim, InboxError> {
        match self.insert(tx, &self.settings.event(verified)).await {
            Ok(row) => Ok(self.settings.claim(verified, row)),
            // Not even a duplicate can be handled: this transaction is aborted.
            Err(error) if error.kind() == InboxErrorKind::Locked => Ok(InboxClaim::InFlight),
            Err(error) => Err(error),
        }
    }

    async fn insert(
        &self,
        tx: &impl OpenTransaction,
        event: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        let digest = event.key.digest();
        let (lock, key) = (lock(digest), &digest[..]);
        let fingerprint = event.fingerprint.to_u64().cast_signed();
        let retention = millis(event.retention);
        let has_pooler = self.has_pooler;
        let parameters: [&(dyn ToSql + Sync); 4] = [&lock, &key, &fingerprint, &retention];
        let rows = tx.rows(CLAIM.sent(), &parameters, has_pooler).await.map_err(inbox_error)?;
        let row = rows.first().ok_or(InboxErrorKind::Database)?;
        if !column(row, "is_ours")? {
            return Ok(InboxRow::InFlight);
        }
        if column(row, "is_inserted")? {
            return Ok(InboxRow::Inserted);
        }
        if column::<Option<i64>>(row, "fingerprint")?.is_some() {
            return found(row);
        }
        // The row was committed after the statement had begun. This one sees it.
        let rows = tx.rows(FIND.sent(), &[&key], has_pooler).await.map_err(inbox_error)?;
        // If it has expired and was deleted meanwhile, the retry is the first.
        rows.first().map_or(Ok(InboxRow::InFlight), found)
    }

    /// Begins a transaction on a connection of this pool, claims the event in it, runs the effect,
    /// and commits. If the effect returns an error, everything is rolled back.
    ///
    /// If this future is dropped, its connection is closed, and the server rolls back. Run it in a
    /// task of its own if the caller can be cancelled: the connection is then kept.
    ///
    /// As [`PostgresInboxPool::run`] with its defaults.
    pub async fn run<T, E>(
        &self,
        pool: &Pool,
        verified: &Verified,
        effect: impl AsyncFnOnce(&mut PostgresTransaction, Grant) -> Result<T, E>,
    ) -> InboxRun<T, E> {
        self.on(pool.clone()).run(verified, effect).await
    }

    /// Deletes at most `limit` expired rows of each table, and returns how many. Call it from time to
    /// time, outside of other transactions, until it returns 0. Several processes may do so.
    ///
    /// # Errors
    ///
    /// [`InboxError`] if the statement fails.
    pub async fn purge(&self, client: &Client, limit: u32) -> Result<u64, InboxError> {
        let limit = i64::from(limit);
        let types = PURGE.types.iter().cloned();
        let parameters: [&(dyn ToSql + Sync); 1] = [&limit];
        let typed: Vec<_> = parameters.into_iter().zip(types).collect();
        let rows = client.query_typed(&PURGE.text, &typed).await.map_err(inbox_error)?;
        let row = rows.first().ok_or(InboxErrorKind::Database)?;
        Ok(column::<i64>(row, "purged")?.unsigned_abs())
    }

    /// The inbox on the connections of this pool, for an inbox layer.
    #[must_use]
    pub fn on(&self, pool: Pool) -> PostgresInboxPool {
        PostgresInboxPool::new(self.clone(), pool)
    }
}

fn found(row: &Row) -> Result<InboxRow, InboxError> {
    let fingerprint = Fingerprint::from_u64(column::<i64>(row, "fingerprint")?.cast_unsigned());
    Ok(InboxRow::Found { fingerprint, at_unix_ms: column(row, "at_ms")? })
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, InboxError> {
    let failed = |error| InboxError::with_source(InboxErrorKind::Database, error);
    row.try_get(name).map_err(failed)
}

/// The number of the advisory lock of an event.
fn lock(digest: &[u8; 32]) -> i64 {
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    i64::from_be_bytes(bytes) ^ LOCKS
}

/// Within what Postgres can add to the present time.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.min(MAX_RETENTION).as_millis()).unwrap_or(i64::MAX)
}

impl fmt::Debug for PostgresInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInbox")
            .field("settings", &self.settings)
            .field("has_pooler", &self.has_pooler)
            .finish()
    }
}

const MIGRATION: &str = include_str!("inbox/migration.sql");

/// `CSinbox` in ASCII, so that the numbers are not those of another program that takes them from the
/// same digest.
const LOCKS: i64 = 0x4353_696E_626F_7801;

/// A thousand years.
const MAX_RETENTION: Duration = Duration::from_secs(1_000 * 365 * 24 * 60 * 60);
