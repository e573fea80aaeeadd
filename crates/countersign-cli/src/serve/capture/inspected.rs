//! A delivery for the inspector: redacted as in a captured file.

use bytes::Bytes;
use http::HeaderMap;

use super::Entry;
use super::known_secrets::KnownSecrets;
use super::redaction::{self, REDACTED};
use crate::inspect::{BodyState, Delivery, Recorded};

/// The delivery with its request. Bodies are copied: the ones here count in the budget for requests.
pub(super) fn recorded(entry: &Entry, mut delivery: Delivery, hidden: &KnownSecrets) -> Delivery {
    let Entry { of, seen, body, decoded, .. } = entry;
    let shown =
        |text: String| if hidden.is_in(text.as_bytes()) { REDACTED.to_owned() } else { text };
    let bodies = || [Some(body), decoded.as_ref()].into_iter().flatten();
    let is_shown =
        delivery.handshake.is_none() && bodies().all(|body| of.redaction.allows_body(body, hidden));
    let headers = redaction::with_plain_names(&seen.headers, hidden);
    let left_out = of.redaction.headers(&headers, hidden);
    let (url, mut redacted) = of.redaction.url(seen.url(of.url.as_ref()), hidden);
    redacted.extend(left_out.iter().map(|name| format!("header:{name}")));
    if headers.len() < seen.headers.len() {
        redacted.push("header".to_owned());
    }
    if !is_shown {
        redacted.push("body".to_owned());
    }
    delivery.received_at_ms = seen.at_ms;
    delivery.endpoint = shown(of.path.to_string());
    delivery.scheme = of.scheme.name().to_owned();
    delivery.code = entry.code.to_owned();
    delivery.status = entry.status;
    if let Some(event) = &mut delivery.event {
        event.id = shown(std::mem::take(&mut event.id));
        event.kind = event.kind.take().map(shown);
        event.tenant = event.tenant.take().map(shown);
    }
    delivery.request = Recorded {
        method: seen.method.as_str().to_owned(),
        url,
        headers: pairs(&headers, &left_out),
        body: if is_shown { Bytes::copy_from_slice(body) } else { Bytes::new() },
        body_state: match (is_shown, entry.is_whole) {
            (false, _) => BodyState::Redacted,
            (true, true) => BodyState::Whole,
            (true, false) => BodyState::Incomplete,
        },
        body_bytes: body.len(),
        redacted,
    };
    let is_handshake = delivery.handshake.is_some();
    if let Some(answer) = &mut delivery.response {
        let answered = entry.answered.as_ref();
        answer.headers = answered.map_or_else(Vec::new, |headers| {
            let plain = redaction::with_plain_names(headers, hidden);
            pairs(&plain, &of.redaction.headers(&plain, hidden))
        });
        if is_handshake || hidden.is_in(&answer.body) {
            answer.is_body_redacted = !answer.body.is_empty();
            answer.body = Bytes::new();
        }
    }
    delivery
}

/// The headers in their order, with the redacted values replaced.
fn pairs(headers: &HeaderMap, left_out: &[http::HeaderName]) -> Vec<(String, Vec<u8>)> {
    let value = |name, value: &http::HeaderValue| match left_out.contains(name) {
        true => REDACTED.as_bytes().to_vec(),
        false => value.as_bytes().to_vec(),
    };
    headers.iter().map(|(name, it)| (name.to_string(), value(name, it))).collect()
}
