//! For people: list, show, retry, discard, pause, and numbers for metrics.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use countersign_core::{Clock, MalformedMessage, Message, SystemClock};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params, params_from_iter};

use super::{JobFilter, JobState, JobSummary, TargetCounts};
use crate::config::SqliteConfig;
use crate::database::Database;
use crate::error::{OpenError, SqliteStoreError};
use crate::schema;

/// A connection to a queue for people and for metrics, while servers use it. Its
/// calls block.
#[derive(Debug)]
pub struct QueueAdmin {
    connection: Connection,
}

impl QueueAdmin {
    /// Opens the queue of this file, which must exist.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the file does not exist, cannot be written, or is no queue.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if !path.is_file() {
            return Err(OpenError::Path {
                problem: "names no file: `countersign serve` creates it",
            });
        }
        let config = SqliteConfig::new(path)
            .with_synchronous(crate::Synchronous::Full)
            .with_lock_timeout(LOCK_TIMEOUT);
        let Database { writer, .. } = Database::open(&config, &schema::QUEUE)?;
        Ok(Self { connection: writer })
    }

    /// The jobs that pass the filter, in the order in which they were accepted, up to
    /// `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn list(&self, filter: &JobFilter, limit: u32) -> Result<Vec<JobSummary>, QueueError> {
        let (condition, values) = condition(filter);
        let sql = format!("SELECT {COLUMNS} FROM job WHERE {condition} ORDER BY id LIMIT {limit}");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(values), summary)?;
        rows.collect::<Result<Vec<_>, _>>().map_err(Into::into)
    }

    /// How many jobs pass the filter.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn count(&self, filter: &JobFilter) -> Result<u64, QueueError> {
        let (condition, values) = condition(filter);
        let sql = format!("SELECT count(*) FROM job WHERE {condition}");
        let count = |row: &Row<'_>| row.get::<_, i64>(0);
        Ok(self.connection.query_row(&sql, params_from_iter(values), count)?.unsigned_abs())
    }

    /// A job and its message. `None` if there is no job with this id.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read, or the message is of a later version.
    pub fn show(&self, id: i64) -> Result<Option<(JobSummary, Message)>, QueueError> {
        let sql = format!(
            "SELECT {COLUMNS}, message.bytes FROM job JOIN message ON message.job = job.id \
             WHERE job.id = ?1"
        );
        let found = |row: &Row<'_>| Ok((summary(row)?, row.get::<_, Vec<u8>>(14)?));
        let found = self.connection.query_row(&sql, [id], found).optional()?;
        let Some((job, bytes)) = found else { return Ok(None) };
        let message = Message::parse(bytes)?
            .with_attempt(job.attempts)
            .with_possible_duplicate(job.possible_duplicate);
        Ok(Some((job, message)))
    }

    /// Makes jobs due now, with all attempts before them. A job that is running stays as it
    /// is, and one whose order key has an earlier job waits for it. Returns the number of
    /// jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be written: some jobs may be due already. Or if
    /// the filter has only states in which a job cannot be retried.
    pub fn retry(&mut self, filter: &JobFilter) -> Result<u64, QueueError> {
        self.change(filter, &JobState::RETRIED, |connection, id, now_ms| {
            connection.prepare(RETRY)?.execute(params![id, now_ms]).map(drop)
        })
    }

    /// Discards jobs: they are not forwarded. A job that is running is not discarded.
    /// Returns the number of jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be written: some jobs may be discarded already.
    /// Or if the filter has only states in which a job cannot be discarded.
    pub fn discard(&mut self, filter: &JobFilter) -> Result<u64, QueueError> {
        self.change(filter, &JobState::DISCARDED, |connection, id, now_ms| {
            let sql = "UPDATE job SET state = 5, settled_ms = ?2, token = NULL WHERE id = ?1 \
                       RETURNING target, order_key";
            let key: (String, Option<String>) = connection
                .prepare(sql)?
                .query_row(params![id, now_ms], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if let (target, Some(key)) = key {
                connection.prepare(PROMOTE)?.execute(params![target, key, now_ms])?;
            }
            Ok(())
        })
    }

    /// Pauses a target, or with `*` all: its jobs are not taken. Deliveries are still
    /// accepted.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be written.
    pub fn pause(&self, target: &str) -> Result<(), QueueError> {
        let sql = "INSERT OR IGNORE INTO paused VALUES (?1, ?2)";
        self.connection.execute(sql, params![target, now_ms()])?;
        Ok(())
    }

    /// Resumes a target; with `*`, all that are paused. Returns whether it was paused.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be written.
    pub fn resume(&self, target: &str) -> Result<bool, QueueError> {
        let sql = "DELETE FROM paused WHERE target = ?1 OR ?1 = '*'";
        Ok(self.connection.execute(sql, [target])? > 0)
    }

    /// The targets that are paused; `*` means all.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn paused(&self) -> Result<Vec<String>, QueueError> {
        let mut statement = self.connection.prepare("SELECT target FROM paused ORDER BY target")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<Vec<_>, _>>().map_err(Into::into)
    }

    /// The names of all targets that have jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn targets(&self) -> Result<Vec<String>, QueueError> {
        let mut statement =
            self.connection.prepare("SELECT DISTINCT target FROM job ORDER BY target")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<Vec<_>, _>>().map_err(Into::into)
    }

    /// Those of these ids that no job has.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn missing(&self, ids: &[i64]) -> Result<Vec<i64>, QueueError> {
        let mut statement = self.connection.prepare("SELECT 1 FROM job WHERE id = ?1")?;
        let mut missing = Vec::new();
        for id in ids {
            if !statement.exists([id])? {
                missing.push(*id);
            }
        }
        Ok(missing)
    }

    /// The event ids of all jobs that are longer than this number of bytes.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn long_event_ids(&self, bytes: u32) -> Result<Vec<String>, QueueError> {
        let sql = "SELECT DISTINCT event_id FROM job WHERE octet_length(event_id) > ?1";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([bytes], |row| row.get(0))?;
        rows.collect::<Result<Vec<_>, _>>().map_err(Into::into)
    }

    /// The numbers of a target.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the file cannot be read.
    pub fn counts(&self, target: &str) -> Result<TargetCounts, QueueError> {
        let count = |condition: &str| -> Result<u64, QueueError> {
            let sql = format!("SELECT count(*) FROM job WHERE target = ?1 AND {condition}");
            let count = |row: &Row<'_>| row.get::<_, i64>(0);
            Ok(self.connection.prepare(&sql)?.query_row([target], count)?.unsigned_abs())
        };
        let oldest = "SELECT min(accepted_ms) FROM job WHERE target = ?1 AND state IN (1, 2, 6)";
        let mut oldest = self.connection.prepare(oldest)?;
        let oldest_ms = oldest.query_row([target], |row| row.get(0))?;
        let is_paused = "SELECT EXISTS (SELECT 1 FROM paused WHERE target IN (?1, '*'))";
        let mut counts = TargetCounts::new(target);
        counts.pending = count("state = 1")?
            + count("state IN (1, 2, 6) AND order_key IS NOT NULL AND state = 6")?;
        counts.running = count("state = 2")?;
        counts.dead = count("state = 4")?;
        counts.oldest_ms = oldest_ms;
        counts.is_paused = self.connection.query_row(is_paused, [target], |row| row.get(0))?;
        Ok(counts)
    }

    /// Applies a change to the jobs that pass the filter and have one of these states, a
    /// batch in a transaction: servers write in between.
    fn change(
        &mut self,
        filter: &JobFilter,
        states: &[JobState],
        change: impl Fn(&Connection, i64, i64) -> rusqlite::Result<()>,
    ) -> Result<u64, QueueError> {
        let possible = || QueueError::States { possible: states.to_vec() };
        let filter = filter.within(states).ok_or_else(possible)?;
        let (condition, values) = condition(&filter);
        let sql = format!(
            "SELECT id FROM job WHERE id > ? AND id <= ? AND {condition} ORDER BY id LIMIT {BATCH}"
        );
        // Jobs that are accepted meanwhile are not concerned.
        let last = "SELECT coalesce(max(id), 0) FROM job";
        let last: i64 = self.connection.query_row(last, [], |row| row.get(0))?;
        let (mut after, mut changed) = (0, 0);
        loop {
            let now_ms = now_ms();
            let transaction =
                self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let range = [Value::Integer(after), Value::Integer(last)];
            let ids: Vec<i64> = {
                let mut statement = transaction.prepare(&sql)?;
                let values = range.iter().chain(&values);
                let rows = statement.query_map(params_from_iter(values), |row| row.get(0))?;
                rows.collect::<Result<_, _>>()?
            };
            for id in &ids {
                change(&transaction, *id, now_ms)?;
            }
            transaction.commit()?;
            changed += ids.len() as u64;
            match ids.last() {
                Some(last) if ids.len() == BATCH => after = *last,
                _ => return Ok(changed),
            }
        }
    }
}

