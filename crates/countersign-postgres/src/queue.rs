//! The table of jobs: accepted deliveries, until their target has them.
//!
//! `countersign serve --queue postgres://…` uses it, in any number of processes. A delivery is
//! accepted in one transaction, which records its event as done and adds a job. So a repeat of an
//! accepted event is a duplicate, and an accepted event has exactly one job.
//!
//! ```text
//!                        take                    settle
//! accept ----> due ----------------> running -----------> done | dead
//!               ^                     |
//!               |  retry, lease over  |
//!               `---------------------'
//! ```
//!
//! Most operations are one statement. Two kinds are a transaction whose first statement takes an
//! advisory lock, so that the next one sees what others have committed:
//!
//! - the takes of one target, which count its running jobs over all processes;
//! - what begins or ends a job with an order key, so that at most one job of the key is due or
//!   running, and jobs become due in the order in which they were accepted.
//!
//! | file | contents |
//! | --- | --- |
//! | `queue/config.rs` | the settings |
//! | `queue/jobs.rs` | the steps of a job: accept, take, settle, renew |
//! | `queue/admin.rs` | for people: list, retry, discard, pause |
//! | `queue/statements.rs`, `queue/statements/*.sql` | the statements |
//! | `queue/schema.sql` | the tables |
//! | `queue/error.rs` | the errors of operations for people |

mod admin;
mod config;
mod error;
mod jobs;
mod statements;

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Health, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning, Token,
};
use tokio::time::timeout;

pub use config::QueueConfig;
pub use countersign_core::jobs::{
    AcceptOutcome, Accepting, JobFilter, JobState, JobSummary, SettleOutcome, Settlement, Take,
    Taken, TakenJob, TargetCounts,
};
pub use error::QueueError;

use crate::call::Caller;
use crate::connection;
use crate::error::ConnectError;
use crate::schema;
use crate::starting::{self, Preparation};
use crate::steps::key;
use crate::store::{CONNECT, is_full};
use jobs::Jobs;
use statements::QueueStatements;

/// The table of jobs in a Postgres database, for any number of processes.
///
/// It is cheap to clone; the clones share one pool of connections. Times are those of the server's
/// clock. It needs tokio, and should be used on one runtime.
#[derive(Clone)]
pub struct PostgresQueue(Arc<Inner>);

struct Inner {
    server: String,
    schema: String,
    jobs: Arc<Jobs>,
}

