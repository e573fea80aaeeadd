//! A request whose head was checked and whose body is arriving.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::HeadSource;
use super::changed_body::{self, SeenBody};
use crate::body::budget::BufferPermit;
use crate::body::deadline::BodyDeadline;
use crate::body::{Body, NotTaken};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake::HandshakeAnswer;
use crate::receive::EarlyResponse;
use crate::request::headers::RequestHead;
use crate::telemetry::{Stopwatch, TelemetryEvent};
use crate::verify::{BodyVerifier, UnsignedHandshake, Verified, Verifier};

impl Verifier {
    /// Checks the head of a request, for an adapter. The request is a delivery or an
    /// unsigned handshake. Call this on the verifier that [`resolve`](Self::resolve)
    /// returned.
    ///
    /// # Errors
    ///
    /// The response, if no more of the request needs to be read.
    pub(super) fn begin_delivery<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
    ) -> Result<IncomingDelivery, EarlyResponse> {
        let head = head.into();
        let since = Stopwatch::start();
        let request = match self.handshake(head) {
            Some(asked) => Request::Handshake { body: Body::new(asked.body_limit()), asked },
            None => {
                let handshake = self.self_signed_handshake(&head).map(Box::new);
                let body_verifier = match handshake {
                    Some(_) => self.begin_for_handshake(&head),
                    None => self.begin(head),
                };
                let body_verifier =
                    body_verifier.map_err(|rejected| self.report_response(rejected))?;
                Request::Delivery { body_verifier, handshake }
            }
        };
        Ok(IncomingDelivery {
            request,
            received: 0,
            pieces: 0,
            start: [0; 2],
            pace: BodyDeadline::new(self.body_timeout(), self.min_body_rate()),
            reserved: self.buffer_budget().reserve(),
            since,
            verifier: self.clone(),
        })
    }

    /// Reserves memory for a request in the budget, for an adapter, before it waits
    /// for anything. `head_bytes` is the size of the buffered head. A fixed amount is
    /// added for the other memory of a request.
    ///
    /// # Errors
    ///
    /// [`EarlyResponse::Busy`] if the budget is exhausted.
    pub(super) fn reserve(&self, head_bytes: usize) -> Result<BufferPermit, EarlyResponse> {
        let mut reserved = self.buffer_budget().reserve();
        match reserved.grow(head_bytes.saturating_add(REQUEST_BYTES)) {
            Ok(()) => Ok(reserved),
            Err(_) => Err(self.report_response(EarlyResponse::Busy)),
        }
    }

    /// Records a response that ends the request.
    fn report_response(&self, answer: impl Into<EarlyResponse>) -> EarlyResponse {
        let answer = answer.into();
        self.recorder().record(&answer.responded());
        answer
    }
}

/// A request whose body must be read. An adapter pushes the body piece by piece. At
/// the end it gets the verified delivery, or the response to send. The first error of
/// any method is the response, and ends the request.
#[must_use = "the request is not answered yet"]
pub(super) struct IncomingDelivery {
    request: Request,
    received: u64,
    pieces: u64,
    /// The first two bytes, for the log.
    start: [u8; 2],
    pace: BodyDeadline,
    reserved: BufferPermit,
    since: Stopwatch,
    verifier: Verifier,
}

enum Request {
    Delivery {
        body_verifier: BodyVerifier,
        /// The handshake that it may be instead, while its window is open.
        handshake: Option<Box<UnsignedHandshake>>,
    },
    Handshake {
        asked: UnsignedHandshake,
        body: Body,
    },
}

impl IncomingDelivery {
    /// Counts the body in addition to what is [reserved](Verifier::reserve) for the
    /// head.
    pub(super) fn with_permit(mut self, reserved: BufferPermit) -> Self {
        self.reserved = reserved;
        self
    }

    /// Sets the announced length of the body, and rejects it before it is sent if it
    /// is over the limit. A body of this length or less uses no more of the budget
    /// than this length. 0 means that the length is not known.
    ///
    /// # Errors
    ///
    /// The response, if `bytes` is over the limit.
    pub(super) fn check_content_length(&mut self, bytes: u64) -> Result<(), EarlyResponse> {
        let announced = usize::try_from(bytes).unwrap_or(usize::MAX);
        let rejected = match &mut self.request {
            Request::Delivery { body_verifier: begun, .. } => {
                begun.announce(announced);
                begun.check_content_length(bytes).err()
            }
            Request::Handshake { asked, .. } if asked.body_limit() == 0 => None,
            Request::Handshake { body, .. } => {
                body.announce(announced);
                (announced > body.limit()).then(|| body.too_large())
            }
        };
        rejected.map_or(Ok(()), |rejected| Err(self.verifier.report_response(rejected)))
    }

    /// Whether the response depends on the body. If not, the body need not be read.
    pub(super) fn wants_body(&self) -> bool {
        match &self.request {
            Request::Delivery { .. } => true,
            Request::Handshake { asked, .. } => asked.body_limit() > 0,
        }
    }

