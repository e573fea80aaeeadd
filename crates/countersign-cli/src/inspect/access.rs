//! Who may read the page and the API: the holder of the token that was printed at the start.
//!
//! A browser exchanges the token for a cookie. A page of another origin cannot read anything here: it
//! does not have the cookie (`SameSite=Strict`), its name is not one of ours (`Host`), and it cannot
//! send a POST (`Origin`, and a second token that only our own page can read).
//!
//! Browsers send a cookie to all ports of a host. So the page is in a folder with a random name, and the
//! cookie is only for that folder: a server on another port gets no request that has it.
//!
//! Browsers keep the URLs that were opened. So the token of the printed URL can be exchanged once, and is
//! not the one of programs.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, Method, Request};
use ring::digest::{SHA256, digest};

use crate::random;
use crate::usage_error::UsageError;

/// The secrets of one run.
pub(crate) struct Access {
    /// Of programs, and of the URL if it is that of the environment.
    token: String,
    /// The token of the URL, which is replaced when it was used; `None` if it is that of programs.
    link: Option<Mutex<String>>,
    /// The name of the page's folder.
    folder: String,
    session: String,
    /// For POST requests of the page.
    csrf: String,
    address: SocketAddr,
}

/// Why a request is answered 403.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The name in `Host` is not one of this server: DNS rebinding.
    Host,
    /// It has neither the cookie nor the token.
    NoToken,
    /// A POST of another origin, or without its token.
    Origin,
}

impl Access {
    /// `token` is that of the environment; otherwise it is random.
    pub(crate) fn new(address: SocketAddr, token: Option<String>) -> Result<Self, UsageError> {
        let link = match token {
            Some(_) => None,
            None => Some(Mutex::new(random::hex_128()?)),
        };
        let token = token.map_or_else(random::hex_128, Ok)?;
        let [folder, session, csrf] = [random::hex_128()?, random::hex_128()?, random::hex_128()?];
        Ok(Self { token, link, folder, session, csrf, address })
    }

    /// The URL to open. It is for the terminal of the user only.
    pub(crate) fn url(&self) -> String {
        let link =
            self.link.as_ref().map(|link| link.lock().unwrap_or_else(PoisonError::into_inner));
        let token = link.as_ref().map_or(&self.token, |link| &**link);
        format!("{}{}?token={token}", self.origin(), self.folder())
    }

    /// The path of the page.
    pub(crate) fn folder(&self) -> String {
        format!("/{}/", self.folder)
    }

