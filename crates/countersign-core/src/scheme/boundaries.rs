//! Checks that the signed bytes can be split into parts in only one way.
//!
//! A signature covers one string. If that string could be split in two ways, an attacker could
//! resend a recorded delivery as a different one: with a piece of its body as a header, with a
//! later time, to another path. So every part ends at something that it cannot contain, or has a
//! fixed length. The builder derives the resulting limits on requests from the template.

use crate::json;
use crate::time::timestamp;
use crate::time::unit::TimestampUnit;

/// The limits on the parts of a request that make the signed bytes unambiguous. The limits of a
/// signed header are stored with the header in the template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Boundaries {
    /// A numeric timestamp must have as many digits as a current one.
    pub(crate) fixed_timestamp: bool,
    pub(crate) id: Bound,
    pub(crate) url: UrlBound,
    /// Each non-empty body must start with one of these bytes; with any byte if the list is empty.
    pub(crate) body_first: Vec<u8>,
    /// The body must be one complete JSON document. For a plain digest with the secret first,
    /// anyone who knows the digest of a message can compute that of a longer one; the appended
    /// bytes start with bytes that cannot follow a JSON document.
    pub(crate) one_document: bool,
}

/// The bytes that a part must not contain, and its required length.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bound {
    pub(crate) excluded: Vec<u8>,
    pub(crate) length: Option<usize>,
}

/// How the end of a URL is detected, if the sender chooses its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct UrlBound {
    /// The body starts with a byte that no URL contains.
    pub(crate) before_body: bool,
    /// The body ends with a byte that no URL contains.
    pub(crate) behind_body: bool,
    /// The end cannot be detected, so the exact URL must be configured.
    pub(crate) exact_only: bool,
}

impl Boundaries {
    /// Whether the start and the end of a body meet the limits of the adjacent parts. `chosen_url`:
    /// whether the path comes from the request line.
    #[inline]
    pub(crate) fn allow_body(&self, body: &[u8], chosen_url: bool) -> bool {
        let (Some(first), Some(last)) = (body.first(), body.last()) else { return true };
        (self.body_first.is_empty() || self.body_first.contains(first))
            && !(chosen_url && self.url.before_body && is_url_byte(*first))
            && !(chosen_url && self.url.behind_body && is_url_byte(*last))
            && (!self.one_document || json::is_document(body))
    }

    pub(crate) fn allow_timestamp(&self, text: &[u8], unit: TimestampUnit) -> bool {
        !self.fixed_timestamp || timestamp::digits(unit).is_none_or(|digits| text.len() == digits)
    }
}

impl Bound {
    #[inline]
    pub(crate) fn allows(&self, text: &[u8]) -> bool {
        self.length.is_none_or(|length| text.len() == length)
            && self.excluded.iter().all(|byte| memchr::memchr(*byte, text).is_none())
    }
}

/// Whether a byte can appear in a URL after its origin, RFC 3986. (Brackets cannot: they are for
/// addresses.)
pub(crate) fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}
