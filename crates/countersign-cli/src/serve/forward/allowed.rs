//! Which headers of a delivery are forwarded.
//!
//! Any client can send any header. Proxies and frameworks keep adding headers that name a user or
//! rewrite the request, so a list of those would always miss some. This is a list of the others.

use countersign::Scheme;
use http::{HeaderMap, HeaderName};

use super::headers::folded;
use crate::hop_by_hop;
use crate::serve::config::ForwardedHeaders;
use crate::serve::read_headers;

/// The headers that are forwarded for one scheme and one request.
pub(super) struct Allowed<'a> {
    configured: &'a ForwardedHeaders,
    /// The headers that the scheme reads.
    read: Vec<HeaderName>,
    /// The headers that a signature lists as signed.
    listed: Vec<HeaderName>,
    /// The first words of the headers that the scheme reads, as `github` of `X-GitHub-Event`.
    first_words: Vec<String>,
    /// The words of the scheme's name.
    name_words: Vec<String>,
}

impl<'a> Allowed<'a> {
    pub(super) fn of(
        configured: &'a ForwardedHeaders,
        scheme: &Scheme,
        headers: &HeaderMap,
    ) -> Self {
        let mut read = read_headers::of_the_signature(scheme);
        read.extend(read_headers::of_the_type(scheme));
        let listed = read_headers::listed(scheme, headers);
        let is_common = |word: &&str| COMMON.contains(word);
        let first = |name: &HeaderName| {
            words(name.as_str()).next().filter(|word| !is_common(word)).map(str::to_owned)
        };
        let first_words = read.iter().filter_map(first).collect();
        let name = folded(scheme.name());
        let is_distinctive = |word: &&str| word.len() >= MIN_NAME_WORD && !is_common(word);
        let name_words = words(&name).filter(is_distinctive).map(str::to_owned).collect();
        Self { configured, read, listed, first_words, name_words }
    }

    /// The headers that the sender's `Connection` header must not remove.
    pub(super) fn needed(&self) -> Vec<HeaderName> {
        [&self.read[..], &self.listed].concat()
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        let also: &[String] = match self.configured {
            ForwardedHeaders::Keep => return true,
            ForwardedHeaders::Drop => &[],
            ForwardedHeaders::Also(names) => names,
        };
        let folded = folded(name.as_str());
        self.read.contains(name)
            || also.iter().any(|pattern| matches(pattern, name.as_str()))
            || hop_by_hop::is_of_content(name)
            || is_of_client(name.as_str())
            || is_of_event(&folded)
            || ((self.listed.contains(name) || self.is_of_provider(&folded))
                && !is_of_a_proxy_in_front(&folded))
    }

    fn is_of_provider(&self, folded: &str) -> bool {
        let first = words(folded).next();
        self.first_words.iter().any(|word| Some(word.as_str()) == first)
            || self.name_words.iter().any(|name| words(folded).any(|word| word == name))
    }
}

/// The words of a name, without the `x` at its beginning.
fn words(name: &str) -> impl Iterator<Item = &str> {
    let name = name.strip_prefix("x-").unwrap_or(name);
    name.split('-').filter(|word| !word.is_empty())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// Whether the header describes the sender's client, and what it accepts.
fn is_of_client(name: &str) -> bool {
    name.starts_with("accept-") || CLIENT.contains(&name)
}

/// Whether the header describes the event, its delivery or the attempt, in the words that many
/// providers use for that: `X-Event-Name`, `X-Request-UUID`, `Idempotency-Key`.
fn is_of_event(folded: &str) -> bool {
    let mut words = words(folded).peekable();
    words.peek().is_some_and(|word| SUBJECTS.contains(word))
        && words.all(|word| SUBJECTS.contains(&word) || DETAILS.contains(&word))
}

/// Whether a header is one that proxies set to describe the request: its origin, user, host, path,
/// method or protocol. Such a header is dropped even if its name resembles the provider's.
fn is_of_a_proxy_in_front(folded: &str) -> bool {
    PROXY_PARTS.iter().any(|part| folded.contains(part))
        || PROXY_BEGINNINGS.iter().any(|beginning| folded.starts_with(beginning))
        || PROXY_NAMES.contains(&folded)
}

const CLIENT: [&str; 5] = ["accept", "date", "digest", "repr-digest", "user-agent"];
const SUBJECTS: [&str; 13] = [
    "attempt",
    "correlation",
    "delivery",
    "event",
    "hook",
    "idempotency",
    "message",
    "notification",
    "request",
    "retry",
    "subscription",
    "topic",
    "webhook",
];
const DETAILS: [&str; 15] = [
    "count",
    "created",
    "date",
    "id",
    "key",
    "kind",
    "name",
    "num",
    "number",
    "reason",
    "time",
    "timestamp",
    "type",
    "uuid",
    "version",
];
/// Matched anywhere in a name, because products add their own prefixes and suffixes.
const PROXY_PARTS: [&str; 16] = [
    "authenticated-user",
    "client-cert",
    "client-ip",
    "client-principal",
    "clientip",
    "connecting-ip",
    "external-address",
    "forwarded",
    "method-override",
    "originating-ip",
    "real-ip",
    "remote-addr",
    "remote-ip",
    "remote-user",
    "ssl-client",
    "user-ip",
];
const PROXY_BEGINNINGS: [&str; 3] = ["x-auth-request-", "x-original-", "x-rewrite-"];
const PROXY_NAMES: [&str; 6] =
    ["front-end-https", "x-host", "x-http-method", "x-scheme", "x-server-name", "x-url-scheme"];
/// Words that do not name a provider, because many headers that proxies set contain them.
const COMMON: [&str; 17] = [
    "api",
    "app",
    "auth",
    "authorization",
    "client",
    "email",
    "host",
    "http",
    "https",
    "original",
    "remote",
    "request",
    "server",
    "service",
    "ssl",
    "tls",
    "user",
];
/// A shorter word of a scheme's name says too little: `x`, `v1`, `of`.
const MIN_NAME_WORD: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_word_is_not_the_name_of_a_provider() {
        let scheme = Scheme::builder("client-api-acme")
            .signature_header("X-Request-Signature")
            .signed_payload("{body}")
            .build()
            .unwrap();
        let allowed = Allowed::of(&ForwardedHeaders::Drop, &scheme, &HeaderMap::new());
        let is_allowed = |name| allowed.contains(&HeaderName::from_static(name));
        for name in ["x-request-signature", "x-request-id", "x-acme-shop"] {
            assert!(is_allowed(name), "{name}");
        }
        for name in ["x-request-uri", "x-client-dn", "x-client-verify", "x-api-user"] {
            assert!(!is_allowed(name), "{name}");
        }
    }
}
