//! The operations: from a step of the protocol to its statement, and from the rows to its outcome.

use std::time::Duration;

use countersign_core::protocol::{self, Record, State};
use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, ReleaseOutcome, RenewOutcome,
    StoreError, Token,
};
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};

use crate::call::Caller;
use crate::error::PostgresStoreError;
use crate::maintenance::Room;
use crate::statements::{Statement, Statements};

/// The key of a row: half of the digest, whose 128 bits make collisions negligible.
pub(crate) fn key(event: &EventKey) -> &[u8] {
    &event.digest()[..16]
}

/// Executes the operations.
pub(crate) struct Steps {
    pub(crate) caller: Caller,
    pub(crate) statements: Statements,
    pub(crate) room: Room,
}

impl Steps {
    pub(crate) async fn claim(
        &self,
        key: &[u8],
        attempt: &Attempt,
    ) -> Result<ClaimOutcome, StoreError> {
        let has_room = self.room.is_left();
        let Values { token, fingerprint, lease_ms, keep_ms } = Values::of(attempt);
        let max_crashes = i64::from(attempt.max_crashes);
        let (token, statement) = (&token[..], &self.statements.claim);
        let end = self.caller.end();
        for _ in 0..MAX_TIMES {
            let parameters: [&(dyn ToSql + Sync); 7] =
                [&key, &token, &fingerprint, &lease_ms, &keep_ms, &max_crashes, &has_room];
            match self.caller.query(statement, &parameters, end).await?.first() {
                Some(row) if column(row, "is_written")? => {
                    let Record { epoch, crashes, .. } = record(row)?;
                    let reclaimed = crashes > 0;
                    return Ok(ClaimOutcome::Granted { attempt: epoch, reclaimed });
                }
                Some(row) => {
                    let (outcome, changed) = protocol::claim(Some(&record(row)?), attempt, NOW_MS);
                    if changed.is_none() {
                        return Ok(outcome);
                    }
                }
                None if !has_room => return Ok(ClaimOutcome::AtCapacity),
                None => {}
            }
            // The row was written after this statement began, so it could neither be changed nor be
            // read.
            self.may_repeat(end)?;
        }
        Err(unexpected())
    }

    pub(crate) async fn complete(
        &self,
        key: &[u8],
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        let Values { token, fingerprint, .. } = Values::of(attempt);
        let retention_ms = millis(attempt.retention);
        let (token, statement) = (&token[..], &self.statements.complete);
        let end = self.caller.end();
        for _ in 0..MAX_TIMES {
            let parameters: [&(dyn ToSql + Sync); 4] = [&key, &token, &fingerprint, &retention_ms];
            if let Some(row) = self.caller.query(statement, &parameters, end).await?.first() {
                let (completion, is_own): (i16, bool) =
                    (column(row, "completion")?, column(row, "is_own")?);
                return match completion {
                    0 if is_own => Ok(CompleteOutcome::Recorded),
                    0 => Ok(CompleteOutcome::AlreadyDone),
                    1 => Ok(CompleteOutcome::Recorded),
                    2 => Ok(CompleteOutcome::RecordedLate),
                    3 => Ok(CompleteOutcome::RecordedUnclaimed),
                    _ => Err(unexpected()),
                };
            }
            // Another success was recorded after this statement began.
            self.may_repeat(end)?;
        }
        Err(unexpected())
    }

    pub(crate) async fn renew(
        &self,
        key: &[u8],
        attempt: &Attempt,
    ) -> Result<RenewOutcome, StoreError> {
        let Values { token, lease_ms, keep_ms, .. } = Values::of(attempt);
        let (token, end) = (&token[..], self.caller.end());
        let statement = &self.statements.renew;
        let rows = self.caller.query(statement, &[&key, &token, &lease_ms, &keep_ms], end).await?;
        Ok(if rows.is_empty() { RenewOutcome::Lost } else { RenewOutcome::Renewed })
    }

