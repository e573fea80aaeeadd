//! The signatures in the headers of a request.

use smallvec::SmallVec;

use super::family::{FamilyHeaders, unique, unrepeated};
use crate::crypto::mac::{MAX_TAGS, Tags, max_tags};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::name::Name;
use crate::scheme::{Scheme, SignatureLayout, TimestampPlace};

/// The signatures in a request.
#[derive(Default)]
pub(crate) struct Signatures<'h> {
    /// The values with the scheme's signature key, decodable or not. They are
    /// decoded only after the check that there are not too many.
    looked_for: SmallVec<[&'h [u8]; MAX_TAGS]>,
    /// Whether the list contains other keys.
    others: bool,
    /// The timestamp, if it is a key of the list.
    pub(super) timestamp: Option<&'h [u8]>,
}

impl<'h> Signatures<'h> {
    /// Reads the signatures from the first header family that has any, and
    /// returns the index of that family. `found` holds the headers of the first
    /// family, and is updated if another family is used. Decodable signatures
    /// are added to `tags`.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn find<'s>(
        &mut self,
        scheme: &'s Scheme,
        head: &RequestHead<'h>,
        found: &mut FamilyHeaders<'s, 'h>,
        tags: &mut Tags,
    ) -> Result<usize, VerifyError> {
        for (index, family) in scheme.families.iter().enumerate() {
            if index > 0 {
                *found = FamilyHeaders::of(family, head);
            }
            let mut present = false;
            for (position, name) in family.signatures.iter().enumerate() {
                let value = match position {
                    0 => unrepeated(found.signature(), name)?,
                    _ => unique(head, name)?,
                };
                if let Some(value) = value {
                    present = true;
                    self.read(scheme, name, value)?;
                }
            }
            if present {
                for text in &self.looked_for {
                    tags.push(text, scheme.algorithm, scheme.encoding);
                }
                let name = &family.signatures[0];
                return match (tags.is_empty(), self.looked_for.is_empty(), self.others) {
                    (false, ..) => Ok(index),
                    (true, true, true) => {
                        Err(VerifyError::header(VerifyErrorKind::UnsupportedSignature, name))
                    }
                    _ => Err(VerifyError::header(VerifyErrorKind::MalformedSignature, name)),
                };
            }
        }
        let name = &scheme.families[0].signatures[0];
        Err(VerifyError::header(VerifyErrorKind::MissingSignature, name))
    }

    /// Parses one header value in the scheme's signature format.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn read(&mut self, scheme: &Scheme, name: &Name, value: &'h [u8]) -> Result<(), VerifyError> {
        let (separator, assign, key, spaces) = match &scheme.layout {
            SignatureLayout::Whole { prefix } => {
                if let Some(signature) = value.strip_prefix(prefix.as_bytes()) {
                    self.push(signature, scheme)?;
                }
                return Ok(());
            }
            SignatureLayout::Pairs { separator, assign, key, spaces } => {
                (*separator as u8, *assign as u8, key.as_bytes(), *spaces)
            }
        };
        let field = match scheme.timestamp.as_ref().map(|timestamp| &timestamp.place) {
            Some(TimestampPlace::Field(field)) => Some(field.as_bytes()),
            _ => None,
        };
        let ends = memchr::memchr_iter(separator, value).chain([value.len()]);
        let mut start = 0;
        for (count, end) in ends.enumerate() {
            if count == MAX_ITEMS {
                return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, MAX_ITEMS));
            }
            let item = &value[std::mem::replace(&mut start, end + 1)..end];
            let item = if spaces { item.trim_ascii_start() } else { item };
            // The byte is compared before the word: most other items differ there.
            let after = |word: &[u8]| match item.split_at_checked(word.len())? {
                (start, [first, rest @ ..]) if *first == assign && start == word => Some(rest),
                _ => None,
            };
            if let Some(value) = after(key) {
                self.push(value, scheme)?;
            } else if let Some(value) = field.and_then(after) {
                // With two timestamps, one could be checked and the other one signed.
                if self.timestamp.replace(value).is_some() {
                    return Err(VerifyError::header(VerifyErrorKind::MalformedSignature, name));
                }
            } else {
                self.others = self.others || memchr::memchr(assign, item).is_some();
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &'h [u8], scheme: &Scheme) -> Result<(), VerifyError> {
        let most = max_tags(scheme.algorithm);
        if self.looked_for.len() == most {
            return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, most));
        }
        self.looked_for.push(text);
        Ok(())
    }
}

/// The maximum number of list items that are read, of any key. Providers send
/// two or three, and the cost of a request must not grow with its headers.
const MAX_ITEMS: usize = 2 * MAX_TAGS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::time::unit::TimestampUnit;
    use crate::verify::Verifier;

    #[test]
    fn items_with_other_keys_are_ignored_up_to_a_limit() {
        let stripe = Scheme::builder("stripe")
            .signature_header("Stripe-Signature")
            .signature_pairs(',', '=', "v1")
            .signed_payload("{ts}.{body}")
            .timestamp_field("t", TimestampUnit::Seconds)
            .build()
            .unwrap();
        let verifier = Verifier::new(stripe, Secret::new("secret").unwrap()).unwrap();
        let kind = |others: usize| {
            let list = format!("t=1{},v1={}", ",v0=ab".repeat(others), "a5".repeat(32));
            verifier.begin(&[("stripe-signature", list)]).unwrap_err().kind()
        };
        // A list that is read to its end is rejected as stale.
        assert_eq!(kind(MAX_ITEMS - 2), VerifyErrorKind::TimestampTooOld);
        assert_eq!(kind(MAX_ITEMS - 1), VerifyErrorKind::TooManySignatures);
        assert_eq!(kind(5_000), VerifyErrorKind::TooManySignatures);
    }
}
