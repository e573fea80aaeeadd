//! The headers that a scheme reads from a request.

use countersign::Scheme;
use http::{HeaderMap, HeaderName};

/// The headers with the signature and with everything that it covers.
pub(super) fn of_the_signature(scheme: &Scheme) -> Vec<HeaderName> {
    scheme.headers().filter_map(|name| name.parse().ok()).collect()
}

/// The headers that can contain the event type.
pub(super) fn of_the_type(scheme: &Scheme) -> Vec<HeaderName> {
    let sources = scheme.event_type_sources().iter();
    sources.filter_map(|source| source.header()?.parse().ok()).collect()
}

/// The headers of a request that a signature header lists as signed, as with Contentful and
/// Coinbase. Only signing code reads such lists.
pub(super) fn listed(scheme: &Scheme, headers: &HeaderMap) -> Vec<HeaderName> {
    if scheme.is_data() {
        return Vec::new();
    }
    let names = scheme.headers().filter_map(|name| name.parse::<HeaderName>().ok());
    let values = names.flat_map(|name| headers.get_all(name));
    let texts = values.filter_map(|value| value.to_str().ok());
    let words = texts.flat_map(|text| text.split([',', ';', '=', ' ']));
    words.filter_map(|word| word.parse().ok()).filter(|name| headers.contains_key(name)).collect()
}
