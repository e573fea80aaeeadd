//! The statements: from rows to records and back.

use countersign_core::protocol::{Record, State};
use countersign_core::{EventKey, Fingerprint, Token};
use rusqlite::{Connection, OptionalExtension, Result, Row, Statement, params};

use crate::time::Now;

/// The key of a row: half of the digest. Its 128 bits make collisions negligible,
/// and all 256 bits would enlarge every row and its entry in the index.
pub(crate) type Key = [u8; 16];

pub(crate) fn key(event: &EventKey) -> Key {
    let mut key = Key::default();
    key.copy_from_slice(&event.digest()[..16]);
    key
}

/// The table, at the time of one transaction.
pub(crate) struct Events<'c> {
    pub(crate) now: Now,
    /// Whether the file has reached its maximum size.
    pub(crate) is_full: bool,
    max_pages: Option<i64>,
    load: Statement<'c>,
    insert: Statement<'c>,
    update: Statement<'c>,
    restart: Statement<'c>,
    forget: Statement<'c>,
    purge: Statement<'c>,
    used_pages: Statement<'c>,
    trial: Statement<'c>,
    begin: Statement<'c>,
    commit: Statement<'c>,
}

/// The row of an event.
pub(crate) struct Stored {
    id: i64,
    /// `None` if the record is expired.
    pub(crate) record: Option<Record>,
    /// Whether the clock has gone back since the row was written. The lease of the
    /// record starts now.
    lease_restarts: bool,
}

/// Why a row cannot be loaded.
pub(crate) enum LoadError {
    /// A later version has written it.
    Layout,
    Sqlite(rusqlite::Error),
}

impl<'c> Events<'c> {
    pub(crate) fn new(
        connection: &'c Connection,
        max_bytes: Option<u64>,
        now: Now,
    ) -> Result<Self> {
        let max_pages = match max_bytes {
            Some(bytes) => {
                let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                Some(bytes / page_size(connection)?.max(1))
            }
            None => None,
        };
        let prepare = |sql| connection.prepare(sql);
        Ok(Self {
            now,
            is_full: false,
            max_pages,
            load: prepare(LOAD)?,
            insert: prepare(INSERT)?,
            update: prepare(UPDATE)?,
            restart: prepare("UPDATE event SET written_ms = ?2, until_ms = ?3 WHERE rowid = ?1")?,
            forget: prepare("DELETE FROM event WHERE key = ?1 RETURNING forget_ms")?,
            purge: connection.prepare(&format!("{PURGE} LIMIT {PURGED})"))?,
            used_pages: prepare(USED_PAGES)?,
            trial: prepare(TRIAL)?,
            begin: prepare("BEGIN IMMEDIATE")?,
            commit: prepare("COMMIT")?,
        })
    }

    /// Begins a transaction, with the write lock.
    pub(crate) fn begin(&mut self, now: Now) -> Result<()> {
        self.begin.execute([])?;
        self.now = now;
        self.is_full = match self.max_pages {
            Some(max_pages) => self.used_pages()? >= max_pages,
            None => false,
        };
        Ok(())
    }

    fn used_pages(&mut self) -> Result<i64> {
        self.used_pages.query_row([], |row| row.get(0))
    }

    /// Whether seven eighths of the maximum size are used.
    pub(crate) fn is_nearly_full(&mut self) -> Result<bool> {
        match self.max_pages {
            Some(max_pages) => Ok(self.used_pages()? >= max_pages - max_pages / 8),
            None => Ok(false),
        }
    }

    pub(crate) fn commit(&mut self) -> Result<()> {
        self.commit.execute([]).map(drop)
    }

    pub(crate) fn load(&mut self, key: &Key) -> std::result::Result<Option<Stored>, LoadError> {
        let now = self.now;
        let row = self.load.query_row([&key[..]], Columns::of).optional();
        let Some(row) = row.map_err(LoadError::Sqlite)? else { return Ok(None) };
        row.stored(now).map(Some)
    }

    /// Saves a record that is kept for this time.
    pub(crate) fn save(
        &mut self,
        key: &Key,
        stored: Option<&Stored>,
        record: &Record,
        keep_for_ms: i64,
    ) -> Result<()> {
        let (state, until_ms) = match record.state {
            State::InProgress { lease_until_ms } => (IN_PROGRESS, lease_until_ms),
            State::Failed => (FAILED, 0),
            State::Done { .. } => (DONE, 0),
        };
        let token = record.token.to_bytes();
        let fingerprint = record.fingerprint.to_u64().cast_signed();
        let forget_ms = self.now.wall_ms.saturating_add(keep_for_ms);
        let rest = (state, record.epoch, record.crashes, &token[..], fingerprint);
        let (state, epoch, crashes, token, fingerprint) = rest;
        let written_ms = self.now.wall_ms;
        match stored {
            Some(stored) => self.update.execute(params![
                stored.id,
                state,
                epoch,
                crashes,
                token,
                fingerprint,
                written_ms,
                until_ms,
                forget_ms
            ]),
            None => self.insert.execute(params![
                &key[..],
                state,
                epoch,
                crashes,
                token,
                fingerprint,
                written_ms,
                until_ms,
                forget_ms
            ]),
        }
        .map(drop)
    }

