//! The headers of a forwarded request.

use countersign::{Grant, Signed, Verified};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::hop_by_hop;

/// Removes what was meant for this server only, and what nobody but this server may say.
pub(super) fn keep_end_to_end(headers: &mut HeaderMap) {
    hop_by_hop::remove(headers);
    let is_ours_or_proxys =
        |name: &&HeaderName| PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    let ours_or_proxys: Vec<HeaderName> =
        headers.keys().filter(is_ours_or_proxys).cloned().collect();
    for name in ours_or_proxys {
        headers.remove(name);
    }
}

/// Says what was proved. The type of an event may be unsigned, and then says so.
pub(super) fn add_proof(headers: &mut HeaderMap, verified: &Verified, grant: Grant) {
    insert(headers, EVENT_ID, verified.event_id());
    if let Some(kind) = verified.event_type() {
        insert(headers, EVENT_TYPE, kind.name);
        let signed = if kind.signed == Signed::Yes { "true" } else { "false" };
        insert(headers, EVENT_TYPE_SIGNED, signed);
    }
    headers.insert(ATTEMPT, HeaderValue::from(grant.epoch));
    let possible_duplicate = if grant.possible_duplicate { "true" } else { "false" };
    insert(headers, POSSIBLE_DUPLICATE, possible_duplicate);
}

/// What a header cannot carry is percent-encoded, and so is the percent sign.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    let encoded = utf8_percent_encode(value, NOT_IN_HEADERS).to_string();
    if let Ok(value) = HeaderValue::try_from(encoded) {
        headers.insert(name, value);
    }
}

const PREFIXES: [&str; 2] = ["countersign-", "proxy-"];

const EVENT_ID: HeaderName = HeaderName::from_static("countersign-event-id");
const EVENT_TYPE: HeaderName = HeaderName::from_static("countersign-event-type");
const EVENT_TYPE_SIGNED: HeaderName = HeaderName::from_static("countersign-event-type-signed");
const ATTEMPT: HeaderName = HeaderName::from_static("countersign-attempt");
const POSSIBLE_DUPLICATE: HeaderName = HeaderName::from_static("countersign-possible-duplicate");

/// Controls and everything that is not ASCII; a space would be trimmed at either end.
const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'%');
