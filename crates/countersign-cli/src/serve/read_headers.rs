//! The headers that a scheme reads from a request.

use countersign::Scheme;
use http::{HeaderMap, HeaderName};

/// The headers with the signature and with everything that it covers.
pub(super) fn of_the_signature(scheme: &Scheme) -> Vec<HeaderName> {
    let read = scheme.headers().filter_map(|name| name.parse().ok());
    read.chain(OF_RULES.map(HeaderName::from_static)).collect()
}

/// The headers that can contain the event type.
pub(super) fn of_the_type(scheme: &Scheme) -> Vec<HeaderName> {
    let sources = scheme.event_type_sources().iter().map(ToString::to_string);
    sources.filter_map(|source| source.strip_prefix("header:")?.parse().ok()).collect()
}

/// The headers of a request that a signature header lists as signed, as with Contentful and
/// Coinbase.
pub(super) fn listed(headers: &HeaderMap, of_the_signature: &[HeaderName]) -> Vec<HeaderName> {
    let values = of_the_signature.iter().flat_map(|name| headers.get_all(name));
    let texts = values.filter_map(|value| value.to_str().ok());
    let words = texts.flat_map(|text| text.split([',', ';', '=', ' ']));
    words.filter_map(|word| word.parse().ok()).filter(|name| headers.contains_key(name)).collect()
}

/// Headers that schemes implemented in code read in addition to the headers they declare.
const OF_RULES: [&str; 4] = [
    "paypal-auth-algo",
    "paypal-cert-url",
    "x-contentful-signed-headers",
    "x-twilio-webhooks-signature-settings",
];
