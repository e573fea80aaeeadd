//! Which event a delivery is about: its id and its type.

use std::fmt;

use sha2::{Digest, Sha256};
use smallvec::SmallVec;

use crate::json::{self, Value};
use crate::presented::Presented;
use crate::scheme::{EventIdSource, IdPlace, Pointer, Scheme, TypePlace};

/// The identity of an event, derived from what was signed.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) id_from: EventIdFrom,
    pub(crate) kind: Option<(String, Signed)>,
}

/// Where an event's id was found.
///
/// As text: `header:webhook-id`, `body:/id`, or `digest`, where the scheme has
/// no signed id or this delivery none: the SHA-256 of the signed body, or of
/// everything signed where the body is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventIdFrom {
    /// One of the scheme's places.
    Source(EventIdSource),
    /// The digest of what was signed.
    Digest,
}

impl fmt::Display for EventIdFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => fmt::Display::fmt(source, f),
            Self::Digest => f.write_str("digest"),
        }
    }
}

/// Whether a value is covered by the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a value is covered or it is not")]
pub enum Signed {
    /// Nobody but a holder of the secret can have written it.
    Yes,
    /// Anybody on the way may have changed it: do not decide by it.
    No,
}

impl Event {
    /// Derives the identity of a verified delivery. Never fails: the digest is
    /// always there.
    pub(crate) fn of(scheme: &Scheme, presented: &Presented, body: &[u8]) -> Self {
        let around = [presented.before(), presented.after()];
        let known = Known {
            family: presented.family(),
            id: presented.id(),
            header_type: presented.header_type(),
            digested: if body.is_empty() { around } else { [body, b""] },
        };
        Self::known(scheme, &known, body)
    }

    /// As [`of`](Self::of), from what a scheme's rule has learned.
    pub(crate) fn known(scheme: &Scheme, known: &Known<'_>, body: &[u8]) -> Self {
        let values = Values::of(scheme, body);
        let (id, id_from) = id(scheme, known, &values);
        Self { id, id_from, kind: kind(scheme, known, &values) }
    }
}

/// What tells of an event, besides its body.
pub(crate) struct Known<'a> {
    /// Which of the scheme's families of headers the request uses.
    pub(crate) family: usize,
    /// The signed id.
    pub(crate) id: Option<&'a str>,
    /// The type from a header.
    pub(crate) header_type: Option<&'a str>,
    /// Whose digest is the id where there is no other.
    pub(crate) digested: [&'a [u8]; 2],
}

fn id(scheme: &Scheme, known: &Known<'_>, values: &Values<'_>) -> (String, EventIdFrom) {
    for source in &scheme.event_id {
        let id = match &source.0 {
            IdPlace::Header(_) => known.id.map(str::to_owned),
            IdPlace::Body(pointers) => joined(pointers, values),
        };
        if let Some(id) = id {
            let place = match (&source.0, &scheme.families[known.family].id) {
                // The header that this request used, where there are two sets of names.
                (IdPlace::Header(_), Some(used)) => IdPlace::Header(used.clone()),
                (place, _) => place.clone(),
            };
            return (id, EventIdFrom::Source(EventIdSource(place)));
        }
    }
    let [first, second] = known.digested;
    let digest = Sha256::new().chain_update(first).chain_update(second).finalize();
    (format!("sha256:{}", const_hex::encode(digest)), EventIdFrom::Digest)
}

/// Several values as one id, so that no two lists give the same: joined by `:`,
/// and where a value has a `:` or a `\` of its own, a `\` stands before it.
fn joined(pointers: &[Pointer], values: &Values<'_>) -> Option<String> {
    if let [only] = pointers {
        return values.text(only).map(str::to_owned);
    }
    let texts = pointers.iter().map(|pointer| values.text(pointer));
    let texts: SmallVec<[&str; 4]> = texts.collect::<Option<_>>()?;
    let mut id = String::with_capacity(texts.iter().map(|text| text.len() + 1).sum());
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            id.push(':');
        }
        for character in text.chars() {
            if matches!(character, ':' | '\\') {
                id.push('\\');
            }
            id.push(character);
        }
    }
    Some(id)
}

fn kind(scheme: &Scheme, known: &Known<'_>, values: &Values<'_>) -> Option<(String, Signed)> {
    scheme.event_type.iter().find_map(|source| {
        let name = match &source.0 {
            TypePlace::Body(pointer) => values.text(pointer)?,
            TypePlace::Header(_) => known.header_type?,
        };
        let signed = if scheme.signs(source) { Signed::Yes } else { Signed::No };
        Some((name.to_owned(), signed))
    })
}

/// The values of the body that the scheme's sources name, found in one walk.
struct Values<'a> {
    pointers: SmallVec<[&'a Pointer; 4]>,
    found: Vec<Value>,
}

impl<'a> Values<'a> {
    fn of(scheme: &'a Scheme, body: &[u8]) -> Self {
        let ids = scheme.event_id.iter().filter_map(|source| match &source.0 {
            IdPlace::Body(pointers) => Some(pointers.iter()),
            IdPlace::Header(_) => None,
        });
        let types = scheme.event_type.iter().filter_map(|source| match &source.0 {
            TypePlace::Body(pointer) => Some(pointer),
            TypePlace::Header(_) => None,
        });
        let mut pointers = SmallVec::new();
        for pointer in ids.flatten().chain(types) {
            if !pointers.contains(&pointer) {
                pointers.push(pointer);
            }
        }
        let found = if pointers.is_empty() { Vec::new() } else { json::find(body, &pointers) };
        Self { pointers, found }
    }

    /// The text at a pointer; an empty one tells nothing apart and counts as
    /// none.
    fn text(&self, pointer: &Pointer) -> Option<&str> {
        self.pointers.iter().zip(&self.found).find_map(|(at, value)| match value {
            Value::Text(text) if *at == pointer && !text.is_empty() => Some(text.as_str()),
            _ => None,
        })
    }
}
