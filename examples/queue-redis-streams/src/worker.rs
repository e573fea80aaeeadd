//! A worker of the consumer group.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use countersign::queue::Message;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::streams::{
    StreamAutoClaimOptions, StreamAutoClaimReply, StreamId, StreamReadOptions, StreamReadReply,
};
use redis::{AsyncCommands, Client, RedisError};

use crate::STREAM;

type Failure = Box<dyn Error + Send + Sync>;

/// Handles the messages of the stream. Each process has one, with its own name.
pub struct Worker {
    connection: ConnectionManager,
    name: String,
    /// How long another worker may have a message before this one takes it over.
    patience: Duration,
}

impl Worker {
    /// Connects, and creates the group unless it exists.
    ///
    /// # Errors
    ///
    /// An error of the URL or of the server.
    pub async fn connect(url: &str, name: impl Into<String>) -> Result<Self, Failure> {
        // The default is shorter than a read waits for new messages.
        let config = ConnectionManagerConfig::new().set_response_timeout(Some(RESPONSE));
        let client = Client::open(url)?;
        let mut connection = client.get_connection_manager_with_config(config).await?;
        let created: Result<(), RedisError> =
            connection.xgroup_create_mkstream(STREAM, GROUP, "0").await;
        match created {
            Err(error) if error.code() != Some("BUSYGROUP") => return Err(error.into()),
            _ => {}
        }
        Ok(Self { connection, name: name.into(), patience: PATIENCE })
    }

    /// Sets how long another worker may have a message before this one takes it over: longer than
    /// any message takes. Defaults to a minute.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Handles the next messages: first those whose worker has failed or died, then new ones, for
    /// which it waits up to `wait`, 20 s at most. Returns how many were handled.
    ///
    /// A message whose handler fails stays pending, and is handled again after the patience.
    ///
    /// # Errors
    ///
    /// An error of the server. The messages stay pending.
    pub async fn work_once<E: fmt::Display>(
        &mut self,
        wait: Duration,
        handle: impl AsyncFn(Message) -> Result<(), E>,
    ) -> Result<usize, Failure> {
        let mut entries = self.abandoned().await?;
        if entries.is_empty() {
            entries = self.new_ones(wait).await?;
        }
        let mut handled = 0;
        for entry in entries {
            let message = match message(&entry) {
                Ok(message) => message,
                Err(error) => {
                    eprintln!("{}: {error}", entry.id);
                    continue;
                }
            };
            let event = message.event_id().to_owned();
            match handle(message).await {
                Ok(()) => {
                    let mut end = redis::pipe();
                    // Together, so that no worker gets a message that was handled.
                    end.atomic().xack(STREAM, GROUP, &[&entry.id]).xdel(STREAM, &[&entry.id]);
                    let _: () = end.query_async(&mut self.connection).await?;
                    handled += 1;
                }
                Err(error) => eprintln!("{event}: {error}"),
            }
        }
        Ok(handled)
    }

    async fn abandoned(&mut self) -> Result<Vec<StreamId>, RedisError> {
        let patience = u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX);
        let options = StreamAutoClaimOptions::default().count(BATCH);
        let claimed: StreamAutoClaimReply = self
            .connection
            .xautoclaim_options(STREAM, GROUP, &self.name, patience, "0", options)
            .await?;
        Ok(claimed.claimed)
    }

    async fn new_ones(&mut self, wait: Duration) -> Result<Vec<StreamId>, RedisError> {
        // Zero would be without an end.
        let wait = usize::try_from(wait.min(MAX_WAIT).as_millis()).unwrap_or(1).max(1);
        let options =
            StreamReadOptions::default().group(GROUP, &self.name).count(BATCH).block(wait);
        let read: Option<StreamReadReply> =
            self.connection.xread_options(&[STREAM], &[">"], &options).await?;
        let keys = read.map(|read| read.keys).unwrap_or_default();
        Ok(keys.into_iter().flat_map(|key| key.ids).collect())
    }
}

/// The message of an entry. A repeat of a delivery that nothing identifies is marked in a field of
/// its own.
fn message(entry: &StreamId) -> Result<Message, Failure> {
    let field = |name| format!("the entry {} has no field `{name}`", entry.id);
    let bytes: Vec<u8> = entry.get("message").ok_or_else(|| field("message"))?;
    let repeat: u8 = entry.get("possible_duplicate").ok_or_else(|| field("possible_duplicate"))?;
    Ok(Message::parse(bytes)?.with_possible_duplicate(repeat == 1))
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("name", &self.name)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

const GROUP: &str = "workers";
const BATCH: usize = 16;
const PATIENCE: Duration = Duration::from_secs(60);
const MAX_WAIT: Duration = Duration::from_secs(20);
const RESPONSE: Duration = Duration::from_secs(30);
