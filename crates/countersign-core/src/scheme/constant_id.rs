//! Rejects locations of the id in which distinct events have the same value: all events but the
//! first would be lost.

use super::{EventIdSource, IdPlace, Scheme, TimestampPlace, TypePlace};
use super::{common_headers, name_words};
use crate::json::pointer::Pointer;
use crate::request::name::Name;

impl Scheme {
    /// Checks that a value of the id is more than the type and times, which can be parts of it.
    pub(super) fn check_id_differs(&self, source: &EventIdSource) -> Result<(), String> {
        let IdPlace::Body(pointers) = &source.0 else { return Ok(()) };
        let mut shared = Vec::new();
        for pointer in pointers.iter() {
            let Some(what) = self.shared_value_at(pointer) else { return Ok(()) };
            shared.push(format!("`{pointer}` is the location of {what}"));
        }
        let id = source.to_string();
        let id = id.trim_start_matches("body:");
        Err(format!(
            "{}, and all but the first would be lost: use a value that differs in every event, also \
             together with {}, such as `body:/id+{id}`. If there is none, remove the id; your \
             own scheme can set `fallback_identity = \"content\"` if equal bodies are always the \
             same event",
            shared.join(", "),
            if shared.len() == 1 { "this one" } else { "these" },
        ))
    }

    /// Whether the value at a location of the id can be different for every event.
    pub(crate) fn can_differ_at(&self, pointer: &Pointer) -> bool {
        self.shared_value_at(pointer).is_none()
    }

    /// Why distinct events can have the same value at this location.
    fn shared_value_at(&self, pointer: &Pointer) -> Option<&'static str> {
        // The name of an element is that of its array.
        let mut names = pointer.tokens().iter().rev();
        let name = names.find(|token| *token != "*").map_or("", String::as_str);
        if self.has_type_at(pointer) {
            Some("the event's type, which is the same for many events")
        } else if self.has_timestamp_at(pointer) {
            Some("the timestamp, which several events can share")
        } else if name_words::is_time(name) {
            Some("a time, which several events can share")
        } else if name_words::is_attempt(name) {
            Some("the number of an attempt, which does not identify the event")
        } else if name_words::is_kind(name) {
            Some("a kind or a state of events, or a version, which many events share")
        } else if name_words::is_owner(name) {
            Some("what many events belong to")
        } else if name_words::is_checksum(name) {
            Some("a checksum of the content, which distinct events can share")
        } else {
            None
        }
    }

    /// Checks that the headers of the id can identify an event.
    pub(super) fn check_id_headers(&self) -> Result<(), String> {
        for id in self.families.iter().filter_map(|family| family.id.as_ref()) {
            let name = id.lower();
            let what = if common_headers::is_constant(name) {
                "is the same in many requests"
            } else if self.has_type_in(id) {
                "contains the event's type, which is the same for many events"
            } else if name_words::is_digest_header(name) {
                "depends only on the content, which distinct events can share (if they never do, \
                 remove `id_header`, and set `fallback_identity = \"content\"`)"
            } else if name_words::is_attempt_header(name) {
                "describes an attempt, and does not identify the event"
            } else if name_words::is_kind_header(name) {
                "names a kind of events, or a version"
            } else if name_words::is_time(name) {
                "contains a time, which several events can share"
            } else if name_words::is_owner(name) {
                "names what many events belong to"
            } else {
                continue;
            };
            return Err(format!(
                "`{id}` {what}: use the header of the event's id. A header that is signed, and is \
                 not the id, is `{{header:{id}}}` in `signed_payload`"
            ));
        }
        Ok(())
    }

    /// Whether the scheme reads the timestamp at this location of the body.
    pub(super) fn has_timestamp_at(&self, pointer: &Pointer) -> bool {
        self.timestamp.as_ref().is_some_and(|timestamp| match &timestamp.place {
            TimestampPlace::Body(at) => at.can_meet(pointer),
            TimestampPlace::Header | TimestampPlace::Field(_) => false,
        })
    }

    /// Whether the scheme reads the event's type at this location of the body.
    pub(super) fn has_type_at(&self, pointer: &Pointer) -> bool {
        self.event_type
            .iter()
            .any(|source| matches!(&source.0, TypePlace::Body(at) if at.can_meet(pointer)))
    }

    /// Whether the scheme reads the event's type in this header.
    pub(super) fn has_type_in(&self, header: &Name) -> bool {
        self.event_type.iter().any(
            |source| matches!(&source.0, TypePlace::Header(name) if name.lower() == header.lower()),
        )
    }
}
