//! Servers that the tests and benchmarks start. The package is not published.
//!
//! [`RedisServer`] is a real `redis-server`, with a sentinel if needed.
//! [`PostgresServer`] is a real `postgres`, and [`PgBouncer`] a pooler in front of
//! it. [`NatsServer`] is a real `nats-server`. [`FaultProxy`] is between a client and a server, and breaks the server's
//! replies.

mod fault_proxy;
#[cfg(unix)]
mod nats_server;
#[cfg(unix)]
mod pgbouncer;
#[cfg(unix)]
mod postgres_server;
#[cfg(unix)]
mod redis_server;
#[cfg(unix)]
mod unprivileged;

pub use fault_proxy::{Fault, FaultProxy};
#[cfg(unix)]
pub use nats_server::NatsServer;
#[cfg(unix)]
pub use pgbouncer::PgBouncer;
#[cfg(unix)]
pub use postgres_server::PostgresServer;
#[cfg(unix)]
pub use redis_server::RedisServer;
