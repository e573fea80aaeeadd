//! Parses the signature, id and timestamp headers as the scheme describes.
//!
//! This is the only module that applies a [`Scheme`] to a request. It reads
//! only headers. Once a [`Presented`] is complete, everything that can be
//! rejected without the body has been rejected, and nothing has been hashed
//! yet.

use std::ops::Range;

use smallvec::SmallVec;

use crate::crypto::inline_buf::InlineBuf;
use crate::crypto::mac::{MAX_TAGS, Tags, max_tags};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::{HeaderLookup, RepeatedHeader, RequestHead};
use crate::request::name::Name;
use crate::request::url::PublicUrl;
use crate::scheme::{Grammar, HeaderSet, Part, Scheme, TimestampSource, TypePlace, is_url_byte};
use crate::time::timestamp;
use crate::time::tolerance::Tolerance;
use crate::verify::signed_pieces::{Piece, SignedPieces};

/// The signed values of a request besides its signatures: read and decoded, but
/// not yet verified.
#[derive(Clone, Default)]
pub(crate) struct SignatureHeaders {
    /// The timestamp, if it is not in the body.
    pub(crate) signed_at_ms: Option<i64>,
    /// All signed text except the body, followed by the type from a header.
    texts: SignedParts,
    /// The offset in `texts` at which the body belongs.
    body_at: usize,
    /// The offset in `texts` at which the signed text ends.
    signed_end: usize,
    id: Option<Place>,
    /// The timestamp, if it is not in the body.
    timestamp: Option<Place>,
    /// The index of the scheme's header family that this request uses.
    family: usize,
}

/// Start and end of a value in the texts.
type Place = (usize, usize);

/// Long enough for the id and the timestamp of every known provider.
pub(crate) type SignedParts = InlineBuf<96>;

/// The inputs besides the request.
pub(crate) struct Context<'a> {
    pub(crate) scheme: &'a Scheme,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) now_ms: &'a dyn Fn() -> i64,
}

impl SignatureHeaders {
    /// Reads the headers of a request as the scheme describes, and adds the
    /// possible signatures to `tags`.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn read<'s, 'h>(
        &mut self,
        context: &Context<'s>,
        head: &RequestHead<'h>,
        mut found: FamilyHeaders<'s, 'h>,
        tags: &mut Tags,
    ) -> Result<(), VerifyError> {
        let Context { scheme, .. } = *context;
        let mut signatures = Signatures::default();
        self.family = signatures.find(scheme, head, &mut found, tags)?;
        let names = &scheme.families[self.family];
        let id = names.id.as_ref().map(|name| id(scheme, found.id(), name)).transpose()?;
        let timestamp = timestamp(context, &found, names, &signatures)?;
        self.signed_at_ms = timestamp.map(|(_, ms)| ms);

        let message = Assembly {
            head,
            url: context.url,
            id: id.unwrap_or_default(),
            timestamp: timestamp.map_or(b"", |(text, _)| text),
        };
        let before = message.append(&mut self.texts, &scheme.template.before)?;
        self.body_at = self.texts.len();
        let after = message.append(&mut self.texts, &scheme.template.after)?;
        self.signed_end = self.texts.len();
        self.id = before.id.or(after.id);
        self.timestamp = before.timestamp.or(after.timestamp);
        if let Some(text) = header_type(scheme, head) {
            self.texts.extend_from_slice(text);
        }
        Ok(())
    }

    /// The signed bytes before the body.
    pub(crate) fn before(&self) -> &[u8] {
        &self.texts[..self.body_at]
    }

    /// The signed bytes after the body.
    pub(crate) fn after(&self) -> &[u8] {
        &self.texts[self.body_at..self.signed_end]
    }

    /// All signed bytes, including this body, in order and in pieces.
    pub(crate) fn signed_pieces<'a>(&'a self, body: &'a [u8]) -> SignedPieces<'a> {
        let mut pieces = SignedPieces::new();
        self.add_pieces(0..self.body_at, &mut pieces);
        pieces.push(Piece::Body(body));
        self.add_pieces(self.body_at..self.signed_end, &mut pieces);
        pieces
    }

    fn add_pieces<'a>(&'a self, around: Range<usize>, pieces: &mut SignedPieces<'a>) {
        let Range { start, end } = around;
        match self.timestamp {
            Some((from, to)) if start <= from && to <= end && from < to => pieces.extend([
                Piece::Other(&self.texts[start..from]),
                Piece::Time(&self.texts[from..to]),
                Piece::Other(&self.texts[to..end]),
            ]),
            _ => pieces.push(Piece::Other(&self.texts[start..end])),
        }
    }

    /// The signed id.
    pub(crate) fn id(&self) -> Option<&str> {
        let (start, end) = self.id?;
        std::str::from_utf8(&self.texts[start..end]).ok()
    }

    /// The index of the scheme's header family that this request uses.
    pub(crate) fn family(&self) -> usize {
        self.family
    }

    /// The event's type, from the header that the scheme defines for it.
    pub(crate) fn header_type(&self) -> Option<&str> {
        std::str::from_utf8(&self.texts[self.signed_end..]).ok().filter(|text| !text.is_empty())
    }
}

