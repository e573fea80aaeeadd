//! The bodies of the attacks: of one event, of another event, or with another
//! time.

use bytes::Bytes;
use countersign_core::{Scheme, TimestampUnit};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json;

/// A body with every field that the scheme reads from it.
pub(super) fn sample(scheme: &Scheme, unix_ms: i64) -> Bytes {
    let mut event = Value::Object(Map::new());
    for kind in scheme.event_type_sources() {
        if let Some(pointer) = kind.body_pointer() {
            insert(&mut event, pointer, "countersign.attack".into());
        }
    }
    for id in scheme.event_id_sources() {
        for pointer in id.body_pointers() {
            insert(&mut event, pointer, format!("evt_{unix_ms}").into());
        }
    }
    if let Some((pointer, unit)) = time_in_body(scheme)
        && let Some(time) = time(unit, unix_ms)
    {
        insert(&mut event, &pointer, time);
    }
    if event.as_object().is_some_and(Map::is_empty) {
        insert(&mut event, "/event", format!("evt_{unix_ms}").into());
    }
    event.to_string().into()
}

/// The JSON pointer and unit of the timestamp in the body, if the sender writes
/// it there.
pub(super) fn time_in_body(scheme: &Scheme) -> Option<(String, TimestampUnit)> {
    let source = scheme.timestamp_source().filter(|_| scheme.is_data())?;
    Some((source.body_pointer()?.to_owned(), scheme.timestamp_unit()?))
}

/// The same event with another timestamp; `None` if the body has no timestamp.
pub(super) fn dated(scheme: &Scheme, body: &[u8], unix_ms: i64) -> Option<Bytes> {
    let (pointer, unit) = time_in_body(scheme)?;
    let time = time(unit, unix_ms)?;
    json::changed(body, &pointer, |was| {
        Some(if was.is_string() && time.is_number() { time.to_string().into() } else { time })
    })
}

/// The same event with an invalid timestamp.
pub(super) fn undated(scheme: &Scheme, body: &[u8], time: Value) -> Option<Bytes> {
    let (pointer, _) = time_in_body(scheme)?;
    json::changed(body, &pointer, |_| Some(time))
}

/// Another event, with this name; `None` if the body has no place for it.
pub(super) fn renamed(scheme: &Scheme, body: &[u8], name: &str) -> Option<Bytes> {
    let mut renamed = None;
    for id in scheme.event_id_sources() {
        // If several values form the id, changing one of them makes it
        // different.
        for pointer in id.body_pointers().take(1) {
            let event = renamed.as_deref().unwrap_or(body);
            // A batch with another first element is another batch.
            let other = json::changed(event, &pointer.replace("/*", "/0"), |id| match id {
                Value::String(id) => Some(format!("{id}_{name}").into()),
                Value::Number(id) => Some(format!("{id}_{name}").into()),
                _ => None,
            });
            renamed = other.or(renamed);
        }
    }
    // Without an id, the digest of the signed payload is the id.
    renamed.or_else(|| json::with_field(body, "countersign_attack", name))
}

/// The body changed by an attacker who cannot sign it. JSON remains JSON, so
/// that a receiver does not reject it for another reason.
pub(super) fn tampered(body: &[u8]) -> Bytes {
    let more: &[u8] = match body.trim_ascii().strip_prefix(b"{") {
        Some(rest) if rest.trim_ascii() == b"}" => return Bytes::from_static(b"{\"forged\":true}"),
        Some(rest) => return [b"{\"forged\":true,", rest].concat().into(),
        None if body.contains(&b'=') => b"&forged=1",
        None => b" ",
    };
    [body, more].concat().into()
}

