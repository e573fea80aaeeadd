//! Taking jobs.

use countersign_core::{Effect, StoreError, Token};
use rusqlite::{Result, params};

use super::tables::{OpenQueue, QueueTables};
use super::{Take, Taken, TakenJob};
use crate::error::SqliteStoreError;
use crate::job::{Job, Reply, store_error};

pub(super) struct TakeJobs {
    take: Take,
    outcome: std::result::Result<Taken, StoreError>,
    reply: Reply<Taken>,
}

impl TakeJobs {
    pub(super) fn new(take: Take, reply: Reply<Taken>) -> Self {
        Self { take, outcome: Ok(Taken::default()), reply }
    }

    fn take(&self, tables: &mut OpenQueue<'_>) -> Result<std::result::Result<Taken, StoreError>> {
        let Take { target, max_running, .. } = &self.take;
        let now_ms = tables.now_ms();
        let mut taken = Taken::default();
        taken.now_ms = now_ms;
        let no_lease_ends_later = now_ms.saturating_add(millis(Take::MAX_LEASE));
        // A process that was stopped for longer than a lease still has its attempts.
        let until_ms = now_ms.saturating_add(millis(self.take.lease));
        for (job, token) in &self.take.held {
            let token = token.to_bytes();
            let keeping = params![job, &token[..], until_ms, now_ms, no_lease_ends_later];
            tables.jobs.keep.execute(keeping)?;
        }
        let expiring = params![target, now_ms, no_lease_ends_later];
        taken.expired = tables.jobs.expire.execute(expiring)?;
        taken.is_paused = tables.jobs.is_paused.exists([target])?;
        if taken.is_paused {
            return Ok(Ok(taken));
        }
        let running: i64 = tables.jobs.running.query_row([target], |row| row.get(0))?;
        let running = usize::try_from(running).unwrap_or(usize::MAX);
        let limit = self.take.jobs.min(max_running.saturating_sub(running));
        for id in self.due(tables, now_ms, limit)? {
            let token = match Token::random() {
                Ok(token) => token,
                // No attempt has begun yet that the caller does not get, because the others are
                // due again after their lease.
                Err(error) => return Ok(Err(error)),
            };
            taken.jobs.push(self.start(tables, id, token, now_ms)?);
        }
        taken.next_at_ms = tables.jobs.next.query_row([target], |row| row.get(0))?;
        Ok(Ok(taken))
    }

    /// The jobs that are due, as far as their messages fit.
    fn due(&self, tables: &mut OpenQueue<'_>, now_ms: i64, limit: usize) -> Result<Vec<i64>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = tables.jobs.due.query(params![self.take.target, now_ms, limit])?;
        let (mut due, mut sum) = (Vec::new(), 0_u64);
        while let Some(row) = rows.next()? {
            sum = sum.saturating_add(row.get::<_, i64>(1)?.unsigned_abs());
            if sum > self.take.bytes && !due.is_empty() {
                break;
            }
            due.push(row.get(0)?);
        }
        Ok(due)
    }

    fn start(
        &self,
        tables: &mut OpenQueue<'_>,
        id: i64,
        token: Token,
        now_ms: i64,
    ) -> Result<TakenJob> {
        let until_ms = now_ms.saturating_add(millis(self.take.lease));
        let (bytes, owner) = (token.to_bytes(), self.take.owner.to_bytes());
        let starting = params![id, until_ms, &bytes[..], &owner[..]];
        let (attempt, possible_duplicate, accepted_at_ms) = tables
            .jobs
            .start
            .query_row(starting, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let message = tables.jobs.message.query_row([id], |row| row.get(0))?;
        let mut job = TakenJob::new(id, token, message);
        job.attempt = attempt;
        job.possible_duplicate = possible_duplicate;
        job.accepted_at_ms = accepted_at_ms;
        Ok(job)
    }
}

pub(super) fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Job<QueueTables> for TakeJobs {
    fn run(&mut self, tables: &mut OpenQueue<'_>) -> Result<()> {
        self.outcome = self.take(tables)?;
        Ok(())
    }

    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn finish(self: Box<Self>) {
        let _ = self.reply.send(self.outcome);
    }

    fn fail(self: Box<Self>, effect: Effect, error: &SqliteStoreError) {
        let _ = self.reply.send(Err(store_error(effect, error)));
    }
}
