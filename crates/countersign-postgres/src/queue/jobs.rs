//! The steps of a job.

use std::time::Duration;

use countersign_core::jobs::{
    AcceptOutcome, Accepting, JobState, SettleOutcome, Settlement, Take, Taken, TakenJob,
};
use countersign_core::{Attempt, ClaimOutcome, Fingerprint, Repeats, StoreError, Token};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::statements::QueueStatements;
use crate::call::{Bound, Caller, LostReply};
use crate::steps::{MAX_TIMES, column, millis, unexpected};

/// Executes the operations.
pub(super) struct Jobs {
    pub(super) caller: Caller,
    pub(super) statements: QueueStatements,
    pub(super) keep_done: Duration,
}

impl Jobs {
    /// Whether the event is done. Anything else is granted.
    pub(super) async fn find(
        &self,
        key: &[u8],
        attempt: &Attempt,
    ) -> Result<ClaimOutcome, StoreError> {
        let rows = self.caller.query(&self.statements.find, &[&key], self.caller.end()).await?;
        let Some(row) = rows.first() else {
            return Ok(ClaimOutcome::Granted { attempt: 1, reclaimed: false });
        };
        let fingerprint = Fingerprint::from_u64(column::<i64>(row, "fingerprint")?.cast_unsigned());
        Ok(ClaimOutcome::Done {
            fingerprint_matches: fingerprint == attempt.fingerprint,
            at_unix_ms: column(row, "at_ms")?,
        })
    }

    pub(super) async fn accept(&self, accepting: &Accepting) -> Result<AcceptOutcome, StoreError> {
        let Accepting { event, attempt, target, message, order_key, repeats, .. } = accepting;
        let handles_repeats = *repeats == Repeats::Handle;
        let bytes = message.to_bytes();
        let key = crate::steps::key(event);
        let token = attempt.token.to_bytes();
        let token = &token[..];
        let fingerprint = attempt.fingerprint.to_u64().cast_signed();
        let retention_ms = millis(attempt.retention);
        let (target, order_key) = (text(target), order_key.as_deref().map(text));
        let (event_id, event_type) = (text(message.event_id()), message.event_type().map(text));
        let possible_duplicate = message.possible_duplicate();
        let parameters: [&(dyn ToSql + Sync); 11] = [
            &key,
            &token,
            &fingerprint,
            &retention_ms,
            &handles_repeats,
            &target,
            &order_key,
            &event_id,
            &event_type,
            &possible_duplicate,
            &bytes,
        ];
        let (statement, lock) = (&self.statements.accept, &self.statements.lock_key);
        let end = self.caller.end();
        for _ in 0..MAX_TIMES {
            let rows = match &order_key {
                None => self.caller.query(statement, &parameters, end).await?,
                Some(order_key) => {
                    let key: [&(dyn ToSql + Sync); 2] = [&target, order_key];
                    let steps = [
                        Bound { statement: lock, parameters: &key },
                        Bound { statement, parameters: &parameters },
                    ];
                    let rows = self.caller.transaction(&steps, LostReply::Again, end).await?;
                    rows.into_iter().nth(1).unwrap_or_default()
                }
            };
            if let Some(row) = rows.first() {
                let is_own: bool = column(row, "is_own")?;
                return match column::<Option<i64>>(row, "job")? {
                    Some(job) if is_own => {
                        let repeats: i32 = column(row, "repeats")?;
                        Ok(AcceptOutcome::accepted(job, repeats > 0))
                    }
                    _ => Ok(AcceptOutcome::Duplicate),
                };
            }
            // The row was written after this statement began, so it could neither be changed nor
            // be read.
        }
        Err(unexpected())
    }

    pub(super) async fn complete(&self, key: &[u8], attempt: &Attempt) -> Result<(), StoreError> {
        let token = attempt.token.to_bytes();
        let fingerprint = attempt.fingerprint.to_u64().cast_signed();
        let (token, retention_ms) = (&token[..], millis(attempt.retention));
        let parameters: [&(dyn ToSql + Sync); 4] = [&key, &token, &fingerprint, &retention_ms];
        let statement = &self.statements.complete;
        self.caller.query(statement, &parameters, self.caller.end()).await.map(drop)
    }

    /// Returns whether there was a row that had not expired.
    pub(super) async fn forget(&self, key: &[u8]) -> Result<bool, StoreError> {
        let rows = self.caller.query(&self.statements.forget, &[&key], self.caller.end()).await?;
        rows.first().map_or(Ok(false), |row| column(row, "was_known"))
    }

