//! An operation on its way through the writer.

use countersign_core::protocol::Record;
use countersign_core::{Attempt, ClaimOutcome, Effect, StoreError, protocol};
use rusqlite::Result;
use tokio::sync::oneshot;

use crate::error::SqliteStoreError;
use crate::events::{Events, Key, LoadError};
use crate::tables::{StoreTables, Tables};

/// An operation that the writer executes, together with others, in one
/// transaction.
pub(crate) trait Job<T: Tables>: Send {
    /// Executes the operation. It is executed again if the transaction failed
    /// because of another operation.
    ///
    /// # Errors
    ///
    /// If the transaction cannot continue.
    fn run(&mut self, tables: &mut T::Open<'_>) -> Result<()>;

    /// Whether it must not be executed, because its caller has gone.
    fn is_abandoned(&self) -> bool {
        false
    }

    /// Replies, after the transaction has committed.
    fn finish(self: Box<Self>);

    /// Replies that the operation failed.
    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError);
}

/// The reply to an operation.
pub(crate) type Reply<T> = oneshot::Sender<std::result::Result<T, StoreError>>;

/// A step of the protocol.
pub(crate) struct Step<T> {
    key: Key,
    attempt: Attempt,
    decide: Decide<T>,
    /// The outcome for an event that the store does not know, if the file has
    /// reached its maximum size.
    at_capacity: Option<T>,
    is_claim: bool,
    outcome: Option<std::result::Result<T, SqliteStoreError>>,
    reply: Reply<T>,
}

/// A function of `countersign_core::protocol`.
pub(crate) type Decide<T> = fn(Option<&Record>, &Attempt, i64) -> (T, Option<Record>);

impl Step<ClaimOutcome> {
    pub(crate) fn claim(key: Key, attempt: Attempt, reply: Reply<ClaimOutcome>) -> Self {
        let step = Self::new(key, attempt, protocol::claim, reply);
        Self { at_capacity: Some(ClaimOutcome::AtCapacity), is_claim: true, ..step }
    }
}

impl<T> Step<T> {
    pub(crate) fn new(key: Key, attempt: Attempt, decide: Decide<T>, reply: Reply<T>) -> Self {
        Self { key, attempt, decide, at_capacity: None, is_claim: false, outcome: None, reply }
    }
}

impl<T: Copy + Send> Job<StoreTables> for Step<T> {
    fn run(&mut self, events: &mut Events<'_>) -> Result<()> {
        let stored = match events.load(&self.key) {
            Ok(stored) => stored,
            Err(LoadError::Layout) => {
                self.outcome = Some(Err(SqliteStoreError::Layout));
                return Ok(());
            }
            Err(LoadError::Sqlite(error)) => return Err(error),
        };
        if let (None, true, Some(outcome)) = (&stored, events.is_full, self.at_capacity) {
            self.outcome = Some(Ok(outcome));
            return Ok(());
        }
        let record = stored.as_ref().and_then(|stored| stored.record);
        let (outcome, changed) = (self.decide)(record.as_ref(), &self.attempt, events.now.wall_ms);
        match (&stored, changed) {
            (_, Some(changed)) => {
                let keep_for = changed.keep_for(&self.attempt).as_millis();
                let keep_for_ms = i64::try_from(keep_for).unwrap_or(i64::MAX);
                events.save(&self.key, stored.as_ref(), &changed, keep_for_ms)?;
            }
            (Some(stored), None) => events.save_lease(stored)?,
            (None, None) => {}
        }
        self.outcome = Some(Ok(outcome));
        Ok(())
    }

    /// Only a claim: no caller would hold the event. Any other step of a caller that
    /// has gone is still wanted.
    fn is_abandoned(&self) -> bool {
        self.is_claim && self.reply.is_closed()
    }

    fn finish(self: Box<Self>) {
        let outcome = self.outcome.unwrap_or(Err(SqliteStoreError::Stopped));
        // The caller may have gone.
        let _ = self.reply.send(outcome.map_err(StoreError::not_applied));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

/// Deletes an event in any state.
pub(crate) struct Forget {
    pub(crate) key: Key,
    pub(crate) was_known: bool,
    pub(crate) reply: Reply<bool>,
}

impl Job<StoreTables> for Forget {
    fn run(&mut self, events: &mut Events<'_>) -> Result<()> {
        self.was_known = events.forget(&self.key)?;
        Ok(())
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(self.was_known));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

/// Finds out whether a new event could be claimed now.
pub(crate) struct Trial {
    pub(crate) is_full: bool,
    pub(crate) reply: Reply<bool>,
}

impl Job<StoreTables> for Trial {
    fn run(&mut self, events: &mut Events<'_>) -> Result<()> {
        self.is_full = events.is_full;
        events.write_trial()
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(self.is_full));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

pub(crate) fn store_error(effect: Effect, error: &SqliteStoreError) -> StoreError {
    match effect {
        Effect::NotApplied => StoreError::not_applied(error.clone()),
        Effect::Unknown => StoreError::unknown_effect(error.clone()),
    }
}

#[cfg(test)]
mod tests;
