//! The headers of a forwarded request.
//!
//! CGI, WSGI, Rack and PHP hand headers to an application as variables, in whose names `-`, `_`,
//! `.` and the like are one character. So names are compared here as such a target will see them.

use countersign::{Grant, Signed, Verified};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::hop_by_hop;
use crate::serve::config::ForwardedHeaders;

/// Removes what was meant for this server only, what nobody but this server may say, and what a
/// target could take for another header.
pub(super) fn keep_end_to_end(headers: &mut HeaderMap, forwarded: ForwardedHeaders) {
    hop_by_hop::remove(headers);
    let is_dropped = |name: &HeaderName| {
        let folded = folded(name.as_str());
        let is_other = folded != name.as_str();
        is_reserved(&folded)
            || (forwarded == ForwardedHeaders::Drop && is_of_a_proxy_in_front(&folded))
            || (is_other && (hop_by_hop::is(&folded) || headers.contains_key(&folded)))
    };
    let dropped: Vec<HeaderName> =
        headers.keys().filter(|name| is_dropped(name)).cloned().collect();
    for name in dropped {
        headers.remove(name);
    }
}

/// Says what was proved, and which attempt this is.
pub(super) fn add_proof(headers: &mut HeaderMap, verified: &Verified, grant: Grant) {
    add_event(headers, verified);
    headers.insert(ATTEMPT, HeaderValue::from(grant.epoch));
    let possible_duplicate = if grant.possible_duplicate { "true" } else { "false" };
    insert(headers, POSSIBLE_DUPLICATE, possible_duplicate);
}

/// Names the event. Its type may be unsigned, and then says so.
pub(in crate::serve) fn add_event(headers: &mut HeaderMap, verified: &Verified) {
    insert(headers, EVENT_ID, verified.event_id());
    if let Some(kind) = verified.event_type() {
        insert(headers, EVENT_TYPE, kind.name);
        let signed = if kind.signed == Signed::Yes { "true" } else { "false" };
        insert(headers, EVENT_TYPE_SIGNED, signed);
    }
}

/// What a header cannot carry is percent-encoded, and so is the percent sign.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let encoded = utf8_percent_encode(value, NOT_IN_HEADERS).to_string();
    if let Ok(value) = HeaderValue::try_from(encoded) {
        headers.insert(name, value);
    }
}

/// A name as a target sees it to which all characters but letters and digits are one.
fn folded(name: &str) -> String {
    let fold = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_lowercase()),
        false => '-',
    };
    name.bytes().map(fold).collect()
}

/// This server's own, and a proxy's: as a variable, `Proxy` alone is `HTTP_PROXY`, by which clients
/// of the target find theirs.
fn is_reserved(folded: &str) -> bool {
    let is_of = |name: &str| {
        folded.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    is_of("countersign") || is_of("proxy")
}

/// From where a request came, as a proxy in front of this server says it, or anybody.
fn is_of_a_proxy_in_front(folded: &str) -> bool {
    folded.starts_with("x-forwarded") || PROXYS.contains(&folded)
}

const PROXYS: [&str; 8] = [
    "cf-connecting-ip",
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "true-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
];

const EVENT_ID: HeaderName = HeaderName::from_static("countersign-event-id");
const EVENT_TYPE: HeaderName = HeaderName::from_static("countersign-event-type");
const EVENT_TYPE_SIGNED: HeaderName = HeaderName::from_static("countersign-event-type-signed");
const ATTEMPT: HeaderName = HeaderName::from_static("countersign-attempt");
const POSSIBLE_DUPLICATE: HeaderName = HeaderName::from_static("countersign-possible-duplicate");

/// Controls and everything that is not ASCII; a space would be trimmed at either end.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(names: &[&str], forwarded: ForwardedHeaders) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for name in names {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static("1"));
        }
        keep_end_to_end(&mut headers, forwarded);
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
        let names = ["forwarded", "x-forwarded-for", "x_forwarded_proto", "x-real-ip", "x-kept"];
        assert_eq!(kept(&names, ForwardedHeaders::Drop), ["x-kept"]);
        assert_eq!(kept(&names, ForwardedHeaders::Keep).len(), names.len());
    }
}
