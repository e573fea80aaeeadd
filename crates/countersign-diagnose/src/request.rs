//! A captured request.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use countersign_core::RequestHead;

/// A request as it arrived: all headers in their order, and the exact bytes of the
/// body.
#[derive(Clone)]
pub struct CapturedRequest {
    method: String,
    url: Option<Arc<str>>,
    headers: Arc<Vec<(String, Vec<u8>)>>,
    header_bytes: usize,
    body: Bytes,
}

impl CapturedRequest {
    /// A `POST` with these headers and this body. More headers allow more causes to
    /// be found: a proxy's headers show which URL was called.
    #[must_use]
    pub fn new<N: Into<String>, V: Into<Vec<u8>>>(
        headers: impl IntoIterator<Item = (N, V)>,
        body: impl Into<Bytes>,
    ) -> Self {
        let headers = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        let headers: Vec<(String, Vec<u8>)> = headers.collect();
        Self {
            method: "POST".to_owned(),
            url: None,
            header_bytes: bytes_of(&headers),
            headers: Arc::new(headers),
            body: body.into(),
        }
    }

    /// Sets the method. Defaults to `POST`.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets the URL that the provider calls, for the schemes that sign it.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into().into());
        self
    }

    pub(super) fn with_headers(mut self, headers: Vec<(String, Vec<u8>)>) -> Self {
        self.header_bytes = bytes_of(&headers);
        self.headers = Arc::new(headers);
        self
    }

    /// Drops headers beyond the maximum that can be tried. Keeps those first whose name
    /// matters. Returns the request and the number of dropped lines.
    pub(super) fn with_bounded_headers(self, matters: impl Fn(&str) -> bool) -> (Self, usize) {
        let length = self.headers.len();
        if length <= MAX_HEADER_LINES && self.header_bytes <= MAX_HEADER_BYTES {
            return (self, 0);
        }
        let mut is_kept = vec![false; length];
        let (mut lines, mut bytes) = (0, 0);
        for (is_first, max_lines) in [(true, MAX_HEADER_LINES / 4), (false, MAX_HEADER_LINES)] {
            for ((name, value), is_kept) in self.headers.iter().zip(&mut is_kept) {
                let with_it = bytes + name.len() + value.len();
                let has_room = lines < max_lines && with_it <= MAX_HEADER_BYTES;
                if has_room && matters(name) == is_first {
                    (*is_kept, lines, bytes) = (true, lines + 1, with_it);
                }
            }
        }
        let kept = self.headers.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept);
        let kept: Vec<_> = kept.map(|(line, _)| line.clone()).collect();
        let left_out = length - kept.len();
        (self.with_headers(kept), left_out)
    }

    pub(super) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, self.target(), &*self.headers)
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

    /// The total length of the names and values of all headers, in bytes.
    pub(super) fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// The values of a header. The name is not case-sensitive.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    /// The first value of a header; `None` if it is not UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        named.and_then(|(_, value)| std::str::from_utf8(value).ok()).map(str::trim)
    }

    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// The path and the query. A request line has no fragment.
    fn target(&self) -> &str {
        let url = self.url().unwrap_or_default();
        let url = url.split('#').next().unwrap_or_default();
        let behind_scheme = url.find("://").map_or(0, |at| at + "://".len());
        match url[behind_scheme..].find(['/', '?']) {
            Some(at) => &url[behind_scheme + at..],
            None => "/",
        }
    }
}

fn bytes_of(headers: &[(String, Vec<u8>)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// Several times the maximum of common servers.
const MAX_HEADER_LINES: usize = 500;
const MAX_HEADER_BYTES: usize = 1024 * 1024;

impl fmt::Debug for CapturedRequest {
    /// Shows the method only: everything else may contain a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapturedRequest").field("method", &self.method).finish_non_exhaustive()
    }
}
