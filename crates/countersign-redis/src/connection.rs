//! Connects to a server.

#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "sentinel")]
mod sentinel;
#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{AsyncConnectionConfig, Client, Cmd, RedisError, Value};
use tokio::time::Instant;

use crate::config::Source;
use crate::error::Fault;
use crate::target::Target;

/// A connection that many requests use concurrently.
pub(crate) enum Connection {
    /// To one server. Each operation clones it, so it is not boxed.
    Single(MultiplexedConnection),
    Other(Box<dyn Shared>),
}

impl Connection {
    pub(crate) fn new(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self::Other(Box::new(connection))
    }

    pub(crate) async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        let reply = match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Other(connection) => connection.req_packed_command(command),
        };
        reply.await?.extract_error()
    }
}

impl Clone for Connection {
    fn clone(&self) -> Self {
        match self {
            Self::Single(connection) => Self::Single(connection.clone()),
            Self::Other(connection) => connection.share(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

pub(crate) trait Shared: ConnectionLike + Send + Sync {
    fn share(&self) -> Connection;
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Shared for C {
    fn share(&self) -> Connection {
        Connection::new(self.clone())
    }
}

/// A new connection.
pub(crate) struct Dialled {
    pub(crate) connection: Connection,
    /// The server, if sentinels may later name another one.
    pub(crate) primary: Option<Arc<Primary>>,
    /// The round trip of the first command.
    pub(crate) round_trip: Duration,
}

/// A server's address, as the sentinels report it.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "sentinel"), allow(dead_code, reason = "only sentinels name one"))]
pub(crate) struct Primary {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Opens connections.
#[allow(clippy::large_enum_variant, reason = "a store has one")]
pub(crate) enum Dialer {
    Single(Client),
    #[cfg(feature = "cluster")]
    Cluster(redis::cluster::ClusterClient),
    #[cfg(feature = "sentinel")]
    Sentinel(sentinel::Sentinels),
    /// Always the same connection, which reconnects by itself.
    Given(Connection),
}

impl Dialer {
    /// `deadline` is the deadline of an operation.
    #[cfg_attr(
        not(feature = "cluster"),
        expect(unused_variables, reason = "only a cluster's client has its own timeouts")
    )]
    pub(crate) fn new(source: Source, deadline: Duration) -> Result<Self, RedisError> {
        #[cfg(feature = "tls")]
        tls::ensure_provider();
        Ok(match source {
            Source::Connection(connection) => Self::Given(connection),
            Source::Target(Target::Single(server)) => Self::Single(Client::open(server)?),
            #[cfg(feature = "cluster")]
            Source::Target(Target::Cluster(nodes)) => {
                Self::Cluster(cluster::client(nodes, deadline)?)
            }
            #[cfg(feature = "sentinel")]
            Source::Target(Target::Sentinel(target)) => {
                Self::Sentinel(sentinel::Sentinels::new(target)?)
            }
        })
    }

    /// Opens a connection and checks that its server replies to `question`.
    pub(crate) async fn dial(&self, question: &Cmd) -> Result<Dialled, RedisError> {
        let (mut connection, primary) = match self {
            Self::Single(client) => (dial(client).await?, None),
            // The client has already queried some node, and the node that the
            // question would go to may be the one that is down.
            #[cfg(feature = "cluster")]
            Self::Cluster(client) => {
                let connection = Connection::new(client.get_async_connection().await?);
                return Ok(Dialled { connection, primary: None, round_trip: Duration::ZERO });
            }
            #[cfg(feature = "sentinel")]
            Self::Sentinel(sentinels) => {
                let primary = sentinels.primary().await?;
                (dial(&sentinels.client(&primary)?).await?, Some(Arc::new(primary)))
            }
            Self::Given(connection) => (connection.clone(), None),
        };
        let asked = Instant::now();
        match connection.send(question).await {
            // A user without permission for the command gets a reply, too.
            Err(error) if Fault::of(&error) != Fault::Answer => Err(error),
            _ => Ok(Dialled { connection, primary, round_trip: asked.elapsed() }),
        }
    }

    /// Whether the sentinels still name this server as the primary. `None` if
    /// there are no sentinels, or if none of them replies.
    #[cfg_attr(
        not(feature = "sentinel"),
        allow(unused_variables, reason = "there are no sentinels to query")
    )]
    pub(crate) async fn confirms(&self, primary: &Primary) -> Option<bool> {
        match self {
            #[cfg(feature = "sentinel")]
            Self::Sentinel(sentinels) => {
                sentinels.primary().await.ok().map(|current| current == *primary)
            }
            _ => None,
        }
    }

    /// The number of the database that the URL names, if it names one server.
    pub(crate) fn database(&self) -> Option<i64> {
        match self {
            Self::Single(client) => Some(client.get_connection_info().redis_settings().db()),
            #[cfg(feature = "sentinel")]
            Self::Sentinel(sentinels) => Some(sentinels.database()),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => None,
            Self::Given(_) => None,
        }
    }

    /// Whether the keys may be distributed over several servers, so that one
    /// server that is down does not mean that the others are.
    pub(crate) fn is_spread(&self) -> bool {
        match self {
            Self::Single(_) => false,
            #[cfg(feature = "sentinel")]
            Self::Sentinel(_) => false,
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => true,
            Self::Given(_) => true,
        }
    }
}

/// Without the client library's own timeouts: the caller's deadline covers
/// everything.
async fn dial(client: &Client) -> Result<Connection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
        .set_pipeline_buffer_size(REQUESTS_IN_QUEUE);
    client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
}

/// The library's default of 50 would make a burst queue twice.
const REQUESTS_IN_QUEUE: usize = 1024;