/// The request's headers of one family, and its content encoding.
///
/// All are looked up in one pass and stay in place: moving them out as plain
/// values takes as long as finding them.
pub(crate) struct FamilyHeaders<'s, 'h>([HeaderLookup<'s, 'h>; 4]);

type Only<'h> = Result<Option<&'h [u8]>, RepeatedHeader>;

impl<'s, 'h> FamilyHeaders<'s, 'h> {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn of(family: &'s HeaderSet, head: &RequestHead<'h>) -> Self {
        let names = [family.signatures.first(), family.id.as_ref(), family.timestamp.as_ref()];
        // An empty name matches no header.
        let [signature, id, timestamp] = names.map(|name| name.map_or("", Name::lower));
        let mut found = Self(["content-encoding", signature, id, timestamp].map(HeaderLookup::new));
        head.headers.lookup(&mut found.0);
        found
    }

    pub(crate) fn encoding(&self) -> Only<'h> {
        self.0[0].value()
    }

    /// The value of the family's first signature header.
    fn signature(&self) -> Only<'h> {
        self.0[1].value()
    }

    fn id(&self) -> Only<'h> {
        self.0[2].value()
    }

    fn timestamp(&self) -> Only<'h> {
        self.0[3].value()
    }
}

/// The signatures in a request.
#[derive(Default)]
pub(crate) struct Signatures<'h> {
    /// The values with the scheme's signature key, decodable or not. They are
    /// decoded only after the check that there are not too many.
    looked_for: SmallVec<[&'h [u8]; MAX_TAGS]>,
    /// Whether the list contains other keys.
    others: bool,
    /// The timestamp, if it is a key of the list.
    timestamp: Option<&'h [u8]>,
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
        let (separator, assign, key, space) = match &scheme.grammar {
            Grammar::Whole { prefix } => {
                if let Some(signature) = value.strip_prefix(prefix.as_bytes()) {
                    self.push(signature, scheme)?;
                }
                return Ok(());
            }
            Grammar::List { separator, assign, key, space } => {
                (*separator as u8, *assign as u8, key.as_bytes(), *space)
            }
        };
        let field = match scheme.timestamp.as_ref().map(|timestamp| &timestamp.source) {
            Some(TimestampSource::Field(field)) => Some(field.as_bytes()),
            _ => None,
        };
        let ends = memchr::memchr_iter(separator, value).chain([value.len()]);
        let mut start = 0;
        for (count, end) in ends.enumerate() {
            if count == MAX_ITEMS {
                return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, MAX_ITEMS));
            }
            let item = &value[std::mem::replace(&mut start, end + 1)..end];
            let item = if space { item.trim_ascii_start() } else { item };
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

