//! Idempotency store in a Postgres database, for any number of processes.
//!
//! ```no_run
//! use countersign_postgres::PostgresStore;
//!
//! # async fn example() -> Result<(), countersign_postgres::ConnectError> {
//! let store = PostgresStore::connect("postgres://shop:password@db.example/shop").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Each event is one row. Each operation is one statement, which is its own transaction: one round
//! trip, and one sync of the server's disk if it writes. A duplicate writes nothing. Times are
//! those of the server's clock.
//!
//! | file | contents |
//! | --- | --- |
//! | `config.rs`, `target.rs` | the server's address and the settings |
//! | `connection.rs`, `connection/*.rs` | the pool of connections, their limit, and TLS |
//! | `starting.rs`, `schema.rs` | connecting: checks, the tables and their version, a trial of the operations |
//! | `statements.rs`, `statements/*.sql` | the protocol as statements |
//! | `steps.rs` | the operations: from a step to its statement and back |
//! | `call.rs` | statements and transactions: their connection, their deadline, their further tries |
//! | `breaker.rs` | the circuit breaker |
//! | `maintenance.rs` | the task that deletes expired rows and counts the events |
//! | `store.rs` | `PostgresStore` |
//! | `inbox.rs`, `inbox/*` | `PostgresInbox`: claims in the application's own transactions |
//! | `queue.rs`, `queue/*` | the table of jobs of `serve --queue` |
//! | `error.rs`, `error/*.rs` | the errors |
//!
//! # Server requirements
//!
//! Postgres 13 or later, and its primary. The tables `countersign_event` and `countersign_version`
//! are created when the store connects. Without the right to create them, execute
//! [`PostgresConfig::migration`] as another user, and grant `SELECT, INSERT, UPDATE, DELETE` on the
//! first table and `SELECT` on the second.
//!
//! With `synchronous_commit=on`, the default, nothing that was acknowledged is lost if the server
//! crashes. With `off`, the events of the last moment before a crash may be handled again. After a
//! failover to an asynchronous standby, so may the events that it had not received yet. With
//! `fsync=off` or `UNLOGGED` tables, a crash can lose all of them.
//!
//! Several hosts are tried in their order. Each has a part of the deadline to accept the connection
//! (`connect_timeout=SECONDS` sets another time). A host that accepts it and then does not respond
//! blocks the others.
//!
//! # Transaction poolers
//!
//! By default, statements are prepared once for each connection, which is faster. Behind PgBouncer
//! in transaction mode, set [`PostgresConfig::with_pooler`] (`?pooler=true`). Without it, the
//! store's first connection or a later operation fails with an error that says so.
//!
//! # Failures
//!
//! An operation has one second ([`PostgresConfig::with_deadline`]). If its connection breaks, it is
//! tried again on another one, with the same token. If the server does not respond at all, the
//! circuit breaker opens: operations fail at once, and one a second is tried.
//!
//! An operation that fails returns a `StoreError` with a [`PostgresStoreError`] as its source, and
//! the outage policy of the endpoint applies:
//!
//! | failure | error | applied |
//! | --- | --- | --- |
//! | no reply within the deadline | [`Deadline`](PostgresStoreError::Deadline) | unknown; no, if it was not sent |
//! | no connection became free | [`Exhausted`](PostgresStoreError::Exhausted) | no |
//! | the server grants fewer connections, and none became free | [`ConnectionLimit`](PostgresStoreError::ConnectionLimit) | no |
//! | the server did not respond a moment ago | [`BreakerOpen`](PostgresStoreError::BreakerOpen) | no |
//! | the connection broke | [`Connection`](PostgresStoreError::Connection) | unknown; no, if none could be opened |
//! | the server starts or stops | [`NotServing`](PostgresStoreError::NotServing) | no |
//! | the password or a right was revoked | [`NotPermitted`](PostgresStoreError::NotPermitted) | no |
//! | the server became a standby | [`ReadOnly`](PostgresStoreError::ReadOnly) | no |
//! | the disk is full | [`Full`](PostgresStoreError::Full); a claim returns `AtCapacity` | no |
//! | another transaction holds a lock | [`Locked`](PostgresStoreError::Locked) | no |
//! | the tables are missing | [`Schema`](PostgresStoreError::Schema) | no |
//! | a transaction pooler | [`Pooler`](PostgresStoreError::Pooler) | no |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `tls` | TLS by rustls: `sslmode=require` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod breaker;
mod call;
mod config;
mod connection;
mod error;
mod inbox;
mod maintenance;
pub mod queue;
mod schema;
mod starting;
mod statements;
mod steps;
mod store;
mod target;

pub use config::PostgresConfig;
pub use error::{ConnectError, PostgresStoreError};
pub use inbox::{
    EnqueueFuture, OpenTransaction, PostgresHandoff, PostgresInbox, PostgresInboxPool,
    PostgresTransaction,
};
pub use store::PostgresStore;

/// The pool of connections that the inbox uses.
pub use deadpool_postgres;
/// The client library that the inbox uses.
pub use tokio_postgres;
