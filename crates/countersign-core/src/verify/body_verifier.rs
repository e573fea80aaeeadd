//! A delivery whose headers were checked and whose body is arriving.

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;

use super::custom::CustomVerification;
use super::{Inner, Verified, VerifierSnapshot};
use crate::body::budget::BufferPermit;
use crate::body::decoding::{Coding, Decoder};
use crate::body::{Body, NotTaken};
use crate::crypto::mac::{Key, Message, Running, Tags};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake;
use crate::json::pointer::Pointer;
use crate::json::{self, Value};
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::TimestampPlace;
use crate::signature_headers::{Context, FamilyHeaders, SignatureHeaders};
use crate::time::timestamp;
use crate::time::unit::TimestampUnit;

/// A delivery whose headers are valid and whose body is still to come.
///
/// The body is hashed as it arrives and stored here, so that the returned body is
/// always the verified one.
#[must_use = "the delivery is not verified before `verify`"]
pub(crate) struct BodyVerifier {
    pub(super) verifier: VerifierSnapshot,
    pub(super) presented: SignatureHeaders,
    tags: Tags,
    body: Body,
    /// The running MAC with the current secret, from the second piece on. The MACs
    /// with other secrets are computed only if the current secret does not match.
    ///
    /// Most bodies arrive in one piece. They are hashed at the end, and need no memory
    /// for a running MAC.
    running: Option<Box<Running>>,
    /// Used instead of `body` if the body arrives encoded and is decoded.
    decoder: Option<Box<Decoder>>,
    /// Used instead of `presented`, `tags` and `running` if the scheme is implemented
    /// in code.
    pub(super) ruled: Option<Box<CustomVerification>>,
}

impl BodyVerifier {
    /// Creates a value before any header is read. It verifies nothing, because it has
    /// no tag.
    pub(super) fn new(verifier: VerifierSnapshot) -> Self {
        Self {
            presented: SignatureHeaders::default(),
            tags: Tags::default(),
            body: Body::new(verifier.body_limit),
            running: None,
            decoder: None,
            ruled: None,
            verifier,
        }
    }

    /// Checks the headers, in place: a `BodyVerifier` has some hundred bytes, and need not be
    /// moved if the whole verification is one call.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn read(&mut self, head: &RequestHead<'_>) -> Result<(), VerifyError> {
        self.check_secrets()?;
        self.read_headers(head)
    }

    /// Rejects the delivery if no secret is valid now. That is not the sender's fault: a retry can
    /// be accepted when there is a secret.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn check_secrets(&self) -> Result<(), VerifyError> {
        match self.verifier.keyring().is_usable(&*self.verifier.clock) {
            true => Ok(()),
            false => Err(VerifyErrorKind::Misconfigured.into()),
        }
    }

    /// [`read`](Self::read) without the check of the secrets.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn read_headers(&mut self, head: &RequestHead<'_>) -> Result<(), VerifyError> {
        let Inner { scheme, url, tolerance, body_limit, clock, .. } = &*self.verifier;
        let found = FamilyHeaders::of(&scheme.families[0], head);
        let coding = Coding::of(scheme, found.encoding())?;
        let context = Context {
            scheme,
            url: url.as_ref(),
            tolerance: *tolerance,
            now_ms: &|| clock.now_unix_ms(),
        };
        match &self.verifier.keyring().rule {
            None => self.presented.read(&context, head, found, &mut self.tags)?,
            Some(rule) => {
                self.ruled = Some(CustomVerification::begin(&self.verifier, &**rule, head)?);
            }
        }
        if let Some(coding) = coding {
            self.decoder = Some(Box::new(Decoder::new(coding, *body_limit)?));
        }
        Ok(())
    }

    /// Rejects a body whose announced length is over the limit, before it is sent.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BodyTooLarge`] if `bytes` is over the limit.
    pub(crate) fn check_content_length(&self, bytes: u64) -> Result<(), VerifyError> {
        match usize::try_from(bytes) {
            Ok(bytes) if bytes <= self.body.limit() => Ok(()),
            _ => Err(self.body.too_large()),
        }
    }

    /// Sets the length of the body that its sender announced.
    pub(crate) fn announce(&mut self, bytes: usize) {
        self.body.announce(bytes);
    }

    /// Appends the next piece of the body, as it arrives. A body in one piece is not
    /// copied. An encoded body is decoded if the scheme signs the decoded body.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BodyTooLarge`] at the first byte over the limit, encoded or
    /// decoded. [`VerifyErrorKind::UnsupportedEncoding`] if the body does not decode,
    /// or if bytes follow its end.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn update(&mut self, piece: impl Into<Bytes>) -> Result<(), VerifyError> {
        self.update_counted(piece.into(), &mut BufferPermit::uncounted()).map_err(|error| {
            match error {
                NotTaken::Rejected(error) => error,
                NotTaken::NoRoom => self.body.too_large(),
            }
        })
    }

    /// [`update`](Self::update), which reserves every stored byte in the budget.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn update_counted(
        &mut self,
        piece: Bytes,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let begin = || Box::new(self.verifier.keyring().keys[0].begin(self.presented.before()));
        if let Some(decoder) = &mut self.decoder {
            return decoder.push(piece, self.running.get_or_insert_with(begin), reserved);
        }
        let hashed = if self.running.is_some() { self.body.held().len() } else { 0 };
        let is_first = self.body.held().is_empty() || piece.is_empty();
        self.body.push(piece, reserved)?;
        if !is_first {
            let running = self.running.get_or_insert_with(begin);
            running.update(&self.body.held()[hashed..]);
        }
        Ok(())
    }

    /// Called before waiting for the next piece: releases the connection's buffer.
    pub(crate) fn pause(&mut self) {
        self.body.detach();
    }

    /// Ends the body and verifies the signature. The delivery is verified if any
    /// presented signature matches any active secret.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SignatureMismatch`]. The errors of a timestamp, if the
    /// timestamp is in the signed body. [`VerifyErrorKind::BodyIncomplete`] if an
    /// encoded body was cut off.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn verify(mut self) -> Result<Verified, VerifyError> {
        let body = self.end()?;
        match self.ruled {
            Some(ruled) => ruled.verify(self.verifier, body),
            None => {
                let secret = self.compare(&body)?;
                let Self { verifier, presented, .. } = self;
                Ok(Verified { verifier, presented, body, secret, event: OnceLock::new() })
            }
        }
    }

    /// Whether `key`, which is not a key of the verifier, signed the delivery. The body
    /// must be complete and not encoded.
    pub(super) fn is_signed_by(&self, key: &Key) -> bool {
        let (before, after) = (self.presented.before(), self.presented.after());
        let message = Message { before, body: self.body.held(), after };
        key.matches(None, &message, &self.tags)
    }

    /// The bytes that have arrived of a body that is not encoded.
    pub(super) fn held(&self) -> &[u8] {
        self.body.held()
    }

    /// Ends the body and returns it.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn end(&mut self) -> Result<Bytes, VerifyError> {
        let begin = || Box::new(self.verifier.keyring().keys[0].begin(self.presented.before()));
        match self.decoder.take() {
            None => std::mem::replace(&mut self.body, Body::new(0)).whole(),
            Some(decoder) => decoder.whole(self.running.get_or_insert_with(begin)),
        }
    }

    /// Returns the index of the secret that signed the delivery.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(super) fn compare(&mut self, body: &Bytes) -> Result<usize, VerifyError> {
        let Self { verifier, presented, tags, running, .. } = self;
        let secret = signed_by(verifier, presented, tags, running.take(), body)
            .filter(|_| !handshake::is_signing_oracle_input(&verifier.scheme, body))
            .filter(|_| {
                let is_origin = verifier.url.as_ref().is_some_and(PublicUrl::is_origin);
                verifier.scheme.boundaries.allow_body(body, is_origin)
            })
            .ok_or(VerifyErrorKind::SignatureMismatch)?;
        if presented.signed_at_ms.is_none() {
            presented.signed_at_ms = stated_time(verifier, body)?;
        }
        Ok(secret)
    }
}

