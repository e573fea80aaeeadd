//! Rejects a handshake that a delivery can match: the delivery would be answered, but not handled.

use super::{Handshake, Place, Test};
use crate::json::pointer::Pointer;
use crate::scheme::{IdPlace, Scheme, TimestampPlace, TypePlace};

impl Handshake {
    /// Checks that the handshake has a mark that no delivery of this scheme has.
    pub(in crate::scheme) fn check_distinct(&self, scheme: &Scheme) -> Result<(), String> {
        let mut present = self.places_of(&Test::Present);
        if let Some(place) = present.find(|place| scheme.requires(place)) {
            return Err(format!(
                "`present`: every delivery has `{place}`: remove it, and set `when` to a value that \
                 no delivery has"
            ));
        }
        if self.can_be_delivery() && !self.has_mark(scheme) {
            return Err("`when`: every delivery can match, and would not be handled: add a value \
                        that no delivery has, such as `when = { \"body:/type\" = \"ping\" }`"
                .to_owned());
        }
        self.check_elements()
    }

    fn places_of<'a>(&'a self, test: &'a Test) -> impl Iterator<Item = &'a Place> {
        let conditions = self.conditions.iter().filter(move |condition| condition.test == *test);
        conditions.map(|condition| &condition.place)
    }

    /// Whether a request can be a delivery by its method. `None` is any method.
    fn can_be_delivery(&self) -> bool {
        !matches!(self.method.as_deref(), Some("GET" | "HEAD" | "OPTIONS"))
    }

    /// Whether the request has a certain value, or one that the response or the user needs. What is
    /// only present or absent can also be so in a delivery.
    fn has_mark(&self, scheme: &Scheme) -> bool {
        let has_value = self
            .conditions
            .iter()
            .any(|condition| matches!(condition.test, Test::Is(_) | Test::IsVerifyToken));
        let is_own = |place: &Place| !scheme.requires(place) && !scheme.reads_type_at(place);
        has_value || self.used_places().any(is_own)
    }

    /// A batch must not be recognised by one of its elements.
    fn check_elements(&self) -> Result<(), String> {
        for place in self.places() {
            let Place::Body(pointer) = place else { continue };
            for at in pointer.indices() {
                // The array ends before this element.
                let is_end = at + 1 == pointer.tokens().len() && self.is_absent(pointer.text());
                let second = pointer.second_element(at);
                let is_only = pointer.tokens()[at] == "0" && self.is_absent(&second);
                if !is_end && !is_only {
                    return Err(format!(
                        "`{place}`: the events in the other elements of the array would not be \
                         handled: use its first element only, `0`, and set \
                         `absent = [\"body:{second}\"]`"
                    ));
                }
            }
        }
        Ok(())
    }

    fn is_absent(&self, pointer: &str) -> bool {
        let is_it =
            |place: &Place| matches!(place, Place::Body(absent) if absent.text() == pointer);
        self.places_of(&Test::Absent).any(is_it)
    }
}

impl Scheme {
    /// Whether every delivery has a value at this place, or nearly every request.
    fn requires(&self, place: &Place) -> bool {
        match place {
            Place::Header(name) => {
                let name = name.lower();
                name.starts_with("content-")
                    || IN_EVERY_REQUEST.contains(&name)
                    || self.headers().any(|header| header.eq_ignore_ascii_case(name))
            }
            Place::Query(_) => false,
            Place::Body(pointer) => self.has_id_at(pointer) || self.has_timestamp_at(pointer),
        }
    }

    fn has_id_at(&self, pointer: &Pointer) -> bool {
        self.event_id.iter().any(|source| match &source.0 {
            IdPlace::Header(_) => false,
            IdPlace::Body(pointers) => pointers.iter().any(|id| id.tokens() == pointer.tokens()),
        })
    }

    fn has_timestamp_at(&self, pointer: &Pointer) -> bool {
        self.timestamp.as_ref().is_some_and(|timestamp| match &timestamp.place {
            TimestampPlace::Body(at) => at.tokens() == pointer.tokens(),
            TimestampPlace::Header | TimestampPlace::Field(_) => false,
        })
    }

    fn reads_type_at(&self, place: &Place) -> bool {
        self.event_type.iter().any(|source| match (&source.0, place) {
            (TypePlace::Header(header), Place::Header(name)) => header.lower() == name.lower(),
            (TypePlace::Body(at), Place::Body(pointer)) => at.tokens() == pointer.tokens(),
            _ => false,
        })
    }
}

const IN_EVERY_REQUEST: [&str; 6] =
    ["accept", "accept-encoding", "connection", "host", "transfer-encoding", "user-agent"];

#[cfg(test)]
mod tests;
