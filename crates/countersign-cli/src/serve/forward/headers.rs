//! The headers of a forwarded request.
//!
//! CGI, WSGI, Rack and PHP pass headers to an application as variables, whose names do not
//! distinguish `-`, `_`, `.` and similar characters. So names are compared here in that form.

use countersign::{Grant, Scheme, Signed, Verified};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::hop_by_hop;
use crate::serve::config::ForwardedHeaders;
use crate::serve::read_headers;
use crate::serve::short_id::short_id;

/// Removes hop-by-hop headers, headers that only this server may set, and headers that a target
/// could confuse with another header. Headers that the scheme reads are kept, even if the
/// `Connection` header or a list of names contains them.
pub(super) fn keep_end_to_end(
    headers: &mut HeaderMap,
    forwarded: ForwardedHeaders,
    scheme: &Scheme,
) {
    let mut read = read_headers::of_the_signature(scheme);
    let mut needed = read_headers::listed(headers, &read);
    read.extend(read_headers::of_the_type(scheme));
    needed.extend(read.iter().cloned());
    hop_by_hop::remove_except(headers, &needed);
    let is_dropped = |name: &HeaderName| {
        let folded = folded(name.as_str());
        let is_other = folded != name.as_str();
        is_reserved(&folded)
            || (forwarded == ForwardedHeaders::Drop
                && !read.contains(name)
                && is_of_a_proxy_in_front(&folded))
            || (is_other && (hop_by_hop::is(&folded) || headers.contains_key(&folded)))
    };
    let dropped: Vec<HeaderName> =
        headers.keys().filter(|name| is_dropped(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
}

/// Adds the headers with the verified facts and the attempt.
pub(super) fn add_proof(headers: &mut HeaderMap, verified: &Verified, grant: Grant) {
    add_event(headers, verified);
    headers.insert(ATTEMPT, HeaderValue::from(grant.attempt));
    let possible_duplicate = if grant.possible_duplicate { "true" } else { "false" };
    insert(headers, POSSIBLE_DUPLICATE, possible_duplicate);
}

/// Adds the headers with the event's id, type and tenant, and whether the type is signed.
pub(in crate::serve) fn add_event(headers: &mut HeaderMap, verified: &Verified) {
    insert(headers, EVENT_ID, &short_id(verified.event_id()));
    if let Some(tenant) = verified.tenant() {
        insert(headers, TENANT, tenant);
    }
    if let Some(kind) = verified.event_type() {
        insert(headers, EVENT_TYPE, &short_id(kind.name));
        let signed = if kind.signed == Signed::Yes { "true" } else { "false" };
        insert(headers, EVENT_TYPE_SIGNED, signed);
    }
}

/// Characters that are not valid in a header are percent-encoded, and so is the percent sign.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let encoded = utf8_percent_encode(value, NOT_IN_HEADERS).to_string();
    if let Ok(value) = HeaderValue::try_from(encoded) {
        headers.insert(name, value);
    }
}

/// The name as seen by a target that does not distinguish characters other than letters and digits.
fn folded(name: &str) -> String {
    let fold = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_lowercase()),
        false => '-',
    };
    name.bytes().map(fold).collect()
}

