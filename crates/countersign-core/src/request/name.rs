//! The name of a header, in its lower-case form and as its provider writes it.

use std::fmt;
use std::sync::Arc;

/// A header's name: looked up in lower case, displayed as its provider spells it.
///
/// Clones share their text, so an error that names a header costs no
/// allocation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Name {
    lower: Arc<str>,
    shown: Arc<str>,
}

impl Name {
    /// `None` if `text` is not a token of RFC 9110, section 5.6.2. A header's name
    /// must be a token.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let valid = !text.is_empty() && text.bytes().all(is_token);
        valid.then(|| Self { lower: text.to_ascii_lowercase().into(), shown: text.into() })
    }

    pub(crate) fn lower(&self) -> &str {
        &self.lower
    }

    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

impl From<&Name> for Arc<str> {
    /// The name as it is displayed.
    fn from(name: &Name) -> Self {
        Self::clone(&name.shown)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown, f)
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
