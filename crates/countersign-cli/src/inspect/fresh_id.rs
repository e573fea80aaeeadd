//! Turns a delivery into another event, if the id of the event is in the body.

use bytes::Bytes;
use countersign::Scheme;
use memchr::memmem;
use serde_json::Value;

use crate::random;

/// A new id.
pub(super) fn new(prefix: &str) -> Result<String, String> {
    let random = random::hex_128().map_err(|fix| fix.to_string())?;
    Ok(format!("{prefix}{random}"))
}

/// The body with another event id. All other bytes stay the same.
pub(super) fn replaced(scheme: &Scheme, body: &Bytes) -> Result<Bytes, String> {
    let json: Value = serde_json::from_slice(body).map_err(|_| NO_ID.to_owned())?;
    let mut pointers = scheme.event_id_sources().iter().flat_map(|source| source.body_pointers());
    let found = pointers.find_map(|pointer| json.pointer(pointer));
    match found {
        Some(Value::String(id)) => {
            let prefix = id.rsplit_once('_').map(|(prefix, _)| format!("{prefix}_"));
            let fresh = new(prefix.as_deref().unwrap_or_default())?;
            text_replaced(body, &quoted(id), &quoted(&fresh))
        }
        Some(Value::Number(id)) => {
            let bits = random::bits_128().map_err(|fix| fix.to_string())?;
            // A number that every language can represent.
            let fresh = (bits % 9_000_000_000) + 1_000_000_000;
            text_replaced(body, &id.to_string(), &fresh.to_string())
        }
        _ => Err(NO_ID.to_owned()),
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

fn text_replaced(body: &Bytes, from: &str, to: &str) -> Result<Bytes, String> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut rest = 0;
    for at in memmem::find_iter(body, from) {
        replaced.extend_from_slice(&body[rest..at]);
        replaced.extend_from_slice(to.as_bytes());
        rest = at + from.len();
    }
    if rest == 0 {
        return Err("the id is escaped in the body: edit it there".to_owned());
    }
    replaced.extend_from_slice(&body[rest..]);
    Ok(replaced.into())
}

const NO_ID: &str = "the body has no event id that could be changed: edit it, so that it differs";

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use super::*;

    #[test]
    fn only_the_id_of_the_event_changes() {
        let body = Bytes::from(r#"{ "id":"evt_1",  "type":"invoice.paid" }"#);
        let fresh = replaced(&schemes::stripe(), &body).unwrap();
        let text = str::from_utf8(&fresh).unwrap();
        assert!(text.starts_with(r#"{ "id":"evt_"#), "{text}");
        assert!(text.ends_with(r#"",  "type":"invoice.paid" }"#), "{text}");
        assert_ne!(fresh, body);
        assert!(replaced(&schemes::stripe(), &Bytes::from("{}")).is_err());
        assert!(replaced(&schemes::stripe(), &Bytes::from("no JSON")).is_err());
    }
}
