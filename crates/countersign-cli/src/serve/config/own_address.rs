//! Rejects a target that is this server itself.

use std::net::{IpAddr, Ipv4Addr};

use http::Uri;

use super::{Changes, EndpointPlan};
use crate::usage_error::UsageError;

/// Rejects an endpoint that forwards to an endpoint of the same server. The event would be received
/// again and again while it is in progress, until the handler timeout.
pub(super) fn reject_as_target(
    listen: &str,
    endpoints: &[(EndpointPlan, Changes)],
) -> Result<(), UsageError> {
    let is_own_path = |path: &str| endpoints.iter().any(|(plan, _)| is_of(&plan.path, path));
    let targets = endpoints.iter().filter_map(|(plan, _)| plan.forward.as_ref());
    for target in targets {
        if is_address(listen, &target.uri) && is_own_path(target.uri.path()) {
            return Err(target.at.fix(
                "is an endpoint of this server: give the URL of the application that handles the \
                 events",
            ));
        }
    }
    Ok(())
}

/// Whether a request with this path is for the endpoint, whose path may name the tenant.
fn is_of(endpoint: &str, path: &str) -> bool {
    let (mut own, mut given) = (endpoint.split('/'), path.split('/'));
    loop {
        match (own.next(), given.next()) {
            (None, None) => return true,
            (Some(own), Some(given)) if own == given || own.starts_with('{') => {}
            _ => return false,
        }
    }
}

/// Whether a server that listens on this address receives requests to the URL. Names other than
/// `localhost` are not resolved.
fn is_address(listen: &str, url: &Uri) -> bool {
    let Some((own, port)) = listen.rsplit_once(':') else { return false };
    let (Some("http"), Some(host)) = (url.scheme_str(), url.host()) else { return false };
    if port.parse::<u16>() != Ok(url.port_u16().unwrap_or(80)) {
        return false;
    }
    if own.eq_ignore_ascii_case(host) {
        return true;
    }
    let (Some(own_address), Some(address)) = (address(own), address(host)) else { return false };
    let is_by_name = [own, host].iter().any(|it| it.eq_ignore_ascii_case(LOCALHOST));
    let is_this_machine = address.is_loopback() || address.is_unspecified();
    own_address == address
        || (own_address.is_unspecified() && is_this_machine)
        || (own_address.is_loopback() && is_this_machine && is_by_name)
}

fn address(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case(LOCALHOST) {
        return Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_the_server_is_recognized_by_its_address_and_path() {
        for (listen, url, is_own) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000/a", true),
            ("127.0.0.1:3000", "http://localhost:3000/a", true),
            ("localhost:3000", "http://[::1]:3000/a", true),
            ("0.0.0.0:3000", "http://127.0.0.1:3000/a", true),
            ("[::]:3000", "http://localhost:3000/a", true),
            ("127.0.0.1:80", "http://127.0.0.1/a", true),
            ("app.example:3000", "http://APP.example:3000/a", true),
            ("127.0.0.1:3000", "http://127.0.0.1:3001/a", false),
            ("127.0.0.1:3000", "http://127.0.0.2:3000/a", false),
            ("127.0.0.1:3000", "https://127.0.0.1:3000/a", false),
            ("127.0.0.1:3000", "http://app.example:3000/a", false),
            ("0.0.0.0:3000", "http://10.0.0.1:3000/a", false),
            ("127.0.0.1:0", "http://127.0.0.1:3000/a", false),
            ("3000", "http://127.0.0.1:3000/a", false),
        ] {
            assert_eq!(is_address(listen, &url.parse().unwrap()), is_own, "{listen} {url}");
        }
        for (endpoint, path, is_own) in [
            ("/a", "/a", true),
            ("/a/{tenant}", "/a/acme", true),
            ("/a", "/a/", false),
            ("/a", "/b", false),
            ("/a/{tenant}", "/a", false),
        ] {
            assert_eq!(is_of(endpoint, path), is_own, "{endpoint} {path}");
        }
    }
}
