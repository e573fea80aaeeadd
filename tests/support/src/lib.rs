//! Servers that the tests and benchmarks start. The package is not published.
//!
//! [`RedisServer`] is a real `redis-server`, with a sentinel if needed.
//! [`FaultProxy`] is between a client and a server, and breaks the server's
//! replies.

mod fault_proxy;
#[cfg(unix)]
mod redis_server;

pub use fault_proxy::{Fault, FaultProxy};
#[cfg(unix)]
pub use redis_server::RedisServer;