/// The same event in a body of this length. The padding of an object is text in a
/// field, because white space is lost if a scheme parses the body to sign it.
pub(super) fn padded(body: &[u8], length: usize) -> Bytes {
    let with_padding =
        |count: usize| json::with_field(body, "countersign_padding", &"x".repeat(count));
    if let Some(shortest) = with_padding(0)
        && let Some(padded) = with_padding(length.saturating_sub(shortest.len()))
    {
        return padded;
    }
    let filler = if serde_json::from_slice::<Value>(body).is_ok() { b' ' } else { b'x' };
    let mut padded = body.to_vec();
    if filler == b'x' && body.contains(&b'=') {
        padded.extend_from_slice(b"&padding=");
    }
    padded.resize(length.max(padded.len()), filler);
    padded.into()
}

/// Inserts a value at a JSON pointer, and creates the objects on the way to it.
/// If the pointer goes through all elements of an array, creates an array of
/// one element.
fn insert(event: &mut Value, pointer: &str, value: Value) {
    let mut place = event;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        if token == "*" {
            if !place.is_array() {
                *place = Value::Array(vec![Value::Null]);
            }
            let Some(first) = place.get_mut(0) else { return };
            place = first;
            continue;
        }
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(fields) = place.as_object_mut() else { return };
        place = fields.entry(token).or_insert(Value::Null);
    }
    *place = value;
}

/// A timestamp in the form that a body has.
fn time(unit: TimestampUnit, unix_ms: i64) -> Option<Value> {
    match unit {
        TimestampUnit::Seconds => Some(unix_ms.div_euclid(1000).into()),
        TimestampUnit::Milliseconds => Some(unix_ms.into()),
        TimestampUnit::Rfc3339 => {
            let nanoseconds = i128::from(unix_ms) * 1_000_000;
            let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
            time.format(&Rfc3339).ok().map(Value::from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use countersign_schemes as schemes;

    use super::*;

    #[test]
    fn a_sample_has_its_id_type_and_time_at_the_locations_of_the_scheme() {
        let scheme = schemes::perps_tracker();
        let event: Value = serde_json::from_slice(&sample(&scheme, 1_760_000_000_999)).unwrap();
        assert_eq!(event["created"], 1_760_000_000);
        assert_eq!(event["id"], "evt_1760000000999");
        assert_eq!(event["type"], "countersign.attack");
    }

    #[test]
    fn a_tampered_body_differs_and_is_still_json() {
        for body in ["{}", " { } ", r#"{"a":1}"#] {
            let tampered = tampered(body.as_bytes());
            let event: Value = serde_json::from_slice(&tampered).unwrap();
            assert_eq!(event["forged"], true, "{body}");
        }
        assert_eq!(tampered(b"a=1"), "a=1&forged=1");
        assert_eq!(tampered(b""), " ");
    }

    #[test]
    fn a_padded_body_has_the_requested_length_and_is_still_valid() {
        for body in ["{}", r#"{"id":"a"}"#, " { \"id\" : \"a\" } ", "[1]", "7"] {
            let padded = padded(body.as_bytes(), 1001);
            assert_eq!(padded.len(), 1001, "{body}");
            let [event, before]: [Value; 2] =
                [&padded[..], body.as_bytes()].map(|json| serde_json::from_slice(json).unwrap());
            assert_eq!(event.get("id"), before.get("id"), "{body}");
            // Still long after it is parsed and written again.
            assert!(!event.is_object() || event.to_string().len() > 990, "{body}");
        }
        assert_eq!(padded(b"a=1", 14), "a=1&padding=xx");
        assert_eq!(padded(b"text", 6), "textxx");
        // A body is never cut.
        assert!(padded(br#"{"id":"a"}"#, 3).ends_with(br#""id":"a"}"#));
    }

    #[test]
    fn another_event_has_another_id_or_another_digest() {
        let scheme = schemes::stripe();
        let renamed = |body: &str| renamed(&scheme, body.as_bytes(), "b");
        assert_eq!(renamed(r#"{"id":"a"}"#).unwrap(), r#"{"id":"a_b"}"#);
        assert_eq!(renamed(r#"{"id":1}"#).unwrap(), r#"{"id":"1_b"}"#);
        assert_eq!(renamed("{}").unwrap(), r#"{"countersign_attack":"b"}"#);
        assert_eq!(renamed("a=1"), None);
    }
}