    pub(super) async fn take(&self, take: &Take) -> Result<Taken, StoreError> {
        let Take { target, owner, lease, jobs, bytes, max_running, held, .. } = take;
        let (ids, tokens) = apart(held);
        let (lease_ms, max_lease_ms) = (millis(*lease), millis(Take::MAX_LEASE));
        let owner = owner.to_bytes();
        let (target, owner) = (text(target), &owner[..]);
        let (jobs, max_running) = (count(*jobs), count(*max_running));
        let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
        let begin: [&(dyn ToSql + Sync); 5] = [&target, &lease_ms, &max_lease_ms, &ids, &tokens];
        let rest: [&(dyn ToSql + Sync); 6] =
            [&target, &owner, &lease_ms, &jobs, &bytes, &max_running];
        let steps = [
            Bound { statement: &self.statements.take_begin, parameters: &begin },
            Bound { statement: &self.statements.take, parameters: &rest },
        ];
        // Jobs that were taken without a reply have no attempt, and are due again when their lease
        // ends.
        let end = self.caller.end();
        let rows = self.caller.transaction(&steps, LostReply::Error, end).await?;
        taken(&rows)
    }

    pub(super) async fn settle(
        &self,
        job: i64,
        token: Token,
        settlement: &Settlement,
    ) -> Result<SettleOutcome, StoreError> {
        let change = Change::of(settlement);
        let token = token.to_bytes();
        let token = &token[..];
        let state = change.state.number();
        let (delay_ms, status) = (millis(change.delay), change.status.map(i32::from));
        let error = change.error.map(text);
        let (is_over, is_also_late) = (change.is_over, change.is_also_late);
        let parameters = |is_locked| -> [&(dyn ToSql + Sync); 9] {
            [&job, &token, &state, &delay_ms, &is_over, &status, &error, &is_also_late, is_locked]
        };
        let statement = &self.statements.settle;
        let end = self.caller.end();
        let rows = self.caller.query(statement, &parameters(&false), end).await?;
        let row = rows.first().ok_or_else(unexpected)?;
        if !column(row, "needs_lock")? {
            return Ok(settled(column(row, "is_settled")?, false));
        }
        let ids = [job];
        let ids: [&(dyn ToSql + Sync); 1] = [&&ids[..]];
        let parameters = parameters(&true);
        let steps = [
            Bound { statement: &self.statements.lock_keys, parameters: &ids },
            Bound { statement, parameters: &parameters },
            Bound { statement: &self.statements.promote, parameters: &ids },
        ];
        let rows = self.caller.transaction(&steps, LostReply::Again, end).await?;
        let [_, settling, promoting] = &rows[..] else { return Err(unexpected()) };
        let (Some(settling), Some(promoting)) = (settling.first(), promoting.first()) else {
            return Err(unexpected());
        };
        let promoted: i64 = column(promoting, "count")?;
        Ok(settled(column(settling, "is_settled")?, promoted > 0))
    }

    pub(super) async fn renew(
        &self,
        held: &[(i64, Token)],
        lease: Duration,
    ) -> Result<(), StoreError> {
        if held.is_empty() {
            return Ok(());
        }
        let ((ids, tokens), lease_ms) = (apart(held), millis(lease));
        let parameters: [&(dyn ToSql + Sync); 3] = [&ids, &tokens, &lease_ms];
        let statement = &self.statements.renew;
        self.caller.query(statement, &parameters, self.caller.end()).await.map(drop)
    }

    /// Deletes up to `limit` expired events, and as many jobs that are over. Returns whether there
    /// may be more.
    pub(super) async fn purge(&self, limit: i64) -> Result<bool, StoreError> {
        let keep_ms = millis(self.keep_done);
        let QueueStatements { purge_events, purge_jobs, .. } = &self.statements;
        let events = self.caller.query(purge_events, &[&limit], self.caller.end()).await?;
        let jobs = self.caller.query(purge_jobs, &[&limit, &keep_ms], self.caller.end()).await?;
        Ok(counted(&events)? == limit || counted(&jobs)? == limit)
    }

