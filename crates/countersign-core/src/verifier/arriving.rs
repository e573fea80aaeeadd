//! A request whose head was judged and whose body is on its way: what every
//! adapter does, but for reading it.

use std::fmt;
use std::mem;
use std::time::Duration;

use bytes::Bytes;

use super::{AskedHandshake, Begun, Verified, Verifier};
use crate::body::{Body, NotTaken};
use crate::budget::Reserved;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::handshake::HandshakeAnswer;
use crate::headers::Head;
use crate::observe::{Notice, Stopwatch};
use crate::outcome::Answer;
use crate::pace::Pace;
use crate::secret::Secret;

impl Verifier {
    /// Judges the head of a request, for an adapter: of a delivery, or of a
    /// handshake that nobody has signed. The verifier is the one that
    /// [`resolve`](Self::resolve) gave.
    ///
    /// # Errors
    ///
    /// The answer for a request of which no more has to be read.
    pub fn arrive<'h>(&self, head: impl Into<Head<'h>>) -> Result<Arriving, Answer> {
        let head = head.into();
        let since = Stopwatch::start();
        let request = match self.handshake(head) {
            Some(asked) => Request::Handshake { body: Body::new(asked.body_limit()), asked },
            None => Request::Delivery {
                begun: self.begin(head).map_err(|refused| self.answered(refused))?,
                handshake: self.self_signed_handshake(&head).map(Box::new),
            },
        };
        Ok(Arriving {
            request,
            received: 0,
            pace: Pace::new(self.body_timeout(), self.least_body_rate()),
            reserved: self.buffer_budget().reserve(),
            since,
            verifier: self.clone(),
        })
    }

    /// Takes a request's part of the budget, for an adapter, before anything of it
    /// is waited for: `head_bytes` is what it holds of the head. Some more is
    /// counted for what serving a request takes besides.
    ///
    /// # Errors
    ///
    /// [`Answer::Busy`] if the request does not fit beside the others.
    pub fn reserve(&self, head_bytes: usize) -> Result<Reserved, Answer> {
        let mut reserved = self.buffer_budget().reserve();
        match reserved.grow(head_bytes.saturating_add(REQUEST_BYTES)) {
            Ok(()) => Ok(reserved),
            Err(_) => Err(self.answered(Answer::Busy)),
        }
    }

    /// Tells of an answer that ends the request.
    fn answered(&self, answer: impl Into<Answer>) -> Answer {
        let answer = answer.into();
        self.watch().tell(&Notice::Answered(&answer));
        answer
    }
}

/// A request that is worth reading the body of. An adapter pushes that piece by
/// piece, and gets at the end the proof, or the answer to give. The first error
/// is that answer, and the end of it.
#[must_use = "the request is not answered yet"]
pub struct Arriving {
    request: Request,
    received: u64,
    pace: Pace,
    reserved: Reserved,
    since: Stopwatch,
    verifier: Verifier,
}

enum Request {
    Delivery {
        begun: Begun,
        /// What it may be instead, while a handshake is armed.
        handshake: Option<Box<AskedHandshake>>,
    },
    Handshake {
        asked: AskedHandshake,
        body: Body,
    },
}

impl Arriving {
    /// Counts the body beside what is [reserved](Verifier::reserve) for the head.
    pub fn with_reserved(mut self, reserved: Reserved) -> Self {
        self.reserved = reserved;
        self
    }

    /// Rejects a body whose announced length is over the limit, before it is
    /// sent. One that fits takes no more of the budget than that length. 0 is a
    /// length that is not known.
    ///
    /// # Errors
    ///
    /// The answer, if `bytes` is over the limit.
    pub fn expect(&mut self, bytes: u64) -> Result<(), Answer> {
        let announced = usize::try_from(bytes).unwrap_or(usize::MAX);
        let refused = match &mut self.request {
            Request::Delivery { begun, .. } => {
                begun.announce(announced);
                begun.expect(bytes).err()
            }
            Request::Handshake { asked, .. } if asked.body_limit() == 0 => None,
            Request::Handshake { body, .. } => {
                body.announce(announced);
                (announced > body.limit()).then(|| body.too_large())
            }
        };
        refused.map_or(Ok(()), |refused| Err(self.verifier.answered(refused)))
    }

