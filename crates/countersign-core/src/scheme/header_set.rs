//! The headers of a scheme.

use std::fmt;

use super::Scheme;
use crate::request::name::Name;

/// Headers that are used together, from [`Scheme::header_sets`]. If a provider sends the same
/// headers under two sets of names (`svix-id`, `webhook-id`), a request uses all headers of one set.
///
/// As text: the names, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderSet {
    /// A matching signature in any one of them is enough.
    pub(crate) signatures: Vec<Name>,
    pub(crate) id: Option<Name>,
    pub(crate) timestamp: Option<Name>,
}

impl HeaderSet {
    /// The headers that can contain a signature, in the order of the lookups. A matching signature
    /// in any one of them is enough. Empty if the signature is in the body.
    pub fn signatures(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(Name::shown)
    }

    /// The header of the id, if the scheme signs an id.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().map(Name::shown)
    }

    /// The header of the timestamp, if the timestamp has its own.
    #[must_use]
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_ref().map(Name::shown)
    }

    /// All headers of the set: signatures, id, timestamp.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names().map(Name::shown)
    }

    fn names(&self) -> impl Iterator<Item = &Name> {
        self.signatures.iter().chain(&self.id).chain(&self.timestamp)
    }
}

impl fmt::Display for HeaderSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.iter().enumerate() {
            let separator = if index > 0 { ", " } else { "" };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

impl Scheme {
    /// The sets of headers, in the order of the lookups. There is at least one.
    #[must_use]
    pub fn header_sets(&self) -> &[HeaderSet] {
        &self.families
    }

    /// The headers whose value is part of the signed payload, besides those of the
    /// [sets](Self::header_sets).
    pub fn signed_headers(&self) -> impl Iterator<Item = &str> {
        self.template.headers().map(Name::shown)
    }

    /// The headers that the scheme reads, in the order of the lookups, and then those that its
    /// [`CustomScheme`](crate::custom::CustomScheme) reads.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.families
            .iter()
            .flat_map(HeaderSet::names)
            .chain(self.template.headers())
            .chain(self.rule.iter().flat_map(|rule| &rule.headers))
            .map(Name::shown)
    }

    /// Those of the [`headers`](Self::headers) that hold the signed id, in the order of the
    /// lookups. Empty if the scheme signs no id.
    pub fn id_headers(&self) -> impl Iterator<Item = &str> {
        self.families.iter().filter_map(HeaderSet::id)
    }

    pub(super) fn is_id_header(&self, name: &Name) -> bool {
        self.families[0].id.as_ref().is_some_and(|id| id.lower() == name.lower())
    }
}
