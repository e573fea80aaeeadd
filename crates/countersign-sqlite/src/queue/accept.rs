//! Accepting a delivery: the event and the job, in one transaction.

use countersign_core::protocol::{self, State};
use countersign_core::{Attempt, CompleteOutcome, Effect, Repeats, StoreError};
use rusqlite::{Result, params};

use super::tables::{OpenQueue, QueueTables};
use super::{AcceptOutcome, Accepting, JobState};
use crate::error::SqliteStoreError;
use crate::events::{Key, LoadError, Stored, key};
use crate::job::{Forget, Job, Reply, store_error};

pub(super) struct Accept {
    key: Key,
    accepting: Accepting,
    message: Vec<u8>,
    outcome: std::result::Result<AcceptOutcome, SqliteStoreError>,
    reply: Reply<AcceptOutcome>,
}

impl Accept {
    pub(super) fn new(accepting: Accepting, message: Vec<u8>, reply: Reply<AcceptOutcome>) -> Self {
        let outcome = Err(SqliteStoreError::Stopped);
        Self { key: key(&accepting.event), accepting, message, outcome, reply }
    }

    fn accept(&self, tables: &mut OpenQueue<'_>, stored: Option<&Stored>) -> Result<AcceptOutcome> {
        let Accepting { attempt, repeats, .. } = &self.accepting;
        let record = stored.and_then(|stored| stored.record);
        let is_repeat = record.is_some_and(|record| matches!(record.state, State::Done { .. }));
        if is_repeat && *repeats == Repeats::Suppress {
            return Ok(AcceptOutcome::Duplicate);
        }
        if tables.events.is_full {
            return Ok(AcceptOutcome::Full);
        }
        if !is_repeat {
            complete(tables, &self.key, stored, attempt)?;
        }
        let job = self.insert(tables, is_repeat)?;
        Ok(AcceptOutcome::accepted(job, is_repeat))
    }

    fn insert(&self, tables: &mut OpenQueue<'_>, is_repeat: bool) -> Result<i64> {
        let Accepting { target, order_key, message, .. } = &self.accepting;
        let now_ms = tables.now_ms();
        let jobs = &mut tables.jobs;
        let waits = match order_key {
            Some(order_key) => jobs.has_earlier.exists(params![target, order_key])?,
            None => false,
        };
        let state = if waits { JobState::Waiting } else { JobState::Due };
        let possible_duplicate = is_repeat || message.possible_duplicate();
        jobs.insert.execute(params![
            target,
            state.number(),
            now_ms,
            order_key,
            message.event_id(),
            message.event_type(),
            possible_duplicate,
            i64::try_from(self.message.len()).unwrap_or(i64::MAX),
        ])?;
        let job = jobs.last_id();
        jobs.insert_message.execute(params![job, self.message])?;
        Ok(job)
    }
}

impl Job<QueueTables> for Accept {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        self.outcome = match tables.events.load(&self.key) {
            Ok(stored) => Ok(self.accept(tables, stored.as_ref())?),
            Err(LoadError::Layout) => Err(SqliteStoreError::Layout),
            Err(LoadError::Sqlite(error)) => return Err(error),
        };
        Ok(())
    }

    /// The caller has answered that the delivery is not accepted.
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn finish(self: Box<Self>) {
        // The caller may have gone.
        let _ = self.reply.send(self.outcome.map_err(StoreError::not_applied));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

/// Records an event as done that gets no job.
pub(super) struct Complete {
    key: Key,
    attempt: Attempt,
    outcome: std::result::Result<CompleteOutcome, SqliteStoreError>,
    reply: Reply<CompleteOutcome>,
}

impl Complete {
    pub(super) fn new(key: Key, attempt: Attempt, reply: Reply<CompleteOutcome>) -> Self {
        Self { key, attempt, outcome: Err(SqliteStoreError::Stopped), reply }
    }
}

impl Job<QueueTables> for Complete {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        self.outcome = match tables.events.load(&self.key) {
            Ok(stored) => {
                complete(tables, &self.key, stored.as_ref(), &self.attempt)?;
                Ok(CompleteOutcome::Recorded)
            }
            Err(LoadError::Layout) => Err(SqliteStoreError::Layout),
            Err(LoadError::Sqlite(error)) => return Err(error),
        };
        Ok(())
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(self.outcome.map_err(StoreError::not_applied));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

fn complete(
    tables: &mut OpenQueue<'_>,
    key: &Key,
    stored: Option<&Stored>,
    attempt: &Attempt,
) -> Result<()> {
    let record = stored.and_then(|stored| stored.record);
    let (_, changed) = protocol::complete(record.as_ref(), attempt, tables.now_ms());
    let Some(changed) = changed else { return Ok(()) };
    let keep_for = changed.keep_for(attempt).as_millis();
    let keep_for_ms = i64::try_from(keep_for).unwrap_or(i64::MAX);
    tables.events.save(key, stored, &changed, keep_for_ms)
}

impl Job<QueueTables> for Forget {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        self.was_known = tables.events.forget(&self.key)?;
        Ok(())
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(self.was_known));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

/// Finds out whether a delivery could be accepted now.
pub(super) struct Probe {
    pub(super) is_full: bool,
    pub(super) reply: Reply<bool>,
}

impl Job<QueueTables> for Probe {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        self.is_full = tables.events.is_full;
        tables.events.write_trial()
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(self.is_full));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}
