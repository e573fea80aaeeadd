//! Opening the file: checks, settings and tables.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Result};

use crate::config::{SqliteConfig, Synchronous};
use crate::error::OpenError;
use crate::file_id::FileId;
use crate::schema::{self, Contents, Schema};

/// The connections of a store.
pub(crate) struct Database {
    /// The only connection of this process that writes rows.
    pub(crate) writer: Connection,
    /// Copies the log into the file.
    pub(crate) checkpointer: Connection,
    pub(crate) file: OpenFile,
}

/// The file that the connections have open.
#[derive(Clone)]
pub(crate) struct OpenFile {
    path: PathBuf,
    id: Option<FileId>,
}

impl Database {
    /// Opens the file, and creates it and its tables if necessary. Waits for about
    /// the lock timeout while another connection holds a lock.
    pub(crate) fn open(
        config: &SqliteConfig,
        schema: &Schema,
    ) -> std::result::Result<Self, OpenError> {
        check_version(rusqlite::version_number(), rusqlite::version())?;
        check_path(&config.path)?;
        let started = Instant::now();
        loop {
            match Self::try_open(config, schema, started) {
                // SQLite itself does not wait for every kind of lock.
                Err(OpenError::Locked { .. }) if started.elapsed() < config.lock_timeout => {
                    thread::sleep(BETWEEN_TRIES);
                }
                opened => return opened,
            }
        }
    }

    fn try_open(
        config: &SqliteConfig,
        schema: &Schema,
        started: Instant,
    ) -> std::result::Result<Self, OpenError> {
        let failed = |error| OpenError::of(error, started.elapsed());
        create_private(&config.path);
        let writer = connect(&config.path, OpenFlags::SQLITE_OPEN_CREATE).map_err(failed)?;
        if writer.is_readonly(MAIN).map_err(failed)? {
            return Err(OpenError::ReadOnly { source: None });
        }
        let contents = Contents::of(&writer, schema).map_err(failed)?.supported(schema)?;
        let mode: String =
            writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failed)?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(OpenError::NoWal { mode });
        }
        set_up(&writer, config.synchronous).map_err(failed)?;
        if contents == Contents::Empty {
            schema::create(&writer, schema).map_err(failed)?;
            Contents::of(&writer, schema).map_err(failed)?.supported(schema)?;
        }
        writer.busy_timeout(config.lock_timeout).map_err(failed)?;

        let checkpointer = connect(&config.path, OpenFlags::empty()).map_err(failed)?;
        set_up(&checkpointer, config.synchronous).map_err(failed)?;
        // What it cannot copy now, it copies later.
        checkpointer.busy_timeout(Duration::ZERO).map_err(failed)?;
        let file = OpenFile { id: FileId::of(&config.path), path: config.path.clone() };
        Ok(Self { writer, checkpointer, file })
    }
}

impl OpenFile {
    /// The path of the write-ahead log.
    pub(crate) fn log_path(&self) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push("-wal");
        path.into()
    }

    /// Whether the path no longer leads to this file.
    pub(crate) fn was_replaced(&self) -> bool {
        FileId::of(&self.path) != self.id
    }
}

/// Creates the file if it does not exist, for its owner only: a queue contains requests with
/// their signatures. SQLite gives its log and its index the same mode. An error is not reported,
/// because SQLite reports the same one.
#[cfg(unix)]
fn create_private(path: &Path) {
    use std::os::unix::fs::OpenOptionsExt;
    // A file that exists is not opened: closing it would release the locks that other connections
    // of this process have.
    let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
}

#[cfg(not(unix))]
fn create_private(_: &Path) {}

fn connect(path: &Path, create: OpenFlags) -> Result<Connection> {
    // Each connection belongs to one thread. Without `SQLITE_OPEN_URI`, a path that begins with
    // `file:` is only a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(TRY)?;
    Ok(connection)
}

fn set_up(connection: &Connection, synchronous: Synchronous) -> Result<()> {
    let synchronous = match synchronous {
        Synchronous::Normal => "NORMAL",
        // Apple's fsync alone does not reach the disk.
        Synchronous::Full => "FULL; PRAGMA fullfsync = ON",
    };
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {synchronous};
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {LOG_BYTES};
         PRAGMA cache_size = -{CACHE_KIB};
         PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF;"
    ))
}

fn check_version(number: i32, version: &'static str) -> std::result::Result<(), OpenError> {
    if number < MIN_SQLITE {
        return Err(OpenError::OldSqlite { version });
    }
    Ok(())
}

fn check_path(path: &Path) -> std::result::Result<(), OpenError> {
    if path.as_os_str().is_empty() {
        return Err(OpenError::Path { problem: "is empty" });
    }
    if path.as_os_str() == ":memory:" {
        let problem = "is `:memory:`, which is no file: use `MemoryStore`";
        return Err(OpenError::Path { problem });
    }
    if path.is_dir() {
        return Err(OpenError::Path { problem: "is a folder: add the name of a file" });
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(OpenError::MissingFolder { folder: folder.to_owned() })
        }
        _ => Ok(()),
    }
}

const MAIN: &CStr = c"main";

/// How long one statement waits for a lock while the file is opened.
const TRY: Duration = Duration::from_millis(100);
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The size to which the file of a log is cut that starts at its beginning again.
const LOG_BYTES: u32 = 16 * 1024 * 1024;

/// The index of a million events fits.
const CACHE_KIB: u32 = 32 * 1024;

/// 3.51.3: the first version without the WAL-reset bug
/// (<https://sqlite.org/wal.html#the_wal_reset_bug>).
const MIN_SQLITE: i32 = 3_051_003;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_with_the_wal_reset_bug_is_rejected() {
        let error = check_version(3_051_002, "3.51.2").unwrap_err();
        assert!(error.to_string().contains("SQLite 3.51.2"), "{error}");
        check_version(3_051_003, "3.51.3").unwrap();
    }

    #[test]
    fn a_path_that_names_no_file_is_rejected() {
        for path in ["", ":memory:", "/"] {
            let error = check_path(Path::new(path)).unwrap_err();
            assert!(matches!(error, OpenError::Path { .. }), "{path}: {error}");
        }
        check_path(Path::new("events.db")).unwrap();
    }
}
