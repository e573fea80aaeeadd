//! `redis+sentinel://user:password@a:26379,b,c/name`

use redis::ConnectionInfo;

use super::Target;
use super::hosts::Hosts;
use crate::error::ConnectError;

/// A primary whose address the sentinels know.
pub(crate) struct SentinelTarget {
    pub(crate) sentinels: Vec<ConnectionInfo>,
    /// The name of the primary.
    pub(crate) name: String,
    /// How to connect to the primary, except for its address.
    pub(crate) server: ConnectionInfo,
}

pub(super) fn sentinel(tls: bool, rest: &str) -> Result<Target, ConnectError> {
    let parts = Hosts::of(tls, rest);
    parts.only_knows(&["db", "sentinel_user", "sentinel_password"])?;
    if parts.path.is_empty() {
        return Err(ConnectError::Url {
            problem: "does not name the primary: `redis+sentinel://a,b,c/name`",
        });
    }
    let value =
        |name| parts.query.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let user = match (value("sentinel_user"), value("sentinel_password")) {
        (None, None) => String::new(),
        (user, password) => {
            format!("{}:{}@", user.unwrap_or_default(), password.unwrap_or_default())
        }
    };
    let sentinels = parts.hosts.iter().map(|host| {
        // The parser's default is the port of a server, not of a sentinel.
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        parts.host(&user, host, if has_port { "" } else { SENTINEL_PORT })
    });
    let database = format!("/{}", value("db").unwrap_or_default());
    Ok(Target::Sentinel(SentinelTarget {
        sentinels: sentinels.collect::<Result<_, _>>()?,
        name: parts.path.to_owned(),
        server: parts.host(parts.user, "primary", &database)?,
    }))
}

const SENTINEL_PORT: &str = ":26379";
