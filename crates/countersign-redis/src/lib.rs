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
//! | `breaker.rs`, `breaker/live.rs` | the one connection: in use, being dialled, or given up for a second |
//! | `successes.rs` | what a failover may take away, and is recorded again |
//! | `call.rs` | one operation: its budgets, its second try, what an error says |
//! | `key.rs` | from an event to its key |
//! | `scripts.rs`, `scripts/*.lua` | the protocol and the record |
//! | `reply.rs` | from a script's answer to an outcome |
//! | `store.rs` | `RedisStore` |
//! | `health.rs` | what endangers the records, the canary, and a trial of the operations |
//! | `outage.rs` | the first error of an outage |
//! | `error.rs`, `error/*.rs` | what can go wrong |
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
//! A user of Redis' ACL needs `+eval +evalsha +get +set +time +del +exists` on the
//! store's keys (`~cs:*`), and `+info +config|get` to let the store see whether
//! its records are safe. A cluster's client needs `+cluster|slots`, and a user of
//! sentinels `+sentinel|master +sentinel|get-master-addr-by-name`. The store tries
//! its four operations once when it connects, and at each probe, on a key of its
//! own: a user that lacks a right, one node of a cluster, a Sentinel and a replica
//! are errors that say what to change ([`Unsuitable`]).
//!
//! # When the server does not answer
//!
//! An operation has 250 ms ([`RedisConfig::with_deadline`]). If the connection
//! breaks, or half of the time passes without an answer
//! ([`RedisConfig::with_try_timeout`]), it is sent a second time, on a new
//! connection and with the same token: if the first was executed after all, the
//! second is the same grant. The first answer is still waited for, and a server
//! whose usual round trip is longer than half of the time is not taken for a
//! silent one. Then the breaker opens: operations fail at once, while the store
//! dials the server once a second.
//!
//! # Failover
//!
//! With sentinels, the store asks them twice a second whether its server is still
//! the primary, and believes the one that knows of the latest failover. A server
//! that answers `READONLY` or `NOREPLICAS` is left at once. Successes of the last
//! second that were recorded on a primary that was deposed are recorded again on
//! its successor, counted ([`RedisStore::deposed_records`]) and reported by the
//! next probe.
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
mod outage;
mod race;
mod reply;
mod scripts;
mod store;
mod successes;
mod target;

pub use config::RedisConfig;
pub use error::{ConnectError, RedisStoreError, Unsuitable};
pub use store::RedisStore;
pub use successes::DeposedRecords;
