//! Rejects a target that is this server itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs, UdpSocket};

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
    let machine = Machine::this();
    for target in targets {
        if is_own_path(target.uri.path()) && is_address(listen, &target.uri, &machine) {
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

/// Whether a server that listens on this address receives requests to the URL. Of names in the URL,
/// only `localhost` and that of the machine are resolved.
fn is_address(listen: &str, url: &Uri, machine: &Machine) -> bool {
    let Some((own, port)) = listen.rsplit_once(':') else { return false };
    let (Some("http"), Some(host)) = (url.scheme_str(), url.host()) else { return false };
    if port.parse::<u16>() != Ok(url.port_u16().unwrap_or(80)) {
        return false;
    }
    let (own, host) = (without_dot(own), without_dot(host));
    if own.eq_ignore_ascii_case(host) {
        return true;
    }
    let (own, targets) = (machine.listening(own), machine.addresses(host));
    let is_everywhere = own.iter().any(IpAddr::is_unspecified);
    let accepts = |it: &IpAddr| it.is_ipv4() || own.contains(&Ipv6Addr::UNSPECIFIED.into());
    let is_this_machine = |it: &IpAddr| {
        it.is_loopback() || it.is_unspecified() || (accepts(it) && (machine.is_own)(*it))
    };
    if is_everywhere {
        return machine.has_name(host) || targets.iter().any(is_this_machine);
    }
    // A connection to an unspecified address is one to this machine.
    let is_own = |target: &IpAddr| {
        own.contains(target) || (target.is_unspecified() && own.iter().any(IpAddr::is_loopback))
    };
    targets.iter().any(is_own)
}

/// The name of the machine, and how names are resolved.
struct Machine {
    name: Option<String>,
    resolve: fn(&str) -> Vec<IpAddr>,
    /// Whether an address is one of the machine's interfaces.
    is_own: fn(IpAddr) -> bool,
}

impl Machine {
    fn this() -> Self {
        Self { name: name(), resolve, is_own }
    }

    fn has_name(&self, host: &str) -> bool {
        self.name.as_deref().is_some_and(|name| without_dot(name).eq_ignore_ascii_case(host))
    }

    /// The addresses that a server listens on, whose host is resolved in any case.
    fn listening(&self, host: &str) -> Vec<IpAddr> {
        match self.addresses(host) {
            none if none.is_empty() => (self.resolve)(host),
            addresses => addresses,
        }
    }

    /// The addresses of a host. Of names, only that of this machine is resolved.
    fn addresses(&self, host: &str) -> Vec<IpAddr> {
        if is_localhost(host) {
            return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bare.unwrap_or(host).parse::<IpAddr>() {
            // An IPv6 address can contain an IPv4 address.
            Ok(address) => vec![address.to_canonical()],
            Err(_) if self.has_name(host) || is_number(host) => (self.resolve)(host),
            Err(_) => Vec::new(),
        }
    }
}

/// Whether this is a name of the loopback interface: RFC 6761, section 6.3, and those that systems
/// have in their list of hosts.
fn is_localhost(host: &str) -> bool {
    let host = without_dot(host).to_ascii_lowercase();
    host == LOCALHOST
        || host.ends_with(".localhost")
        || matches!(&*host, "localhost.localdomain" | "ip6-localhost" | "ip6-loopback")
}

/// Whether a host is an IPv4 address in another form, such as `127.1` or `0`. No name ends in a
/// number.
fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    last.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether this machine has an interface with this address: a socket can be bound to it. Not known
/// if the system allows sockets on any address.
fn is_own(address: IpAddr) -> bool {
    let can_bind = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    // Reserved for documentation.
    let other: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::new(192, 0, 2, 1).into(),
        IpAddr::V6(_) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    can_bind(address) && (address == other || !can_bind(other))
}

/// The addresses of this machine's name, which is usually in a file of the machine.
fn resolve(host: &str) -> Vec<IpAddr> {
    let addresses = (host, 0).to_socket_addrs().into_iter().flatten();
    addresses.map(|address| address.ip().to_canonical()).collect()
}

#[cfg(unix)]
fn name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(windows)]
fn name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// The name without the dot at the end of a complete name.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

const LOCALHOST: &str = "localhost";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_the_server_is_recognized_by_its_address_and_path() {
        let machine = Machine {
            name: Some("web1".to_owned()),
            resolve: |host| match host {
                "0" => vec![Ipv4Addr::UNSPECIFIED.into()],
                "127.1" | "2130706433" => vec![Ipv4Addr::LOCALHOST.into()],
                "web1" => vec![Ipv4Addr::new(192, 0, 2, 7).into()],
                _ => vec![Ipv4Addr::new(192, 0, 2, 8).into()],
            },
            is_own: |address| {
                let own: [IpAddr; 2] = [
                    Ipv4Addr::new(192, 0, 2, 7).into(),
                    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7).into(),
                ];
                own.contains(&address)
            },
        };
        for (listen, url, is_own) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000/a", true),
            ("127.0.0.1:3000", "http://localhost:3000/a", true),
            ("localhost:3000", "http://[::1]:3000/a", true),
            ("0.0.0.0:3000", "http://127.0.0.1:3000/a", true),
            ("[::]:3000", "http://localhost:3000/a", true),
            ("127.0.0.1:80", "http://127.0.0.1/a", true),
            ("app.example:3000", "http://APP.example:3000/a", true),
            ("127.0.0.1:3000", "http://[::ffff:127.0.0.1]:3000/a", true),
            ("127.0.0.1:3000", "http://0.0.0.0:3000/a", true),
            ("127.0.0.1:3000", "http://[::]:3000/a", true),
            ("[::1]:3000", "http://[::]:3000/a", true),
            ("[::ffff:127.0.0.1]:3000", "http://127.0.0.1:3000/a", true),
            ("0.0.0.0:3000", "http://[::ffff:127.0.0.1]:3000/a", true),
            ("0.0.0.0:3000", "http://[::]:3000/a", true),
            ("[::]:3000", "http://0.0.0.0:3000/a", true),
            ("[::]:3000", "http://127.0.0.2:3000/a", true),
            ("127.0.0.1:3000", "http://localhost.:3000/a", true),
            ("127.0.0.1:3000", "http://hooks.LOCALHOST:3000/a", true),
            ("127.0.0.1:3000", "http://localhost.localdomain:3000/a", true),
            ("[::1]:3000", "http://ip6-loopback:3000/a", true),
            ("127.0.0.1:3000", "http://notlocalhost:3000/a", false),
            ("0.0.0.0:3000", "http://Web1:3000/a", true),
            ("[::]:3000", "http://web1.:3000/a", true),
            ("192.0.2.7:3000", "http://web1:3000/a", true),
            ("web1:3000", "http://192.0.2.7:3000/a", true),
            ("0.0.0.0:3000", "http://192.0.2.7:3000/a", true),
            ("[::]:3000", "http://192.0.2.7:3000/a", true),
            ("[::]:3000", "http://[2001:db8::7]:3000/a", true),
            ("0:3000", "http://127.0.0.1:3000/a", true),
            ("0:3000", "http://192.0.2.7:3000/a", true),
            ("127.1:3000", "http://127.0.0.1:3000/a", true),
            ("127.0.0.1:3000", "http://127.1:3000/a", true),
            ("0.0.0.0:3000", "http://2130706433:3000/a", true),
            ("alias:3000", "http://192.0.2.8:3000/a", true),
            ("0.0.0.0:3000", "http://[2001:db8::7]:3000/a", false),
            ("0.0.0.0:3000", "http://192.0.2.9:3000/a", false),
            ("127.1:3000", "http://192.0.2.7:3000/a", false),
            ("127.0.0.1:3000", "http://web1:3000/a", false),
            ("192.0.2.7:3000", "http://0.0.0.0:3000/a", false),
            ("192.0.2.7:3000", "http://127.0.0.1:3000/a", false),
            ("0.0.0.0:3000", "http://web2:3000/a", false),
            ("127.0.0.1:3000", "http://127.0.0.1:3001/a", false),
            ("127.0.0.1:3000", "http://127.0.0.2:3000/a", false),
            ("127.0.0.1:3000", "https://127.0.0.1:3000/a", false),
            ("127.0.0.1:3000", "http://app.example:3000/a", false),
            ("0.0.0.0:3000", "http://10.0.0.1:3000/a", false),
            ("127.0.0.1:0", "http://127.0.0.1:3000/a", false),
            ("3000", "http://127.0.0.1:3000/a", false),
        ] {
            let url = url.parse().unwrap();
            assert_eq!(is_address(listen, &url, &machine), is_own, "{listen} {url}");
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

    #[test]
    fn an_interface_address_is_own_and_a_remote_address_is_not() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own(Ipv4Addr::new(198, 51, 100, 1).into()));
        assert_eq!(resolve("127.1"), [IpAddr::from(Ipv4Addr::LOCALHOST)]);
    }

    #[test]
    fn this_machine_has_a_name() {
        assert!(Machine::this().name.is_some_and(|name| !name.is_empty()));
    }
}
