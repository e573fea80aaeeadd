//! For people: list, show, retry, discard, pause, and numbers for metrics.

use countersign_core::Message;
use countersign_core::jobs::{JobFilter, JobState, JobSummary, TargetCounts};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::PostgresQueue;
use super::error::QueueError;
use super::jobs::{Jobs, counted, text};
use crate::call::{Bound, LostReply};
use crate::statements::Statement;
use crate::steps::{column, unexpected};

impl PostgresQueue {
    /// The jobs that pass the filter, in the order of their ids, up to `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn list(
        &self,
        filter: &JobFilter,
        limit: u32,
    ) -> Result<Vec<JobSummary>, QueueError> {
        let (filter, limit) = (Condition::of(filter), i64::from(limit));
        let mut parameters = filter.parameters();
        parameters.push(&limit);
        let rows = self.rows(&self.jobs().statements.list, &parameters).await?;
        rows.iter().map(summary).collect()
    }

    /// How many jobs pass the filter.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn count(&self, filter: &JobFilter) -> Result<u64, QueueError> {
        let filter = Condition::of(filter);
        let rows = self.rows(&self.jobs().statements.count, &filter.parameters()).await?;
        Ok(counted(&rows)?.unsigned_abs())
    }

    /// A job and its message. `None` if there is no job with this id.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read, or the message is of a later version.
    pub async fn show(&self, id: i64) -> Result<Option<(JobSummary, Message)>, QueueError> {
        let rows = self.rows(&self.jobs().statements.show, &[&id]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let job = summary(row)?;
        let message = Message::parse(column::<Vec<u8>>(row, "bytes")?)?
            .with_attempt(job.attempts)
            .with_possible_duplicate(job.possible_duplicate);
        Ok(Some((job, message)))
    }

    /// Makes jobs due now, with all attempts before them. A job that is running stays as it is, and
    /// one whose order key has an earlier job waits for it. Returns the number of jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be written: some jobs may be due already. Or if the
    /// filter has only states in which a job cannot be retried.
    pub async fn retry(&self, filter: &JobFilter) -> Result<u64, QueueError> {
        self.change(filter, &JobState::RETRIED, &self.jobs().statements.retry).await
    }

    /// Discards jobs: they are not forwarded. A job that is running is not discarded. Returns the
    /// number of jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be written: some jobs may be discarded already. Or if
    /// the filter has only states in which a job cannot be discarded.
    pub async fn discard(&self, filter: &JobFilter) -> Result<u64, QueueError> {
        self.change(filter, &JobState::DISCARDED, &self.jobs().statements.discard).await
    }

    /// Pauses a target, or with `*` all: its jobs are not taken. Deliveries are still accepted.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be written.
    pub async fn pause(&self, target: &str) -> Result<(), QueueError> {
        self.rows(&self.jobs().statements.pause, &[&text(target)]).await.map(drop)
    }

    /// Resumes a target; with `*`, all that are paused. Returns whether it was paused.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be written.
    pub async fn resume(&self, target: &str) -> Result<bool, QueueError> {
        let rows = self.rows(&self.jobs().statements.resume, &[&text(target)]).await?;
        Ok(!rows.is_empty())
    }

    /// The targets that are paused; `*` means all.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn paused(&self) -> Result<Vec<String>, QueueError> {
        self.texts(&self.jobs().statements.paused, &[], "target").await
    }

    /// The names of all targets that have jobs.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn targets(&self) -> Result<Vec<String>, QueueError> {
        self.texts(&self.jobs().statements.targets, &[], "target").await
    }

    /// Those of these ids that no job has.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn missing(&self, ids: &[i64]) -> Result<Vec<i64>, QueueError> {
        let rows = self.rows(&self.jobs().statements.missing, &[&ids]).await?;
        rows.iter().map(|row| Ok(column(row, "id")?)).collect()
    }

    /// The event ids of all jobs that are longer than this number of bytes.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn long_event_ids(&self, bytes: u32) -> Result<Vec<String>, QueueError> {
        let statement = &self.jobs().statements.long_event_ids;
        self.texts(statement, &[&i64::from(bytes)], "event_id").await
    }

    /// The numbers of a target.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the database cannot be read.
    pub async fn counts(&self, target: &str) -> Result<TargetCounts, QueueError> {
        let rows = self.rows(&self.jobs().statements.counts, &[&text(target)]).await?;
        let row = rows.first().ok_or_else(unexpected)?;
        let number = |name| Ok::<_, QueueError>(column::<i64>(row, name)?.unsigned_abs());
        let mut counts = TargetCounts::new(target);
        counts.pending = number("pending")?;
        counts.running = number("running")?;
        counts.dead = number("dead")?;
        counts.oldest_ms = column(row, "oldest_ms")?;
        counts.is_paused = column(row, "is_paused")?;
        Ok(counts)
    }

    /// Applies a change to the jobs that pass the filter and have one of these states, a batch in a
    /// transaction: servers write in between.
    async fn change(
        &self,
        filter: &JobFilter,
        states: &[JobState],
        change: &Statement,
    ) -> Result<u64, QueueError> {
        let possible = || QueueError::States { possible: states.to_vec() };
        let filter = Condition::of(&filter.within(states).ok_or_else(possible)?);
        let Jobs { caller, statements, .. } = self.jobs();
        // Jobs that are accepted meanwhile are not concerned.
        let rows = self.rows(&statements.last, &[]).await?;
        let last: i64 = column(rows.first().ok_or_else(unexpected)?, "id")?;
        let (mut after, mut changed, limit) = (0_i64, 0_u64, i64::from(BATCH));
        loop {
            let mut parameters = filter.parameters();
            parameters.extend::<[&(dyn ToSql + Sync); 3]>([&after, &last, &limit]);
            let rows = self.rows(&statements.choose, &parameters).await?;
            let ids = rows.iter().map(|row| column(row, "id"));
            let ids = ids.collect::<Result<Vec<i64>, _>>()?;
            let jobs: [&(dyn ToSql + Sync); 1] = [&ids];
            let jobs_and_states: [&(dyn ToSql + Sync); 2] = [&ids, &filter.states];
            let steps = [
                Bound { statement: &statements.lock_keys, parameters: &jobs },
                Bound { statement: change, parameters: &jobs_and_states },
                Bound { statement: &statements.promote, parameters: &jobs },
            ];
            // A second time, it could change jobs that a server has settled in between.
            let rows = caller.transaction(&steps, LostReply::Error, caller.end()).await?;
            changed += counted(rows.get(1).ok_or_else(unexpected)?)?.unsigned_abs();
            match ids.last() {
                Some(last) if ids.len() == usize::from(BATCH) => after = *last,
                _ => return Ok(changed),
            }
        }
    }

    async fn texts(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        name: &str,
    ) -> Result<Vec<String>, QueueError> {
        let rows = self.rows(statement, parameters).await?;
        rows.iter().map(|row| Ok(column(row, name)?)).collect()
    }

    async fn rows(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, QueueError> {
        let caller = &self.jobs().caller;
        Ok(caller.query(statement, parameters, caller.end()).await?)
    }

    fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }
}