/// The condition, with a `?` for each of the values.
fn condition(filter: &JobFilter) -> (String, Vec<Value>) {
    let mut conditions = vec!["1".to_owned()];
    let mut values = Vec::new();
    let marks = |count: usize| vec!["?"; count].join(", ");
    if !filter.ids.is_empty() {
        conditions.push(format!("job.id IN ({})", marks(filter.ids.len())));
        values.extend(filter.ids.iter().map(|id| Value::Integer(*id)));
    }
    if !filter.states.is_empty() {
        // As numbers, so that SQLite finds the partial index of a state.
        let numbers: Vec<String> =
            filter.states.iter().map(|state| state.number().to_string()).collect();
        conditions.push(match numbers.as_slice() {
            [number] => format!("state = {number}"),
            numbers => format!("state IN ({})", numbers.join(", ")),
        });
    }
    let texts = [
        ("target", &filter.target),
        ("event_id", &filter.event_id),
        ("event_type", &filter.event_type),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            conditions.push(format!("{column} = ?"));
            values.push(Value::Text(text.clone()));
        }
    }
    for (condition, ms) in
        [("accepted_ms >= ?", filter.since_ms), ("accepted_ms < ?", filter.until_ms)]
    {
        if let Some(ms) = ms {
            conditions.push(condition.to_owned());
            values.push(Value::Integer(ms));
        }
    }
    (conditions.join(" AND "), values)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<JobSummary> {
    let number: i16 = row.get(2)?;
    let unknown = rusqlite::Error::IntegralValueOutOfRange(2, number.into());
    let state = JobState::of_number(number).ok_or(unknown)?;
    let mut job = JobSummary::new(row.get(0)?, row.get(1)?, state, row.get(6)?);
    job.attempts = row.get(3)?;
    job.run_at_ms = row.get(4)?;
    job.order_key = row.get(5)?;
    job.event_type = row.get(7)?;
    job.possible_duplicate = row.get(8)?;
    job.bytes = row.get::<_, i64>(9)?.unsigned_abs();
    job.accepted_ms = row.get(10)?;
    job.settled_ms = row.get(11)?;
    job.last_status = row.get(12)?;
    job.last_error = row.get(13)?;
    Ok(job)
}

