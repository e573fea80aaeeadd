//! The event that a delivery is about: its id and its type.

use std::fmt;

use smallvec::SmallVec;

use crate::json::pointer::Pointer;
use crate::json::{self, Value};
use crate::scheme::{EventIdSource, IdPlace, Identity, Scheme, TypePlace};
use crate::signature_headers::{SignatureHeaders, SignedPieces};
use crate::verify::{event_digest, placeholder};

/// The identity of an event, derived from signed data.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) id_from: EventIdFrom,
    /// The index of the scheme's location that the id comes from; `None` if it is the digest of the
    /// signed bytes. Equal values from two locations are two different ids.
    pub(crate) place: Option<usize>,
    /// Whether the id is a digest: of the signed bytes, or of the ids of a batch.
    pub(crate) is_digest: bool,
    pub(crate) identity: Identity,
    /// The type, and whether the signature covers it.
    pub(crate) kind: Option<(String, bool)>,
}

/// Where an event's id was found.
///
/// As text: `header:webhook-id`, `body:/id`, or `digest`. It is `digest` if the
/// scheme has no signed id or the delivery contains none. The digest is the
/// SHA-256 of the signed bytes, with or without the timestamp, depending on the
/// [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventIdFrom {
    /// One of the locations that the scheme defines.
    Source(EventIdSource),
    /// The digest of the signed bytes.
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

impl Event {
    /// Derives the identity of a verified delivery. Never fails: the digest is
    /// always available.
    pub(crate) fn of(scheme: &Scheme, presented: &SignatureHeaders, body: &[u8]) -> Self {
        let known = Known {
            family: presented.family(),
            id: presented.id(),
            header_type: presented.header_type(),
            signed: presented.signed_pieces(body),
        };
        Self::known(scheme, &known, body)
    }

    /// As [`of`](Self::of), with the data that custom signing code has returned.
    pub(crate) fn known(scheme: &Scheme, known: &Known<'_>, body: &[u8]) -> Self {
        let values = Values::of(scheme, body);
        let kind = kind(scheme, known, &values);
        match id(scheme, known, &values) {
            Some((place, id, source)) => Self {
                id: id.text,
                id_from: EventIdFrom::Source(source),
                place: Some(place),
                is_digest: id.is_digest,
                identity: Identity::Id,
                kind,
            },
            None => {
                let (id, identity) = event_digest::digest(scheme, &known.signed, body.is_empty());
                // A body with a duplicate key can be read in two ways, so its
                // content is not known.
                let identity = if values.has_repeated_key() { Identity::Unknown } else { identity };
                let id_from = EventIdFrom::Digest;
                Self { id, id_from, place: None, is_digest: true, identity, kind }
            }
        }
    }
}

/// The data from which an event is derived, besides its body.
pub(crate) struct Known<'a> {
    /// The index of the scheme's header family that the request uses.
    pub(crate) family: usize,
    /// The signed id.
    pub(crate) id: Option<&'a str>,
    /// The event's type from a header.
    pub(crate) header_type: Option<&'a str>,
    /// The signed pieces: their digest is the id if there is no other.
    pub(crate) signed: SignedPieces<'a>,
}

/// An id from one of the scheme's locations.
struct Id {
    text: String,
    is_digest: bool,
}

impl Id {
    fn named(text: String) -> Self {
        Self { text, is_digest: false }
    }
}

/// Returns the index of the location, the id, and the location as this request uses it.
fn id(
    scheme: &Scheme,
    known: &Known<'_>,
    values: &Values<'_>,
) -> Option<(usize, Id, EventIdSource)> {
    scheme.event_id.iter().enumerate().find_map(|(number, source)| {
        let id = match &source.0 {
            IdPlace::Header(_) => {
                known.id.filter(|id| identifies(id)).map(|id| Id::named(id.to_owned()))
            }
            IdPlace::Body(_) if values.has_repeated_key() => None,
            IdPlace::Body(pointers) => of_elements(scheme, pointers, values),
        }?;
        let place = match (&source.0, &scheme.families[known.family].id) {
            // The header that this request used, if there are two sets of names.
            (IdPlace::Header(_), Some(used)) => IdPlace::Header(used.clone()),
            (place, _) => place.clone(),
        };
        Some((number, id, EventIdSource(place)))
    })
}

