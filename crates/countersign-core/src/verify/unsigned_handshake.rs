//! Unsigned handshakes: recognised before `begin`, and answered only if their rule
//! allows it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::{BodyVerifier, Inner, Verifier, VerifierSnapshot};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake::{Asked, HandshakeAnswer, Heard, VerifyToken};
use crate::json::Value;
use crate::request::headers::RequestHead;
use crate::scheme::HandshakeRule;
use crate::secret::Secret;

impl Verifier {
    /// Sets the token that the user has chosen and entered at the provider, for the
    /// schemes whose handshake contains it (Meta). Defaults to no token: such
    /// handshakes are then not answered.
    ///
    /// The token appears in URLs, and so in logs. Never use a signing secret as the
    /// token.
    #[must_use]
    pub fn with_verify_token(mut self, token: &Secret) -> Self {
        Arc::make_mut(&mut self.inner).unsigned.token = Some(VerifyToken::new(token));
        self
    }

    /// Allows one handshake that delivers a key, for the duration `within`.
    ///
    /// Such a handshake is not signed with a known key, so it is answered only while
    /// its window is open. Call this immediately before you create the webhook at the
    /// provider. It applies to all clones of the verifier, and to one handshake.
    ///
    /// The first client that reaches the endpoint while the window is open can deliver its
    /// own key. If the provider shows the key, compare it, and open it for seconds only.
    pub fn open_handshake_window(&self, within: Duration) {
        let ms = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        let until = self.inner.clock.now_unix_ms().saturating_add(ms);
        self.inner.unsigned.open_until.store(until, Ordering::Release);
    }

    /// Cancels [`handshake_window`](Self::open_handshake_window).
    pub fn close_handshake_window(&self) {
        self.inner.unsigned.open_until.store(CLOSED, Ordering::Release);
    }

    /// Saves the key that the provider sent in a handshake.
    pub(crate) fn save_captured(&self, secret: Secret) -> Result<(), NotSaved> {
        let secret_store = self.inner.secret_store.as_ref().ok_or(NotSaved)?;
        // A panic would close the connection without a response.
        match catch_unwind(AssertUnwindSafe(|| secret_store.save(secret))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotSaved),
        }
    }

    /// Recognises an unsigned handshake by the head of its request. Returns `None`
    /// for every other request: continue with [`verify`](Self::verify). Signed
    /// handshakes are verified like deliveries, and
    /// [`Verified::handshake`](crate::Verified::handshake) recognises them.
    ///
    /// ```
    /// use countersign_core::{Handshake, RequestHead, Scheme, Secret, Verifier};
    ///
    /// let acme = Scheme::builder("acme")
    ///     .signature_header("X-Acme-Signature")
    ///     .signed_payload("{body}")
    ///     .handshake(Handshake::unsigned("challenge").method("GET").text("query:challenge"))
    ///     .build()?;
    /// let verifier = Verifier::new(acme, Secret::new("secret")?)?;
    ///
    /// let headers = [("Accept", "text/plain")];
    /// let head = RequestHead::new("GET", "/hooks?challenge=abc", &headers);
    /// let asked = verifier.handshake(head).expect("it is a handshake");
    /// assert_eq!(asked.body_limit(), 0);
    /// let answer = asked.answer(b"")?;
    /// assert_eq!((answer.status(), &answer.body()[..]), (200, &b"abc"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn handshake<'h>(&self, head: impl Into<RequestHead<'h>>) -> Option<UnsignedHandshake> {
        if self.inner.scheme.handshakes().is_empty() {
            return None;
        }
        let verifier = self.snapshot().ok()?;
        let head = head.into();
        let mut perhaps = Vec::new();
        for index in 0..verifier.scheme.handshakes().len() {
            if !verifier.may_answer(index) {
                continue;
            }
            match verifier.asked(index)?.by_head(&verifier.scheme, &head) {
                Heard::No => {}
                Heard::Yes(answer) => {
                    let state = State::Known { index, answer };
                    return Some(UnsignedHandshake { verifier, state });
                }
                Heard::Perhaps(in_head) => perhaps.push((index, in_head)),
            }
        }
        if perhaps.is_empty() {
            return None;
        }
        Some(UnsignedHandshake { verifier, state: State::InBody(perhaps) })
    }
}

/// The key of a handshake could not be saved.
pub(crate) struct NotSaved;

impl Verifier {
    /// Recognises a request that may be a handshake that delivers a key and is signed
    /// with that key, which the verifier does not have. Only while the handshake is
    /// in its window: like an unsigned handshake, it is not signed with a known key.
    pub(crate) fn self_signed_handshake(
        &self,
        head: &RequestHead<'_>,
    ) -> Option<UnsignedHandshake> {
        if self.inner.scheme.handshakes().is_empty() {
            return None;
        }
        let verifier = self.snapshot().ok()?;
        let of_index = |index| {
            let asked = verifier.may_answer(index).then(|| verifier.asked(index))??;
            Some((index, asked.by_signed_head(head)?))
        };
        let perhaps: Vec<_> =
            (0..verifier.scheme.handshakes().len()).filter_map(of_index).collect();
        let state = State::InBody(perhaps);
        Some(UnsignedHandshake { verifier, state }).filter(UnsignedHandshake::may_be_one)
    }
}

/// A request that is an unsigned handshake, or may be one, depending on its body. It
/// cannot be a valid delivery, because it has no signature.
#[must_use = "the provider waits for the answer"]
pub struct UnsignedHandshake {
    verifier: VerifierSnapshot,
    state: State,
}

