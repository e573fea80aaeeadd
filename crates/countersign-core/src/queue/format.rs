//! How a message is written: a line of JSON, and the bytes of the body.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Facts, MalformedMessage, Message};

/// The version of the format. A reader rejects later ones.
pub(super) const VERSION: u64 = 1;

pub(super) fn write(message: &Message) -> Vec<u8> {
    let Message { id, method, target, headers, body, facts } = message;
    let headers: Vec<Value> =
        headers.iter().map(|(name, value)| json!([name, latin1(value)])).collect();
    let head = json!({
        "v": VERSION,
        "id": id,
        "scheme": facts.scheme,
        "endpoint": facts.endpoint,
        "event_id": facts.event_id,
        "event_type": facts.event_type.as_ref().map(|(name, _)| name),
        "event_type_signed": facts.event_type.as_ref().map(|(_, is_signed)| is_signed),
        "tenant": facts.tenant,
        "body_signed": facts.is_signed,
        "signed_at_ms": facts.signed_at_unix_ms,
        "accepted_at_ms": facts.accepted_at_unix_ms,
        "attempt": facts.attempt,
        "possible_duplicate": facts.possible_duplicate,
        "method": method,
        "target": target,
        "headers": headers,
    });
    // JSON without indentation has no line feed.
    let mut bytes = head.to_string().into_bytes();
    bytes.reserve_exact(1 + body.len());
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

pub(super) fn read(bytes: &Bytes) -> Result<Message, MalformedMessage> {
    let end = memchr::memchr(b'\n', bytes).ok_or(MalformedMessage::NoHead)?;
    let head: Map<String, Value> =
        serde_json::from_slice(&bytes[..end]).map_err(|_| MalformedMessage::NoHead)?;
    let fields = Fields(&head);
    match fields.required("v", Value::as_u64)? {
        VERSION => {}
        found if found > VERSION => return Err(MalformedMessage::NewerVersion { found }),
        _ => return Err(MalformedMessage::Field("v")),
    }
    let text = |name| fields.required(name, |value| value.as_str().map(str::to_owned));
    let event_type = fields.optional("event_type", |value| value.as_str().map(str::to_owned))?;
    let is_signed = fields.optional("event_type_signed", Value::as_bool)?.unwrap_or(false);
    let attempt = fields.required("attempt", Value::as_u64)?;
    Ok(Message {
        id: text("id")?,
        method: text("method")?,
        target: text("target")?,
        headers: fields
            .required("headers", |value| value.as_array()?.iter().map(header).collect())?,
        body: bytes.slice(end + 1..),
        facts: Facts {
            scheme: text("scheme")?,
            endpoint: text("endpoint")?,
            event_id: text("event_id")?,
            event_type: event_type.map(|name| (name, is_signed)),
            tenant: fields.optional("tenant", |value| value.as_str().map(str::to_owned))?,
            is_signed: fields.required("body_signed", Value::as_bool)?,
            signed_at_unix_ms: fields.optional("signed_at_ms", Value::as_i64)?,
            accepted_at_unix_ms: fields.required("accepted_at_ms", Value::as_i64)?,
            attempt: u32::try_from(attempt).map_err(|_| MalformedMessage::Field("attempt"))?,
            possible_duplicate: fields.required("possible_duplicate", Value::as_bool)?,
        },
    })
}

fn header(pair: &Value) -> Option<(String, Vec<u8>)> {
    match pair.as_array()?.as_slice() {
        [name, value] => Some((name.as_str()?.to_owned(), bytes(value.as_str()?)?)),
        _ => None,
    }
}

struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn required<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, MalformedMessage> {
        self.0.get(name).and_then(read).ok_or(MalformedMessage::Field(name))
    }

    /// `None` if the field is null or missing.
    fn optional<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, MalformedMessage> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or(MalformedMessage::Field(name)),
        }
    }
}

/// The value of a header as text: each byte is the character with its number, as in
/// ISO 8859-1. So every value has a text, and ASCII is itself.
fn latin1(value: &[u8]) -> String {
    value.iter().copied().map(char::from).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}