    /// Finds out whether a delivery could be accepted now.
    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let attempt = trial()?;
        // As long as the key of an event, and random.
        let key = &attempt.token.to_bytes()[..];
        self.complete(key, &attempt).await?;
        self.forget(key).await.map(drop)
    }

    /// Accepts and takes a job of a target that does not exist, in a transaction that is rolled
    /// back: the user may lack a right, or a trigger may change what the statements do.
    pub(super) async fn try_operations(&self) -> Result<(), StoreError> {
        self.probe().await?;
        let attempt = trial()?;
        let token = attempt.token.to_bytes();
        let (bytes, target) = (&token[..], "");
        let (none, no_text, number, no_jobs) = (false, None::<String>, 0_i64, Vec::<i64>::new());
        let (no_states, no_tokens, one) = (Vec::<i16>::new(), Vec::<Vec<u8>>::new(), 1_i64);
        let lease_ms = millis(TRIAL);
        let accept: [&(dyn ToSql + Sync); 11] = [
            &bytes, &bytes, &number, &lease_ms, &none, &target, &no_text, &target, &no_text, &none,
            &bytes,
        ];
        let begin: [&(dyn ToSql + Sync); 5] = [&target, &lease_ms, &lease_ms, &no_jobs, &no_tokens];
        let take: [&(dyn ToSql + Sync); 6] =
            [&target, &bytes, &lease_ms, &one, &i64::MAX, &i64::MAX];
        let target: [&(dyn ToSql + Sync); 1] = [&target];
        let purge: [&(dyn ToSql + Sync); 2] = [&number, &number];
        let retry: [&(dyn ToSql + Sync); 2] = [&no_jobs, &no_states];
        let s = &self.statements;
        let steps = [
            Bound { statement: &s.accept, parameters: &accept },
            Bound { statement: &s.take_begin, parameters: &begin },
            Bound { statement: &s.take, parameters: &take },
            Bound { statement: &s.retry, parameters: &retry },
            Bound { statement: &s.purge_events, parameters: &purge[..1] },
            Bound { statement: &s.purge_jobs, parameters: &purge },
            Bound { statement: &s.pause, parameters: &target },
            Bound { statement: &s.resume, parameters: &target },
        ];
        let rows = self.caller.trial(&steps, self.caller.end()).await?;
        let taken = taken(rows.get(1..3).unwrap_or_default())?;
        match taken.jobs.as_slice() {
            [job] if job.message == bytes => Ok(()),
            // All targets are paused.
            [] if taken.is_paused => Ok(()),
            _ => Err(unexpected()),
        }
    }
}

/// How a settlement changes the job.
struct Change<'a> {
    state: JobState,
    delay: Duration,
    is_over: bool,
    status: Option<u16>,
    error: Option<&'a str>,
    /// Whether it also applies if the lease has ended, and no other attempt has the job.
    is_also_late: bool,
}

impl<'a> Change<'a> {
    fn of(settlement: &'a Settlement) -> Self {
        let release = Self {
            state: JobState::Due,
            delay: Duration::ZERO,
            is_over: false,
            status: None,
            error: None,
            is_also_late: false,
        };
        match settlement {
            // The target has it, even if this comes late.
            Settlement::Done { status } => Self {
                state: JobState::Done,
                is_over: true,
                status: *status,
                is_also_late: true,
                ..release
            },
            Settlement::Retry { after, status, error } => {
                Self { delay: *after, status: *status, error: Some(error), ..release }
            }
            Settlement::Dead { status, error } => Self {
                state: JobState::Dead,
                is_over: true,
                status: *status,
                error: Some(error),
                ..release
            },
            // `Release`.
            _ => release,
        }
    }
}

fn settled(is_settled: bool, is_next_due: bool) -> SettleOutcome {
    if is_settled { SettleOutcome::settled(is_next_due) } else { SettleOutcome::Lost }
}

/// The jobs that the two statements of a take have returned.
fn taken(rows: &[Vec<Row>]) -> Result<Taken, StoreError> {
    let [begun, rows] = rows else { return Err(unexpected()) };
    let (Some(begun), Some(first)) = (begun.first(), rows.first()) else {
        return Err(unexpected());
    };
    let mut taken = Taken::default();
    taken.expired = usize::try_from(column::<i64>(begun, "expired")?).unwrap_or(0);
    taken.now_ms = column(first, "now_ms")?;
    taken.next_at_ms = column(first, "next_ms")?;
    taken.is_paused = column(first, "is_paused")?;
    for row in rows {
        let Some(id) = column::<Option<i64>>(row, "id")? else { continue };
        let token: &[u8] = column(row, "token")?;
        let token = Token::from_bytes(token.try_into().map_err(|_| unexpected())?);
        // Without a message, it cannot be parsed, and the job becomes a dead letter.
        let message: Option<Vec<u8>> = column(row, "bytes")?;
        let mut job = TakenJob::new(id, token, message.unwrap_or_default());
        job.attempt = column::<i32>(row, "attempts")?.unsigned_abs();
        job.possible_duplicate = column(row, "possible_duplicate")?;
        job.accepted_at_ms = column(row, "accepted_ms")?;
        taken.jobs.push(job);
    }
    Ok(taken)
}

pub(super) fn counted(rows: &[Row]) -> Result<i64, StoreError> {
    rows.first().map_or_else(|| Err(unexpected()), |row| column(row, "count"))
}

/// A text of Postgres cannot have a NUL. The message has the exact one.
pub(super) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn apart(held: &[(i64, Token)]) -> (Vec<i64>, Vec<Vec<u8>>) {
    held.iter().map(|(id, token)| (*id, token.to_bytes().to_vec())).unzip()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn trial() -> Result<Attempt, StoreError> {
    Attempt::new(Fingerprint::from_u64(0), TRIAL, TRIAL)
}

const TRIAL: Duration = Duration::from_secs(60);