enum State {
    /// The head is enough to answer it.
    Known { index: usize, answer: HandshakeAnswer },
    /// The handshakes that it may be, with the values from the head.
    InBody(Vec<(usize, Vec<Value>)>),
}

impl UnsignedHandshake {
    /// The maximum number of bytes of the body to read; 0 if the body is not needed.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        match &self.state {
            State::Known { .. } => 0,
            State::InBody(_) => self.verifier.body_limit.min(MAX_UNSIGNED_BODY),
        }
    }

    /// Returns the response to the handshake. `body` is ignored if
    /// [`body_limit`](Self::body_limit) is 0.
    ///
    /// If the handshake delivers a key, this closes the handshake window, so that only one key is
    /// accepted.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BodyTooLarge`] if the body is larger than the limit.
    /// [`VerifyErrorKind::MissingSignature`], as for an unsigned delivery, if the
    /// request is not a handshake, or if the handshake is no longer in its window.
    pub fn answer(self, body: &[u8]) -> Result<HandshakeAnswer, VerifyError> {
        let limit = self.body_limit();
        let Self { verifier, state } = self;
        let found = match state {
            State::Known { index, answer } => Some((index, answer)),
            State::InBody(_) if body.len() > limit => {
                return Err(VerifyError::limit(VerifyErrorKind::BodyTooLarge, limit));
            }
            State::InBody(perhaps) => verifier.by_body(perhaps, body),
        };
        match found {
            Some((index, answer)) if verifier.close_window_for(index) => Ok(answer),
            _ => {
                let missing = VerifyErrorKind::MissingSignature;
                Err(match verifier.scheme.families[0].signatures.first() {
                    Some(header) => VerifyError::header(missing, header),
                    None => missing.into(),
                })
            }
        }
    }
}

impl UnsignedHandshake {
    fn may_be_one(&self) -> bool {
        !matches!(&self.state, State::InBody(perhaps) if perhaps.is_empty())
    }

    /// The response, if `delivery` is signed with the key that its body delivers. As
    /// [`answer`](Self::answer), this closes the handshake window.
    pub(crate) fn answer_self_signed(self, delivery: &BodyVerifier) -> Option<HandshakeAnswer> {
        let Self { verifier, state: State::InBody(perhaps) } = self else { return None };
        let body = delivery.held();
        if body.len() > MAX_UNSIGNED_BODY {
            return None;
        }
        let (index, answer) = verifier.by_body(perhaps, body)?;
        let key = std::str::from_utf8(answer.captured()?.dangerous_reveal()).ok()?;
        let key = verifier.scheme.key(&Secret::new(key).ok()?).ok()?;
        (delivery.is_signed_by(&key) && verifier.close_window_for(index)).then_some(answer)
    }
}

/// The state for unsigned handshakes, besides the scheme.
#[derive(Clone)]
pub(super) struct Unsigned {
    token: Option<VerifyToken>,
    /// The end of the handshake window, in Unix milliseconds, by the verifier's clock.
    open_until: Arc<AtomicI64>,
}

impl Default for Unsigned {
    fn default() -> Self {
        Self { token: None, open_until: Arc::new(AtomicI64::new(CLOSED)) }
    }
}

impl VerifierSnapshot {
    /// `None` if no secret is valid now, to sign the response with.
    fn asked(&self, index: usize) -> Option<Asked<'_>> {
        let handshake = &self.scheme.handshakes()[index];
        // A key can be delivered before any secret is valid. Its handshake signs nothing.
        let needs_no_key =
            handshake.captured_from().is_some() && !handshake.signs_unsigned_challenge();
        let keyring = self.keyring();
        let any = || keyring.keys.first().filter(|_| needs_no_key);
        let key = keyring.current(&*self.clock).or_else(any)?;
        Some(Asked { handshake, key, token: self.unsigned.token.as_ref() })
    }

    /// Selects the handshake that matches the body, of those that match the head.
    fn by_body(
        &self,
        perhaps: Vec<(usize, Vec<Value>)>,
        body: &[u8],
    ) -> Option<(usize, HandshakeAnswer)> {
        perhaps
            .into_iter()
            .find_map(|(index, in_head)| Some((index, self.asked(index)?.by_body(in_head, body)?)))
    }
}

impl Inner {
    /// Whether a handshake may be answered without a signature.
    fn may_answer(&self, index: usize) -> bool {
        match self.scheme.handshakes()[index].rule() {
            HandshakeRule::Signed => false,
            HandshakeRule::Unsigned => true,
            HandshakeRule::UnsignedInWindow => self.window_end().is_some(),
        }
    }

    /// Whether a handshake may be answered now. Closes the window, if the handshake
    /// needs one.
    fn close_window_for(&self, index: usize) -> bool {
        if self.scheme.handshakes()[index].rule() != HandshakeRule::UnsignedInWindow {
            return self.may_answer(index);
        }
        let Some(until) = self.window_end() else { return false };
        let open_until = &self.unsigned.open_until;
        open_until.compare_exchange(until, CLOSED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn window_end(&self) -> Option<i64> {
        let until = self.unsigned.open_until.load(Ordering::Acquire);
        (until != CLOSED && self.clock.now_unix_ms() <= until).then_some(until)
    }
}

impl fmt::Debug for UnsignedHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnsignedHandshake")
            .field("scheme", &self.verifier.scheme.name())
            .finish_non_exhaustive()
    }
}

const CLOSED: i64 = i64::MIN;

/// The maximum size of an unsigned body. It is small because the body is parsed
/// without verification.
const MAX_UNSIGNED_BODY: usize = 16 * 1024;