    pub(crate) async fn release(
        &self,
        key: &[u8],
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        let Values { token, fingerprint, lease_ms, keep_ms } = Values::of(attempt);
        let (token, end) = (&token[..], self.caller.end());
        let statement = &self.statements.release;
        let parameters: [&(dyn ToSql + Sync); 5] =
            [&key, &token, &fingerprint, &lease_ms, &keep_ms];
        let rows = self.caller.query(statement, &parameters, end).await?;
        let epoch: i32 = match rows.first() {
            Some(row) => column(row, "epoch")?,
            None => 0,
        };
        Ok(if epoch > 0 { ReleaseOutcome::Released } else { ReleaseOutcome::NotHeld })
    }

    /// Returns whether there was a row that had not expired.
    pub(crate) async fn forget(&self, key: &[u8]) -> Result<bool, StoreError> {
        let end = self.caller.end();
        let rows = self.caller.query(&self.statements.forget, &[&key], end).await?;
        rows.first().map_or(Ok(false), |row| column(row, "was_known"))
    }

    /// Deletes up to `limit` expired rows. Returns how many.
    pub(crate) async fn purge(&self, limit: i64) -> Result<i64, StoreError> {
        self.count_of(&self.statements.purge, limit).await
    }

    /// The number of rows, up to `limit`.
    pub(crate) async fn count(&self, limit: i64) -> Result<i64, StoreError> {
        self.count_of(&self.statements.count, limit).await
    }

    async fn count_of(&self, statement: &Statement, limit: i64) -> Result<i64, StoreError> {
        let rows = self.caller.query(statement, &[&limit], self.caller.end()).await?;
        rows.first().map_or_else(|| Err(unexpected()), |row| column(row, "count"))
    }

    fn may_repeat(&self, end: Instant) -> Result<(), StoreError> {
        if Instant::now() < end {
            return Ok(());
        }
        Err(StoreError::not_applied(self.caller.late()))
    }
}

/// What a statement needs of an attempt.
struct Values {
    token: [u8; 16],
    fingerprint: i64,
    lease_ms: i64,
    /// How long the record of a claimed event is kept.
    keep_ms: i64,
}

impl Values {
    fn of(attempt: &Attempt) -> Self {
        Self {
            token: attempt.token.to_bytes(),
            fingerprint: attempt.fingerprint.to_u64().cast_signed(),
            lease_ms: millis(attempt.lease),
            keep_ms: millis(attempt.retention.max(attempt.lease)),
        }
    }
}

/// The record of a row, at the time [`NOW_MS`].
fn record(row: &Row) -> Result<Record, StoreError> {
    let state = match column(row, "state")? {
        1_i16 => State::InProgress { lease_until_ms: column(row, "left_ms")? },
        2 => State::Failed,
        3 => State::Done { at_ms: column(row, "at_ms")? },
        _ => return Err(unexpected()),
    };
    let token: &[u8] = column(row, "token")?;
    let number = |name| u32::try_from(column::<i32>(row, name)?).map_err(|_| unexpected());
    Ok(Record {
        state,
        epoch: number("epoch")?,
        crashes: number("crashes")?,
        token: Token::from_bytes(token.try_into().map_err(|_| unexpected())?),
        fingerprint: Fingerprint::from_u64(column::<i64>(row, "fingerprint")?.cast_unsigned()),
    })
}

pub(crate) fn column<'r, T: FromSql<'r>>(row: &'r Row, name: &str) -> Result<T, StoreError> {
    row.try_get(name).map_err(|_| unexpected())
}

/// The statement was executed, and its result is unknown.
pub(crate) fn unexpected() -> StoreError {
    StoreError::unknown_effect(PostgresStoreError::UnexpectedReply)
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(MAX_MS)
}

/// How often a statement is executed whose row was changed meanwhile. If it neither writes nor reads
/// a row this often, something prevents it, such as a trigger of the table.
pub(crate) const MAX_TIMES: usize = 4;

/// The statement returns what is left of the lease, and so its time is zero.
const NOW_MS: i64 = 0;

/// A thousand years, because the server's timestamps have a maximum.
const MAX_MS: i64 = 1_000 * 365 * 24 * 60 * 60 * 1_000;
