//! Idempotency store on Redis or Valkey, for any number of processes.
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
//! An event is one key with one value of 36 bytes. By Redis' `MEMORY USAGE` it
//! takes at most 160 bytes. That does not count the entry of its expiry and the
//! tables' slots, which take about 60 bytes more. All requests share one
//! connection. The claim of an event that is new or done is one `SET NX GET`, and
//! every other operation is one script: one round trip each. Only the claim of an
//! event that is in progress or has failed takes two, the command and then a
//! script. At a distant server, whose round trip is more than an eighth of the
//! deadline, a claim is always one script.
//!
//! The expiry of a key also measures the lease of its event, by the server's clock.
//! Other programs must not change it.
//!
//! | file | contents |
//! | --- | --- |
//! | `config.rs`, `target.rs` | the server's address and the settings |
//! | `connection.rs` | connecting: a single server, Sentinel, Cluster, a connection of the caller's |
//! | `breaker.rs`, `breaker/live.rs` | the circuit breaker around the one connection: in use, being dialled, or paused for a second |
//! | `successes.rs` | successes that a failover may lose, and that are recorded again |
//! | `call.rs` | one operation: its timeouts, its second try, the classification of errors |
//! | `key.rs` | from an event to its key |
//! | `record.rs`, `scripts/record.lua` | the record |
//! | `scripts.rs`, `scripts/*.lua` | the protocol: the scripts, and the claim of a new event |
//! | `reply.rs` | from a reply to an outcome |
//! | `store.rs` | `RedisStore` |
//! | `stream.rs`, `stream/call.rs`, `scripts/stream.lua` | `RedisStreamHandoff`: a stream as a queue |
//! | `health.rs` | risks to the records, the canary, and a trial of the operations |
//! | `error.rs`, `error/*.rs` | the errors |
//!
//! # Server requirements
//!
//! Redis 7.0 or later, or Valkey. The server must not lose records:
//!
//! - `maxmemory-policy noeviction`. A full server then rejects new events
//!   (503). With any other policy it evicts old records, and their events may
//!   be handled again.
//! - `appendonly yes`. With `appendfsync everysec`, the default, a crash of the
//!   machine loses up to the last second. With `always` it loses nothing.
//! - A primary. Replication is asynchronous: a failover loses what the new
//!   primary had not received yet, so an event may be granted or handled again.
//!   The store sends no `WAIT`, which would narrow that gap but not close it.
//!
//! [`RedisStore::watch`] checks all three and reports what it finds.
//!
//! A user of Redis' ACL needs `+eval +evalsha +get +set +pttl +del +exists` on
//! the store's keys (`~cs:*`), and `+info +config|get` so that the store can
//! check whether its records are safe. A cluster's client needs
//! `+cluster|slots`, and a user of sentinels
//! `+sentinel|master +sentinel|get-master-addr-by-name`. The store tries its
//! four operations when it connects, and at each probe, on a separate key. A
//! user that lacks a permission, one node of a cluster, a Sentinel and a
//! replica are errors that say what to change ([`Unsuitable`]).
//!
//! # Timeouts and circuit breaker
//!
//! An operation has 250 ms ([`RedisConfig::with_deadline`]). If the connection
//! breaks, or half of the time passes without a reply
//! ([`RedisConfig::with_try_timeout`]), it is sent a second time, on a new
//! connection and with the same token. If the first try was executed after all,
//! the second returns the same grant. The first reply is still accepted. If a
//! server's usual round trip is longer than half of the time, the server does not
//! count as silent.
//!
//! If no new connection can be opened in time, the circuit breaker opens:
//! operations fail at once, while the store dials the server once a second.
//!
//! # Failover
//!
//! With sentinels, the store queries them twice a second for the current primary,
//! and uses the reply of the sentinel that knows of the latest failover. If a
//! server replies `READONLY` or `NOREPLICAS`, the store leaves it at once.
//! Successes of the last second that were recorded on a deposed primary are
//! recorded again on its successor, counted ([`RedisStore::deposed_records`]) and
//! reported by the next probe.
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
mod race;
mod record;
mod reply;
mod scripts;
mod store;
mod stream;
mod successes;
mod target;

pub use config::RedisConfig;
pub use error::{ConnectError, RedisStoreError, Unsuitable};
pub use store::RedisStore;
pub use stream::RedisStreamHandoff;
pub use successes::DeposedRecords;
