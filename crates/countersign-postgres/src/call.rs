//! Statements, alone or in a transaction: a connection of the pool, the deadline, further tries, and
//! what an error means.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_core::{Outage, StoreError};
use deadpool_postgres::{Object, Pool, PoolError, TimeoutType, Timeouts};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;

use crate::breaker::Breaker;
use crate::config::PostgresConfig;
use crate::connection::{Slot, Slots};
use crate::error::{Fault, PostgresStoreError};
use crate::statements::Statement;

/// Sends statements.
pub(crate) struct Caller {
    pub(crate) pool: Pool,
    pub(crate) slots: Slots,
    pub(crate) breaker: Breaker,
    pub(crate) outage: Outage<PostgresStoreError>,
    pub(crate) deadline: Duration,
    /// Whether a transaction pooler is in front of the server, so that a statement may reach another
    /// connection than the one that prepared it.
    pub(crate) has_pooler: bool,
    /// What begins a transaction.
    begin: String,
}

impl Caller {
    pub(crate) fn new(pool: Pool, config: &PostgresConfig) -> Self {
        Self {
            pool,
            slots: Slots::new(config.connections),
            breaker: Breaker::closed(),
            outage: Outage::new(|error| !matches!(error, PostgresStoreError::Full { .. })),
            deadline: config.deadline,
            has_pooler: config.has_pooler,
            begin: begin(config.deadline),
        }
    }

    /// When an operation that begins now must end.
    pub(crate) fn end(&self) -> Instant {
        Instant::now() + self.deadline
    }

    /// Executes a statement. It is tried again on another connection if its connection breaks:
    /// every statement can be executed twice, because it has a token or sets a state.
    ///
    /// # Errors
    ///
    /// An error is "not applied" if the statement was never sent, or if the server has rolled it
    /// back. A statement that got no response may have been applied, even if a later try was
    /// rejected.
    pub(crate) async fn query(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        end: Instant,
    ) -> Result<Vec<Row>, StoreError> {
        let steps = [Bound { statement, parameters }];
        let mut rows = self.run(&steps, Work::Statement, end).await?;
        Ok(rows.pop().unwrap_or_default())
    }

