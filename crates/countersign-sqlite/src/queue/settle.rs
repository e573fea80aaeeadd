//! Settling an attempt, and renewing leases.

use std::time::Duration;

use countersign_core::{Effect, Token};
use rusqlite::{Result, params};

use super::tables::{Change, OpenQueue, QueueTables};
use super::take::millis;
use super::{JobState, SettleOutcome, Settlement};
use crate::error::SqliteStoreError;
use crate::job::{Job, Reply, store_error};

pub(super) struct Settle {
    job: i64,
    token: Token,
    settlement: Settlement,
    outcome: SettleOutcome,
    reply: Reply<SettleOutcome>,
}

impl Settle {
    pub(super) fn new(
        job: i64,
        token: Token,
        settlement: Settlement,
        reply: Reply<SettleOutcome>,
    ) -> Self {
        Self { job, token, settlement, outcome: SettleOutcome::Lost, reply }
    }
}

impl Job<QueueTables> for Settle {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        let (now_ms, token) = (tables.now_ms(), self.token.to_bytes());
        let ended = Change {
            id: self.job,
            token: &token,
            is_also_late: false,
            state: JobState::Due.number(),
            run_at_ms: now_ms,
            settled_ms: None,
            status: None,
            error: None,
        };
        let change = match &self.settlement {
            // The target has it, even if this comes late.
            Settlement::Done { status } => Change {
                is_also_late: true,
                state: JobState::Done.number(),
                settled_ms: Some(now_ms),
                status: *status,
                ..ended
            },
            Settlement::Retry { after, status, error } => Change {
                run_at_ms: now_ms.saturating_add(millis(*after)),
                status: *status,
                error: Some(error),
                ..ended
            },
            Settlement::Dead { status, error } => Change {
                state: JobState::Dead.number(),
                settled_ms: Some(now_ms),
                status: *status,
                error: Some(error),
                ..ended
            },
            // `Release`.
            _ => ended,
        };
        let is_over = change.settled_ms.is_some();
        self.outcome = match tables.jobs.settled(&change)? {
            Some((target, Some(order_key))) if is_over => {
                SettleOutcome::settled(tables.jobs.promote(&target, &order_key, now_ms)?)
            }
            Some(_) => SettleOutcome::settled(false),
            None => SettleOutcome::Lost,
        };
        Ok(())
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(self.outcome));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}

/// Starts the leases of attempts again.
pub(super) struct Renew {
    pub(super) held: Vec<(i64, Token)>,
    pub(super) lease: Duration,
    pub(super) reply: Reply<()>,
}

impl Job<QueueTables> for Renew {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        let until_ms = tables.now_ms().saturating_add(millis(self.lease));
        for (job, token) in &self.held {
            tables.jobs.renew.execute(params![job, &token.to_bytes()[..], until_ms])?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(Ok(()));
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}
