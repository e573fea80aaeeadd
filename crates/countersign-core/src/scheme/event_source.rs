//! The locations of an event's id and type.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::json::pointer::Pointer;
use crate::request::name::Name;

/// A location of the event's id, always in signed data.
///
/// As text: `header:webhook-id`, `body:/id`, `body:/signature+/type` if events can only be
/// distinguished by several values together, or `body:/events/*/id` for a batch, in which all
/// elements count, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventIdSource(pub(crate) IdPlace);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IdPlace {
    /// The id's header, which the template signs.
    Header(Name),
    /// Values of the body, all required. Shared with every
    /// [`Verified`](crate::Verified).
    Body(Arc<[Pointer]>),
}

impl FromStr for EventIdSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("header:") {
            return header(name).map(IdPlace::Header).map(Self);
        }
        let Some(pointers) = text.strip_prefix("body:") else {
            return Err(unknown_place(text));
        };
        let pointers = pointers.split('+').map(Pointer::of_elements);
        let pointers: Arc<[Pointer]> = pointers.collect::<Result<_, _>>()?;
        let mut arrays = pointers.iter().filter_map(Pointer::array);
        let first = arrays.next();
        if arrays.any(|array| Some(array) != first) {
            return Err(format!("`{text}` contains values of two arrays: use values of one array"));
        }
        Ok(Self(IdPlace::Body(pointers)))
    }
}

impl EventIdSource {
    /// The header, if the id is in one.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match &self.0 {
            IdPlace::Header(name) => Some(name.shown()),
            IdPlace::Body(_) => None,
        }
    }

    /// The JSON pointers of the values that form the id (`/id`, `/events/*/id`), all of them
    /// together. Empty if the id is in a header.
    pub fn body_pointers(&self) -> impl Iterator<Item = &str> {
        let pointers = match &self.0 {
            IdPlace::Header(_) => &[][..],
            IdPlace::Body(pointers) => pointers,
        };
        pointers.iter().map(Pointer::text)
    }

    /// Rejects a location in one element of an array: deliveries whose other elements differ would
    /// be the same event, and all but the first would be lost.
    pub(crate) fn check_has_no_index(&self) -> Result<(), String> {
        let IdPlace::Body(pointers) = &self.0 else { return Ok(()) };
        let found = pointers.iter().find_map(|pointer| Some((pointer, pointer.indices().next()?)));
        let Some((pointer, at)) = found else { return Ok(()) };
        let token = &pointer.tokens()[at];
        Err(if pointer.each().is_some() {
            format!("`{pointer}` reads only the element `{token}` of an array: use another value")
        } else {
            format!(
                "`{pointer}` reads only the element `{token}` of an array, and the events in its other \
                 elements would be lost: write `{}`",
                pointer.with_all_elements(at)
            )
        })
    }

    /// The location as text, in pieces, with header names in lower case: the same for all spellings
    /// of one location.
    pub(crate) fn canonical(&self) -> impl Iterator<Item = &str> + Clone {
        let (kind, header, pointers) = match &self.0 {
            IdPlace::Header(name) => ("header:", Some(name.lower()), &[][..]),
            IdPlace::Body(pointers) => ("body:", None, &pointers[..]),
        };
        let pointers = pointers.iter().enumerate();
        let pointers = pointers.flat_map(|(i, it)| [if i > 0 { "+" } else { "" }, it.text()]);
        [kind].into_iter().chain(header).chain(pointers)
    }
}

impl fmt::Display for EventIdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            IdPlace::Header(name) => write!(f, "header:{name}"),
            IdPlace::Body(_) => self.canonical().try_for_each(|piece| f.write_str(piece)),
        }
    }
}

/// A location of the event's type, in signed data or not.
///
/// As text: `body:/type`, `header:X-GitHub-Event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTypeSource(pub(crate) TypePlace);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypePlace {
    Header(Name),
    Body(Pointer),
}

impl FromStr for EventTypeSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(name) = text.strip_prefix("header:") {
            return header(name).map(TypePlace::Header).map(Self);
        }
        match text.strip_prefix("body:") {
            Some(pointer) => Ok(Self(TypePlace::Body(Pointer::of_one(pointer)?))),
            None => Err(unknown_place(text)),
        }
    }
}

impl EventTypeSource {
    /// The header, if the type is in one.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match &self.0 {
            TypePlace::Header(name) => Some(name.shown()),
            TypePlace::Body(_) => None,
        }
    }

    /// The JSON pointer, if the type is in the body.
    #[must_use]
    pub fn body_pointer(&self) -> Option<&str> {
        match &self.0 {
            TypePlace::Header(_) => None,
            TypePlace::Body(pointer) => Some(pointer.text()),
        }
    }
}

impl fmt::Display for EventTypeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            TypePlace::Header(name) => write!(f, "header:{name}"),
            TypePlace::Body(pointer) => write!(f, "body:{pointer}"),
        }
    }
}

fn header(name: &str) -> Result<Name, String> {
    Name::new(name).ok_or_else(|| format!("`{name}` is not a valid header name"))
}

fn unknown_place(text: &str) -> String {
    format!("`{text}` is not a location: write `header:NAME` or `body:/POINTER`")
}
