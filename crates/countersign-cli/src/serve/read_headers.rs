//! The headers that a scheme reads.

use countersign::Scheme;
use http::{HeaderMap, HeaderName};

/// The headers of the signature and of everything that it covers.
pub(super) fn of_the_signature(scheme: &Scheme) -> Vec<HeaderName> {
    let read = scheme.headers().filter_map(|name| name.parse().ok());
    read.chain(OF_RULES.map(HeaderName::from_static)).collect()
}

/// The headers in which the event's type is looked for.
pub(super) fn of_the_type(scheme: &Scheme) -> Vec<HeaderName> {
    let sources = scheme.event_type_sources().iter().map(ToString::to_string);
    sources.filter_map(|source| source.strip_prefix("header:")?.parse().ok()).collect()
}

/// The headers of a request that a header of the signature lists as signed, as Contentful's and
/// Coinbase's do.
pub(super) fn listed(headers: &HeaderMap, of_the_signature: &[HeaderName]) -> Vec<HeaderName> {
    let values = of_the_signature.iter().flat_map(|name| headers.get_all(name));
    let texts = values.filter_map(|value| value.to_str().ok());
    let words = texts.flat_map(|text| text.split([',', ';', '=', ' ']));
    words.filter_map(|word| word.parse().ok()).filter(|name| headers.contains_key(name)).collect()
}

/// Those that schemes with signing code read besides the ones that they describe.
const OF_RULES: [&str; 4] = [
    "paypal-auth-algo",
    "paypal-cert-url",
    "x-contentful-signed-headers",
    "x-twilio-webhooks-signature-settings",
];
