//! Parses the URL of a database.

use std::fmt::Write;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use crate::error::ConnectError;

/// A database, and how to connect to it.
pub(crate) struct Target {
    pub(crate) config: Config,
    /// The file of the certificates that are trusted.
    #[cfg_attr(
        not(feature = "tls"),
        expect(dead_code, reason = "without TLS, it is rejected later")
    )]
    pub(crate) root_certificates: Option<PathBuf>,
}

/// The store's settings in the URL.
#[derive(Debug, Default)]
pub(crate) struct UrlSettings {
    pub(crate) schema: Option<String>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) connections: Option<usize>,
    pub(crate) has_pooler: bool,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<(Self, UrlSettings), ConnectError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(problem(NO_SCHEME));
        }
        check_credentials(url)?;
        let mut own = OwnParameters::default();
        let url = own.take_from(url)?;
        // The parser's own error may quote the text that it could not parse.
        let mut config = Config::from_str(&url).map_err(|_| problem(MALFORMED))?;
        check_hosts(&config)?;
        config.ssl_mode(own.ssl_mode(&config)?);
        if config.get_hosts().len() > 1
            && config.get_target_session_attrs() == TargetSessionAttrs::Any
        {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("countersign");
        }
        Ok((Self { config, root_certificates: own.root_certificates }, own.settings))
    }

    /// The hosts, without user and password.
    pub(crate) fn server(&self) -> String {
        let ports = self.config.get_ports();
        let mut server = "postgres://".to_owned();
        for (at, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            let comma = if at == 0 { "" } else { "," };
            let host = match host {
                Host::Tcp(host) if host.contains(':') => format!("[{host}]"),
                Host::Tcp(host) => host.clone(),
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().to_string(),
            };
            // Writing to a string does not fail.
            let _ = write!(server, "{comma}{host}:{port}");
        }
        server
    }
}

/// The parameters that the client library does not know, or reads differently.
#[derive(Default)]
struct OwnParameters {
    settings: UrlSettings,
    ssl_mode: Option<SslMode>,
    root_certificates: Option<PathBuf>,
}

impl OwnParameters {
    /// Returns the rest of the URL.
    fn take_from(&mut self, url: &str) -> Result<String, ConnectError> {
        let Some(query) = url.find('?') else { return Ok(url.to_owned()) };
        let mut rest = url[..query].to_owned();
        let mut separator = '?';
        for pair in url[query + 1..].split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| problem(MALFORMED))?;
            if !self.take(name, value)? {
                rest.push(separator);
                rest.push_str(pair);
                separator = '&';
            }
        }
        Ok(rest)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<bool, ConnectError> {
        let settings = &mut self.settings;
        match name {
            "schema" => settings.schema = Some(decoded(value)?),
            "deadline_ms" => settings.deadline = Some(Duration::from_millis(number(value)?)),
            "connections" => settings.connections = Some(number(value)?),
            "pooler" => match value {
                "true" => settings.has_pooler = true,
                "false" => settings.has_pooler = false,
                _ => return Err(problem("sets `pooler` to something other than `true`")),
            },
            "sslmode" => {
                self.ssl_mode = Some(match value {
                    "disable" => SslMode::Disable,
                    "prefer" | "allow" => SslMode::Prefer,
                    "require" | "verify-ca" | "verify-full" => SslMode::Require,
                    _ => return Err(problem(SSL_MODE)),
                });
            }
            "sslrootcert" => self.root_certificates = Some(decoded(value)?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn ssl_mode(&self, config: &Config) -> Result<SslMode, ConnectError> {
        let has_tls = cfg!(feature = "tls");
        // Without TLS, no certificate would be checked.
        let implied = self.root_certificates.as_ref().map(|_| SslMode::Require);
        match self.ssl_mode.or(implied) {
            Some(SslMode::Require) if !has_tls => {
                Err(ConnectError::FeatureRequired { feature: "tls" })
            }
            Some(mode) => Ok(mode),
            None if !has_tls || is_on_this_machine(config) => Ok(SslMode::Disable),
            None => Ok(SslMode::Prefer),
        }
    }
}

/// Credentials end at the `@`. With another one, a part of a password would be used and shown as a
/// host.
fn check_credentials(url: &str) -> Result<(), ConnectError> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, others) = rest.split_at(end);
    if others.contains('@') || authority.matches('@').count() > 1 {
        return Err(problem(NOT_ENCODED));
    }
    Ok(())
}

/// Whether this can be a host. What cannot may be a part of a password.
fn is_host(name: &str) -> bool {
    if name.contains(':') {
        return name.parse::<Ipv6Addr>().is_ok();
    }
    let is_other = |char: char| {
        char.is_whitespace()
            || char.is_control()
            || ['@', '&', '=', '?', '/', '%', '#'].contains(&char)
    };
    !name.contains(is_other)
}

/// The client library would report these only when it connects.
fn check_hosts(config: &Config) -> Result<(), ConnectError> {
    let (hosts, addresses) = (config.get_hosts(), config.get_hostaddrs());
    let is_named = |host: &Host| !matches!(host, Host::Tcp(name) if name.is_empty());
    if hosts.is_empty() || !hosts.iter().all(is_named) {
        return Err(problem("names no host"));
    }
    if hosts.iter().any(|host| matches!(host, Host::Tcp(name) if !is_host(name))) {
        return Err(problem(MALFORMED));
    }
    if !addresses.is_empty() && addresses.len() != hosts.len() {
        return Err(problem("has another number of addresses than of hosts"));
    }
    let ports = config.get_ports().len();
    if ports > 1 && ports != hosts.len() {
        return Err(problem("has another number of ports than of hosts"));
    }
    Ok(())
}

fn is_on_this_machine(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

fn decoded(value: &str) -> Result<String, ConnectError> {
    let decoded = percent_decode_str(value).decode_utf8().map_err(|_| problem(MALFORMED))?;
    Ok(decoded.into_owned())
}

fn number<T: FromStr>(value: &str) -> Result<T, ConnectError> {
    value.parse().map_err(|_| problem(NO_NUMBER))
}

fn problem(problem: &'static str) -> ConnectError {
    ConnectError::Url { problem }
}

const NO_SCHEME: &str = "must begin with `postgres://` or `postgresql://`";
const MALFORMED: &str = "is malformed: write `postgres://user:password@host:port/database`, with \
     special characters of user and password percent-encoded";
const NOT_ENCODED: &str = "contains an `@` other than the one before the host: in user, password and \
     parameters, write `@` as `%40`, `/` as `%2F`, `?` as `%3F` and `:` as `%3A`";
const NO_NUMBER: &str =
    "sets `deadline_ms` or `connections` to something other than a whole number";
const SSL_MODE: &str = "has an unknown `sslmode`: `disable`, `prefer`, `require`, `verify-ca` or \
     `verify-full`";

#[cfg(test)]
mod tests;