/// Whether a name belongs to this server or to a proxy. As a CGI variable, `Proxy` becomes
/// `HTTP_PROXY`, which HTTP clients of the target read as their proxy setting.
fn is_reserved(folded: &str) -> bool {
    let is_of = |name: &str| {
        folded.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    is_of("countersign") || is_of("proxy")
}

/// Whether a header is one that proxies set to describe the request: its origin, user, host, path,
/// method or protocol. Any client can send such a header.
fn is_of_a_proxy_in_front(folded: &str) -> bool {
    PROXY_PARTS.iter().any(|part| folded.contains(part))
        || PROXY_BEGINNINGS.iter().any(|beginning| folded.starts_with(beginning))
        || PROXY_NAMES.contains(&folded)
}

/// Matched anywhere in a name, because products add their own prefixes and suffixes.
const PROXY_PARTS: [&str; 15] = [
    "authenticated-user",
    "client-cert",
    "client-ip",
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

const EVENT_ID: HeaderName = HeaderName::from_static("countersign-event-id");
const EVENT_TYPE: HeaderName = HeaderName::from_static("countersign-event-type");
const EVENT_TYPE_SIGNED: HeaderName = HeaderName::from_static("countersign-event-type-signed");
const TENANT: HeaderName = HeaderName::from_static("countersign-tenant");
const ATTEMPT: HeaderName = HeaderName::from_static("countersign-attempt");
const POSSIBLE_DUPLICATE: HeaderName = HeaderName::from_static("countersign-possible-duplicate");

/// Control characters and everything outside ASCII, and the space, because spaces at the ends would
/// be trimmed.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str], forwarded: ForwardedHeaders) -> Vec<String> {
        let headers =
            names.iter().map(|name| (name.parse().unwrap(), HeaderValue::from_static("1")));
        kept_by("github", headers.collect(), forwarded)
    }

    fn kept_by(scheme: &str, mut headers: HeaderMap, forwarded: ForwardedHeaders) -> Vec<String> {
        keep_end_to_end(&mut headers, forwarded, &Scheme::named(scheme).unwrap());
        headers.keys().map(HeaderName::to_string).collect()
    }

    #[test]
    fn whatever_folds_into_a_reserved_name_is_dropped() {
        for name in [
            "countersign",
            "countersign-event-id",
            "countersign_event_id",
            "Countersign_Event-Type",
            "countersign-event_type_signed",
            "countersign.attempt",
            "countersign~x",
            "proxy",
            "Proxy_Authorization",
            "proxy!connection",
            "transfer_encoding",
            "Content.Length",
        ] {
            assert_eq!(kept(&[name], ForwardedHeaders::Keep), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_name_that_folds_into_another_header_of_the_request_is_dropped_and_others_are_kept() {
        let names = ["webhook-id", "webhook_id", "WEBHOOK.ID", "my_header", "x-countersign"];
        let expected = ["my_header", "webhook-id", "x-countersign"];
        let mut kept = kept(&names, ForwardedHeaders::Drop);
        kept.sort_unstable();
        assert_eq!(kept, expected);
    }

    #[test]
    fn what_a_proxy_in_front_says_is_kept_only_where_that_is_asked_for() {
        let names = [
            "forwarded",
            "x-forwarded-for",
            "x_forwarded_proto",
            "x-forwardedfor",
            "x-original-forwarded-for",
            "x-vercel-forwarded-for",
            "x-real-ip",
            "client-ip",
            "true-client-ip",
            "wl-proxy-client-ip",
            "fly-client-ip",
            "x-azure-clientip",
            "cf-connecting-ip",
            "cf-connecting-ipv6",
            "do-connecting-ip",
            "x-appengine-user-ip",
            "x-envoy-external-address",
            "x-originating-ip",
            "x-remote-addr",
            "x-remote-user",
            "x-ssl-client-verify",
            "x-original-host",
            "x-original-url",
            "x-rewrite-url",
            "x-host",
            "x-scheme",
            "x-http-method-override",
            "x-method-override",
        ];
        for name in names {
            assert_eq!(kept(&[name, "x-kept"], ForwardedHeaders::Drop), ["x-kept"], "{name}");
            assert_eq!(kept(&[name], ForwardedHeaders::Keep), [name]);
        }
    }

    #[test]
    fn what_the_scheme_reads_is_kept_whatever_the_connection_and_the_lists_of_names_say() {
        for name in Scheme::names() {
            let scheme = Scheme::named(name).unwrap();
            let mut read = read_headers::of_the_signature(&scheme);
            read.extend(read_headers::of_the_type(&scheme));
            let fixed = |name: &HeaderName| hop_by_hop::is(name.as_str());
            let mut read: Vec<String> =
                read.iter().filter(|name| !fixed(name)).map(HeaderName::to_string).collect();
            read.sort_unstable();
            read.dedup();
            let mut headers = HeaderMap::new();
            for header in &read {
                headers
                    .insert(header.parse::<HeaderName>().unwrap(), HeaderValue::from_static("1"));
            }
            let named = format!("x-named, {}", read.join(", "));
            headers.insert("connection", named.parse().unwrap());
            headers.insert("x-named", HeaderValue::from_static("1"));
            let mut kept = kept_by(name, headers, ForwardedHeaders::Drop);
            kept.sort_unstable();
            assert_eq!(kept, read, "{name}");
        }
    }

    #[test]
    fn headers_that_a_signature_lists_are_kept_whatever_the_connection_says() {
        let headers = [
            ("connection", "x-contentful-topic, x-other"),
            ("x-contentful-signed-headers", "x-contentful-topic,X-Forwarded-For"),
            ("x-contentful-topic", "1"),
            ("x-forwarded-for", "1"),
            ("x-other", "1"),
        ];
        let headers = headers
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut kept = kept_by("contentful", headers.into_iter().collect(), ForwardedHeaders::Drop);
        kept.sort_unstable();
        assert_eq!(kept, ["x-contentful-signed-headers", "x-contentful-topic"]);
    }
}