/// The values of a filter.
struct Condition {
    ids: Option<Vec<i64>>,
    states: Option<Vec<i16>>,
    target: Option<String>,
    event_id: Option<String>,
    event_type: Option<String>,
    since_ms: Option<i64>,
    until_ms: Option<i64>,
}

impl Condition {
    fn of(filter: &JobFilter) -> Self {
        let JobFilter { ids, states, target, event_id, event_type, since_ms, until_ms, .. } =
            filter;
        let states: Vec<i16> = states.iter().map(|state| state.number()).collect();
        Self {
            ids: (!ids.is_empty()).then(|| ids.clone()),
            states: (!states.is_empty()).then_some(states),
            target: target.as_deref().map(text),
            event_id: event_id.as_deref().map(text),
            event_type: event_type.as_deref().map(text),
            since_ms: since_ms.map(in_range),
            until_ms: until_ms.map(in_range),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let Self { ids, states, target, event_id, event_type, since_ms, until_ms } = self;
        vec![ids, states, target, event_id, event_type, since_ms, until_ms]
    }
}

/// Postgres has timestamps up to a maximum.
fn in_range(ms: i64) -> i64 {
    ms.clamp(-MAX_TIME_MS, MAX_TIME_MS)
}

fn summary(row: &Row) -> Result<JobSummary, QueueError> {
    let state = JobState::of_number(column(row, "state")?).ok_or_else(unexpected)?;
    let (id, target, event_id) =
        (column(row, "id")?, column(row, "target")?, column(row, "event_id")?);
    let mut job = JobSummary::new(id, target, state, event_id);
    job.attempts = column::<i32>(row, "attempts")?.unsigned_abs();
    job.run_at_ms = column(row, "run_at_ms")?;
    job.order_key = column(row, "order_key")?;
    job.event_type = column(row, "event_type")?;
    job.possible_duplicate = column(row, "possible_duplicate")?;
    job.bytes = column::<i64>(row, "message_bytes")?.unsigned_abs();
    job.accepted_ms = column(row, "accepted_ms")?;
    job.settled_ms = column(row, "settled_ms")?;
    let status: Option<i32> = column(row, "last_status")?;
    job.last_status = status.and_then(|status| u16::try_from(status).ok());
    job.last_error = column(row, "last_error")?;
    Ok(job)
}

/// One transaction takes some milliseconds.
const BATCH: u16 = 500;
/// The year 5138.
const MAX_TIME_MS: i64 = 100_000_000_000_000;
