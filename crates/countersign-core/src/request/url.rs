//! The public URL of an endpoint, for the schemes that sign it.

use std::fmt;

use crate::error::ConfigError;

/// The URL that the provider calls, exactly as the provider writes it.
///
/// It is configuration and never built from request headers: behind a proxy the
/// receiver sees another URL, and a client can send any `Host` and
/// `X-Forwarded-*`.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Exact(String),
    Origin(String),
}

impl PublicUrl {
    /// Sets the exact, full URL: `https://example.com/hooks?tenant=7`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Url`] if it does not begin with `https://`, `http://`,
    /// `wss://` or `ws://` and a host.
    pub fn new(url: impl Into<String>) -> Result<Self, ConfigError> {
        let url = url.into();
        after_scheme(&url)?;
        Ok(Self(Form::Exact(url)))
    }

    /// Sets only the part before the path (`https://example.com`). The path and the
    /// query are taken from the request line.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Url`] if it does not begin with `https://`, `http://`,
    /// `wss://` or `ws://` and a host, or if a path, a query or a fragment follows.
    pub fn origin(origin: impl Into<String>) -> Result<Self, ConfigError> {
        let origin = origin.into();
        if after_scheme(&origin)?.contains(['/', '?', '#']) {
            return Err(ConfigError::Url {
                problem: "has more than an origin: end it after the host, without a `/`",
            });
        }
        Ok(Self(Form::Origin(origin)))
    }

    /// The URL of a request, with the part that the sender chose; `None` if that part
    /// is needed and not known.
    pub(crate) fn of_request<'a>(&'a self, target: Option<&'a str>) -> Option<RequestUrl<'a>> {
        match &self.0 {
            Form::Exact(url) => Some(RequestUrl::Exact { url, target }),
            Form::Origin(origin) => Some(RequestUrl::Origin { origin, target: target? }),
        }
    }

    /// Whether path and query come from the request line, which the sender chooses.
    pub(crate) fn is_origin(&self) -> bool {
        matches!(self.0, Form::Origin(_))
    }

    /// The two parts of the URL of a request; `None` if the target of the request
    /// line is needed and not known.
    pub(crate) fn parts<'a>(&'a self, target: Option<&'a str>) -> Option<[&'a str; 2]> {
        match &self.0 {
            Form::Exact(url) => Some([url, ""]),
            Form::Origin(origin) => Some([origin, target?]),
        }
    }
}

/// The URL of a request, split into configured parts and parts that the sender chose.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "custom signing code must handle both")]
pub enum RequestUrl<'a> {
    /// The full URL is configured.
    Exact {
        /// The configured URL.
        url: &'a str,
        /// The target of the request line, if it is known.
        target: Option<&'a str>,
    },
    /// Only the origin is configured.
    Origin {
        /// The configured origin.
        origin: &'a str,
        /// The target of the request line, which the sender chose.
        target: &'a str,
    },
}

impl PublicUrl {
    /// The URL of a request with the percent-escapes of [`UNESCAPED`] decoded,
    /// and no others.
    pub(crate) fn unescaped(&self, target: Option<&str>) -> Option<Vec<u8>> {
        let url = self.parts(target)?.concat();
        let mut unescaped = Vec::with_capacity(url.len());
        let mut rest = url.as_bytes();
        while let Some((&byte, behind)) = rest.split_first() {
            let mark = rest.get(..3).and_then(escaped);
            unescaped.push(mark.unwrap_or(byte));
            rest = if mark.is_some() { &rest[3..] } else { behind };
        }
        Some(unescaped)
    }
}

/// The character of this percent-escape, if it is one of [`UNESCAPED`].
fn escaped(escape: &[u8]) -> Option<u8> {
    let digits = escape.strip_prefix(b"%")?;
    let mut mark = [0];
    const_hex::decode_to_slice(digits, &mut mark).ok()?;
    UNESCAPED.contains(&mark[0]).then_some(mark[0])
}

/// The characters that HubSpot decodes before it signs, from its documentation on
/// validating requests.
const UNESCAPED: &[u8] = b":/?@!$'()*,;";

impl fmt::Debug for PublicUrl {
    /// Shows only the form: path and query may contain a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Form::Exact(_) => "PublicUrl(exact)",
            Form::Origin(_) => "PublicUrl(origin)",
        })
    }
}

fn after_scheme(url: &str) -> Result<&str, ConfigError> {
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    match rest {
        None => Err(ConfigError::Url {
            problem: "must begin with `https://`, `http://`, `wss://` or `ws://`",
        }),
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#']) => {
            Err(ConfigError::Url { problem: "has no host after `://`" })
        }
        Some(rest) => Ok(rest),
    }
}

/// WebSocket URLs are included: media streams use them, and their opening requests
/// are signed like other requests.
const SCHEMES: [&str; 4] = ["https://", "http://", "wss://", "ws://"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_url_is_used_verbatim() {
        let url = PublicUrl::new("https://a.example/x?y=1").unwrap();
        assert_eq!(url.parts(Some("/other")), Some(["https://a.example/x?y=1", ""]));
    }

    #[test]
    fn an_origin_is_joined_with_the_request_target() {
        let url = PublicUrl::origin("https://a.example:8443").unwrap();
        assert_eq!(url.parts(Some("/x?y=1")), Some(["https://a.example:8443", "/x?y=1"]));
        assert_eq!(url.parts(None), None);
    }

    #[test]
    fn only_the_listed_escapes_are_decoded() {
        for (given, unescaped) in [
            ("https://a.example/x%2Fy%2fz?a=%40b", "https://a.example/x/y/z?a=@b"),
            ("https://a.example/%3A%3f%21%24%27%28%29%2A%2C%3B", "https://a.example/:?!$'()*,;"),
            ("https://a.example/%20%26%3D%25%E4", "https://a.example/%20%26%3D%25%E4"),
            ("https://a.example/%252F%%2F%2", "https://a.example/%252F%/%2"),
        ] {
            let url = PublicUrl::new(given).unwrap();
            assert_eq!(url.unescaped(None).unwrap(), unescaped.as_bytes(), "{given}");
        }
    }

    #[test]
    fn an_invalid_url_is_rejected() {
        for bad in ["", "example.com", "ftp://a", "https://", "https:///x"] {
            assert!(PublicUrl::new(bad).is_err(), "{bad}");
        }
        for bad in ["https://a.example/", "https://a.example/x", "https://a.example?x"] {
            assert!(PublicUrl::origin(bad).is_err(), "{bad}");
        }
    }
}
