//! The transactions of an inbox layer, on the connections of a pool.

use std::fmt;
use std::time::Duration;

use countersign_core::{
    Grant, InboxDatabase, InboxError, InboxErrorKind, InboxEvent, InboxRow, InboxRun, Verified,
    run_in_transaction,
};
use deadpool_postgres::Pool;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::Error;

use super::error::{commit_error, pool_error};
use super::{PostgresInbox, PostgresTransaction, inbox_error};
use crate::error::Fault;

/// A pool on whose connections an inbox layer begins its transactions.
///
/// A handler has a connection to itself while it runs: the pool needs as many connections as
/// deliveries are handled at the same time. Other deliveries wait for a connection, up to the
/// [deadline](Self::with_deadline), and then get 503.
#[derive(Clone)]
pub struct PostgresInboxPool {
    inbox: PostgresInbox,
    pool: Pool,
    deadline: Duration,
    idle: Duration,
    begin: String,
}

impl PostgresInboxPool {
    pub(super) fn new(inbox: PostgresInbox, pool: Pool) -> Self {
        let new = Self { inbox, pool, deadline: DEADLINE, idle: IDLE, begin: String::new() };
        new.with_limits()
    }

    /// The maximum duration of the begin of a transaction, including the wait for a connection, and
    /// of its claim and its end. Defaults to 5 s. The minimum is 10 ms, and the maximum one day.
    ///
    /// Half of it is the `lock_timeout` of the transaction, also for the statements of the handler.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.clamp(MIN, MAX);
        self.with_limits()
    }

    /// How long a handler may pause between two statements. After that, the server ends the
    /// connection, and the transaction is rolled back: so the event of a process that has vanished
    /// without closing its connections can be handled again. Defaults to 60 s. The minimum is 10
    /// ms, and the maximum one day.
    #[must_use]
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle = timeout.clamp(MIN, MAX);
        self.with_limits()
    }

    fn with_limits(mut self) -> Self {
        let (lock, idle) = (self.deadline.as_millis() / 2, self.idle.as_millis());
        self.begin = format!(
            "BEGIN; SET LOCAL lock_timeout = {lock}; \
             SET LOCAL idle_in_transaction_session_timeout = {idle}"
        );
        self
    }

    /// The inbox.
    #[must_use]
    pub fn inbox(&self) -> &PostgresInbox {
        &self.inbox
    }

    /// The pool.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// As [`PostgresInbox::run`], with the settings of this value.
    pub async fn run<T, E>(
        &self,
        verified: &Verified,
        effect: impl AsyncFnOnce(&mut PostgresTransaction, Grant) -> Result<T, E>,
    ) -> InboxRun<T, E> {
        run_in_transaction(self, &self.inbox.settings, verified, effect).await
    }

    /// A statement at the begin or the end of a transaction.
    async fn execute(
        &self,
        transaction: &PostgresTransaction,
        statement: &str,
    ) -> Result<(), Option<Error>> {
        match timeout(self.deadline, transaction.batch_execute(statement)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Some(error)),
            Err(_) => Err(None),
        }
    }
}

impl InboxDatabase for PostgresInboxPool {
    type Transaction = PostgresTransaction;

    /// A connection that the server has closed meanwhile is replaced by another one.
    async fn begin(&self) -> Result<PostgresTransaction, InboxError> {
        let end = Instant::now() + self.deadline;
        let late = |_| InboxError::from(InboxErrorKind::Unavailable);
        let mut tries = self.pool.status().max_size;
        loop {
            let connection = timeout_at(end, self.pool.get()).await.map_err(late)?;
            // From here on, dropping it closes the connection.
            let transaction = PostgresTransaction::on(connection.map_err(pool_error)?);
            let begun = timeout_at(end, transaction.batch_execute(&self.begin)).await;
            match begun.map_err(late)? {
                Ok(()) => return Ok(transaction),
                Err(error) if Fault::of(&error) == Fault::Broken && tries > 0 => tries -= 1,
                Err(error) => return Err(inbox_error(error)),
            }
        }
    }

    async fn claim(
        &self,
        transaction: &mut PostgresTransaction,
        event: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        let claimed = timeout(self.deadline, self.inbox.insert(transaction, event)).await;
        let claimed = claimed.unwrap_or_else(|_| Err(InboxErrorKind::Unavailable.into()));
        if let Err(error) = &claimed
            && matches!(error.kind(), InboxErrorKind::Unavailable | InboxErrorKind::Pooler)
        {
            // Another connection may reach the new primary, after a failover.
            transaction.give_up();
        }
        claimed
    }

    async fn commit(&self, transaction: PostgresTransaction) -> Result<(), InboxError> {
        match self.execute(&transaction, COMMIT).await {
            Ok(()) => {
                transaction.ended();
                Ok(())
            }
            Err(None) => Err(InboxErrorKind::CommitUnknown.into()),
            Err(Some(error)) => {
                if Fault::of(&error).leaves_connection() {
                    self.roll_back(transaction).await;
                }
                Err(commit_error(error))
            }
        }
    }

    async fn roll_back(&self, transaction: PostgresTransaction) {
        // If it fails, the connection is closed.
        if transaction.is_sound() && self.execute(&transaction, "ROLLBACK").await.is_ok() {
            transaction.ended();
        }
    }
}

impl fmt::Debug for PostgresInboxPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInboxPool")
            .field("inbox", &self.inbox)
            .field("deadline", &self.deadline)
            .field("idle_timeout", &self.idle)
            .finish_non_exhaustive()
    }
}

/// `COMMIT` alone succeeds if an earlier statement has failed, and rolls back. It also succeeds
/// outside of a transaction. The savepoint fails in both cases, and the commit is then not executed.
const COMMIT: &str = "SAVEPOINT countersign_inbox; COMMIT";

const DEADLINE: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(60);
const MIN: Duration = Duration::from_millis(10);
const MAX: Duration = Duration::from_secs(24 * 60 * 60);
