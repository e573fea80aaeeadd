//! A delivery of a scheme that is implemented in code: the scheme's rule verifies it.

use std::iter;
use std::sync::OnceLock;

use bytes::Bytes;

use super::{Inner, Verified, VerifierSnapshot};
use crate::custom::{BodyCheck, CustomVerifier, KeyMatch, VerifyRequest};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake;
use crate::request::headers::RequestHead;
use crate::signature_headers::{self, Piece, SignatureHeaders};
use crate::time::timestamp;
use crate::verify::event::{Event, Known};

/// A delivery whose headers the rule has checked and whose body is still to come.
pub(super) struct CustomVerification {
    pending: BodyCheck,
    header_type: Option<String>,
}

impl CustomVerification {
    /// Lets the rule check the headers.
    pub(super) fn begin(
        verifier: &VerifierSnapshot,
        rule: &dyn CustomVerifier,
        head: &RequestHead<'_>,
    ) -> Result<Box<Self>, VerifyError> {
        let Inner { scheme, original, url, tolerance, body_limit, clock, .. } = &**verifier;
        let request = VerifyRequest {
            scheme: original.as_deref().unwrap_or(scheme),
            effective: scheme,
            head,
            url: url.as_ref(),
            tolerance: *tolerance,
            body_limit: *body_limit,
            now_ms: clock.now_unix_ms(),
        };
        let keyring = verifier.keyring();
        let pending = rule.begin(&request, &|index| keyring.is_valid(index, &**clock))?;
        let header_type = signature_headers::header_type(scheme, head);
        let header_type = header_type.map(|text| String::from_utf8_lossy(text).into_owned());
        Ok(Box::new(Self { pending, header_type }))
    }

    /// Lets the rule check the body.
    pub(super) fn verify(
        self,
        verifier: VerifierSnapshot,
        body: Bytes,
    ) -> Result<Verified, VerifyError> {
        let Inner { scheme, tolerance, clock, .. } = &*verifier;
        let signed_by = self.pending.check(&body)?;
        if handshake::is_signing_oracle_input(scheme, &body) {
            return Err(VerifyErrorKind::SignatureMismatch.into());
        }
        let keyring = verifier.keyring();
        if signed_by.secret >= keyring.names.len() {
            return Err(VerifyErrorKind::Misconfigured.into());
        }
        // The secret may have expired while the body arrived.
        if !keyring.may_have_signed(signed_by.secret, &**clock) {
            return Err(VerifyErrorKind::SignatureMismatch.into());
        }
        let mut presented = SignatureHeaders::default();
        if scheme.timestamp.is_some() {
            let signed_at_ms = signed_by.unix_ms.ok_or(VerifyErrorKind::MissingTimestamp)?;
            if let Some(tolerance) = *tolerance {
                timestamp::check(signed_at_ms, clock.now_unix_ms(), tolerance)?;
            }
            presented.signed_at_ms = Some(signed_at_ms);
        }
        let KeyMatch { secret, unix_ms, id, over } = signed_by;
        let time = unix_ms.map(i64::to_be_bytes);
        let time = time.as_ref().map(|time| Piece::Time(time));
        let signed = Piece::Body(over.as_deref().unwrap_or(&body));
        let known = Known {
            family: 0,
            id: id.as_deref(),
            header_type: self.header_type.as_deref(),
            signed: iter::once(signed).chain(time).collect(),
        };
        // The event is derived now, because the rule's data is not stored.
        let event = Event::known(scheme, &known, &body);
        drop(known);
        let event = OnceLock::from(Box::new(event));
        Ok(Verified { presented, body, secret, event, verifier })
    }
}
