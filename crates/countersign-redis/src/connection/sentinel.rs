//! Queries sentinels for the current primary.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{Client, ConnectionAddr, ErrorKind, FromRedisValue, RedisError, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::{Connection, Primary};
use crate::target::SentinelTarget;

/// The sentinels, each with a cached connection.
pub(crate) struct Sentinels {
    target: SentinelTarget,
    links: Vec<Arc<Link>>,
}

/// One sentinel.
struct Link {
    client: Client,
    connection: Mutex<Option<Connection>>,
}

/// The primary as one sentinel reports it.
struct View {
    /// Increases with each failover. The newest view wins.
    config_epoch: u64,
    primary: Primary,
}

impl Sentinels {
    pub(super) fn new(target: SentinelTarget) -> Result<Self, RedisError> {
        let link = |sentinel| {
            let client = Client::open(sentinel)?;
            Ok(Arc::new(Link { client, connection: Mutex::default() }))
        };
        let links =
            target.sentinels.iter().cloned().map(link).collect::<Result<_, RedisError>>()?;
        Ok(Self { target, links })
    }

    /// The primary, as the sentinel with the newest configuration reports it. A
    /// sentinel that hangs, or that missed a failover, does not matter.
    pub(super) async fn primary(&self) -> Result<Primary, RedisError> {
        let mut asked = JoinSet::new();
        for link in &self.links {
            let (link, name) = (Arc::clone(link), self.target.name.clone());
            asked.spawn(async move { link.view(&name).await });
        }
        let majority = self.links.len() / 2 + 1;
        let mut end = Instant::now() + LONGEST;
        let (mut newest, mut answers, mut problem) = (None::<View>, 0, None);
        while let Ok(Some(answer)) = timeout_at(end, asked.join_next()).await {
            match answer {
                Ok(Ok(view)) => {
                    answers += 1;
                    if answers == majority {
                        end = end.min(Instant::now() + FOR_THE_REST);
                    }
                    let is_newer = |newest: &View| view.config_epoch > newest.config_epoch;
                    if newest.as_ref().is_none_or(is_newer) {
                        newest = Some(view);
                    }
                }
                Ok(Err(error)) => problem = Some(error),
                // Our tasks do not panic, and are not cancelled before this
                // function ends.
                Err(_) => {}
            }
        }
        match newest {
            Some(view) => Ok(view.primary),
            None => Err(problem.unwrap_or_else(|| RedisError::from(SILENT))),
        }
    }

    /// The number of the database on the primary.
    pub(super) fn database(&self) -> i64 {
        self.target.server.redis_settings().db()
    }

    /// A client for this primary.
    pub(super) fn client(&self, primary: &Primary) -> Result<Client, RedisError> {
        let (host, port) = (primary.host.clone(), primary.port);
        let server = self.target.server.clone();
        let address = match server.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        Client::open(server.set_addr(address))
    }
}

impl Link {
    async fn view(&self, name: &str) -> Result<View, RedisError> {
        // Taken out, so that a connection that hangs is not used again.
        let kept = self.kept().take();
        let mut connection = match kept {
            Some(connection) => connection,
            None => super::dial(&self.client).await?,
        };
        let view = view(&mut connection, name).await?;
        *self.kept() = Some(connection);
        Ok(view)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<Connection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queries the epoch first. If the address is newer than its epoch, it loses
/// against another sentinel's. If it were older, it would wrongly win.
async fn view(connection: &mut Connection, name: &str) -> Result<View, RedisError> {
    let mut question = redis::cmd("SENTINEL");
    let described = connection.send(question.arg("MASTER").arg(name)).await?;
    let mut question = redis::cmd("SENTINEL");
    let address = connection.send(question.arg("GET-MASTER-ADDR-BY-NAME").arg(name)).await?;
    let (host, port) = FromRedisValue::from_redis_value(address)?;
    let config_epoch = field(described, "config-epoch").unwrap_or(0);
    Ok(View { config_epoch, primary: Primary { host, port } })
}

/// A field of a flat list of names and values.
fn field(described: Value, name: &str) -> Option<u64> {
    let words: Vec<(String, String)> = FromRedisValue::from_redis_value(described).ok()?;
    words.iter().find(|(known, _)| known == name)?.1.parse().ok()
}

/// For all sentinels together, so that the dial has time left for the primary.
const LONGEST: Duration = Duration::from_millis(400);
/// For the remaining sentinels, once a majority has replied.
const FOR_THE_REST: Duration = Duration::from_millis(50);
const SILENT: (ErrorKind, &str) = (ErrorKind::Io, "no sentinel responded");
