//! `redis+cluster://user:password@a:7000,b,c`

use super::Target;
use super::hosts::Hosts;
use crate::error::ConnectError;

pub(super) fn cluster(tls: bool, rest: &str) -> Result<Target, ConnectError> {
    let parts = Hosts::of(tls, rest);
    parts.only_knows(&[])?;
    if !parts.path.is_empty() {
        return Err(ConnectError::Url { problem: "names a database, but a cluster has only one" });
    }
    let nodes = parts.hosts.iter().map(|host| parts.host(parts.user, host, ""));
    nodes.collect::<Result<_, _>>().map(Target::Cluster)
}
