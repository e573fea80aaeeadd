//! A worker of the stream.

use std::fmt;
use std::time::Duration;

use countersign::queue::Message;
use countersign_nats::async_nats::jetstream::AckKind;
use countersign_nats::async_nats::jetstream::consumer::{PullConsumer, pull};
use countersign_nats::async_nats::jetstream::stream::Stream;
use futures_util::StreamExt;

use crate::Failure;

/// Handles the messages of the stream. All workers share one consumer, and each message goes to one
/// of them.
#[derive(Debug)]
pub struct Worker {
    consumer: PullConsumer,
}

impl Worker {
    /// Creates the consumer unless it exists.
    ///
    /// # Errors
    ///
    /// An error of the server.
    pub async fn new(stream: &Stream) -> Result<Self, Failure> {
        let config = pull::Config {
            durable_name: Some(NAME.to_owned()),
            // Longer than any message takes. After that, another worker gets it.
            ack_wait: Duration::from_secs(60),
            ..pull::Config::default()
        };
        Ok(Self { consumer: stream.get_or_create_consumer(NAME, config).await? })
    }

    /// Handles the next messages, for which it waits up to `wait`. Returns how many were handled.
    ///
    /// A message whose handler fails is handled again after `RETRY`.
    ///
    /// # Errors
    ///
    /// An error of the server. The messages stay in the stream.
    pub async fn work_once<E: fmt::Display>(
        &self,
        wait: Duration,
        handle: impl AsyncFn(Message) -> Result<(), E>,
    ) -> Result<usize, Failure> {
        let mut messages =
            self.consumer.fetch().max_messages(BATCH).expires(wait).messages().await?;
        let mut handled = 0;
        while let Some(received) = messages.next().await {
            let received = received?;
            let message = match Message::parse(received.payload.clone()) {
                Ok(message) => message,
                Err(error) => {
                    // Another program has published it. It is never delivered again.
                    eprintln!("not a message: {error}");
                    received.ack_with(AckKind::Term).await?;
                    continue;
                }
            };
            let event = message.event_id().to_owned();
            match handle(message).await {
                // Waits until the server knows it.
                Ok(()) => {
                    received.double_ack().await?;
                    handled += 1;
                }
                Err(error) => {
                    eprintln!("{event}: {error}");
                    received.ack_with(AckKind::Nak(Some(RETRY))).await?;
                }
            }
        }
        Ok(handled)
    }
}

const NAME: &str = "workers";
const BATCH: usize = 16;
const RETRY: Duration = Duration::from_secs(10);