    /// Appends the next piece of the body, as it arrives.
    ///
    /// # Errors
    ///
    /// The response, if no more of the request needs to be read: the body is too
    /// large, arrives in too many small pieces, is not valid in its content encoding, or
    /// does not fit into the budget at the moment.
    pub(super) fn update(&mut self, piece: impl Into<Bytes>) -> Result<(), EarlyResponse> {
        let piece = piece.into();
        if let (0, [first, second, ..]) = (self.received, &*piece) {
            self.start = [*first, *second];
        }
        self.received += piece.len() as u64;
        self.pieces += 1;
        if self.pieces > SMALL_PIECES + self.received / BYTES_OF_A_PIECE {
            return Err(self.reject(VerifyErrorKind::BodyTooLarge));
        }
        let pushed = match &mut self.request {
            Request::Delivery { body_verifier: begun, .. } => {
                begun.update_counted(piece, &mut self.reserved)
            }
            Request::Handshake { body, .. } => body.push(piece, &mut self.reserved),
        };
        pushed.map_err(|error| match error {
            NotTaken::Rejected(error) => self.verifier.report_response(error),
            NotTaken::NoRoom => self.verifier.report_response(EarlyResponse::Busy),
        })
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What is known of the body so far.
    pub(super) fn seen(&self, has_ended: bool) -> SeenBody {
        SeenBody { received: self.received, start: self.start, has_ended }
    }

    /// Call this before waiting for the next piece. It copies the received bytes out
    /// of the connection's buffer, which they would otherwise keep alive.
    pub(super) fn pause(&mut self) {
        match &mut self.request {
            Request::Delivery { body_verifier: begun, .. } => begun.pause(),
            Request::Handshake { body, .. } => body.detach(),
        }
    }

    /// Returns the response for a body that the adapter stopped reading, for the
    /// reason `kind`.
    pub(super) fn reject(&self, kind: VerifyErrorKind) -> EarlyResponse {
        self.verifier.report_response(VerifyError::from(kind))
    }

    /// When to call [`check_rate`](Self::check_rate) next, since the adapter began to
    /// wait for the body.
    pub(super) fn next_deadline(&self) -> Duration {
        self.pace.next()
    }

    /// Checks the deadline and the minimum rate of the body. `elapsed` is the time
    /// since the adapter began to wait for the body.
    ///
    /// # Errors
    ///
    /// The response, if the body arrives too slowly.
    pub(super) fn check_rate(&mut self, elapsed: Duration) -> Result<(), EarlyResponse> {
        let checked = self.pace.check_rate(elapsed, self.received);
        checked.map_err(|rejected| self.verifier.report_response(rejected))
    }

    /// Ends the body and verifies the delivery. `announced` is the announced length of
    /// the body, if any. The head is only for the log of a rejection.
    ///
    /// # Errors
    ///
    /// The response, if the request is not a delivery to handle: it failed
    /// verification, or it is a handshake.
    pub(super) fn finish(
        self,
        announced: Option<u64>,
        head: &impl HeadSource,
    ) -> Result<ReceivedDelivery, EarlyResponse> {
        let seen = self.seen(true);
        let Self { request, received, reserved, since, verifier, .. } = self;
        let body_took = since.elapsed();
        let since = Stopwatch::start();
        let is_whole = announced.is_none_or(|bytes| bytes <= received);
        let verified = request.finish(is_whole, &verifier).map_err(|answer| {
            let early = verifier.report_response(answer);
            head.with_head(|head| changed_body::report(&verifier, &early, seen, head));
            early
        })?;
        verifier.recorder().record(&TelemetryEvent::Verified {
            secret: verified.secret_label(),
            body_bytes: verified.body().len(),
            signed_at_unix_ms: verified.signed_at_unix_ms(),
            clock: verifier.clock(),
            body_took,
            verify_took: since.elapsed(),
        });
        Ok(ReceivedDelivery { verified, permit: reserved })
    }
}

impl Request {
    fn finish(self, is_whole: bool, verifier: &Verifier) -> Result<Verified, EarlyResponse> {
        match self {
            Self::Delivery { .. } if !is_whole => {
                Err(VerifyError::from(VerifyErrorKind::BodyIncomplete).into())
            }
            Self::Delivery { body_verifier: begun, handshake } => {
                if let Some(asked) = handshake {
                    if let Some(answer) = asked.answer_self_signed(&begun) {
                        return Err(handshake_response(verifier, answer));
                    }
                    begun.check_secrets()?;
                }
                let verified = begun.verify()?;
                match verified.handshake() {
                    Some(answer) => Err(handshake_response(verifier, answer)),
                    None => Ok(verified),
                }
            }
            Self::Handshake { asked, body } => {
                Err(handshake_response(verifier, asked.answer(&body.whole()?)?))
            }
        }
    }
}

/// Saves the key of a handshake, if it delivers one, and returns the response.
fn handshake_response(verifier: &Verifier, mut answer: HandshakeAnswer) -> EarlyResponse {
    if let Some(secret) = answer.take_captured()
        && verifier.save_captured(secret).is_err()
    {
        return EarlyResponse::SecretNotKept;
    }
    EarlyResponse::Handshake(Box::new(answer))
}

/// A verified delivery and its reservation in the budget.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReceivedDelivery {
    /// The verified delivery, with its body.
    pub verified: Verified,
    /// The reservation. Drop it after the response is sent.
    pub permit: BufferPermit,
}

impl ReceivedDelivery {
    /// Returns only the verified delivery, for an adapter that passes it to the user.
    /// The body stays counted in the budget until it and its clones are dropped.
    #[must_use]
    pub fn into_verified(self) -> Verified {
        let Self { verified, permit } = self;
        verified.counted_in(permit)
    }
}

impl fmt::Debug for IncomingDelivery {
    /// Shows the progress, not the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingDelivery")
            .field("verifier", &self.verifier)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// Each piece costs the server about as much as the MAC of two thousand bytes: without a limit, a
/// forged body of one-byte chunks would cost hundreds of times its MAC. A body of this many pieces
/// is always read.
const SMALL_PIECES: u64 = 1_024;

/// Beyond [`SMALL_PIECES`], the average of the pieces must have about this size: less than a TCP
/// segment.
const BYTES_OF_A_PIECE: u64 = 512;

/// The memory of a request besides its head and body: its task, and the state of
/// parsing and verification.
const REQUEST_BYTES: usize = 4 * 1024;
