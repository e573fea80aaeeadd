//! A request that was captured, to be judged later.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::headers::Head;

/// A request as it arrived: all headers, in their order, and the body to the
/// byte.
#[derive(Clone)]
pub struct CapturedRequest {
    method: String,
    url: Option<Arc<str>>,
    headers: Arc<Vec<(String, Vec<u8>)>>,
    body: Bytes,
}

impl CapturedRequest {
    /// A `POST` with these headers and this body. The more of the headers there
    /// are, the more can be found: those of a proxy say which URL was called.
    #[must_use]
    pub fn new<N: Into<String>, V: Into<Vec<u8>>>(
        headers: impl IntoIterator<Item = (N, V)>,
        body: impl Into<Bytes>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self {
            method: "POST".to_owned(),
            url: None,
            headers: Arc::new(headers.collect()),
            body: body.into(),
        }
    }

    /// The method. Defaults to `POST`.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// The URL as the provider calls it, for the schemes that sign it.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into().into());
        self
    }

    pub(super) fn with_headers(mut self, headers: Vec<(String, Vec<u8>)>) -> Self {
        self.headers = Arc::new(headers);
        self
    }

    pub(super) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn head(&self) -> Head<'_> {
        Head::new(&self.method, self.target(), &*self.headers)
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub(super) fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The values of a header, by its name in any case.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    /// The first value of a header, where it is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        named.and_then(|(_, value)| std::str::from_utf8(value).ok()).map(str::trim)
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// Path and query.
    fn target(&self) -> &str {
        let url = self.url().unwrap_or_default();
        let behind_scheme = url.find("://").map_or(0, |at| at + "://".len());
        match url[behind_scheme..].find(['/', '?']) {
            Some(at) => &url[behind_scheme + at..],
            None => "/",
        }
    }
}

impl fmt::Debug for CapturedRequest {
    /// Names the method only: all else may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequest").field("method", &self.method).finish_non_exhaustive()
    }
}