    /// Executes statements in one transaction, at READ COMMITTED: each sees what was committed
    /// before it. Returns the rows of each.
    ///
    /// # Errors
    ///
    /// An error is "not applied" unless the reply to the commit was lost.
    pub(crate) async fn transaction(
        &self,
        steps: &[Bound<'_>],
        lost_reply: LostReply,
        end: Instant,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.run(steps, Work::Transaction(lost_reply), end).await
    }

    /// Executes statements in one transaction, and rolls it back.
    pub(crate) async fn trial(
        &self,
        steps: &[Bound<'_>],
        end: Instant,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        self.run(steps, Work::Trial, end).await
    }

    async fn run(
        &self,
        steps: &[Bound<'_>],
        work: Work,
        end: Instant,
    ) -> Result<Vec<Vec<Row>>, StoreError> {
        let mut may_have_been_applied = false;
        // Each connection of the pool may be broken.
        let mut tries = self.pool.status().max_size + 1;
        let outcome = loop {
            let failed = match self.try_once(steps, work, end).await {
                Ok(rows) => break Ok(rows),
                Err(failed) => failed,
            };
            may_have_been_applied |= failed.may_have_been_applied;
            tries = failed.further_tries(tries);
            let is_final = may_have_been_applied && work == Work::Transaction(LostReply::Error);
            if tries > 0 && !is_final && Instant::now() < end {
                continue;
            }
            break Err(match may_have_been_applied {
                true => StoreError::unknown_effect(failed.error),
                false => StoreError::not_applied(failed.error),
            });
        };
        self.outage.note(&outcome);
        outcome
    }

    /// The error of an operation that did not end in time.
    pub(crate) fn late(&self) -> PostgresStoreError {
        PostgresStoreError::Deadline { deadline: self.deadline }
    }

    async fn try_once(
        &self,
        steps: &[Bound<'_>],
        work: Work,
        end: Instant,
    ) -> Result<Vec<Vec<Row>>, Failed> {
        let mut connection = self.connection(end).await?;
        let sent = Instant::now();
        let progress = Progress::new(work);
        let how = (&*self.begin, self.has_pooler);
        let executed = execute(&connection, steps, work, &progress, how);
        match timeout_at(end, executed).await {
            Ok(Ok(rows)) => {
                self.breaker.responded();
                connection.is_sound = true;
                Ok(rows)
            }
            Ok(Err(error)) => {
                let fault = Fault::of(&error);
                if fault != Fault::Broken {
                    self.breaker.responded();
                }
                // A transaction that is open ends with its connection.
                connection.is_sound = fault.leaves_connection() && work == Work::Statement;
                drop(connection);
                if fault == Fault::ReadOnly {
                    // The server has become a standby. A new connection may reach the primary.
                    self.close_idle();
                }
                let may_have_been_applied = fault == Fault::Broken && progress.may_commit();
                Err(Failed { error: PostgresStoreError::of(error), fault, may_have_been_applied })
            }
            Err(_) => {
                drop(connection);
                if self.breaker.silent_since(sent, None) {
                    self.close_idle();
                }
                Err(Failed {
                    error: self.late(),
                    fault: Fault::Answer,
                    may_have_been_applied: progress.may_commit(),
                })
            }
        }
    }

    async fn connection(&self, end: Instant) -> Result<InUse, Failed> {
        self.breaker.admit().map_err(Failed::not_sent)?;
        loop {
            let Some(slot) = self.slots.take(end).await else {
                return Err(Failed::not_sent(self.none_free()));
            };
            let began = Instant::now();
            let left = Some(end.saturating_duration_since(began));
            let timeouts = Timeouts { wait: left, create: left, recycle: left };
            let error = match timeout_at(end, self.pool.timeout_get(&timeouts)).await {
                Ok(Ok(connection)) => {
                    let connection = Some(connection);
                    return Ok(InUse { connection, is_sound: false, _slot: slot });
                }
                Ok(Err(error)) => error,
                // It was waiting for a while before it was connecting.
                Err(_) => PoolError::Timeout(TimeoutType::Create),
            };
            match error {
                PoolError::Timeout(TimeoutType::Wait) => {
                    return Err(Failed::not_sent(self.none_free()));
                }
                PoolError::Backend(error) => {
                    let is_limit = error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS);
                    let (fault, error) = (Fault::of(&error), PostgresStoreError::of(error));
                    // An open connection becomes free. Without one, the server is not available.
                    if is_limit
                        && self.pool.status().size > 0
                        && let Some(cause) = error.cause()
                    {
                        self.slots.set_aside(slot, cause.clone());
                        continue;
                    }
                    if fault == Fault::Broken {
                        self.breaker.silent_since(began, error.cause().cloned());
                    }
                    return Err(Failed::not_sent(error));
                }
                _ => {
                    self.breaker.silent_since(began, None);
                    return Err(Failed::not_sent(self.late()));
                }
            }
        }
    }

    /// The error of an operation that got no connection in time.
    fn none_free(&self) -> PostgresStoreError {
        let status = self.pool.status();
        match self.slots.limit() {
            Some(source) => {
                PostgresStoreError::ConnectionLimit { connections: status.size, source }
            }
            None => PostgresStoreError::Exhausted {
                connections: status.max_size,
                deadline: self.deadline,
            },
        }
    }

    fn close_idle(&self) {
        drop(self.pool.retain(|_, _| false));
    }
}

/// A machine that disappears within a transaction must not keep its locks until TCP notices.
fn begin(deadline: Duration) -> String {
    format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; \
         SET LOCAL idle_in_transaction_session_timeout = {}",
        deadline.as_millis().max(1)
    )
}

async fn execute(
    connection: &InUse,
    steps: &[Bound<'_>],
    work: Work,
    progress: &Progress,
    (begin, has_pooler): (&str, bool),
) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
    let Some(client) = connection.connection.as_ref() else { return Ok(Vec::new()) };
    if work != Work::Statement {
        client.batch_execute(begin).await?;
    }
    let mut rows = Vec::with_capacity(steps.len());
    for Bound { statement, parameters } in steps {
        rows.push(if has_pooler {
            let types = statement.types.iter().cloned();
            let typed: Vec<_> = parameters.iter().copied().zip(types).collect();
            client.query_typed(&statement.text, &typed).await?
        } else {
            let prepared = client.prepare_typed_cached(&statement.text, statement.types).await?;
            client.query(&prepared, parameters).await?
        });
    }
    match work {
        Work::Statement => {}
        Work::Transaction(_) => {
            progress.begin_commit();
            client.batch_execute("COMMIT").await?;
        }
        Work::Trial => client.batch_execute("ROLLBACK").await?,
    }
    Ok(rows)
}

/// A statement with the values of its parameters.
pub(crate) struct Bound<'a> {
    pub(crate) statement: &'a Statement,
    pub(crate) parameters: &'a [&'a (dyn ToSql + Sync)],
}

/// What follows if the reply to a commit is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LostReply {
    /// The transaction is executed again, and finds its own effect.
    Again,
    /// An error with an unknown effect.
    Error,
}

/// How statements are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// One, which is its own transaction.
    Statement,
    Transaction(LostReply),
    /// A transaction that is rolled back.
    Trial,
}

/// Whether something was sent that commits.
struct Progress(AtomicBool);

impl Progress {
    fn new(work: Work) -> Self {
        Self(AtomicBool::new(work == Work::Statement))
    }

    fn begin_commit(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn may_commit(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that is closed afterwards, unless it is sound: a response may still be on its way,
/// also if the caller has dropped the operation.
struct InUse {
    connection: Option<Object>,
    is_sound: bool,
    /// Dropped after the connection.
    _slot: Slot,
}

impl Drop for InUse {
    fn drop(&mut self) {
        if !self.is_sound
            && let Some(connection) = self.connection.take()
        {
            drop(Object::take(connection));
        }
    }
}

/// A try that failed.
struct Failed {
    error: PostgresStoreError,
    fault: Fault,
    may_have_been_applied: bool,
}

impl Failed {
    fn not_sent(error: PostgresStoreError) -> Self {
        Self { error, fault: Fault::Answer, may_have_been_applied: false }
    }

    fn further_tries(&self, left: usize) -> usize {
        match self.fault {
            Fault::Broken | Fault::Conflict => left.saturating_sub(1),
            Fault::ReadOnly => left.saturating_sub(1).min(1),
            _ => 0,
        }
    }
}
