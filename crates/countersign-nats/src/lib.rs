//! Hands verified webhook deliveries off to a stream of NATS JetStream.
//!
//! ```no_run
//! use countersign_core::MemoryStore;
//! use countersign_nats::{JetStreamHandoff, async_nats};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = async_nats::connect("nats://127.0.0.1:4222").await?;
//! let jetstream = async_nats::jetstream::new(client);
//! // A store that survives a restart, such as `SqliteStore`, `RedisStore` or `PostgresStore`.
//! let claims = MemoryStore::new();
//! let queue = JetStreamHandoff::new(jetstream, "webhooks.stripe", claims).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The stream must exist, and lose nothing that was acknowledged. [`JetStreamHandoff::new`] checks its
//! settings, once:
//!
//! ```sh
//! nats stream add WEBHOOKS --subjects 'webhooks.>' --storage file --retention work --discard new \
//!   --max-msgs 100000 --dupe-window 1h --defaults
//! ```
//!
//! # Steps
//!
//! ```text
//! claim in the store -> publish with `Nats-Msg-Id` -> acknowledgement -> done in the store -> 202
//! ```
//!
//! These are three steps, not one. If the process is killed between two of them, or the acknowledgement
//! is lost, the response is no 2xx, and the sender's retry publishes the message again, with the same
//! `Nats-Msg-Id`. The server ignores it within the stream's `duplicate_window` (2 min by default), after
//! which the message is in the stream twice. Then the second one is marked with
//! [`possible_duplicate`](countersign_core::Message::possible_duplicate). So each event that was
//! answered 202 has a message, and a window that is as long as the provider's retries makes it exactly
//! one.
//!
//! # What survives
//!
//! The server acknowledges a message before it has synced it to the disk: `sync_interval` is 2 min by
//! default. So a message survives a kill of the server, but not a loss of power, unless the stream has
//! several replicas on machines that do not fail together, or the server (2.10 or later) has
//! `sync_interval: always`.
//!
//! # Consumers
//!
//! The payload is the bytes of [`Message`](countersign_core::Message): read it with
//! [`Message::parse`](countersign_core::Message::parse), and acknowledge it after the effect. The
//! example `queue-nats` does.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod handoff;
mod stream;

pub use async_nats;
pub use error::StreamError;
pub use handoff::JetStreamHandoff;