    /// The path without the page's folder, and whether it was in there.
    pub(crate) fn within<'a>(&self, path: &'a str) -> (bool, &'a str) {
        let rest = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match rest.filter(|(folder, _)| is_equal(folder, &self.folder)) {
            Some((folder, _)) => (true, &path[folder.len() + 1..]),
            None => (false, path),
        }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// Checks a request, the most general property first.
    pub(crate) fn check<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        let headers = request.headers();
        self.check_host(request)?;
        let has_token = self.has_bearer(headers);
        let (is_page, _) = self.within(request.uri().path());
        let has_cookie = is_page && self.has_cookie(headers);
        if !has_token && !has_cookie {
            return Err(Denied::NoToken);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let origin = single(headers, &ORIGIN);
            let is_own = origin.is_some_and(|origin| self.is_own_origin(origin));
            // A program has no origin, and no browser adds its token by itself.
            let is_program = has_token && !headers.contains_key(ORIGIN);
            let csrf = single(headers, &CSRF).is_some_and(|csrf| is_equal(csrf, &self.csrf));
            if !(is_program || (is_own && (csrf || has_token))) {
                return Err(Denied::Origin);
            }
        }
        Ok(())
    }

    /// Only names of this machine are accepted: a name that an attacker's DNS answers is not.
    pub(crate) fn check_host<B>(&self, request: &Request<B>) -> Result<(), Denied> {
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = match (request.uri().authority(), hosts.next(), hosts.next()) {
            (authority, None, _) => authority.map(|authority| authority.as_str()),
            (_, Some(host), None) => host.to_str().ok(),
            _ => None,
        };
        if host.is_some_and(|host| self.is_own_host(host)) { Ok(()) } else { Err(Denied::Host) }
    }

    /// Whether this is the token of the printed URL.
    pub(crate) fn is_link(&self, token: &str) -> bool {
        match &self.link {
            Some(link) => is_equal(token, &link.lock().unwrap_or_else(PoisonError::into_inner)),
            None => is_equal(token, &self.token),
        }
    }

    /// Uses up the token of the printed URL, and returns the next URL. `None` for the token of the
    /// environment, which stays valid.
    pub(crate) fn use_link(&self) -> Option<String> {
        let fresh = random::hex_128().ok()?;
        *self.link.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
        Some(self.url())
    }

    /// The cookie for which a browser exchanges the token.
    pub(crate) fn cookie(&self) -> String {
        let (name, session, folder) = (self.cookie_name(), &self.session, self.folder());
        format!("{name}={session}; HttpOnly; SameSite=Strict; Path={folder}")
    }

    fn cookie_name(&self) -> String {
        format!("countersign-{}", self.address.port())
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.cookie_name();
        let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies = values.flat_map(|value| value.split(';'));
        cookies.any(|cookie| {
            let pair = cookie.trim().split_once('=');
            pair.is_some_and(|(key, value)| key == name && is_equal(value, &self.session))
        })
    }

    fn has_bearer(&self, headers: &HeaderMap) -> bool {
        let given = single(headers, &AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        given.is_some_and(|token| is_equal(token, &self.token))
    }

    fn is_own_host(&self, host: &str) -> bool {
        let port = self.address.port();
        let name = host.strip_suffix(&format!(":{port}")).unwrap_or(host);
        let is_bound = name == self.address.ip().to_string() || host == self.address.to_string();
        is_bound || LOOPBACK.iter().any(|own| name.eq_ignore_ascii_case(own))
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://");
        let port = format!(":{}", self.address.port());
        host.is_some_and(|host| host.ends_with(&port) && self.is_own_host(host))
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Denied {
    /// The reason, for the person who sees it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Host => {
                "403: this host name is not one of the inspector. Open the URL that countersign \
                 printed.\n"
            }
            Self::NoToken => {
                "403: the token is missing, or was used. Open the last URL that countersign printed; \
                 each can be opened once. Programs send a token as `Authorization: Bearer TOKEN`.\n"
            }
            Self::Origin => "403: this request is not from the page of the inspector.\n",
        }
    }
}

/// The only value of a header.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}

/// Compares digests, so that the time does not depend on where the texts differ.
fn is_equal(one: &str, other: &str) -> bool {
    digest(&SHA256, one.as_bytes()).as_ref() == digest(&SHA256, other.as_bytes()).as_ref()
}

