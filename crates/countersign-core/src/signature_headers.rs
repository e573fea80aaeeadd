//! Parses the signature, id and timestamp headers as the scheme describes.
//!
//! This is the only room that applies a [`Scheme`] to the head of a request. Once a
//! [`SignatureHeaders`] is complete, everything that can be rejected without the body
//! has been rejected, and nothing has been hashed yet.

mod family;
mod signatures;
mod signed_payload;

use std::ops::Range;

pub(crate) use family::FamilyHeaders;
pub(crate) use signatures::Signatures;
pub(crate) use signed_payload::{Assembly, Piece, SignedParts, SignedPieces};

use family::{Only, unrepeated};
use signed_payload::Place;

use crate::crypto::mac::Tags;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::name::Name;
use crate::request::url::PublicUrl;
use crate::scheme::{HeaderSet, Scheme, TimestampPlace, TypePlace};
use crate::time::timestamp;
use crate::time::tolerance::Tolerance;

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
    let (text, name) = match (&timestamp.place, &family.timestamp) {
        (TimestampPlace::Body(_), _) => return Ok(None),
        (TimestampPlace::Header, Some(name)) => (unrepeated(found.timestamp(), name)?, name),
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

/// Longer than the ids of all known providers, and short enough to be stored and logged.
const MAX_ID: usize = 256;
