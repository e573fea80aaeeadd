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
}

/// A header that must have one value has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "adapters build it; there is nothing to add")]
pub struct RepeatedHeader;

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        let values = self
            .iter()
            .filter(|(n, _)| n.as_ref().eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref());
        only(values)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Headers for [(N, V); LEN] {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        self.as_slice().unique(name)
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        (**self).unique(name)
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn unique(&self, name: &str) -> Result<Option<&[u8]>, RepeatedHeader> {
        if self.len() <= FEW {
            let mut only = None;
            for (known, value) in self {
                if known.as_str() == name && only.replace(value.as_bytes()).is_some() {
                    return Err(RepeatedHeader);
                }
            }
            return Ok(only);
        }
        only(self.get_all(name).iter().map(http::HeaderValue::as_bytes))
    }
}

/// `http` hashes a name byte by byte, at the cost of comparing it with so many
/// others, of which most differ in length already.
#[cfg(feature = "http")]
const FEW: usize = 24;

fn only<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<&'a [u8]>, RepeatedHeader> {
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(RepeatedHeader),
    }
}

/// The head of a request: everything that arrives before the body.
///
/// Most schemes sign nothing of it but headers, so anything that is
/// [`Headers`] turns into a `Head` whose method is `POST` and whose target is
/// not known. Schemes that sign the method or the URL need the other two.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub(crate) method: &'a str,
    pub(crate) target: Option<&'a str>,
    pub(crate) headers: &'a dyn Headers,
}

impl<'a> Head<'a> {
    /// A head with its method (`POST`) and its target, the path and query as
    /// they stand in the request line (`/hooks/acme?tenant=7`).
    pub fn new(method: &'a str, target: &'a str, headers: &'a dyn Headers) -> Self {
        Self { method, target: Some(target), headers }
    }
}

impl<'a, H: Headers> From<&'a H> for Head<'a> {
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
    fn a_header_map_answers_like_a_list_of_pairs() {
        let mut map = http::HeaderMap::new();
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Ok(Some(&b"abc"[..])));
        map.append("x-signature", http::HeaderValue::from_static("abc"));
        assert_eq!(map.unique("x-signature"), Err(RepeatedHeader));
    }
}
