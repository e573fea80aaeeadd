//! Handing a verified delivery off to a queue.
//!
//! ```text
//! Verified -> claim, store the message, done: one atomic step -> 202
//!                |
//!                `- stored before: 200 | in flight, full, unavailable: 503
//! ```

mod error;

use std::fmt;
use std::future::Future;
use std::time::Duration;

pub use error::{HandoffError, HandoffErrorKind};

use super::Message;
use crate::idempotency::InboxEvent;

/// A queue that stores a delivery and records its event as done, in one atomic step.
///
/// So each event has exactly one message: a queue that first records the event can lose the
/// message, and one that first stores the message can store it twice. If a message must be stored
/// for a duplicate, too ([`handles_repeats`](HandoffDelivery::handles_repeats)), it is marked as a
/// possible duplicate.
///
/// [`HandoffReceiver`](crate::HandoffReceiver) responds by the outcome. An implementation returns
/// [`Stored`](HandoffOutcome::Stored) only if the message survives what the queue promises to
/// survive.
///
/// Every call must end in a limited time. The future is dropped only if the runtime shuts down.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a queue to which a delivery can be handed off",
    label = "not a queue",
    note = "use `SqliteHandoff`, `PostgresHandoff` or `RedisStreamHandoff`, or implement `Handoff`"
)]
pub trait Handoff: Send + Sync + 'static {
    /// Stores the message of a delivery, unless its event is done.
    fn hand_off(
        &self,
        delivery: &HandoffDelivery,
    ) -> impl Future<Output = Result<HandoffOutcome, HandoffError>> + Send;
}

/// A verified delivery for a queue.
#[derive(Clone)]
#[non_exhaustive]
pub struct HandoffDelivery {
    /// The event, as the queue records it.
    pub event: InboxEvent,
    /// The message to store.
    pub message: Message,
    handles_repeats: bool,
}

impl HandoffDelivery {
    pub(crate) fn new(event: InboxEvent, message: Message, handles_repeats: bool) -> Self {
        Self { event, message, handles_repeats }
    }

    /// Whether the message is stored although its event is done, marked as a possible duplicate:
    /// it can be another event with the same signed bytes, or the endpoint handles duplicates (see
    /// [`Repeats`](crate::Repeats)).
    #[must_use]
    pub fn handles_repeats(&self) -> bool {
        self.handles_repeats
    }
}

impl fmt::Debug for HandoffDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandoffDelivery")
            .field("event", &self.event)
            .field("message", &self.message)
            .field("handles_repeats", &self.handles_repeats)
            .finish()
    }
}

/// What a queue did with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the receiver must respond to each of them")]
pub enum HandoffOutcome {
    /// The queue has the message, and the event is done: the response is 202.
    Stored {
        /// Whether the event was done before. The message is marked as a possible duplicate.
        possible_duplicate: bool,
    },
    /// The event is done, so its message was stored before: the response is 200.
    Duplicate {
        /// Whether the stored body equals the body of this delivery. If not, the sender uses one
        /// id for two events.
        same_body: bool,
        /// When the event was recorded, in Unix milliseconds.
        at_unix_ms: i64,
    },
    /// Another delivery of the event is being stored or handled: the response is 503.
    InFlight {
        /// The maximum remaining time of the other one, if it is known; otherwise zero.
        retry_after: Duration,
    },
    /// The queue has no room for the message: the response is 503.
    Full,
}
