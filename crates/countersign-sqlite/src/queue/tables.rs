//! The statements of the writer, and the purge.

use rusqlite::{Connection, Result, Statement, named_params, params};

use crate::config::SqliteConfig;
use crate::events::Events;
use crate::schema::{self, Schema};
use crate::tables::{Tables, Transaction};
use crate::time::Now;

/// The file of a queue.
pub(crate) struct QueueTables;

/// Its tables, at the time of one transaction.
pub(crate) struct OpenQueue<'c> {
    pub(super) events: Events<'c>,
    pub(super) jobs: Jobs<'c>,
    keep_done_ms: i64,
}

impl Tables for QueueTables {
    type Open<'c> = OpenQueue<'c>;

    const SCHEMA: &'static Schema = &schema::QUEUE;

    fn open<'c>(
        connection: &'c Connection,
        config: &SqliteConfig,
        now: Now,
    ) -> Result<Self::Open<'c>> {
        Ok(OpenQueue {
            events: Events::new(connection, config.max_bytes, now)?,
            jobs: Jobs::new(connection)?,
            keep_done_ms: i64::try_from(config.keep_done.as_millis()).unwrap_or(i64::MAX),
        })
    }
}

impl OpenQueue<'_> {
    pub(super) fn now_ms(&self) -> i64 {
        self.events.now.wall_ms
    }
}

impl Transaction for OpenQueue<'_> {
    fn begin(&mut self, now: Now) -> Result<()> {
        self.events.begin(now)
    }

    fn commit(&mut self) -> Result<()> {
        self.events.commit()
    }

    /// Deletes jobs that are done before their time if the file is nearly full: a new
    /// event is worth more than the possibility to replay an old one.
    fn purge(&mut self, now: Now) -> Result<bool> {
        let until_ms = match self.events.is_nearly_full()? {
            true => i64::MAX,
            false => now.forget_ms.saturating_sub(self.keep_done_ms),
        };
        let purged = self.jobs.purge.execute([until_ms])?;
        Ok(self.events.purge(now)? || purged == PURGED)
    }
}

pub(super) struct Jobs<'c> {
    connection: &'c Connection,
    pub(super) insert: Statement<'c>,
    pub(super) insert_message: Statement<'c>,
    pub(super) has_earlier: Statement<'c>,
    pub(super) expire: Statement<'c>,
    pub(super) is_paused: Statement<'c>,
    pub(super) running: Statement<'c>,
    pub(super) due: Statement<'c>,
    pub(super) next: Statement<'c>,
    pub(super) start: Statement<'c>,
    pub(super) message: Statement<'c>,
    pub(super) settle: Statement<'c>,
    pub(super) renew: Statement<'c>,
    pub(super) keep: Statement<'c>,
    promote: Statement<'c>,
    purge: Statement<'c>,
}

impl<'c> Jobs<'c> {
    fn new(connection: &'c Connection) -> Result<Self> {
        let prepare = |sql| connection.prepare(sql);
        Ok(Self {
            connection,
            insert: prepare(INSERT)?,
            insert_message: prepare("INSERT INTO message VALUES (?1, ?2)")?,
            has_earlier: prepare(HAS_EARLIER)?,
            expire: prepare(EXPIRE)?,
            is_paused: prepare("SELECT 1 FROM paused WHERE target IN (?1, '*')")?,
            running: prepare(RUNNING)?,
            due: prepare(DUE)?,
            next: prepare(NEXT)?,
            start: prepare(START)?,
            message: prepare("SELECT bytes FROM message WHERE job = ?1")?,
            settle: prepare(SETTLE)?,
            renew: prepare(RENEW)?,
            keep: prepare(KEEP)?,
            promote: prepare(PROMOTE)?,
            purge: prepare(PURGE)?,
        })
    }

    pub(super) fn last_id(&self) -> i64 {
        self.connection.last_insert_rowid()
    }

    /// Makes the first job that waits for this key due, unless one is due or running.
    /// Returns whether one is due now.
    pub(super) fn promote(&mut self, target: &str, order_key: &str, now_ms: i64) -> Result<bool> {
        Ok(self.promote.execute(params![target, order_key, now_ms])? == 1)
    }

