//! Rejects a handshake that a delivery can match: the delivery would be answered, but not handled.

use super::{Condition, Handshake, HandshakeRule, Place, Test};
use crate::json::pointer::Pointer;
use crate::scheme::{IdPlace, Scheme, common_headers};

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
            return Err(format!(
                "`when`: every delivery can match, and would not be handled: add a value that no \
                 delivery has, such as `when = {{ \"body:/type\" = \"ping\" }}`. {}",
                self.no_mark_hint(scheme)
            ));
        }
        self.check_elements()
    }

    fn places_of<'a>(&'a self, test: &'a Test) -> impl Iterator<Item = &'a Place> {
        let conditions = self.conditions.iter().filter(move |condition| condition.test == *test);
        conditions.map(|condition| &condition.place)
    }

    fn no_mark_hint(&self, scheme: &Scheme) -> &'static str {
        if self.rule() == HandshakeRule::Signed {
            "If the provider sends a signed request without events and expects only a 2xx status, \
             remove the handshake: the request is then verified, and handled as an event whose body \
             has no events"
        } else if scheme.has_signature_header() {
            "The scheme's own values and headers that any request can have, such as `User-Agent`, \
             do not count"
        } else {
            "The scheme has no signature header, so only a value of the body counts"
        }
    }

    /// Whether a request can be a delivery by its method. `None` is any method.
    pub(crate) fn can_be_delivery(&self) -> bool {
        !matches!(self.method.as_deref(), Some("GET" | "HEAD" | "OPTIONS"))
    }

    /// Whether the request has a certain value, or one that the response or the user needs. What is
    /// only present or absent can also be so in a delivery.
    ///
    /// A value of the head is a mark because a request with a signature header is no handshake. A
    /// scheme without such a header needs a mark in the body.
    fn has_mark(&self, scheme: &Scheme) -> bool {
        let has_header = scheme.has_signature_header();
        let counts = |place: &Place| {
            (has_header || !place.is_in_head()) && !scheme.has_usual_value_at(place)
        };
        let is_own = |place: &Place| {
            counts(place) && !scheme.requires(place) && !scheme.reads_type_at(place)
        };
        let is_mark = |Condition { place, test }: &Condition| match test {
            Test::Is(_) => counts(place),
            Test::IsVerifyToken => has_header && is_own(place),
            Test::Present | Test::Absent => false,
        };
        self.conditions.iter().any(is_mark) || self.used_places().any(is_own)
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
                common_headers::is_in_every_request(name)
                    || self.headers().any(|header| header.eq_ignore_ascii_case(name))
            }
            Place::Query(_) => false,
            Place::Body(pointer) => self.has_id_at(pointer) || self.has_timestamp_at(pointer),
        }
    }

    /// Whether the value at this place shows nothing about the request: a header that any request
    /// can have, the signature, the timestamp, or the whole id.
    fn has_usual_value_at(&self, place: &Place) -> bool {
        match place {
            Place::Header(name) => {
                common_headers::is_usual(name.lower())
                    || self.families.iter().any(|family| {
                        family.iter().any(|own| own.eq_ignore_ascii_case(name.lower()))
                    })
            }
            Place::Query(_) => false,
            Place::Body(pointer) => self.is_id_at(pointer) || self.has_timestamp_at(pointer),
        }
    }

    fn has_signature_header(&self) -> bool {
        self.families.iter().any(|family| !family.signatures.is_empty())
    }

    /// Whether the value at this place is an id without other values.
    fn is_id_at(&self, pointer: &Pointer) -> bool {
        self.event_id.iter().any(|source| match &source.0 {
            IdPlace::Header(_) => false,
            IdPlace::Body(pointers) => pointers.len() == 1 && pointers[0].can_meet(pointer),
        })
    }

    /// Whether the value at this place is an id, or a part of one.
    fn has_id_at(&self, pointer: &Pointer) -> bool {
        self.event_id.iter().any(|source| match &source.0 {
            IdPlace::Header(_) => false,
            IdPlace::Body(pointers) => pointers.iter().any(|id| id.can_meet(pointer)),
        })
    }

    fn reads_type_at(&self, place: &Place) -> bool {
        match place {
            Place::Header(name) => self.has_type_in(name),
            Place::Query(_) => false,
            Place::Body(pointer) => self.has_type_at(pointer),
        }
    }
}

#[cfg(test)]
mod tests;
