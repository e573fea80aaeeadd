//! The signed bytes: those around the body, assembled as the scheme's template says, and all of
//! them in pieces.

use smallvec::SmallVec;

use super::family::unique;
use crate::crypto::inline_buf::InlineBuf;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::{Part, is_url_byte};

/// Assembles the signed bytes around the body, from the texts exactly as they were sent.
pub(crate) struct Assembly<'a, 'h> {
    pub(crate) head: &'a RequestHead<'h>,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) id: &'a [u8],
    pub(crate) timestamp: &'a [u8],
}

impl Assembly<'_, '_> {
    /// Appends these parts, and returns the positions of id and timestamp in the texts.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn append(
        &self,
        texts: &mut SignedParts,
        parts: &[Part],
    ) -> Result<Places, VerifyError> {
        let mut places = Places::default();
        for part in parts {
            match part {
                Part::Literal(text) => texts.extend_from_slice(text.as_bytes()),
                Part::Timestamp => {
                    places.timestamp = Some((texts.len(), texts.len() + self.timestamp.len()));
                    texts.extend_from_slice(self.timestamp);
                }
                Part::Id { .. } => {
                    places.id = Some((texts.len(), texts.len() + self.id.len()));
                    texts.extend_from_slice(self.id);
                }
                Part::Method => {
                    let method = self.head.method.as_bytes();
                    if !method.iter().all(u8::is_ascii_uppercase) {
                        return Err(VerifyErrorKind::SignatureMismatch.into());
                    }
                    texts.extend_from_slice(method);
                }
                Part::Url => {
                    self.check_target()?;
                    let url = self.url.and_then(|url| url.parts(self.head.target));
                    for text in url.ok_or(VerifyErrorKind::Misconfigured)? {
                        texts.extend_from_slice(text.as_bytes());
                    }
                }
                Part::UnescapedUrl => {
                    self.check_target()?;
                    let url = self.url.and_then(|url| url.unescaped(self.head.target));
                    texts.extend_from_slice(&url.ok_or(VerifyErrorKind::Misconfigured)?);
                }
                Part::Header { name, bound } => match unique(self.head, name)? {
                    Some(value) if bound.allows(value) => texts.extend_from_slice(value),
                    Some(_) => {
                        let malformed = VerifyErrorKind::MalformedSignature;
                        return Err(VerifyError::header(malformed, name));
                    }
                    None => return Err(VerifyError::header(VerifyErrorKind::MissingHeader, name)),
                },
            }
        }
        Ok(places)
    }

    /// Checks that path and query contain only URL characters, if the sender chose them.
    fn check_target(&self) -> Result<(), VerifyError> {
        let is_chosen = self.url.is_some_and(PublicUrl::is_origin);
        match self.head.target {
            Some(target) if is_chosen && !target.bytes().all(is_url_byte) => {
                Err(VerifyErrorKind::SignatureMismatch.into())
            }
            _ => Ok(()),
        }
    }
}

/// Positions of values in the appended texts.
#[derive(Default)]
pub(crate) struct Places {
    pub(super) id: Option<Place>,
    pub(super) timestamp: Option<Place>,
}

/// Start and end of a value in the texts.
pub(super) type Place = (usize, usize);

/// Long enough for the id and the timestamp of every known provider.
pub(crate) type SignedParts = InlineBuf<96>;

/// All signed bytes, in order.
pub(crate) type SignedPieces<'a> = SmallVec<[Piece<'a>; 5]>;

/// A piece of the signed bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// The body or, if custom signing code signs something else instead, that.
    Body(&'a [u8]),
    /// The timestamp.
    Time(&'a [u8]),
    /// Any other part of the template.
    Other(&'a [u8]),
}
