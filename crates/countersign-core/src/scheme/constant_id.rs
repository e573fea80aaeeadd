//! Rejects locations of the id in which distinct events have the same value: all events but the
//! first would be lost.

use super::common_headers;
use super::{EventIdSource, IdPlace, Scheme, TimestampPlace, TypePlace};
use crate::json::pointer::Pointer;
use crate::request::name::Name;

impl Scheme {
    /// Checks that the id is more than the type or the timestamp. Both can be a part of it.
    pub(super) fn check_id_differs(&self, source: &EventIdSource) -> Result<(), String> {
        let IdPlace::Body(pointers) = &source.0 else { return Ok(()) };
        let Some((only, others)) = pointers.split_first() else { return Ok(()) };
        if others.iter().any(|other| other != only) {
            return Ok(());
        }
        let what = if self.has_type_at(only) {
            "the event's type, which is the same for many events"
        } else if self.has_timestamp_at(only) {
            "the timestamp, which several events can share"
        } else {
            return Ok(());
        };
        Err(format!(
            "`{only}` is the location of {what}, and all but the first would be lost: use a value \
             that differs in every event, also together with this one, such as `body:/id+{only}`"
        ))
    }

    /// Checks that the headers of the id can identify an event.
    pub(super) fn check_id_headers(&self) -> Result<(), String> {
        for id in self.families.iter().filter_map(|family| family.id.as_ref()) {
            let what = if common_headers::is_constant(id.lower()) {
                "is the same in many requests"
            } else if self.has_type_in(id) {
                "contains the event's type, which is the same for many events"
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
            TimestampPlace::Body(at) => at.tokens() == pointer.tokens(),
            TimestampPlace::Header | TimestampPlace::Field(_) => false,
        })
    }

    /// Whether the scheme reads the event's type at this location of the body.
    pub(super) fn has_type_at(&self, pointer: &Pointer) -> bool {
        self.event_type.iter().any(
            |source| matches!(&source.0, TypePlace::Body(at) if at.tokens() == pointer.tokens()),
        )
    }

    /// Whether the scheme reads the event's type in this header.
    pub(super) fn has_type_in(&self, header: &Name) -> bool {
        self.event_type.iter().any(
            |source| matches!(&source.0, TypePlace::Header(name) if name.lower() == header.lower()),
        )
    }
}
