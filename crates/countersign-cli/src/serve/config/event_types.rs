//! The types of the events that an endpoint handles.

use countersign::{EventType, Scheme};

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

    /// Whether the event is to be handled. An event without a type is, because it may be any.
    pub(in crate::serve) fn has(&self, event_type: Option<EventType<'_>>) -> bool {
        let Some(event_type) = event_type else { return true };
        self.0.iter().any(|name| match name.strip_suffix('*') {
            Some(beginning) => event_type.name.starts_with(beginning),
            None => event_type.name == name,
        })
    }
}

fn bare(name: &str) -> &str {
    name.strip_suffix('*').unwrap_or(name)
}
