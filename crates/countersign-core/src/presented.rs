//! What a request presents: the interpreter of the schemes.
//!
//! This file is the one place that gives a [`Scheme`]'s data its meaning at a
//! request. It reads headers and nothing else: by the time a [`Presented`]
//! stands, everything that can be refused without the body has been, and not a
//! byte has been hashed.

use smallvec::SmallVec;

use crate::error::{VerifyError, VerifyErrorKind};
use crate::headers::{Head, RepeatedHeader};
use crate::mac::{MOST_TAGS, Tags};
use crate::name::Name;
use crate::scheme::{Family, Grammar, Part, Scheme, TimestampSource, Tolerance, TypePlace};
use crate::short::Short;
use crate::timestamp;
use crate::url::PublicUrl;

/// What a request presents besides its signatures, read and decoded, but not yet
/// believed.
#[derive(Clone, Default)]
pub(crate) struct Presented {
    /// The timestamp, where it stands outside of the body.
    pub(crate) signed_at_ms: Option<i64>,
    /// Everything that is signed but the body; then the type from a header.
    texts: Texts,
    /// Where in `texts` the body belongs.
    body_at: usize,
    /// Where in `texts` that which is signed ends.
    signed_end: usize,
    id: Option<(usize, usize)>,
    /// Which of the scheme's families of headers this request uses.
    family: usize,
}

/// Long enough for the id and the timestamp of every provider we know.
pub(crate) type Texts = Short<96>;

/// What the interpreter is told besides the request.
pub(crate) struct Context<'a> {
    pub(crate) scheme: &'a Scheme,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) now_ms: &'a dyn Fn() -> i64,
}

impl Presented {
    /// Reads the headers of a request as its scheme says; the tags that might be
    /// ours go to `tags`.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn read(
        &mut self,
        context: &Context<'_>,
        head: &Head<'_>,
        tags: &mut Tags,
    ) -> Result<(), VerifyError> {
        let Context { scheme, .. } = *context;
        let mut signatures = Signatures::default();
        self.family = signatures.find(scheme, head, tags)?;
        let names = &scheme.families[self.family];
        let id = names.id.as_ref().map(|name| id(scheme, head, name)).transpose()?;
        let timestamp = timestamp(context, head, names, &signatures)?;
        self.signed_at_ms = timestamp.map(|(_, ms)| ms);

        let message = Assembly {
            head,
            url: context.url,
            id: id.unwrap_or_default(),
            timestamp: timestamp.map_or(b"", |(text, _)| text),
        };
        let id_before = message.append(&mut self.texts, &scheme.template.before)?;
        self.body_at = self.texts.len();
        let id_after = message.append(&mut self.texts, &scheme.template.after)?;
        self.signed_end = self.texts.len();
        self.id = id_before.or(id_after);
        if let Some(text) = header_type(scheme, head) {
            self.texts.extend_from_slice(text);
        }
        Ok(())
    }

    /// What is signed in front of the body.
    pub(crate) fn before(&self) -> &[u8] {
        &self.texts[..self.body_at]
    }

    /// What is signed behind the body.
    pub(crate) fn after(&self) -> &[u8] {
        &self.texts[self.body_at..self.signed_end]
    }

    /// The signed id.
    pub(crate) fn id(&self) -> Option<&str> {
        let (start, end) = self.id?;
        std::str::from_utf8(&self.texts[start..end]).ok()
    }

    /// Which of the scheme's families of headers this request uses.
    pub(crate) fn family(&self) -> usize {
        self.family
    }

    /// The event's type from the header that the scheme names for it.
    pub(crate) fn header_type(&self) -> Option<&str> {
        std::str::from_utf8(&self.texts[self.signed_end..]).ok().filter(|text| !text.is_empty())
    }
}

/// The signatures that a request presents.
#[derive(Default)]
struct Signatures<'h> {
    /// Those of the kind that the scheme looks for, decodable or not. They are
    /// decoded only once it is known that they are not too many.
    looked_for: SmallVec<[&'h [u8]; MOST_TAGS]>,
    /// Whether there are keys of other kinds.
    others: bool,
    /// The timestamp, where it is a key of the list.
    timestamp: Option<&'h [u8]>,
}

