//! The public URL, for the schemes that sign it.

use std::fmt;

use crate::error::ConfigError;

/// The URL that the provider calls, as the provider writes it.
///
/// Behind a proxy the receiver sees another one, and `Host` and
/// `X-Forwarded-*` are whatever their sender says: so it is configuration, and
/// never put together from a request's headers.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Exact(String),
    Origin(String),
}

impl PublicUrl {
    /// The whole URL, to the letter: `https://example.com/hooks?tenant=7`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Url`] where it does not begin with `https://` or
    /// `http://` and a host.
    pub fn new(url: impl Into<String>) -> Result<Self, ConfigError> {
        let url = url.into();
        after_scheme(&url)?;
        Ok(Self(Form::Exact(url)))
    }

    /// The part in front of the path (`https://example.com`); path and query
    /// are those of the request line.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Url`] where it does not begin with `https://` or
    /// `http://` and a host, or where a path follows.
    pub fn origin(origin: impl Into<String>) -> Result<Self, ConfigError> {
        let origin = origin.into();
        if after_scheme(&origin)?.contains(['/', '?', '#']) {
            return Err(ConfigError::Url {
                problem: "has more than an origin: end it behind the host, without a `/`",
            });
        }
        Ok(Self(Form::Origin(origin)))
    }

    /// The two parts that make the URL of a request; `None` where the target of
    /// the request line is needed and not known.
    pub(crate) fn parts<'a>(&'a self, target: Option<&'a str>) -> Option<[&'a str; 2]> {
        match &self.0 {
            Form::Exact(url) => Some([url, ""]),
            Form::Origin(origin) => Some([origin, target?]),
        }
    }
}

impl fmt::Debug for PublicUrl {
    /// Shows the form only: path and query may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Form::Exact(_) => "PublicUrl(exact)",
            Form::Origin(_) => "PublicUrl(origin)",
        })
    }
}

fn after_scheme(url: &str) -> Result<&str, ConfigError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        None => Err(ConfigError::Url { problem: "must begin with `https://` or `http://`" }),
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?', '#']) => {
            Err(ConfigError::Url { problem: "has no host behind `://`" })
        }
        Some(rest) => Ok(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_url_is_taken_to_the_letter() {
        let url = PublicUrl::new("https://a.example/x?y=1").unwrap();
        assert_eq!(url.parts(Some("/other")), Some(["https://a.example/x?y=1", ""]));
    }

    #[test]
    fn an_origin_takes_the_target_of_the_request() {
        let url = PublicUrl::origin("https://a.example:8443").unwrap();
        assert_eq!(url.parts(Some("/x?y=1")), Some(["https://a.example:8443", "/x?y=1"]));
        assert_eq!(url.parts(None), None);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for bad in ["", "example.com", "ftp://a", "https://", "https:///x"] {
            assert!(PublicUrl::new(bad).is_err(), "{bad}");
        }
        for bad in ["https://a.example/", "https://a.example/x", "https://a.example?x"] {
            assert!(PublicUrl::origin(bad).is_err(), "{bad}");
        }
    }
}