    /// Settles the attempt of this token, from one of `from`. Returns the job's target
    /// and order key, if it had this attempt.
    pub(super) fn settled(
        &mut self,
        change: &Change<'_>,
    ) -> Result<Option<(String, Option<String>)>> {
        let mut rows = self.settle.query(named_params! {
            ":id": change.id,
            ":token": change.token,
            ":is_late": change.is_also_late,
            ":state": change.state,
            ":run_at_ms": change.run_at_ms,
            ":settled_ms": change.settled_ms,
            ":status": change.status,
            ":error": change.error,
        })?;
        let settled = match rows.next()? {
            Some(row) => Some((row.get(0)?, row.get(1)?)),
            None => None,
        };
        // SQLite has made the change once the statement has ended.
        while rows.next()?.is_some() {}
        Ok(settled)
    }
}

/// A change of a job by the attempt that has it.
pub(super) struct Change<'a> {
    pub(super) id: i64,
    pub(super) token: &'a [u8],
    /// Whether the change is also made if the lease has ended, and no other attempt has
    /// the job.
    pub(super) is_also_late: bool,
    pub(super) state: i16,
    pub(super) run_at_ms: i64,
    pub(super) settled_ms: Option<i64>,
    pub(super) status: Option<u16>,
    pub(super) error: Option<&'a str>,
}

const INSERT: &str = "INSERT INTO job (target, state, attempts, run_at_ms, order_key, event_id, \
     event_type, possible_duplicate, bytes, accepted_ms) \
     VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?3)";

/// With the condition of the index, which SQLite uses only if it finds it here.
const HAS_EARLIER: &str = "SELECT 1 FROM job WHERE target = ?1 AND order_key = ?2 \
     AND state IN (1, 2, 6) LIMIT 1";

/// A lease that ends later than any does was begun before the clock went back.
const EXPIRE: &str = "UPDATE job SET state = 1, run_at_ms = ?2 \
     WHERE target = ?1 AND state = 2 AND (run_at_ms <= ?2 OR run_at_ms > ?3)";

const DUE: &str = "SELECT id, bytes FROM job WHERE target = ?1 AND state = 1 AND run_at_ms <= ?2 \
     ORDER BY run_at_ms, id LIMIT ?3";

const START: &str = "UPDATE job SET state = 2, run_at_ms = ?2, token = ?3, owner = ?4, \
     attempts = attempts + 1 WHERE id = ?1 \
     RETURNING attempts, possible_duplicate, accepted_ms";

/// A change that was made already is made again, because its reply may be lost.
const SETTLE: &str = "UPDATE job SET state = :state, run_at_ms = :run_at_ms, \
     settled_ms = :settled_ms, last_status = coalesce(:status, CASE WHEN :error IS NULL THEN \
     last_status END), last_error = coalesce(:error, CASE WHEN :state = 1 THEN last_error END), \
     owner = NULL \
     WHERE id = :id AND token = :token AND (state IN (2, :state) OR (:is_late AND state = 1)) \
     RETURNING target, order_key";

pub(super) const PROMOTE: &str = "UPDATE job SET state = 1, run_at_ms = ?3 \
     WHERE id = (SELECT min(id) FROM job WHERE target = ?1 AND order_key = ?2 \
     AND state IN (1, 2, 6) AND state = 6) \
     AND NOT EXISTS (SELECT 1 FROM job WHERE target = ?1 AND order_key = ?2 \
     AND state IN (1, 2, 6) AND state <> 6)";

const RUNNING: &str = "SELECT count(*) FROM job WHERE target = ?1 AND state = 2";

const NEXT: &str = "SELECT min(run_at_ms) FROM job WHERE target = ?1 AND state = 1";

const RENEW: &str = "UPDATE job SET run_at_ms = ?3 WHERE id = ?1 AND token = ?2 AND state = 2";

/// Only leases that `EXPIRE` would end, so that most takes write nothing here.
const KEEP: &str = "UPDATE job SET run_at_ms = ?3 WHERE id = ?1 AND token = ?2 AND state = 2 \
     AND (run_at_ms <= ?4 OR run_at_ms > ?5)";

const PURGE: &str = "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE state IN (3, 5) \
     AND settled_ms <= ?1 ORDER BY settled_ms LIMIT 200)";

/// The maximum number of jobs that one purge deletes.
const PURGED: usize = 200;

/// The statements that must not become slow with the number of jobs.
#[cfg(test)]
pub(super) const ALL: [&str; 11] =
    [HAS_EARLIER, EXPIRE, DUE, START, SETTLE, PROMOTE, RUNNING, NEXT, RENEW, KEEP, PURGE];