fn now_ms() -> i64 {
    SystemClock::new().now_unix_ms()
}

/// Why an operation of [`QueueAdmin`] failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueueError {
    /// SQLite returned an error.
    #[non_exhaustive]
    Sqlite {
        /// The kind of the error.
        source: SqliteStoreError,
    },
    /// The message of the job cannot be read.
    #[non_exhaustive]
    Message {
        /// What is wrong with it.
        source: MalformedMessage,
    },
    /// The operation changes no job that is in one of the states of the filter.
    #[non_exhaustive]
    States {
        /// The states in which it changes jobs.
        possible: Vec<JobState>,
    },
}

impl From<rusqlite::Error> for QueueError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite { source: SqliteStoreError::of(error) }
    }
}

impl From<MalformedMessage> for QueueError {
    fn from(source: MalformedMessage) -> Self {
        Self::Message { source }
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { .. } => f.write_str("the queue's file cannot be used"),
            Self::Message { .. } => f.write_str("the job's message cannot be read"),
            Self::States { possible } => {
                let names: Vec<&str> = possible.iter().map(|state| state.name()).collect();
                write!(f, "only jobs in these states can be changed so: {}", names.join(", "))
            }
        }
    }
}

impl Error for QueueError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Sqlite { source } => Some(source),
            Self::Message { source } => Some(source),
            Self::States { .. } => None,
        }
    }
}

const COLUMNS: &str = "job.id, target, state, attempts, run_at_ms, order_key, event_id, event_type, \
     possible_duplicate, job.bytes, accepted_ms, settled_ms, last_status, last_error";

/// A job whose key has another one waits, and the first of those that wait is next.
const RETRY: &str = "UPDATE job SET attempts = 0, run_at_ms = ?2, settled_ms = NULL, token = NULL, \
     state = CASE WHEN state <> 1 AND order_key IS NOT NULL AND EXISTS (SELECT 1 FROM job other \
     WHERE other.target = job.target AND other.order_key = job.order_key \
     AND other.state IN (1, 2, 6)) THEN 6 ELSE 1 END WHERE id = ?1";

const PROMOTE: &str = super::tables::PROMOTE;

/// One transaction takes a few milliseconds.
const BATCH: usize = 200;
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