    /// Whether the answer hangs on the body. Where it does not, none has to be
    /// read.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        match &self.request {
            Request::Delivery { .. } => true,
            Request::Handshake { asked, .. } => asked.body_limit() > 0,
        }
    }

    /// Takes the next piece of the body, as it arrives.
    ///
    /// # Errors
    ///
    /// The answer for a request of which no more has to be read: its body is too
    /// large, is not encoded as it claims, or does not fit beside those of all
    /// others at this moment.
    pub fn push(&mut self, piece: impl Into<Bytes>) -> Result<(), Answer> {
        let piece = piece.into();
        self.received += piece.len() as u64;
        let pushed = match &mut self.request {
            Request::Delivery { begun, .. } => begun.push_counted(piece, &mut self.reserved),
            Request::Handshake { body, .. } => body.push(piece, &mut self.reserved),
        };
        pushed.map_err(|error| match error {
            NotTaken::Rejected(error) => self.verifier.answered(error),
            NotTaken::NoRoom => self.verifier.answered(Answer::Busy),
        })
    }

    /// The next piece has to be waited for. What has come is moved out of the
    /// buffer of its connection, which would be kept with it, however large it is.
    pub fn pause(&mut self) {
        match &mut self.request {
            Request::Delivery { begun, .. } => begun.pause(),
            Request::Handshake { body, .. } => body.detach(),
        }
    }

    /// The answer for a request of which the adapter has seen that no more of its
    /// body comes, and why.
    #[must_use]
    pub fn refuse(&self, kind: VerifyErrorKind) -> Answer {
        self.verifier.answered(VerifyError::from(kind))
    }

    /// When to [`judge_pace`](Self::judge_pace), since the body was first waited
    /// for.
    #[must_use]
    pub fn next_look(&self) -> Duration {
        self.pace.next()
    }

    /// Judges how fast the body comes, so long after it was first waited for.
    ///
    /// # Errors
    ///
    /// The answer for a body that comes too slowly.
    pub fn judge_pace(&mut self, elapsed: Duration) -> Result<(), Answer> {
        let judged = self.pace.judge(elapsed, self.received);
        judged.map_err(|refused| self.verifier.answered(refused))
    }

    /// Ends the body, which had been announced to have so many bytes, if it had.
    ///
    /// # Errors
    ///
    /// The answer for a request that is no delivery to be handled: one that must
    /// not be believed, or a handshake.
    pub fn finish(self, announced: Option<u64>) -> Result<Arrived, Answer> {
        let Self { request, received, reserved, since, verifier, .. } = self;
        let body_took = since.elapsed();
        let since = Stopwatch::start();
        let is_whole = announced.is_none_or(|bytes| bytes <= received);
        let verified =
            request.judge(is_whole, &verifier).map_err(|answer| verifier.answered(answer))?;
        verifier.watch().tell(&Notice::Verified {
            verified: &verified,
            clock: &*verifier.inner.clock,
            body_took,
            verify_took: since.elapsed(),
        });
        Ok(Arrived { verified, reserved })
    }
}

impl Request {
    fn judge(self, is_whole: bool, verifier: &Verifier) -> Result<Verified, Answer> {
        match self {
            Self::Delivery { .. } if !is_whole => {
                Err(VerifyError::from(VerifyErrorKind::BodyIncomplete).into())
            }
            Self::Delivery { begun, handshake } => {
                let asked = handshake.and_then(|asked| asked.answer_self_signed(&begun));
                if let Some(answer) = asked {
                    return Err(shaken(verifier, answer));
                }
                let verified = begun.verify()?;
                match verified.handshake() {
                    Some(answer) => Err(shaken(verifier, answer)),
                    None => Ok(verified),
                }
            }
            Self::Handshake { asked, body } => Err(shaken(verifier, asked.answer(&body.whole()?)?)),
        }
    }
}

/// The answer to a handshake, once the key that it hands over is kept.
fn shaken(verifier: &Verifier, mut answer: HandshakeAnswer) -> Answer {
    if let Some(secret) = answer.take_captured()
        && verifier.keep_captured(secret).is_err()
    {
        return Answer::SecretNotKept;
    }
    Answer::Handshake(Box::new(answer))
}

/// A proved delivery, and its part of the budget.
#[derive(Debug)]
#[non_exhaustive]
pub struct Arrived {
    /// The proof, with the body.
    pub verified: Verified,
    /// To be dropped once the delivery is answered.
    pub reserved: Reserved,
}

impl Arrived {
    /// The proof alone, for an adapter that hands it to the user. Its body stays
    /// counted in the budget until it and its clones are dropped.
    #[must_use]
    pub fn into_verified(self) -> Verified {
        let Self { mut verified, reserved } = self;
        let body = mem::take(&mut verified.body);
        verified.body = Bytes::from_owner(Counted { body, _reserved: reserved });
        verified
    }
}

/// Bytes, and their part of the budget.
struct Counted {
    body: Bytes,
    _reserved: Reserved,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

/// Keeps the keys that providers hand over in a handshake. Implemented for
/// closures.
pub trait SecretKeeper: Send + Sync + 'static {
    /// Keeps the key, before the provider is told that it was received: it is
    /// not sent again.
    ///
    /// # Errors
    ///
    /// Where it could not be kept; the handshake then fails, and is to be tried
    /// again.
    fn keep(&self, secret: Secret) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

impl<F> SecretKeeper for F
where
    F: Fn(Secret) -> Result<(), Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
{
    fn keep(&self, secret: Secret) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self(secret)
    }
}

impl fmt::Debug for Arriving {
    /// Shows how far it is: no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arriving")
            .field("verifier", &self.verifier)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// The task of a request, what parses its head, and what remembers where it is.
const REQUEST_BYTES: usize = 4 * 1024;
