//! The headers that belong to one connection, and are not handed on.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};

/// Removes them, and those that the connection itself names.
pub(crate) fn remove(headers: &mut HeaderMap) {
    remove_except(headers, &[]);
}

/// The same, without those that are needed end to end: the sender's `Connection` cannot remove them.
pub(crate) fn remove_except(headers: &mut HeaderMap, needed: &[HeaderName]) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| !needed.contains(name))
        .collect();
    for name in HOP_BY_HOP.into_iter().chain(named) {
        headers.remove(name);
    }
}

/// Whether a header of this name belongs to one connection, whatever that says.
pub(crate) fn is(name: &str) -> bool {
    HOP_BY_HOP.iter().any(|header| header.as_str() == name)
}

/// `Host` and `Content-Length` are written anew; `Expect` is answered by now, for the body is here.
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
