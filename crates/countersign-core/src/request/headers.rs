//! The head of a request: method, target and headers.

/// Looks up request headers by name, with exactly one value for each name.
///
/// This trait returns the *only* value of a header. A header that occurs twice in
/// the request has no such value: one proxy reads the first value, another the
/// last, and a signature for one of them must not be accepted for the other.
///
/// Implemented for pairs of name and value (arrays, slices and vectors) and,
/// with the feature `http`, for `http::HeaderMap`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read as the headers of a request",
    label = "not headers",
    note = "a slice or `Vec` of `(name, value)` pairs, and with the feature `http` a `http::HeaderMap`, are headers",
    note = "for actix-web, use `countersign::actix::RequestHeaders(request.headers())`"
)]
pub trait Headers {
    /// The only value of the header `name`, or `None` if it is missing.
    ///
    /// `name` is in lower case. Names are compared without regard to ASCII case.
    /// The value is returned as it was sent, and may contain bytes that are not
    /// ASCII.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`] if the header occurs more than once in the request, even
    /// if the values are equal.
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader>;

    /// Looks up several headers at once.
    ///
    /// The default implementation calls [`unique`](Self::unique) for each name.
    /// Implement it if `unique` walks over all headers: one walk is then enough
    /// for all names.
    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        for header in wanted {
            header.value = self.unique(header.name);
        }
    }
}

/// One header of a lookup of several headers, with its result.
///
/// ```
/// use countersign_core::{Headers, RepeatedHeader, HeaderLookup};
///
/// let headers = [("X-Id", "1"), ("X-Signature", "ab"), ("X-Signature", "cd")];
/// let mut wanted = ["x-id", "x-signature", "x-time"].map(HeaderLookup::new);
/// headers.lookup(&mut wanted);
/// let answers = wanted.map(|header| header.value());
/// assert_eq!(answers, [Ok(Some(&b"1"[..])), Err(RepeatedHeader), Ok(None)]);
/// ```
pub struct HeaderLookup<'n, 'h> {
    name: &'n str,
    value: Result<Option<&'h [u8]>, RepeatedHeader>,
}

impl<'n, 'h> HeaderLookup<'n, 'h> {
    /// Creates a lookup of the header `name`, in lower case. The header counts as
    /// missing until a value is found.
    #[must_use]
    pub fn new(name: &'n str) -> Self {
        Self { name, value: Ok(None) }
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &'n str {
        self.name
    }

    /// Records a value of this header. A second value makes it a repeated header.
    #[inline]
    pub fn found(&mut self, value: &'h [u8]) {
        self.value = match self.value {
            Ok(None) => Ok(Some(value)),
            _ => Err(RepeatedHeader),
        };
    }

    /// The result, as [`Headers::unique`] returns it.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`] if the header occurs more than once in the request.
    #[inline]
    pub fn value(&self) -> Result<Option<&'h [u8]>, RepeatedHeader> {
        self.value
    }
}

impl std::fmt::Debug for HeaderLookup<'_, '_> {
    /// Shows only the name: the value may be a signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeaderLookup").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A header that must have one value has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters build it; there is nothing to add")]
pub struct RepeatedHeader;

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let mut wanted = [HeaderLookup::new(name)];
        self.lookup(&mut wanted);
        wanted[0].value()
    }

    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        for (name, value) in self {
            let named = |header: &&mut HeaderLookup<'_, '_>| {
                header.name.eq_ignore_ascii_case(name.as_ref())
            };
            wanted.iter_mut().filter(named).for_each(|header| header.found(value.as_ref()));
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Headers for [(N, V); LEN] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }

    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        self.as_slice().lookup(wanted);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }

    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        self.as_slice().lookup(wanted);
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        (**self).unique(name)
    }

    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        (**self).lookup(wanted);
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let mut wanted = [HeaderLookup::new(name)];
        self.lookup(&mut wanted);
        wanted[0].value()
    }

    fn lookup<'h>(&'h self, wanted: &mut [HeaderLookup<'_, 'h>]) {
        if self.len() > FEW {
            for header in wanted {
                let values = self.get_all(header.name);
                values.iter().for_each(|value| header.found(value.as_bytes()));
            }
            return;
        }
        // Most headers of a request differ in length from all the names to find.
        let bit = |name: &str| 1_u64 << (name.len() % 64);
        let lengths = wanted.iter().fold(0, |lengths, header| lengths | bit(header.name));
        for (name, value) in self {
            let name = name.as_str();
            if lengths & bit(name) == 0 {
                continue;
            }
            for header in &mut *wanted {
                // A provider's names differ at their end. Comparing the last byte first saves a
                // call.
                let last = header.name.as_bytes().last();
                if last == name.as_bytes().last() && header.name == name {
                    header.found(value.as_bytes());
                }
            }
        }
    }
}

