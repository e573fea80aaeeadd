//! Claim, publish, complete.

use std::error::Error as _;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use countersign_core::{
    Attempt, ClaimOutcome, Handoff, HandoffDelivery, HandoffError, HandoffErrorKind,
    HandoffOutcome, IdempotencyStore, Message, StoreError,
};
use tokio::time::timeout;

use crate::error::StreamError;
use crate::stream;

/// A stream of JetStream as a queue, with the claims of its events in an idempotency store.
///
/// See [the crate](crate) for the steps, and for what survives which failure.
pub struct JetStreamHandoff<S> {
    jetstream: Context,
    subject: String,
    store: Arc<S>,
    deadline: Duration,
}

impl<S: IdempotencyStore> JetStreamHandoff<S> {
    /// Publishes to this subject. Checks the stream that has it.
    ///
    /// The claims are those of the store: use one that survives a restart, and that all receivers of
    /// the stream share.
    ///
    /// # Errors
    ///
    /// [`StreamError`] if no stream has the subject, if it cannot be read, or if its settings lose
    /// messages that it has acknowledged.
    pub async fn new(
        jetstream: Context,
        subject: impl Into<String>,
        store: S,
    ) -> Result<Self, StreamError> {
        let subject = subject.into();
        stream::check(&jetstream, &subject).await?;
        Ok(Self { jetstream, subject, store: Arc::new(store), deadline: DEADLINE })
    }

    /// The maximum duration of a publication, and of each call of the store. Defaults to 2 s. The
    /// minimum is 10 ms, and the maximum one day.
    ///
    /// The claim has a lease of four times this, at least 2 s: an event whose process has died is
    /// answered 503 until then.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.clamp(MIN, MAX);
        self
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Publishes a message, and waits for the acknowledgement.
    ///
    /// The server ignores a message whose id it has seen within the window, which is a success too.
    async fn publish(&self, message: &Message) -> Result<HandoffOutcome, HandoffError> {
        let publication =
            PublishMessage::build().message_id(message.id()).payload(message.to_bytes().into());
        let acknowledged = async {
            let sent = self.jetstream.send_publish(self.subject.clone(), publication).await?;
            sent.into_future().await
        };
        match timeout(self.deadline, acknowledged).await {
            Ok(Ok(_)) => {
                Ok(HandoffOutcome::Stored { possible_duplicate: message.possible_duplicate() })
            }
            Ok(Err(error)) => failed(error),
            Err(_) => Err(HandoffErrorKind::NoReply.into()),
        }
    }

    async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, HandoffError> {
        match timeout(self.deadline, call).await {
            Ok(result) => result.map_err(HandoffError::from),
            Err(_) => Err(HandoffErrorKind::NoReply.into()),
        }
    }

    /// Publishes the message of an event that this attempt holds.
    async fn publish_claimed(
        &self,
        delivery: &HandoffDelivery,
        attempt: &Attempt,
        number: u32,
    ) -> Result<HandoffOutcome, HandoffError> {
        let key = &delivery.event.key;
        // Its message may be in the stream already, although an earlier attempt got no
        // acknowledgement. The server only recognizes it within the window.
        let message = delivery.message.clone();
        let message = message.with_possible_duplicate(number > 1).with_attempt(number);
        let published = self.publish(&message).await;
        if matches!(published, Ok(HandoffOutcome::Stored { .. })) {
            // The response is 202 in any case. If the store is away, a repeat of the delivery
            // publishes the message again.
            for _ in 0..TRIES {
                if self.call(self.store.complete(key, attempt)).await.is_ok() {
                    break;
                }
            }
        } else {
            // The sender's retry does not have to wait for the end of the lease.
            let _ = self.call(self.store.release(key, attempt)).await;
        }
        published
    }
}

impl<S: IdempotencyStore> Handoff for JetStreamHandoff<S> {
    async fn hand_off(&self, delivery: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        let event = &delivery.event;
        let lease = self.deadline.saturating_mul(4).max(MIN_LEASE);
        let mut attempt = Attempt::new(event.fingerprint, lease, event.retention)?;
        // What crashes is not the handling of the event.
        attempt.max_crashes = u32::MAX;
        match self.call(self.store.claim(&event.key, &attempt)).await? {
            ClaimOutcome::Granted { attempt: number, .. } => {
                self.publish_claimed(delivery, &attempt, number).await
            }
            ClaimOutcome::Done { .. } if delivery.handles_repeats() => {
                let repeat = delivery.message.clone().with_possible_duplicate(true);
                self.publish(&repeat).await
            }
            ClaimOutcome::Done { fingerprint_matches, at_unix_ms } => {
                Ok(HandoffOutcome::Duplicate { same_body: fingerprint_matches, at_unix_ms })
            }
            ClaimOutcome::InFlight { retry_after } => Ok(HandoffOutcome::InFlight { retry_after }),
            ClaimOutcome::AtCapacity => Ok(HandoffOutcome::Full),
            _ => Err(HandoffErrorKind::Unavailable.into()),
        }
    }
}

/// The outcome of a publication without an acknowledgement.
fn failed(error: PublishError) -> Result<HandoffOutcome, HandoffError> {
    let reply = error.source().and_then(<dyn std::error::Error>::downcast_ref);
    let kind = match (error.kind(), reply) {
        (_, Some(reply)) if is_full(reply) => return Ok(HandoffOutcome::Full),
        // Any other reply says that the message was not stored.
        (PublishErrorKind::Other, Some(reply)) if is_failure(reply) => {
            HandoffErrorKind::Unavailable
        }
        (PublishErrorKind::Other, Some(_))
        | (PublishErrorKind::StreamNotFound | PublishErrorKind::MaxPayloadExceeded, _) => {
            HandoffErrorKind::NotAccepted
        }
        (PublishErrorKind::MaxAckPending, _) => HandoffErrorKind::Unavailable,
        _ => HandoffErrorKind::NoReply,
    };
    Err(HandoffError::with_source(kind, error))
}

/// A limit of the stream or of the server. The code of the former is that of all failures of the
/// storage.
fn is_full(reply: &jetstream::Error) -> bool {
    let code = reply.error_code().0;
    let text = reply.to_string();
    FULL.contains(&code) || (code == STORE_FAILED && text.contains("maximum"))
}

fn is_failure(reply: &jetstream::Error) -> bool {
    reply.error_code().0 == STORE_FAILED || reply.code() >= 500
}

/// Insufficient resources, memory or storage (`errors.json` of nats-server).
const FULL: [u64; 3] = [10_023, 10_028, 10_047];
const STORE_FAILED: u64 = 10_077;

impl<S> Clone for JetStreamHandoff<S> {
    fn clone(&self) -> Self {
        Self {
            jetstream: self.jetstream.clone(),
            subject: self.subject.clone(),
            store: Arc::clone(&self.store),
            deadline: self.deadline,
        }
    }
}

impl<S> fmt::Debug for JetStreamHandoff<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamHandoff")
            .field("subject", &self.subject)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

const DEADLINE: Duration = Duration::from_secs(2);
const MIN_LEASE: Duration = Duration::from_secs(2);
const MIN: Duration = Duration::from_millis(10);
const MAX: Duration = Duration::from_secs(24 * 60 * 60);
const TRIES: usize = 3;
