//! What a writer thread works on: the tables of a kind of file.

use rusqlite::{Connection, Result};

use crate::config::SqliteConfig;
use crate::events::Events;
use crate::schema::{self, Schema};
use crate::time::Now;

/// A kind of file, with its tables.
pub(crate) trait Tables: Sized + 'static {
    /// The tables with their prepared statements.
    type Open<'c>: Transaction;

    const SCHEMA: &'static Schema;

    fn open<'c>(
        connection: &'c Connection,
        config: &SqliteConfig,
        now: Now,
    ) -> Result<Self::Open<'c>>;
}

/// The statements that a writer needs of every kind of tables.
pub(crate) trait Transaction {
    /// Begins a transaction, with the write lock.
    fn begin(&mut self, now: Now) -> Result<()>;

    fn commit(&mut self) -> Result<()>;

    /// Deletes a batch of expired rows, in a transaction of its own. Returns
    /// whether there may be more.
    fn purge(&mut self, now: Now) -> Result<bool>;
}

/// The file of a store.
pub(crate) struct StoreTables;

impl Tables for StoreTables {
    type Open<'c> = Events<'c>;

    const SCHEMA: &'static Schema = &schema::STORE;

    fn open<'c>(
        connection: &'c Connection,
        config: &SqliteConfig,
        now: Now,
    ) -> Result<Self::Open<'c>> {
        Events::new(connection, config.max_bytes, now)
    }
}

impl Transaction for Events<'_> {
    fn begin(&mut self, now: Now) -> Result<()> {
        Events::begin(self, now)
    }

    fn commit(&mut self) -> Result<()> {
        Events::commit(self)
    }

    fn purge(&mut self, now: Now) -> Result<bool> {
        Events::purge(self, now)
    }
}
