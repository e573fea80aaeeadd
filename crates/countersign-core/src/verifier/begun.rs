//! A delivery whose headers have been judged and whose body is arriving.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::{Inner, Verified};
use crate::body::Body;
use crate::decoding::Decoder;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake;
use crate::json::{self, Value};
use crate::mac::{Message, Running};
use crate::presented::Presented;
use crate::timestamp;

/// A delivery whose headers are in order and whose body is yet to come.
///
/// The body is hashed as it arrives, and it is kept here, so that what is
/// proved and what is handed out cannot be two different bodies.
#[must_use = "the delivery is believed only after `verify`"]
pub struct Begun {
    verifier: Arc<Inner>,
    presented: Presented,
    /// The MAC with the current secret. With the others it is computed only for
    /// what the current one has not signed.
    running: Running,
    body: Body,
    /// Takes the place of `body` where the body arrives encoded.
    decoder: Option<Box<Decoder>>,
}

impl Begun {
    pub(super) fn new(
        verifier: Arc<Inner>,
        presented: Presented,
        decoder: Option<Decoder>,
    ) -> Self {
        let running = verifier.keys[0].begin(presented.before());
        let body = Body::new(verifier.body_limit);
        Self { verifier, presented, running, body, decoder: decoder.map(Box::new) }
    }

    /// Refuses a body of a length that is announced and is too much, before it
    /// is sent.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BodyTooLarge`] where `bytes` is over the limit.
    pub fn expect(&self, bytes: u64) -> Result<(), VerifyError> {
        match usize::try_from(bytes) {
            Ok(bytes) if bytes <= self.body.limit() => Ok(()),
            _ => Err(self.body.too_large()),
        }
    }

    /// Takes the next piece of the body, as it arrives. A body of one piece is
    /// not copied; an encoded one is decoded, where the scheme signs it so.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BodyTooLarge`] at the first byte over the limit,
    /// encoded or decoded; [`VerifyErrorKind::UnsupportedEncoding`] where the
    /// body does not decode, or something follows its end.
    pub fn push(&mut self, piece: impl Into<Bytes>) -> Result<(), VerifyError> {
        let piece = piece.into();
        if let Some(decoder) = &mut self.decoder {
            return decoder.push(piece, &mut self.running);
        }
        self.body.push(&piece)?;
        self.running.update(&piece);
        Ok(())
    }

    /// Ends the body and compares. Of all secrets any may have signed it, and
    /// of all presented signatures any may be it.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SignatureMismatch`]; where the signed body states its
    /// own time, the refusals of a timestamp; and
    /// [`VerifyErrorKind::BodyIncomplete`] where an encoded body was cut off.
    pub fn verify(self) -> Result<Verified, VerifyError> {
        let Self { verifier, mut presented, mut running, body, decoder } = self;
        let body = match decoder {
            None => body.whole()?,
            Some(decoder) => decoder.whole(&mut running)?,
        };
        let secret = signed_by(&verifier, &presented, running, &body)
            .filter(|_| !handshake::anybody_may_have_had_it_signed(&verifier.scheme, &body))
            .ok_or(VerifyErrorKind::SignatureMismatch)?;
        if presented.signed_at_ms.is_none() {
            presented.signed_at_ms = stated_time(&verifier, &body)?;
        }
        Ok(Verified { verifier, presented, body, secret, event: OnceLock::new() })
    }
}

/// Which secret has signed the delivery.
fn signed_by(
    verifier: &Inner,
    presented: &Presented,
    running: Running,
    body: &Bytes,
) -> Option<usize> {
    let message = Message { before: presented.before(), body, after: presented.after() };
    let (current, previous) = verifier.keys.split_first()?;
    if current.matches(running, &message, &presented.tags) {
        return Some(0);
    }
    let earlier = previous.iter().position(|key| {
        let mut running = key.begin(message.before);
        running.update(message.body);
        key.matches(running, &message, &presented.tags)
    });
    earlier.map(|index| index + 1)
}

/// The time that the verified body states, held to the tolerance.
fn stated_time(verifier: &Inner, body: &Bytes) -> Result<Option<i64>, VerifyError> {
    let Some((pointer, unit)) = verifier.body_timestamp() else { return Ok(None) };
    let refused = |kind| VerifyError::body_field(kind, pointer.text());
    let ms = match json::find(body, &[pointer]).pop() {
        Some(Value::Text(text)) => timestamp::parse(text.as_bytes(), unit)
            .ok_or_else(|| refused(VerifyErrorKind::MalformedTimestamp))?,
        Some(Value::Unusable) => return Err(refused(VerifyErrorKind::MalformedTimestamp)),
        Some(Value::Missing) | None => return Err(refused(VerifyErrorKind::MissingTimestamp)),
    };
    if let Some(tolerance) = verifier.tolerance {
        timestamp::check(ms, verifier.clock.now_unix_ms(), tolerance)?;
    }
    Ok(Some(ms))
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun")
            .field("scheme", &self.verifier.scheme.name())
            .finish_non_exhaustive()
    }
}