/// The index of the secret that signed the delivery.
#[inline(always)] // Part of `Verifier::verify`, which says why.
fn signed_by(
    verifier: &VerifierSnapshot,
    presented: &SignatureHeaders,
    tags: &Tags,
    running: Option<Box<Running>>,
    body: &Bytes,
) -> Option<usize> {
    let message = Message { before: presented.before(), body, after: presented.after() };
    let keyring = verifier.keyring();
    let is_valid = |index| keyring.is_valid(index, &*verifier.clock);
    let (current, previous) = keyring.keys.split_first()?;
    if is_valid(0) && current.matches(running, &message, tags) {
        return Some(0);
    }
    let mut earlier = (1..).zip(previous);
    let found = earlier.find(|(index, key)| is_valid(*index) && key.matches(None, &message, tags));
    found.map(|(index, _)| index)
}

/// The timestamp in the verified body, checked against the tolerance.
fn stated_time(verifier: &Inner, body: &Bytes) -> Result<Option<i64>, VerifyError> {
    let Some((pointer, unit)) = verifier.body_timestamp() else { return Ok(None) };
    let rejected = |kind| VerifyError::body_field(kind, pointer.text());
    let ms = match json::find(body, &[pointer]).pop() {
        Some(Value::Text(text)) => timestamp::parse(text.as_bytes(), unit)
            .ok_or_else(|| rejected(VerifyErrorKind::MalformedTimestamp))?,
        Some(Value::Missing) | None => return Err(rejected(VerifyErrorKind::MissingTimestamp)),
        Some(_) => return Err(rejected(VerifyErrorKind::MalformedTimestamp)),
    };
    if let Some(tolerance) = verifier.tolerance {
        timestamp::check(ms, verifier.clock.now_unix_ms(), tolerance)?;
    }
    Ok(Some(ms))
}

impl Inner {
    /// The place of the timestamp in the signed body, if it is there.
    fn body_timestamp(&self) -> Option<(&Pointer, TimestampUnit)> {
        let timestamp = self.scheme.timestamp.as_ref()?;
        match &timestamp.place {
            TimestampPlace::Body(pointer) => Some((pointer, timestamp.unit)),
            _ => None,
        }
    }
}

impl fmt::Debug for BodyVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyVerifier")
            .field("scheme", &self.verifier.scheme.name())
            .finish_non_exhaustive()
    }
}