pub(crate) const CSRF: HeaderName = HeaderName::from_static("x-countersign-token");
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access::new("127.0.0.1:4040".parse().unwrap(), Some("the-token".to_owned())).unwrap()
    }

    fn check(method: &str, headers: &[(&str, &str)]) -> Result<(), Denied> {
        let access = access();
        let uri = format!("{}api/deliveries", access.folder());
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            let value = value.replace("CSRF", &access.csrf).replace("SESSION", &access.session);
            request = request.header(*name, value);
        }
        access.check(&request.body(()).unwrap())
    }

    const SESSION: (&str, &str) = ("cookie", "a=b; countersign-4040=SESSION");
    const BEARER: (&str, &str) = ("authorization", "Bearer the-token");
    const OWN: (&str, &str) = ("host", "127.0.0.1:4040");

    #[test]
    fn other_host_names_are_denied_even_with_the_token() {
        for host in ["attacker.example", "attacker.example:4040", "127.0.0.1.nip.io:4040", ""] {
            assert_eq!(check("GET", &[("host", host), BEARER]), Err(Denied::Host), "{host}");
        }
        assert_eq!(check("GET", &[OWN, ("host", "b.example"), BEARER]), Err(Denied::Host));
        assert_eq!(check("GET", &[BEARER]), Err(Denied::Host));
        for host in ["127.0.0.1:4040", "localhost:4040", "LOCALHOST", "[::1]:4040"] {
            assert_eq!(check("GET", &[("host", host), BEARER]), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_request_without_cookie_and_token_is_denied() {
        for wrong in [
            ("x-any", "1"),
            ("cookie", "countersign-4040=guess"),
            ("cookie", "countersign-4041=SESSION"),
            ("authorization", "Bearer the-toke"),
            ("authorization", "the-token"),
        ] {
            assert_eq!(check("GET", &[OWN, wrong]), Err(Denied::NoToken), "{wrong:?}");
        }
        assert_eq!(check("GET", &[OWN, SESSION]), Ok(()));
        assert_eq!(check("GET", &[OWN, BEARER]), Ok(()));
    }

    #[test]
    fn a_post_needs_the_own_origin_and_the_token_of_the_page() {
        let origin = ("origin", "http://127.0.0.1:4040");
        let csrf = ("x-countersign-token", "CSRF");
        assert_eq!(check("POST", &[OWN, SESSION, origin, csrf]), Ok(()));
        assert_eq!(check("POST", &[OWN, BEARER]), Ok(()));
        for (headers, what) in [
            (&[OWN, SESSION][..], "no origin"),
            (&[OWN, SESSION, csrf], "no origin, but the token"),
            (&[OWN, SESSION, origin], "no token"),
            (&[OWN, SESSION, origin, ("x-countersign-token", "guess")], "another token"),
            (&[OWN, SESSION, csrf, ("origin", "http://attacker.example")], "another origin"),
            (&[OWN, SESSION, csrf, ("origin", "null")], "an opaque origin"),
            (&[OWN, SESSION, csrf, ("origin", "http://127.0.0.1:3000")], "another port"),
            (&[OWN, SESSION, csrf, ("origin", "http://127.0.0.1")], "no port"),
            (&[OWN, BEARER, ("origin", "http://attacker.example")], "a program's token"),
        ] {
            assert_eq!(check("POST", headers), Err(Denied::Origin), "{what}");
        }
    }

    #[test]
    fn the_cookie_cannot_be_read_by_scripts_and_is_not_sent_by_other_sites() {
        let cookie = access().cookie();
        assert!(cookie.contains("; HttpOnly; SameSite=Strict; Path=/"), "{cookie}");
        assert!(!cookie.contains("the-token") && !format!("{:?}", access()).contains("token"));
    }

    #[test]
    fn the_cookie_is_worth_nothing_outside_of_the_folder_that_it_is_for() {
        let access = access();
        let cookie = access.cookie();
        let (pair, path) = cookie.split_once("; HttpOnly; SameSite=Strict; Path=").unwrap();
        assert_eq!(path, access.folder());
        let check = |uri: &str| {
            let request = Request::builder().uri(uri).header("host", OWN.1).header("cookie", pair);
            access.check(&request.body(()).unwrap())
        };
        assert_eq!(check(&format!("{path}api/session")), Ok(()));
        for uri in ["/api/session", "/", "/0/api/session", "//api/session"] {
            assert_eq!(check(uri), Err(Denied::NoToken), "{uri}");
        }
        assert_eq!(access.within(&format!("{path}api/session")), (true, "/api/session"));
        assert_eq!(access.within(path), (true, "/"));
    }

    #[test]
    fn a_printed_url_is_exchanged_once_and_is_not_the_token_of_programs() {
        let access = Access::new("127.0.0.1:4040".parse().unwrap(), None).unwrap();
        let token = |url: &str| url.split_once("?token=").unwrap().1.to_owned();
        let first = token(&access.url());
        assert!(access.is_link(&first) && !access.is_link(access.token()));
        let next = token(&access.use_link().unwrap());
        assert!(!access.is_link(&first) && access.is_link(&next));
    }
}
