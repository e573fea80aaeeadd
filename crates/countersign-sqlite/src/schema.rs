//! The tables of the file, and their version.

use rusqlite::{Connection, Result};

use crate::error::OpenError;

/// What the file contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Nothing yet.
    Empty,
    /// The tables of this version.
    Current,
    /// Tables of a later version.
    Newer(i64),
    /// Something of another application.
    Foreign,
}

impl Contents {
    pub(crate) fn of(connection: &Connection) -> Result<Self> {
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let version = number("PRAGMA user_version")?;
        Ok(match number("PRAGMA application_id")? {
            APPLICATION_ID if version == VERSION => Self::Current,
            APPLICATION_ID if version > VERSION => Self::Newer(version),
            0 if version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 => Self::Empty,
            _ => Self::Foreign,
        })
    }

    /// # Errors
    ///
    /// If this version cannot use the contents.
    pub(crate) fn supported(self) -> std::result::Result<Self, OpenError> {
        match self {
            Self::Empty | Self::Current => Ok(self),
            Self::Newer(found) => Err(OpenError::NewerSchema { found, supported: VERSION }),
            Self::Foreign => Err(OpenError::Foreign),
        }
    }
}

/// Creates the tables, unless another process has just done so.
pub(crate) fn create(connection: &Connection) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let created = match Contents::of(connection) {
        Ok(Contents::Empty) => connection.execute_batch(&format!(
            "{TABLES}\nPRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {VERSION};"
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    created.and_then(|()| connection.execute_batch("COMMIT")).inspect_err(|_| {
        // The first error is the one to report.
        let _ = connection.execute_batch("ROLLBACK");
    })
}

/// The version of the tables. A change of the tables increments it, and converts
/// files of earlier versions.
const VERSION: i64 = 1;

/// `CSev` in ASCII. It distinguishes the store's files from other databases.
const APPLICATION_ID: i64 = 0x4353_6576;

const TABLES: &str = include_str!("schema.sql");
