//! Parses the URL of a server.

#[cfg(feature = "cluster")]
mod cluster;
#[cfg(any(feature = "cluster", feature = "sentinel"))]
mod hosts;
#[cfg(feature = "sentinel")]
mod sentinel;
mod settings;

use std::fmt;

use redis::ConnectionInfo;

use crate::error::ConnectError;
#[cfg(feature = "cluster")]
use cluster::cluster;
#[cfg(feature = "sentinel")]
pub(crate) use sentinel::SentinelTarget;
#[cfg(feature = "sentinel")]
use sentinel::sentinel;
pub(crate) use settings::UrlSettings;

/// The server or servers that a URL names.
pub(crate) enum Target {
    Single(ConnectionInfo),
    #[cfg(feature = "cluster")]
    Cluster(Vec<ConnectionInfo>),
    #[cfg(feature = "sentinel")]
    Sentinel(SentinelTarget),
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, ConnectError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(ConnectError::Url { problem: NO_SCHEME });
        };
        let (tls, kind) = match scheme {
            "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => (false, Kind::Single),
            "rediss" | "valkeys" => (true, Kind::Single),
            "redis+cluster" | "valkey+cluster" => (false, Kind::Cluster),
            "rediss+cluster" | "valkeys+cluster" => (true, Kind::Cluster),
            "redis+sentinel" | "valkey+sentinel" => (false, Kind::Sentinel),
            "rediss+sentinel" | "valkeys+sentinel" => (true, Kind::Sentinel),
            _ => return Err(ConnectError::Url { problem: NO_SCHEME }),
        };
        if tls && !cfg!(feature = "tls") {
            return Err(ConnectError::FeatureRequired { feature: "tls" });
        }
        match kind {
            Kind::Single => single(url).map(Self::Single),
            Kind::Cluster => cluster(tls, rest),
            Kind::Sentinel => sentinel(tls, rest),
        }
    }
}

enum Kind {
    Single,
    Cluster,
    Sentinel,
}

#[cfg(not(feature = "cluster"))]
fn cluster(_: bool, _: &str) -> Result<Target, ConnectError> {
    Err(ConnectError::FeatureRequired { feature: "cluster" })
}

#[cfg(not(feature = "sentinel"))]
fn sentinel(_: bool, _: &str) -> Result<Target, ConnectError> {
    Err(ConnectError::FeatureRequired { feature: "sentinel" })
}

/// The client library ignores parameters that it does not know, such as a misspelt deadline.
fn single(url: &str) -> Result<ConnectionInfo, ConnectError> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    let names = query.split('&').filter(|pair| !pair.is_empty());
    let mut names = names.map(|pair| pair.split('=').next().unwrap_or_default());
    let known: &[&str] = match url.split_once("://") {
        Some((scheme, _)) if scheme.ends_with("unix") => &["db", "pass", "protocol", "user"],
        _ => &["protocol"],
    };
    if names.all(|name| known.contains(&name)) {
        return server(url);
    }
    Err(ConnectError::Url { problem: UNKNOWN_PARAMETER })
}

fn server(url: &str) -> Result<ConnectionInfo, ConnectError> {
    // The parser's own error may quote the text that it could not parse.
    url.parse().map_err(|_| ConnectError::Url { problem: MALFORMED })
}

impl fmt::Debug for Target {
    /// Shows the servers' addresses, but neither user nor password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single(server) => f.debug_tuple("Single").field(server.addr()).finish(),
            #[cfg(feature = "cluster")]
            Self::Cluster(nodes) => {
                f.debug_list().entries(nodes.iter().map(ConnectionInfo::addr)).finish()
            }
            #[cfg(feature = "sentinel")]
            Self::Sentinel(target) => f
                .debug_struct("Sentinel")
                .field(
                    "sentinels",
                    &target.sentinels.iter().map(ConnectionInfo::addr).collect::<Vec<_>>(),
                )
                .field("name", &target.name)
                .finish(),
        }
    }
}

const NO_SCHEME: &str = "must begin with `redis://`, `rediss://`, `unix://`, \
                         `redis+cluster://` or `redis+sentinel://`";
const UNKNOWN_PARAMETER: &str = "has an unknown query parameter: it knows `deadline_ms`, \
     `try_timeout_ms` and `protocol`, and for a socket `db`, `user` and `pass`; a `?` in a password is \
     `%3F`";
const MALFORMED: &str = "is malformed: write `redis://user:password@host:port/database`, with special characters \
     of user and password percent-encoded";
#[cfg(test)]
mod tests;
