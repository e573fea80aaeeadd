//! What is read from a request before its body: the headers, one value each.

/// The headers of a request, asked for by name, one value each.
///
/// The one question this trait answers is "what is the *only* value of this
/// header?". A header that stands in the request twice has no such value: one
/// proxy reads the first, another the last, and whoever signs for one of them
/// must not be believed by the other.
///
/// Implemented for pairs of name and value (arrays, slices and vectors) and,
/// with the feature `http`, for `http::HeaderMap`.
pub trait Headers {
    /// The only value of the header `name`, or `None` where it is absent.
    ///
    /// `name` is given in lower case; names are compared without regard to
    /// ASCII case. The value comes as it was sent, and need not be ASCII.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`] where the header stands in the request more than
    /// once, whether or not its values are equal.
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader>;

    /// Answers the same question for several names.
    ///
    /// Defaults to asking [`unique`](Self::unique) for one after the other. Worth
    /// writing where each of them would walk over all headers: one walk is enough.
    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        for header in wanted {
            header.value = self.unique(header.name);
        }
    }
}

/// A header that is asked for together with others, and the answer.
///
/// ```
/// use countersign_core::{Headers, RepeatedHeader, Wanted};
///
/// let headers = [("X-Id", "1"), ("X-Signature", "ab"), ("X-Signature", "cd")];
/// let mut wanted = ["x-id", "x-signature", "x-time"].map(Wanted::new);
/// headers.find(&mut wanted);
/// let answers = wanted.map(|header| header.value());
/// assert_eq!(answers, [Ok(Some(&b"1"[..])), Err(RepeatedHeader), Ok(None)]);
/// ```
pub struct Wanted<'n, 'h> {
    name: &'n str,
    value: Result<Option<&'h [u8]>, RepeatedHeader>,
}

impl<'n, 'h> Wanted<'n, 'h> {
    /// Asks for the header `name`, in lower case. Until it is found it is absent.
    #[must_use]
    pub fn new(name: &'n str) -> Self {
        Self { name, value: Ok(None) }
    }

    /// The name, in lower case.
    #[must_use]
    pub fn name(&self) -> &'n str {
        self.name
    }

    /// Takes a header of this name. A second one makes it a repeated header.
    #[inline]
    pub fn found(&mut self, value: &'h [u8]) {
        self.value = match self.value {
            Ok(None) => Ok(Some(value)),
            _ => Err(RepeatedHeader),
        };
    }

    /// What [`Headers::unique`] answers.
    ///
    /// # Errors
    ///
    /// [`RepeatedHeader`], as there.
    #[inline]
    pub fn value(&self) -> Result<Option<&'h [u8]>, RepeatedHeader> {
        self.value
    }
}

impl std::fmt::Debug for Wanted<'_, '_> {
    /// Shows the name only: the value may be a signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wanted").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A header that must have one value has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters build it; there is nothing to add")]
pub struct RepeatedHeader;

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let mut wanted = [Wanted::new(name)];
        self.find(&mut wanted);
        wanted[0].value()
    }

    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        for (name, value) in self {
            let named =
                |header: &&mut Wanted<'_, '_>| header.name.eq_ignore_ascii_case(name.as_ref());
            wanted.iter_mut().filter(named).for_each(|header| header.found(value.as_ref()));
        }
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Headers for [(N, V); LEN] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }

    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        self.as_slice().find(wanted);
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }

    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        self.as_slice().find(wanted);
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        (**self).unique(name)
    }

    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        (**self).find(wanted);
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let mut wanted = [Wanted::new(name)];
        self.find(&mut wanted);
        wanted[0].value()
    }

    fn find<'h>(&'h self, wanted: &mut [Wanted<'_, 'h>]) {
        if self.len() > FEW {
            for header in wanted {
                let values = self.get_all(header.name);
                values.iter().for_each(|value| header.found(value.as_bytes()));
            }
            return;
        }
        // Most headers of a request are as long as none that is wanted.
        let bit = |name: &str| 1_u64 << (name.len() % 64);
        let lengths = wanted.iter().fold(0, |lengths, header| lengths | bit(header.name));
        for (name, value) in self {
            let name = name.as_str();
            if lengths & bit(name) == 0 {
                continue;
            }
            for header in &mut *wanted {
                // One provider's names differ at their end, and the first comparison is a call less.
                let last = header.name.as_bytes().last();
                if last == name.as_bytes().last() && header.name == name {
                    header.found(value.as_bytes());
                }
            }
        }
    }
}

/// `http` hashes a name byte by byte, at the cost of comparing it with so many
/// others, of which most differ in length already.
#[cfg(feature = "http")]
const FEW: usize = 24;

/// The head of a request: everything that arrives before the body.
///
/// Most schemes sign nothing of it but headers, so anything that is
/// [`Headers`] turns into a `Head` whose method is `POST` and whose target is
/// not known. Schemes that sign the method or the URL need the other two.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: Option<&'a str>,
    pub(crate) headers: &'a (dyn Headers + Sync),
}

impl<'a> Head<'a> {
    /// A head with its method (`POST`) and its target, the path and query as
    /// they stand in the request line (`/hooks/acme?tenant=7`).
    pub fn new(method: &'a str, target: &'a str, headers: &'a (dyn Headers + Sync)) -> Self {
        Self { method, target: Some(target), headers }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// Path and query, as they stand in the request line, where they are known.
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

impl<'a, H: Headers + Sync> From<&'a H> for Head<'a> {
    fn from(headers: &'a H) -> Self {
        Self { method: "POST", target: None, headers }
    }
}

#[cfg(feature = "http")]
impl<'a> From<&'a http::request::Parts> for Head<'a> {
    fn from(parts: &'a http::request::Parts) -> Self {
        Self {
            method: parts.method.as_str(),
            target: parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str),
            headers: &parts.headers,
        }
    }
}

impl std::fmt::Debug for Head<'_> {
    /// Names the method only: a target may hold a token, a header a signature.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head").field("method", &self.method).finish_non_exhaustive()
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
    fn a_repeated_header_has_no_only_value_even_where_both_are_equal() {
        let headers = vec![("x-signature", "abc"), ("X-Signature", "abc")];
        assert_eq!(headers.unique("x-signature"), Err(RepeatedHeader));
    }

    #[cfg(feature = "http")]
    #[test]
    fn several_headers_are_found_as_one_is_however_many_there_are() {
        use http::{HeaderMap, HeaderName, HeaderValue};
        // Some are as long as others, end like them, or stand there twice.
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
            let mut in_map = names.map(Wanted::new);
            map.find(&mut in_map);
            let mut in_pairs = names.map(Wanted::new);
            pairs.find(&mut in_pairs);
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
    fn a_header_map_answers_like_a_list_of_pairs() {
        let mut map = http::HeaderMap::new();
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Ok(Some(&b"abc"[..])));
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Err(RepeatedHeader));
    }
}