impl<'h> Signatures<'h> {
    /// Finds them in the first family of headers that has any, and says which
    /// that is. Those that can be decoded go to `tags`.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn find(
        &mut self,
        scheme: &Scheme,
        head: &Head<'h>,
        tags: &mut Tags,
    ) -> Result<usize, VerifyError> {
        for (index, family) in scheme.families.iter().enumerate() {
            let mut present = false;
            for name in &family.signatures {
                if let Some(value) = unique(head, name)? {
                    present = true;
                    self.read(scheme, name, value)?;
                }
            }
            if present {
                for text in &self.looked_for {
                    tags.push(text, scheme);
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

    /// Reads one header's value by the scheme's grammar.
    fn read(&mut self, scheme: &Scheme, name: &Name, value: &'h [u8]) -> Result<(), VerifyError> {
        let (separator, assign, key, space) = match &scheme.grammar {
            Grammar::Whole { prefix } => {
                if let Some(signature) = value.strip_prefix(prefix.as_bytes()) {
                    self.push(signature)?;
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
        for end in ends {
            let item = &value[std::mem::replace(&mut start, end + 1)..end];
            let item = if space { item.trim_ascii_start() } else { item };
            let after = |word: &[u8]| item.strip_prefix(word)?.strip_prefix(&[assign]);
            if let Some(value) = after(key) {
                self.push(value)?;
            } else if let Some(value) = field.and_then(after) {
                // Of two timestamps one would be judged and the other perhaps signed.
                if self.timestamp.replace(value).is_some() {
                    return Err(VerifyError::header(VerifyErrorKind::MalformedSignature, name));
                }
            } else {
                self.others = self.others || memchr::memchr(assign, item).is_some();
            }
        }
        Ok(())
    }

    fn push(&mut self, text: &'h [u8]) -> Result<(), VerifyError> {
        if self.looked_for.len() == MOST_TAGS {
            return Err(VerifyError::limit(VerifyErrorKind::TooManySignatures, MOST_TAGS));
        }
        self.looked_for.push(text);
        Ok(())
    }
}

/// The id, where it is one.
fn id<'h>(scheme: &Scheme, head: &Head<'h>, name: &Name) -> Result<&'h [u8], VerifyError> {
    let Some(id) = unique(head, name)? else {
        return Err(VerifyError::header(VerifyErrorKind::MissingId, name));
    };
    if is_id(scheme, id) {
        Ok(id)
    } else {
        Err(VerifyError::header(VerifyErrorKind::MalformedId, name))
    }
}

/// Whether an id is visible ASCII, of a bounded length, and without the scheme's
/// delimiter.
pub(crate) fn is_id(scheme: &Scheme, id: &[u8]) -> bool {
    let delimiter = scheme.id_forbids.map(|delimiter| delimiter as u8);
    let allowed = |byte: &u8| byte.is_ascii_graphic() && Some(*byte) != delimiter;
    // To the end even where a byte is not: so the compiler looks at many at once.
    let all_allowed = || id.iter().fold(true, |all, byte| all & allowed(byte));
    !id.is_empty() && id.len() <= LONGEST_ID && all_allowed()
}

/// The timestamp's text and instant, where it stands outside of the body.
fn timestamp<'h>(
    context: &Context<'_>,
    head: &Head<'h>,
    family: &Family,
    signatures: &Signatures<'h>,
) -> Result<Option<(&'h [u8], i64)>, VerifyError> {
    let Some(timestamp) = &context.scheme.timestamp else { return Ok(None) };
    let (text, name) = match (&timestamp.source, &family.timestamp) {
        (TimestampSource::Body(_), _) => return Ok(None),
        (TimestampSource::Header, Some(name)) => (unique(head, name)?, name),
        _ => (signatures.timestamp, &family.signatures[0]),
    };
    let Some(text) = text else {
        return Err(VerifyError::header(VerifyErrorKind::MissingTimestamp, name));
    };
    let Some(ms) = timestamp::parse(text, timestamp.unit) else {
        return Err(VerifyError::header(VerifyErrorKind::MalformedTimestamp, name));
    };
    if let Some(tolerance) = context.tolerance {
        timestamp::check(ms, (context.now_ms)(), tolerance)?;
    }
    Ok(Some((text, ms)))
}

/// Puts the signed bytes around the body together, from the texts as they were
/// sent.
pub(crate) struct Assembly<'a, 'h> {
    pub(crate) head: &'a Head<'h>,
    pub(crate) url: Option<&'a PublicUrl>,
    pub(crate) id: &'a [u8],
    pub(crate) timestamp: &'a [u8],
}

impl Assembly<'_, '_> {
    /// Appends these parts, and says where among them the id stands.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn append(
        &self,
        texts: &mut Texts,
        parts: &[Part],
    ) -> Result<Option<(usize, usize)>, VerifyError> {
        let mut id = None;
        for part in parts {
            match part {
                Part::Literal(text) => texts.extend_from_slice(text.as_bytes()),
                Part::Timestamp => texts.extend_from_slice(self.timestamp),
                Part::Id => {
                    id = Some((texts.len(), texts.len() + self.id.len()));
                    texts.extend_from_slice(self.id);
                }
                Part::Method => texts.extend_from_slice(self.head.method.as_bytes()),
                Part::Url => {
                    let url = self.url.and_then(|url| url.parts(self.head.target));
                    for text in url.ok_or(VerifyErrorKind::Misconfigured)? {
                        texts.extend_from_slice(text.as_bytes());
                    }
                }
                Part::Header(name) => match unique(self.head, name)? {
                    Some(value) => texts.extend_from_slice(value),
                    None => return Err(VerifyError::header(VerifyErrorKind::MissingHeader, name)),
                },
            }
        }
        Ok(id)
    }
}

/// The event's type from its header, where the scheme names one. Nothing hangs
/// on it, so one that cannot be used is none.
fn header_type<'h>(scheme: &Scheme, head: &Head<'h>) -> Option<&'h [u8]> {
    let name = scheme.event_type.iter().find_map(|source| match &source.0 {
        TypePlace::Header(name) => Some(name),
        TypePlace::Body(_) => None,
    })?;
    let text = head.headers.unique(name.lower()).ok().flatten()?;
    let usable = text.len() <= LONGEST_ID && text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    usable.then_some(text)
}

fn unique<'h>(head: &Head<'h>, name: &Name) -> Result<Option<&'h [u8]>, VerifyError> {
    match head.headers.unique(name.lower()) {
        Ok(value) => Ok(value),
        Err(RepeatedHeader) => Err(VerifyError::header(VerifyErrorKind::RepeatedHeader, name)),
    }
}

/// Longer than any provider's, and short enough to be stored and logged.
const LONGEST_ID: usize = 256;
