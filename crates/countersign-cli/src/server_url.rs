//! Parses the URL of a server that requests are sent to.
//!
//! The HTTP connector uses port 80 or 443 if the port is not a number up to 65535, ignores a
//! fragment, and passes every host that is not an address to the system's resolver, which reads
//! `0x7f.1` as 127.0.0.1. A URL that the connector would read differently is an error here.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Why a text is not a valid server URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlProblem {
    NotAUrl,
    NotWhole,
    Credentials,
    Host,
    Port,
    Fragment,
}

/// Parses a URL with a scheme, a host and an optional port.
pub(crate) fn parse(text: &str) -> Result<Uri, UrlProblem> {
    if text.contains('#') {
        return Err(UrlProblem::Fragment);
    }
    let url: Uri = text.parse().map_err(|_| UrlProblem::NotAUrl)?;
    let (Some("http" | "https"), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err(UrlProblem::NotWhole);
    };
    if authority.as_str().contains('@') {
        return Err(UrlProblem::Credentials);
    }
    let host = authority.host();
    if !is_host(host) {
        return Err(UrlProblem::Host);
    }
    match authority.as_str().strip_prefix(host) {
        Some("") => Ok(url),
        Some(port) if is_port(port) && url.port_u16().is_some() => Ok(url),
        _ => Err(UrlProblem::Port),
    }
}

/// Whether this is an address, or a name that a resolver does not read as an address.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    // As in browsers: a host whose last label is a number has to be an IPv4 address.
    let is_number = last.starts_with(|first: char| first.is_ascii_digit())
        && (last.bytes().all(|byte| byte.is_ascii_digit())
            || last.to_ascii_lowercase().starts_with("0x"));
    is_name && !last.is_empty() && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

/// Whether this is `:` and a number from 1 to 65535 in its canonical form.
fn is_port(port: &str) -> bool {
    let number = port.strip_prefix(':');
    let written = |number: &str| number.parse::<u16>().is_ok_and(|it| it.to_string() == number);
    number.is_some_and(|number| number != "0" && written(number))
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "not a URL: use a URL such as http://127.0.0.1:8080/hooks",
            Self::NotWhole => {
                "not a complete URL: use http:// or https:// and a host, such as \
                 http://127.0.0.1:8080/hooks"
            }
            Self::Credentials => {
                "has a user or password, which is not sent: remove it, and let the target trust \
                                  this machine"
            }
            Self::Host => {
                "has no valid host: use a name, an IPv4 address in four decimal \
                 parts, or an IPv6 address in brackets"
            }
            Self::Port => "has no valid port: use a number from 1 to 65535, or no colon",
            Self::Fragment => "has a `#` fragment, which is never sent: remove it",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_only_if_the_connector_reads_it_as_it_is_written() {
        for good in [
            "http://a",
            "http://a.example./x",
            "https://a.example:8443/x?y=1",
            "http://127.0.0.1:1",
            "http://[::1]:65535/",
            "http://a1.0x.example/",
            "http://my_app.internal/",
            "http://3a/",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for (bad, problem) in [
            ("", UrlProblem::NotAUrl),
            ("http://", UrlProblem::NotAUrl),
            ("a", UrlProblem::NotWhole),
            ("/x", UrlProblem::NotWhole),
            ("a:80", UrlProblem::NotWhole),
            ("ftp://a/", UrlProblem::NotWhole),
            ("http://u:p@a/", UrlProblem::Credentials),
            ("http://u@a/", UrlProblem::Credentials),
            ("http://127.0.0.1:99999/x", UrlProblem::Port),
            ("http://127.0.0.1:65536/x", UrlProblem::Port),
            ("http://127.0.0.1:0/x", UrlProblem::Port),
            ("http://127.0.0.1:/x", UrlProblem::Port),
            ("http://127.0.0.1:080/x", UrlProblem::Port),
            ("http://127.0.0.1:+80/x", UrlProblem::Port),
            ("http://[::1]:99999/x", UrlProblem::Port),
            ("http://127.1/x", UrlProblem::Host),
            ("http://2130706433/x", UrlProblem::Host),
            ("http://0x7f.1/x", UrlProblem::Host),
            ("http://127.0.0.0x1/x", UrlProblem::Host),
            ("http://127.0.0.01/x", UrlProblem::Host),
            ("http://127.0.0.1./x", UrlProblem::Host),
            ("http://a.example/x#y", UrlProblem::Fragment),
        ] {
            assert_eq!(parse(bad), Err(problem), "{bad}");
        }
        for bad in
            ["http://:80/", "http://%31%32%37.0.0.1/", "http://[fe80::1%25lo]/", "http://[::1/"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
