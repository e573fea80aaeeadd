//! Where one part of the signed bytes ends and the next begins.
//!
//! A signature covers one string. If that string could be cut into parts in two ways, a
//! recorded delivery could be sent again as another: with a piece of its body as a header, with
//! a later time, to another path. So every part ends at something that it cannot contain, or
//! has one length. The builder derives from the template what that asks of a request.

use crate::json;
use crate::scheme::TimestampUnit;
use crate::timestamp;

/// What the parts of a request must be for the signed bytes to have one reading. What that
/// asks of a signed header stands beside it in the template.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Boundaries {
    /// A timestamp in digits has as many as one of our time.
    pub(crate) fixed_timestamp: bool,
    pub(crate) id: Bound,
    pub(crate) url: UrlBound,
    /// With one of these each body begins, if there is a body; with any byte if there are none.
    pub(crate) body_first: Vec<u8>,
    /// The body is one JSON document to its end. A plain digest with the secret first can be
    /// computed for a longer message by anybody who knows it for a shorter one; what that appends
    /// begins with bytes that no JSON has behind its end.
    pub(crate) one_document: bool,
}

/// What a part must not contain, and how long it must be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Bound {
    pub(crate) excluded: Vec<u8>,
    pub(crate) length: Option<usize>,
}

/// How a URL is told from what stands beside it, if the sender chooses its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct UrlBound {
    /// The body begins with a byte that no URL contains.
    pub(crate) before_body: bool,
    /// The body ends with one.
    pub(crate) behind_body: bool,
    /// Nothing tells it apart, so it has to be configured to the letter.
    pub(crate) exact_only: bool,
}

impl Boundaries {
    /// Whether a body ends and begins where the parts beside it say. `chosen_url`: whether the
    /// path is that of the request line.
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

/// Whether a byte may stand in a URL behind its origin, RFC 3986. (Brackets may not: they are
/// for addresses.)
pub(crate) fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}
