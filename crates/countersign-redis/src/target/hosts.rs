//! A URL of several hosts, which common parsers do not support.

use redis::ConnectionInfo;

use crate::error::ConnectError;

pub(super) struct Hosts<'a> {
    tls: bool,
    /// `user:password@`, or empty.
    pub(super) user: &'a str,
    pub(super) hosts: Vec<&'a str>,
    pub(super) path: &'a str,
    /// The query parameters, as names and values.
    pub(super) query: Vec<(&'a str, &'a str)>,
}

impl<'a> Hosts<'a> {
    /// `rest` is the text after `://`.
    pub(super) fn of(tls: bool, rest: &'a str) -> Self {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let query = query.split('&').filter(|pair| !pair.is_empty());
        Self {
            tls,
            user,
            hosts: hosts.split(',').collect(),
            path: path.trim_end_matches('/'),
            query: query.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect(),
        }
    }

    pub(super) fn only_knows(&self, names: &[&str]) -> Result<(), ConnectError> {
        if self.query.iter().all(|(name, _)| names.contains(name)) {
            return Ok(());
        }
        Err(ConnectError::Url { problem: "has an unknown query parameter" })
    }

    /// The connection info of one host.
    pub(super) fn host(
        &self,
        user: &str,
        host: &str,
        suffix: &str,
    ) -> Result<ConnectionInfo, ConnectError> {
        let scheme = if self.tls { "rediss" } else { "redis" };
        super::server(&format!("{scheme}://{user}{host}{suffix}"))
    }
}
