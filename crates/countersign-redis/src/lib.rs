//! Events claimed on Redis or Valkey, for any number of processes.
//!
//! ```no_run
//! use countersign_redis::RedisStore;
//!
//! # async fn example() -> Result<(), countersign_redis::ConnectError> {
//! let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
//! # Ok(())
//! # }
//! ```
//!
//! An event is one key with one value of 36 bytes: at most 160 bytes by Redis'
//! `MEMORY USAGE`, which counts neither the entry of its expiry nor the tables'
//! slots, about 60 bytes more. Every operation is one script and one round
//! trip, on one connection that all requests share.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.rs`, `target.rs` | where the server is, and what may be set |
//! | `connection.rs` | dialling: a single server, Sentinel, Cluster, a connection of the caller's |
//! | `breaker.rs` | the one connection: in use, being dialled, or given up for a second |
//! | `call.rs` | one operation: its deadline, its one retry, what an error says |
//! | `key.rs` | from an event to its key |
//! | `scripts.rs`, `scripts/*.lua` | the protocol and the record |
//! | `reply.rs` | from a script's answer to an outcome |
//! | `store.rs` | `RedisStore` |
//! | `health.rs` | what endangers the records, and the canary |
//! | `error.rs` | what can go wrong |
//!
//! # What a server has to be
//!
//! Redis 7.0 or later, or Valkey. It has to keep what it is told:
//!
//! - `maxmemory-policy noeviction`. A full server then refuses new events (503),
//!   where any other policy forgets old ones, which may be handled again.
//! - `appendonly yes`. With `appendfsync everysec`, the default, a crash of the
//!   machine loses up to the last second; with `always` it loses nothing.
//! - A primary. Replication is asynchronous: a failover loses what the new
//!   primary had not seen yet, so an event may be granted or handled again.
//!   The store sends no `WAIT`, which would narrow that gap and not close it.
//!
//! [`RedisStore::watch`] looks after all three and reports what it finds.
//!
//! A user of Redis' ACL needs `+eval +evalsha +get +set +pexpire +time +del +exists` on
//! the store's keys (`~cs:*`), and `+info +config|get` to let the store see
//! whether its records are safe. A cluster's client needs `+cluster|slots`.
//!
//! # When the server does not answer
//!
//! An operation has 250 ms. Where the connection breaks, or half of the time
//! passes without an answer, it is sent a second time, on a new connection and
//! with the same token: if the first was executed after all, the second is the
//! same grant. Then the breaker opens: operations fail at once, while the store
//! dials the server once a second.
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `cluster` | `redis+cluster://a,b,c` |
//! | `sentinel` | `redis+sentinel://a,b,c/master-name` |
//! | `tls` | `rediss://`, `rediss+cluster://`, `rediss+sentinel://`, by rustls |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod breaker;
mod call;
mod config;
mod connection;
mod error;
mod health;
mod key;
mod reply;
mod scripts;
mod store;
mod target;

pub use config::RedisConfig;
pub use error::{ConnectError, RedisStoreError};
pub use store::RedisStore;