/// Returns the id, if it is valid.
#[inline(always)] // Part of `Verifier::verify`, which says why.
fn id<'h>(scheme: &Scheme, id: Only<'h>, name: &Name) -> Result<&'h [u8], VerifyError> {
    let Some(id) = unrepeated(id, name)? else {
        return Err(VerifyError::header(VerifyErrorKind::MissingId, name));
    };
    if is_id(scheme, id) {
        Ok(id)
    } else {
        Err(VerifyError::header(VerifyErrorKind::MalformedId, name))
    }
}

/// Whether an id is visible ASCII, of a bounded length, and ends
/// where the template requires.
pub(crate) fn is_id(scheme: &Scheme, id: &[u8]) -> bool {
    // Checks every byte, even after a failure, so that the compiler can vectorise the loop.
    let is_graphic = || id.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
    !id.is_empty() && id.len() <= MAX_ID && is_graphic() && scheme.boundaries.id.allows(id)
}

/// The timestamp's text and its instant, if it is not in the body.
#[inline(always)] // Part of `Verifier::verify`, which says why.
fn timestamp<'h>(
    context: &Context<'_>,
    found: &FamilyHeaders<'_, 'h>,
    family: &HeaderSet,
    signatures: &Signatures<'h>,
) -> Result<Option<(&'h [u8], i64)>, VerifyError> {
    let Some(timestamp) = &context.scheme.timestamp else { return Ok(None) };
    let (text, name) = match (&timestamp.source, &family.timestamp) {
        (TimestampSource::Body(_), _) => return Ok(None),
        (TimestampSource::Header, Some(name)) => (unrepeated(found.timestamp(), name)?, name),
        _ => (signatures.timestamp, &family.signatures[0]),
    };
    let Some(text) = text else {
        return Err(VerifyError::header(VerifyErrorKind::MissingTimestamp, name));
    };
    let ms = timestamp::parse(text, timestamp.unit);
    let ends = context.scheme.boundaries.allow_timestamp(text, timestamp.unit);
    let Some(ms) = ms.filter(|_| ends) else {
        return Err(VerifyError::header(VerifyErrorKind::MalformedTimestamp, name));
    };
    if let Some(tolerance) = context.tolerance {
        timestamp::check(ms, (context.now_ms)(), tolerance)?;
    }
    Ok(Some((text, ms)))
}

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
    id: Option<Place>,
    timestamp: Option<Place>,
}

/// The event's type from its header, if the scheme defines one. An unusable
/// value counts as missing, because nothing depends on the type.
pub(crate) fn header_type<'h>(scheme: &Scheme, head: &RequestHead<'h>) -> Option<&'h [u8]> {
    let name = scheme.event_type.iter().find_map(|source| match &source.0 {
        TypePlace::Header(name) => Some(name),
        TypePlace::Body(_) => None,
    })?;
    let text = head.headers.unique(name.lower()).ok().flatten()?;
    let usable = text.len() <= MAX_ID && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    usable.then_some(text)
}

fn unique<'h>(head: &RequestHead<'h>, name: &Name) -> Result<Option<&'h [u8]>, VerifyError> {
    unrepeated(head.headers.unique(name.lower()), name)
}

fn unrepeated<'h>(value: Only<'h>, name: &Name) -> Result<Option<&'h [u8]>, VerifyError> {
    value.map_err(|_| VerifyError::header(VerifyErrorKind::RepeatedHeader, name))
}

/// The maximum number of list items that are read, of any key. Providers send
/// two or three, and the cost of a request must not grow with its headers.
const MAX_ITEMS: usize = 2 * MAX_TAGS;

/// Longer than the ids of all known providers, and short enough to be stored and logged.
const MAX_ID: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::time::unit::TimestampUnit;
    use crate::verify::Verifier;

    #[test]
    fn items_of_another_kind_are_ignored_until_they_are_too_many() {
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
