//! Idempotency store in a SQLite file, for the processes of one machine.
//!
//! ```no_run
//! use countersign_sqlite::SqliteStore;
//!
//! # fn example() -> Result<(), countersign_sqlite::OpenError> {
//! let store = SqliteStore::open("/var/lib/shop/webhooks.db")?;
//! # Ok(())
//! # }
//! ```
//!
//! The records survive a restart and a crash of the process. Several processes
//! can open the same file. Each event is one row of about 120 bytes, index
//! included.
//!
//! | file | contents |
//! | --- | --- |
//! | `config.rs` | the path and the settings |
//! | `store.rs` | `SqliteStore`: each operation is one job for the writer |
//! | `service.rs`, `tables.rs` | the threads of a file, and the tables that they work on |
//! | `job.rs` | an operation: it loads a record, decides, saves, and replies |
//! | `writer.rs` | the thread that writes: group commit, and the purge of expired rows |
//! | `checkpoint.rs` | the thread that copies the log into the file |
//! | `events.rs` | the statements: from rows to records and back |
//! | `database.rs`, `schema.rs` | opening a connection, and the version of the tables |
//! | `inbox.rs`, `inbox/*.rs` | `SqliteInbox`: claims in the application's own transactions |
//! | `queue.rs`, `queue/*.rs` | the table of jobs of `serve --queue`, with its own kind of file |
//! | `time.rs` | the store's clock, and what happens when it jumps |
//! | `file_id.rs` | detects that the file was replaced or deleted |
//! | `error.rs`, `error/*.rs` | the errors |
//!
//! # Durability
//!
//! The file is in WAL mode. An operation returns after its transaction has
//! committed, so nothing that was acknowledged is lost if the process crashes or
//! is killed.
//!
//! If the machine crashes or loses power, [`Synchronous::Normal`], the default,
//! loses up to the last second of commits. Their events may be handled again, as
//! after any lost record. [`Synchronous::Full`] syncs each commit and loses
//! nothing.
//!
//! The file must be on a local disk. WAL mode does not work across machines, and a
//! network file system may corrupt the file.
//!
//! # Throughput
//!
//! One thread writes. The operations that arrive while a transaction commits are
//! the next transaction, up to 256 of them, so the store is faster under load. A
//! second thread copies the log into the file, and the writer does not wait for
//! its sync.
//!
//! # Failures
//!
//! An operation that cannot be executed returns a `StoreError` with a
//! [`SqliteStoreError`] as its source, and the outage policy of the endpoint
//! applies:
//!
//! | failure | error | applied |
//! | --- | --- | --- |
//! | another connection holds the write lock for longer than the lock timeout | [`Locked`](SqliteStoreError::Locked) | no |
//! | the disk is full | [`Full`](SqliteStoreError::Full); a claim returns `AtCapacity` | no |
//! | the file cannot be written | [`ReadOnly`](SqliteStoreError::ReadOnly) | no |
//! | the file is damaged | [`Corrupt`](SqliteStoreError::Corrupt) | no; unknown if it was found during the commit |
//! | the file was replaced or deleted | [`Replaced`](SqliteStoreError::Replaced) | no |
//! | the disk fails | [`Io`](SqliteStoreError::Io) | no; unknown if it failed during the commit |
//! | no reply within the deadline | [`Deadline`](SqliteStoreError::Deadline) | unknown; no, if the queue was full |
//! | the writer has panicked | [`Stopped`](SqliteStoreError::Stopped) | unknown; no, for later operations |
//!
//! # Clock
//!
//! The processes and restarts of one machine share its wall clock, which may
//! jump:
//!
//! - **Back.** A lease never ends later than one lease after the next step that
//!   finds it. Records are kept longer.
//! - **Ahead.** Leases may end early: another process may take over an event, and
//!   the first attempt is fenced by its token. The next renewal, after a third of
//!   a lease, starts the lease again. Within one process, an event that is being
//!   handled is not handled a second time. Retentions do not follow the jump until
//!   the clock has kept the new time for a day, so no record is deleted because of
//!   a short error of the clock.
//!
//! # SQLite's version
//!
//! The crate contains SQLite (`rusqlite` with `bundled`). A build has one version
//! of it, because it links a C library: this crate accepts rusqlite 0.39 to 0.43,
//! so that it can be built beside sqlx 0.9. SQLite before 3.51.3 can corrupt a WAL
//! file that several connections use, and is rejected when the store is opened.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod checkpoint;
mod config;
mod database;
mod error;
mod events;
mod file_id;
mod inbox;
mod job;
pub mod queue;
mod schema;
mod service;
mod store;
mod tables;
mod time;
mod writer;

pub use config::{SqliteConfig, Synchronous};
pub use error::{OpenError, SqliteStoreError};
pub use inbox::{SqliteInbox, SqliteInboxConnection, SqliteTransaction};
pub use store::SqliteStore;

/// The version of rusqlite that the inbox uses. A build has only one.
pub use rusqlite;