    /// Saves the lease that starts now, after the clock has gone back. Otherwise
    /// the next step would start it once more.
    pub(crate) fn save_lease(&mut self, stored: &Stored) -> Result<()> {
        let Some(State::InProgress { lease_until_ms }) = stored.record.map(|record| record.state)
        else {
            return Ok(());
        };
        if stored.lease_restarts {
            self.restart.execute(params![stored.id, self.now.wall_ms, lease_until_ms])?;
        }
        Ok(())
    }

    /// Deletes the row of an event, even of a later version. Returns whether there
    /// was one that had not expired.
    pub(crate) fn forget(&mut self, key: &Key) -> Result<bool> {
        let deleted = self.forget.query_row([&key[..]], |row| row.get::<_, i64>(0)).optional()?;
        Ok(deleted.is_some_and(|forget_ms| self.now.forget_ms < forget_ms))
    }

    /// Deletes a batch of expired rows, in a transaction of its own. Returns
    /// whether there may be more.
    pub(crate) fn purge(&mut self, now: Now) -> Result<bool> {
        Ok(self.purge.execute([now.forget_ms])? == PURGED)
    }

    /// Writes a row that belongs to no event, to find out whether rows can be
    /// written.
    pub(crate) fn write_trial(&mut self) -> Result<()> {
        self.trial.execute([self.now.wall_ms]).map(drop)
    }
}

/// The columns of a row, as [`LOAD`] returns them.
struct Columns {
    id: i64,
    state: i64,
    epoch: u32,
    crashes: u32,
    token: [u8; 16],
    fingerprint: i64,
    written_ms: i64,
    until_ms: i64,
    forget_ms: i64,
}

impl Columns {
    fn of(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            state: row.get(1)?,
            epoch: row.get(2)?,
            crashes: row.get(3)?,
            token: row.get(4)?,
            fingerprint: row.get(5)?,
            written_ms: row.get(6)?,
            until_ms: row.get(7)?,
            forget_ms: row.get(8)?,
        })
    }

    fn stored(self, now: Now) -> std::result::Result<Stored, LoadError> {
        let lease_restarts = self.state == IN_PROGRESS && now.wall_ms < self.written_ms;
        let state = match self.state {
            IN_PROGRESS => {
                let lease_ms = self.until_ms.saturating_sub(self.written_ms);
                let restarted_ms = now.wall_ms.saturating_add(lease_ms);
                let lease_until_ms = if lease_restarts { restarted_ms } else { self.until_ms };
                State::InProgress { lease_until_ms }
            }
            FAILED => State::Failed,
            DONE => State::Done { at_ms: self.written_ms },
            _ => return Err(LoadError::Layout),
        };
        let record = Record {
            state,
            epoch: self.epoch,
            crashes: self.crashes,
            token: Token::from_bytes(self.token),
            fingerprint: Fingerprint::from_u64(self.fingerprint.cast_unsigned()),
        };
        let record = (now.forget_ms < self.forget_ms).then_some(record);
        Ok(Stored { id: self.id, record, lease_restarts })
    }
}

fn page_size(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA page_size", [], |row| row.get(0))
}

const IN_PROGRESS: i64 = 1;
const FAILED: i64 = 2;
const DONE: i64 = 3;

const LOAD: &str = "SELECT rowid, state, epoch, crashes, token, fingerprint, \
     written_ms, until_ms, forget_ms FROM event WHERE key = ?1";

const INSERT: &str = "INSERT INTO event (key, state, epoch, crashes, token, fingerprint, \
     written_ms, until_ms, forget_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const UPDATE: &str = "UPDATE event SET state = ?2, epoch = ?3, crashes = ?4, token = ?5, \
     fingerprint = ?6, written_ms = ?7, until_ms = ?8, forget_ms = ?9 WHERE rowid = ?1";

/// Followed by the limit.
const PURGE: &str = "DELETE FROM event WHERE rowid IN \
     (SELECT rowid FROM event WHERE forget_ms <= ?1";

/// Without the pages that deleted rows have left.
const USED_PAGES: &str = "SELECT (SELECT page_count FROM pragma_page_count) \
     - (SELECT freelist_count FROM pragma_freelist_count)";

/// The key is shorter than that of any event. The next purge deletes the row.
const TRIAL: &str = "INSERT OR REPLACE INTO event VALUES (x'00', 2, 0, 0, x'', 0, ?1, 0, ?1)";

/// The maximum number of rows that one purge deletes: a few milliseconds.
const PURGED: usize = 500;