impl PostgresQueue {
    /// Connects to the database of this URL; see [`QueueConfig::new`].
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and if the URL is malformed.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_with(QueueConfig::new(url)?).await
    }

    /// Connects with this configuration, and creates the tables if they do not exist. Deletes jobs
    /// that are over, and expired events, from time to time.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::connect_with`](crate::PostgresStore::connect_with), and if the server
    /// commits before it has written to its disk.
    pub async fn connect_with(config: QueueConfig) -> Result<Self, ConnectError> {
        let interval = config.0.purge_interval;
        let queue = Self::open(config, true).await?;
        tokio::spawn(maintain(Arc::downgrade(&queue.0.jobs), interval));
        Ok(queue)
    }

    /// Connects to tables that exist, for people who look at jobs and change them.
    ///
    /// # Errors
    ///
    /// As [`connect_with`](Self::connect_with), and if the tables do not exist.
    pub async fn connect_to_existing(config: QueueConfig) -> Result<Self, ConnectError> {
        Self::open(config, false).await
    }

    async fn open(config: QueueConfig, creates: bool) -> Result<Self, ConnectError> {
        let QueueConfig(config, keep_done) = config;
        let config = config.checked()?;
        let server = config.target.server();
        let pool = connection::pool(&config)?;
        let connect = async {
            let preparation = Preparation { tables: &schema::QUEUE, creates };
            let schema = config.schema.as_deref();
            let schema = starting::prepare(&pool, preparation, schema, &server).await?;
            let caller = Caller::new(pool.clone(), &config);
            let statements = QueueStatements::new(&schema::quoted(&schema));
            let jobs = Jobs { caller, statements, keep_done };
            if creates {
                let tried = jobs.try_operations().await;
                tried.map_err(|error| starting::of_operation(&error, &server))?;
            }
            Ok((schema, Arc::new(jobs)))
        };
        let timed_out = || ConnectError::TimedOut { server: server.clone(), after: CONNECT };
        let (schema, jobs) =
            timeout(CONNECT, connect).await.unwrap_or_else(|_| Err(timed_out()))?;
        Ok(Self(Arc::new(Inner { server, schema, jobs })))
    }

    /// The server, as `postgres://host:port`, without user, password and parameters.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.0.server
    }

    /// Accepts a delivery: records its event as done, and adds a job, in one transaction. After an
    /// error with an unknown effect, the delivery may have been accepted: a repeat of it is then a
    /// duplicate.
    ///
    /// If the connection breaks, it is tried again on another one, and finds out whether the first
    /// try has committed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be written.
    pub async fn accept(&self, accepting: Accepting) -> Result<AcceptOutcome, StoreError> {
        match self.0.jobs.accept(&accepting).await {
            Err(error) if is_full(&error) => Ok(AcceptOutcome::Full),
            accepted => accepted,
        }
    }

    /// Takes due jobs of a target, in the order in which they are due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be written. Jobs that were taken without a reply are
    /// due again when the lease ends.
    pub async fn take(&self, take: Take) -> Result<Taken, StoreError> {
        self.0.jobs.take(&take).await
    }

    /// Ends an attempt at a job.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be written. The same settlement can be applied again.
    pub async fn settle(
        &self,
        job: i64,
        token: Token,
        settlement: Settlement,
    ) -> Result<SettleOutcome, StoreError> {
        self.0.jobs.settle(job, token, &settlement).await
    }

    /// Starts the leases of these attempts again, from now on: jobs and tokens. Other attempts of
    /// this process are not renewed, so that jobs without an attempt, after a lost reply, are due
    /// again when their lease ends.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database cannot be written.
    pub async fn renew(&self, held: Vec<(i64, Token)>, lease: Duration) -> Result<(), StoreError> {
        self.0.jobs.renew(&held, lease).await
    }

    /// As [`PostgresStore::watch`](crate::PostgresStore::watch).
    pub fn watch(
        &self,
        every: Duration,
        mut report: impl FnMut(Result<Health, StoreError>) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let queue = self.clone();
        async move {
            let outage = &queue.0.jobs.caller.outage;
            loop {
                report(queue.probe().await);
                // That outage has been reported.
                drop(outage.take());
                let mut pause = pin!(tokio::time::sleep(every));
                if let Ok(error) = timeout(every, outage.begun()).await {
                    report(Err(error));
                    pause.as_mut().await;
                }
            }
        }
    }
}

/// The claims of deliveries that are to be accepted. A claim writes nothing: it only finds out
/// whether the event is done, and [`accept`](PostgresQueue::accept) decides. So an event that was
/// claimed and not accepted is not in flight, and its next delivery is claimed at once.
impl IdempotencyStore for PostgresQueue {
    async fn claim(&self, event: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        self.0.jobs.find(key(event), attempt).await
    }

    /// Writes nothing if the event was accepted.
    async fn complete(
        &self,
        event: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        self.0.jobs.complete(key(event), attempt).await?;
        Ok(CompleteOutcome::Recorded)
    }

    async fn renew(&self, _: &EventKey, _: &Attempt) -> Result<RenewOutcome, StoreError> {
        Ok(RenewOutcome::Renewed)
    }

    async fn release(&self, _: &EventKey, _: &Attempt) -> Result<ReleaseOutcome, StoreError> {
        Ok(ReleaseOutcome::Released)
    }

    /// Also returns `false` if the connection broke, and the second try found the row already
    /// deleted.
    async fn forget(&self, event: &EventKey) -> Result<bool, StoreError> {
        self.0.jobs.forget(key(event)).await
    }

    /// Writes and deletes the row of an event that does not exist.
    async fn probe(&self) -> Result<Health, StoreError> {
        let is_full = match self.0.jobs.probe().await {
            Err(error) if is_full(&error) => true,
            tried => tried.map(|()| false)?,
        };
        Ok(Health::new(if is_full { vec![StoreWarning::Full] } else { Vec::new() }))
    }
}

/// Runs until the queue is dropped. An error is not reported: rows that are not deleted now are
/// deleted later, and an operation reports the same error.
async fn maintain(jobs: Weak<Jobs>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        loop {
            let Some(jobs) = jobs.upgrade() else { return };
            if !matches!(jobs.purge(PURGED).await, Ok(true)) {
                break;
            }
        }
    }
}

impl fmt::Debug for PostgresQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresQueue")
            .field("server", &format_args!("{}", self.0.server))
            .field("schema", &self.0.schema)
            .field("deadline", &self.0.jobs.caller.deadline)
            .finish()
    }
}

/// The maximum number of rows that one statement deletes: some milliseconds.
const PURGED: i64 = 500;