/// The maximum number of headers to walk over instead of hashing each name. `http`
/// hashes a name byte by byte, which costs as much as this number of comparisons:
/// most of them end at the length.
#[cfg(feature = "http")]
const FEW: usize = 24;

/// The head of a request: everything that arrives before the body.
///
/// Most schemes sign only headers, so any [`Headers`] converts into a `RequestHead` with
/// the method `POST` and no target. Schemes that sign the method or the URL need
/// the method and the target too.
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: Option<&'a str>,
    pub(crate) headers: &'a (dyn Headers + Sync),
}

impl<'a> RequestHead<'a> {
    /// Creates a head with its method (`POST`) and its target: the path and query
    /// of the request line (`/hooks/acme?tenant=7`).
    pub fn new(method: &'a str, target: &'a str, headers: &'a (dyn Headers + Sync)) -> Self {
        Self { method, target: Some(target), headers }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path and query of the request line, if they are known.
    #[must_use]
    pub fn target(&self) -> Option<&'a str> {
        self.target
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &'a (dyn Headers + Sync) {
        self.headers
    }
}

impl<'a, H: Headers + Sync> From<&'a H> for RequestHead<'a> {
    fn from(headers: &'a H) -> Self {
        Self { method: "POST", target: None, headers }
    }
}

#[cfg(feature = "http")]
impl<'a> From<&'a http::request::Parts> for RequestHead<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        Self {
            method: parts.method.as_str(),
            target: parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str),
            headers: &parts.headers,
        }
    }
}

impl std::fmt::Debug for RequestHead<'_> {
    /// Shows only the method: a target may contain a token, a header a signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestHead").field("method", &self.method).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_whatever_its_case() {
        let headers = [("X-Signature", "abc")];
        assert_eq!(headers.unique("x-signature"), Ok(Some(&b"abc"[..])));
        assert_eq!(headers.unique("x-other"), Ok(None));
    }

    #[test]
    fn a_repeated_header_has_no_unique_value_even_if_both_are_equal() {
        let headers = vec![("x-signature", "abc"), ("X-Signature", "abc")];
        assert_eq!(headers.unique("x-signature"), Err(RepeatedHeader));
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_lookup_of_several_headers_agrees_with_single_lookups() {
        use http::{HeaderMap, HeaderName, HeaderValue};
        // Some have the length or the last byte of others, or occur twice.
        let names = ["webhook-signature", "webhook-timestamp", "webhook-id", "x-id", "date", ""];
        for many in [0, 100] {
            let mut map = HeaderMap::new();
            for (name, value) in [
                ("webhook-signature", "v1,abc"),
                ("webhook-id", "msg_1"),
                ("date", "today"),
                ("webhook-timestamp", "1"),
                ("webhook-timestamp", "1"),
                ("user-agent", "a"),
                ("y-id", "2"),
            ] {
                map.append(name, HeaderValue::from_static(value));
            }
            for other in 0..many {
                let name: HeaderName = format!("x-other-{other}").parse().unwrap();
                map.append(name, HeaderValue::from_static("other"));
            }
            let pairs: Vec<_> =
                map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let mut in_map = names.map(HeaderLookup::new);
            map.lookup(&mut in_map);
            let mut in_pairs = names.map(HeaderLookup::new);
            pairs.lookup(&mut in_pairs);
            for (in_map, in_pairs) in in_map.iter().zip(&in_pairs) {
                let name = in_map.name();
                assert_eq!(in_map.value(), map.unique(name), "{name}");
                assert_eq!(in_pairs.value(), map.unique(name), "{name}");
            }
            let only = |value: &'static str| Ok(Some(value.as_bytes()));
            assert_eq!(
                in_map.map(|header| header.value()),
                [
                    only("v1,abc"),
                    Err(RepeatedHeader),
                    only("msg_1"),
                    Ok(None),
                    only("today"),
                    Ok(None)
                ]
            );
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_header_map_behaves_like_a_list_of_pairs() {
        let mut map = http::HeaderMap::new();
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Ok(Some(&b"abc"[..])));
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Err(RepeatedHeader));
    }
}