/// Builds the id from these values. For elements of an array, it is the id of
/// the only element, or the digest of all ids. `None` if an element lacks a
/// value, or has none that distinguishes it, or the array is empty.
fn of_elements(scheme: &Scheme, pointers: &[Pointer], values: &Values<'_>) -> Option<Id> {
    let columns = pointers.iter().map(|pointer| values.at(pointer));
    let columns: SmallVec<[&Value; 4]> = columns.collect::<Option<_>>()?;
    let elements = columns.iter().find_map(|column| match column {
        Value::Elements(elements) => Some(elements.len()),
        _ => None,
    });
    let rows = elements.unwrap_or(1);
    let part =
        |column, row| text_in_row(column, row).filter(|text| !placeholder::is_no_value(text));
    let row = |row| columns.iter().map(move |column| part(column, row));
    let texts: SmallVec<[&str; 4]> = (0..rows).flat_map(row).collect::<Option<_>>()?;
    // Whether the value of a column can distinguish events. The scheme has checked a single one.
    let can_differ = |pointer| pointers.len() == 1 || scheme.can_differ_at(pointer);
    let can_differ: SmallVec<[bool; 4]> = pointers.iter().map(can_differ).collect();
    let is_distinct = |row: &[&str]| {
        let mut values = row.iter().zip(&can_differ);
        values.any(|(text, can_differ)| *can_differ && !placeholder::is_shared(text))
    };
    if !texts.chunks(columns.len().max(1)).all(is_distinct) {
        return None;
    }
    match rows {
        0 => None,
        1 => Some(Id::named(joined(&texts))),
        _ => Some(Id { text: event_digest::digest_of_ids(texts), is_digest: true }),
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Whether a text can be an id by itself.
fn identifies(text: &str) -> bool {
    !placeholder::is_no_value(text) && !placeholder::is_shared(text)
}

fn text_in_row(column: &Value, row: usize) -> Option<&str> {
    let value = match column {
        Value::Elements(elements) => elements.get(row)?,
        value => value,
    };
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// Combines several values into one id, so that no two lists give the same id:
/// they are joined by `:`, and each `:` or `\` inside a value is escaped by a
/// `\`.
fn joined(texts: &[&str]) -> String {
    if let [only] = texts {
        return (*only).to_owned();
    }
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
    id
}

fn kind(scheme: &Scheme, known: &Known<'_>, values: &Values<'_>) -> Option<(String, bool)> {
    scheme.event_type.iter().find_map(|source| {
        let name = match &source.0 {
            TypePlace::Body(pointer) => {
                text_in_row(values.at(pointer)?, 0).filter(|text| !is_blank(text))?
            }
            TypePlace::Header(_) => known.header_type?,
        };
        Some((name.to_owned(), scheme.signs(source)))
    })
}

/// The body values that the scheme's sources name, found in one pass.
struct Values<'a> {
    pointers: SmallVec<[&'a Pointer; 4]>,
    found: Vec<Value>,
    /// How many of them, counted from the first, belong to an id.
    ids: usize,
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
        let mut pointers: SmallVec<[&Pointer; 4]> = SmallVec::new();
        let mut add = |pointer| {
            if !pointers.contains(&pointer) {
                pointers.push(pointer);
            }
        };
        ids.flatten().for_each(&mut add);
        let ids = pointers.len();
        types.for_each(|pointer| {
            if !pointers.contains(&pointer) {
                pointers.push(pointer);
            }
        });
        let found = if pointers.is_empty() { Vec::new() } else { json::find(body, &pointers) };
        Self { pointers, found, ids }
    }

    fn at(&self, pointer: &Pointer) -> Option<&Value> {
        let mut found = self.pointers.iter().zip(&self.found);
        found.find_map(|(at, value)| (*at == pointer).then_some(value))
    }

    /// Whether a key is duplicated on the path to a value of an id.
    fn has_repeated_key(&self) -> bool {
        self.found[..self.ids].contains(&Value::Repeated)
    }
}
