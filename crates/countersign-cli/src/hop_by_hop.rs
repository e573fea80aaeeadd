//! Hop-by-hop headers, which belong to one connection and are not forwarded.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};

/// Removes the hop-by-hop headers, and those that the `Connection` header names. Headers that
/// describe the content are kept: they are end-to-end, and without them the body has another
/// meaning.
pub(crate) fn remove(headers: &mut HeaderMap) {
    remove_except(headers, &[]);
}

/// The same, but keeps the `needed` headers even if the sender's `Connection` header names them.
pub(crate) fn remove_except(headers: &mut HeaderMap, needed: &[HeaderName]) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| !needed.contains(name) && !is_of_content(name))
        .collect();
    for name in HOP_BY_HOP.into_iter().chain(named) {
        headers.remove(name);
    }
}

/// Whether the header of this name is always hop-by-hop.
pub(crate) fn is(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|header| header.as_str() == name)
}

/// Whether the header describes the content, such as `Content-Type`.
pub(crate) fn is_of_content(name: &HeaderName) -> bool {
    name.as_str().starts_with("content-")
}

/// `Host` and `Content-Length` are set again for the new request. `Expect` was already answered.
const HOP_BY_HOP: [HeaderName; 10] = [
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];
