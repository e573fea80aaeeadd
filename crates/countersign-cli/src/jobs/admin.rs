//! The queue: a file or a database.

#[cfg(feature = "postgres")]
use std::time::Duration;

use countersign::queue::Message;
use countersign::queue::jobs::{JobFilter, JobSummary, TargetCounts};
#[cfg(feature = "postgres")]
use countersign_postgres::queue::{PostgresQueue, QueueConfig};
#[cfg(feature = "sqlite")]
use countersign_sqlite::queue::QueueAdmin;

use crate::job_table::Location;
use crate::serve::with_causes;
use crate::usage_error::UsageError;

/// An open queue, and its name for errors. Its calls block.
pub(super) struct Admin {
    queue: Queue,
    name: String,
}

enum Queue {
    #[cfg(feature = "sqlite")]
    Sqlite(QueueAdmin),
    #[cfg(feature = "postgres")]
    Postgres(PostgresQueue, tokio::runtime::Runtime),
}

/// Calls the same method of the queue that is open.
macro_rules! call {
    ($admin:ident.$method:ident($($argument:expr),*)) => {
        match &mut $admin.queue {
            #[cfg(feature = "sqlite")]
            Queue::Sqlite(queue) => {
                queue.$method($($argument),*).map_err(|error| with_causes(&error))
            }
            #[cfg(feature = "postgres")]
            Queue::Postgres(queue, runtime) => {
                let called = runtime.block_on(queue.$method($($argument),*));
                called.map_err(|error| with_causes(&error))
            }
        }
        .map_err(|problem| UsageError::because(&$admin.name, problem))
    };
}

impl Admin {
    pub(super) fn open(location: &Location) -> Result<Self, UsageError> {
        let name = location.name();
        let opened = match location.missing_feature() {
            Some(missing) => Err(missing.to_owned()),
            None => Queue::open(location),
        };
        let queue = opened.map_err(|problem| UsageError::because(&name, problem))?;
        Ok(Self { queue, name })
    }

    pub(super) fn list(
        &mut self,
        filter: &JobFilter,
        limit: u32,
    ) -> Result<Vec<JobSummary>, UsageError> {
        call!(self.list(filter, limit))
    }

    pub(super) fn count(&mut self, filter: &JobFilter) -> Result<u64, UsageError> {
        call!(self.count(filter))
    }

    pub(super) fn show(&mut self, id: i64) -> Result<Option<(JobSummary, Message)>, UsageError> {
        call!(self.show(id))
    }

    pub(super) fn retry(&mut self, filter: &JobFilter) -> Result<u64, UsageError> {
        call!(self.retry(filter))
    }

    pub(super) fn discard(&mut self, filter: &JobFilter) -> Result<u64, UsageError> {
        call!(self.discard(filter))
    }

    pub(super) fn pause(&mut self, target: &str) -> Result<(), UsageError> {
        call!(self.pause(target))
    }

    pub(super) fn resume(&mut self, target: &str) -> Result<bool, UsageError> {
        call!(self.resume(target))
    }

    pub(super) fn paused(&mut self) -> Result<Vec<String>, UsageError> {
        call!(self.paused())
    }

    pub(super) fn targets(&mut self) -> Result<Vec<String>, UsageError> {
        call!(self.targets())
    }

    pub(super) fn missing(&mut self, ids: &[i64]) -> Result<Vec<i64>, UsageError> {
        call!(self.missing(ids))
    }

    pub(super) fn long_event_ids(&mut self, bytes: u32) -> Result<Vec<String>, UsageError> {
        call!(self.long_event_ids(bytes))
    }

    pub(super) fn counts(&mut self, target: &str) -> Result<TargetCounts, UsageError> {
        call!(self.counts(target))
    }
}

impl Queue {
    /// The error is its text.
    fn open(location: &Location) -> Result<Self, String> {
        match location {
            #[cfg(feature = "sqlite")]
            Location::File(path) => {
                QueueAdmin::open(path).map(Self::Sqlite).map_err(|error| with_causes(&error))
            }
            #[cfg(feature = "postgres")]
            Location::Database(url) => {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().map_err(|error| error.to_string())?;
                let config = QueueConfig::new(url).map_err(|error| with_causes(&error))?;
                let connecting = PostgresQueue::connect_to_existing(config.with_deadline(DEADLINE));
                let connected = runtime.block_on(connecting);
                let queue = connected.map_err(|error| with_causes(&error))?;
                Ok(Self::Postgres(queue, runtime))
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Err(String::new()),
        }
    }
}

/// A list of a long table takes longer than the operations of a server.
#[cfg(feature = "postgres")]
const DEADLINE: Duration = Duration::from_secs(30);
