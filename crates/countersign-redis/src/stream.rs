//! Handing deliveries off to a stream.

mod call;

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use countersign_core::{
    Attempt, Effect, Handoff, HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome,
    StoreError,
};
use redis::Value;

pub(crate) use call::StreamCall;

use crate::call::Call;
use crate::error::{ConnectError, RedisStoreError};
use crate::key::{hash_tag, in_slot_of};
use crate::store::RedisStore;
use call::StreamScript;

/// A Redis stream as a queue: one script records the event as done and adds its message, in one
/// atomic step and one round trip.
///
/// ```no_run
/// use countersign_redis::RedisStore;
///
/// # async fn example() -> Result<(), countersign_redis::ConnectError> {
/// let store = RedisStore::connect("redis://127.0.0.1:6379").await?;
/// let queue = store.stream("webhooks")?.with_max_length(100_000);
/// # Ok(())
/// # }
/// ```
///
/// An entry of the stream has these fields:
///
/// | field | value |
/// | --- | --- |
/// | `message` | the bytes of [`Message`](countersign_core::Message), for `Message::parse` |
/// | `event_id` | the event id |
/// | `possible_duplicate` | `1` if the event was stored before and duplicates are handled, otherwise `0` |
///
/// A consumer group reads them (`XREADGROUP`). Acknowledge and delete an entry once it is handled
/// (`XACK`, `XDEL`): nothing else shortens the stream, because a limit that drops entries would lose
/// deliveries that were answered 202.
///
/// A message is as safe as the server's other data. With `appendonly yes` it survives a crash of the
/// server, with `appendfsync always` also a loss of power. A failover can lose it, because
/// replication is asynchronous.
///
/// A user of Redis' ACL needs `+xadd +xlen` and the key of the stream, in addition to what
/// [the store](crate) needs. In a cluster, the records of its events are on the server of the
/// stream: use several streams for several servers.
#[derive(Clone)]
pub struct RedisStreamHandoff {
    store: RedisStore,
    stream: String,
    script: StreamScript,
    max_length: u64,
}

impl RedisStore {
    /// The stream with this key, for a `HandoffReceiver`.
    ///
    /// The records of its events are not those of the store: their keys have the hash tag of the
    /// stream's key, so that both are in one slot of a cluster. If the key has no hash tag, it must
    /// not contain braces.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Setting`] if the key is empty or has braces that are no hash tag, or if the
    /// store's prefix has a hash tag of its own.
    pub fn stream(&self, key: impl Into<String>) -> Result<RedisStreamHandoff, ConnectError> {
        let stream = key.into();
        if hash_tag(&stream).is_none() {
            let problem = "the key of a stream is empty, or has braces that are no hash tag";
            return Err(ConnectError::Setting { problem });
        }
        if self.prefix().contains(['{', '}']) {
            let problem = "the store's prefix contains braces, so that a stream and its records \
                           cannot have one hash tag";
            return Err(ConnectError::Setting { problem });
        }
        let script = StreamScript::new();
        Ok(RedisStreamHandoff { store: self.clone(), stream, script, max_length: 0 })
    }
}

impl RedisStreamHandoff {
    /// The number of entries at which deliveries are not accepted, and answered 503. Defaults to no
    /// limit but the memory of the server, which needs the policy `noeviction`.
    #[must_use]
    pub fn with_max_length(mut self, entries: u64) -> Self {
        self.max_length = entries.max(1);
        self
    }

    /// The key of the stream.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.stream
    }
}

impl Handoff for RedisStreamHandoff {
    async fn hand_off(&self, delivery: &HandoffDelivery) -> Result<HandoffOutcome, HandoffError> {
        let event = &delivery.event;
        let attempt = Attempt::new(event.fingerprint, Duration::ZERO, event.retention)?;
        let call = StreamCall {
            script: &self.script,
            record: &in_slot_of(&self.stream, self.store.prefix(), &event.key),
            stream: &self.stream,
            attempt: &attempt,
            message: &delivery.message.to_bytes(),
            event_id: delivery.message.event_id(),
            handles_repeats: delivery.handles_repeats(),
            max_length: self.max_length,
        };
        match self.store.ask(&Call::Stream(&call)).await {
            Ok(reply) => outcome(&reply).ok_or_else(|| {
                let source = RedisStoreError::UnexpectedReply;
                HandoffError::with_source(HandoffErrorKind::NoReply, source)
            }),
            Err(error) => failed(error),
        }
    }
}

/// The script's reply is a list of numbers; the first identifies the outcome.
fn outcome(reply: &Value) -> Option<HandoffOutcome> {
    let Value::Array(numbers) = reply else { return None };
    Some(match numbers.as_slice() {
        [Value::Int(0), Value::Int(repeats)] => {
            HandoffOutcome::Stored { possible_duplicate: *repeats == 1 }
        }
        [Value::Int(1), Value::Int(left_ms)] => HandoffOutcome::InFlight {
            retry_after: Duration::from_millis(u64::try_from(*left_ms).ok()?),
        },
        [Value::Int(2), Value::Int(matches), Value::Int(at_unix_ms)] => {
            HandoffOutcome::Duplicate { same_body: *matches == 1, at_unix_ms: *at_unix_ms }
        }
        [Value::Int(3)] => HandoffOutcome::Full,
        _ => return None,
    })
}

fn failed(error: StoreError) -> Result<HandoffOutcome, HandoffError> {
    let source = error.source().and_then(<dyn std::error::Error>::downcast_ref);
    match (error.effect(), source) {
        (Effect::NotApplied, Some(RedisStoreError::Full { .. })) => Ok(HandoffOutcome::Full),
        (
            Effect::NotApplied,
            Some(RedisStoreError::Unsuitable { .. } | RedisStoreError::Server { .. }),
        ) => Err(HandoffError::with_source(HandoffErrorKind::NotAccepted, error)),
        _ => Err(error.into()),
    }
}

impl fmt::Debug for RedisStreamHandoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStreamHandoff")
            .field("store", &self.store)
            .field("key", &self.stream)
            .field("max_length", &self.max_length)
            .finish_non_exhaustive()
    }
}
