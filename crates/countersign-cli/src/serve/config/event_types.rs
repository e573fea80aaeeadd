//! The types of the events that an endpoint handles.

use countersign::scheme::{Identity, Interactive};
use countersign::{Scheme, Verified};

use super::place::Place;
use crate::output;
use crate::usage_error::UsageError;

/// Names of event types, or beginnings of names followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::serve) struct EventTypes(Vec<String>);

impl EventTypes {
    /// Checks the names, and that deliveries of the scheme have a type.
    pub(super) fn new(names: &[String], scheme: &Scheme, at: &Place) -> Result<Self, UsageError> {
        if names.is_empty() {
            return Err(at.fix("is empty: no event would be handled. Name types, or remove it"));
        }
        if names.iter().any(|name| name.is_empty() || bare(name).contains('*')) {
            return Err(
                at.fix("a `*` matches the rest of a type, so it must be its last character")
            );
        }
        if names.iter().any(|name| name.trim() != name) {
            return Err(at.fix("a type begins or ends with white space: remove it"));
        }
        if let Some(why) = needs_all(scheme) {
            return Err(at.fix(format!(
                "cannot be used with scheme `{}`: {why}. Remove it, and let the target decide",
                scheme.name()
            )));
        }
        let sources = scheme.event_type_sources();
        if sources.is_empty() {
            return Err(at.fix(format!(
                "deliveries of scheme `{}` have no event type that is known: remove it",
                scheme.name()
            )));
        }
        if !sources.iter().all(|source| scheme.signs(source)) {
            output::note(&format!(
                "{at}: scheme `{}` does not sign the event type: a client that can change a \
                 delivery on its way can have it ignored",
                scheme.name()
            ));
        }
        Ok(Self(names.to_vec()))
    }

    /// Whether the event is to be handled. An event without a type is, because it may be any, and so
    /// is a delivery whose response the provider reads.
    pub(in crate::serve) fn has(&self, verified: &Verified) -> bool {
        let has_id = verified.identity() == Identity::Id;
        if verified.scheme().profile().interactive().applies(has_id) {
            return true;
        }
        let Some(event_type) = Verified::event_type(verified) else { return true };
        self.0.iter().any(|name| match name.strip_suffix('*') {
            Some(beginning) => event_type.name.starts_with(beginning),
            None => event_type.name == name,
        })
    }
}

/// Why every delivery of the scheme must be handled, if that is so: an empty response instead would
/// lose something.
fn needs_all(scheme: &Scheme) -> Option<&'static str> {
    // Signing that is code accepts one element if it reads the first one.
    let has_elements = |pointer: &str| {
        let is_index = |token: &str| scheme.is_data() && token.parse::<usize>().is_ok();
        pointer.split('/').any(|token| token == "*" || is_index(token))
    };
    let mut ids = scheme.event_id_sources().iter().flat_map(|source| source.body_pointers());
    let mut types = scheme.event_type_sources().iter().filter_map(|source| source.body_pointer());
    if ids.any(has_elements) || types.any(has_elements) {
        return Some("a delivery can contain several events, of different types");
    }
    match scheme.profile().interactive() {
        Interactive::Yes => Some("the provider reads the response to every delivery"),
        // Its types are those of the message that contains the event.
        _ if scheme.name() == "aws-sns" => {
            Some("its types are not those of events, and a subscription that is not confirmed ends")
        }
        _ => None,
    }
}

fn bare(name: &str) -> &str {
    name.strip_suffix('*').unwrap_or(name)
}
