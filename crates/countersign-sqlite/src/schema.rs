//! The tables of the file, and their version.

use rusqlite::{Connection, Result};

use crate::error::OpenError;

/// The tables of a kind of file.
pub(crate) struct Schema {
    /// Distinguishes the files of this kind from other databases.
    application_id: i64,
    /// A change of the tables increments it, and converts files of earlier versions.
    version: i64,
    tables: &'static [&'static str],
}

/// The file of a store. The id is `CSev` in ASCII.
pub(crate) const STORE: Schema =
    Schema { application_id: 0x4353_6576, version: 1, tables: &[EVENTS] };

/// The file of a queue. The id is `CSqu` in ASCII.
pub(crate) const QUEUE: Schema =
    Schema { application_id: 0x4353_7175, version: 1, tables: &[EVENTS, JOBS] };

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
    /// Reads everything in one statement: another process may create the tables at the same time,
    /// and half of them would look like those of another application.
    pub(crate) fn of(connection: &Connection, schema: &Schema) -> Result<Self> {
        let (id, version, tables) = connection.query_row(READ, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        Ok(match id {
            id if id == schema.application_id && version == schema.version => Self::Current,
            id if id == schema.application_id && version > schema.version => Self::Newer(version),
            0 if version == 0 && tables == 0 => Self::Empty,
            _ => Self::Foreign,
        })
    }

    /// # Errors
    ///
    /// If this version cannot use the contents.
    pub(crate) fn supported(self, schema: &Schema) -> std::result::Result<Self, OpenError> {
        match self {
            Self::Empty | Self::Current => Ok(self),
            Self::Newer(found) => Err(OpenError::NewerSchema { found, supported: schema.version }),
            Self::Foreign => Err(OpenError::Foreign),
        }
    }
}

/// Creates the tables, unless another process has just done so.
pub(crate) fn create(connection: &Connection, schema: &Schema) -> Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let created = match Contents::of(connection, schema) {
        Ok(Contents::Empty) => connection.execute_batch(&format!(
            "{}\nPRAGMA application_id = {};\nPRAGMA user_version = {};",
            schema.tables.concat(),
            schema.application_id,
            schema.version
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    created.and_then(|()| connection.execute_batch("COMMIT")).inspect_err(|_| {
        // The first error is the one to report.
        let _ = connection.execute_batch("ROLLBACK");
    })
}

const READ: &str = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
     FROM pragma_application_id, pragma_user_version";
const EVENTS: &str = include_str!("schema.sql");
const JOBS: &str = include_str!("queue/schema.sql");
