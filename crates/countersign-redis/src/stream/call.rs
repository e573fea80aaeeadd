//! The script that adds a message to a stream.

use std::sync::Arc;

use countersign_core::Attempt;
use redis::{Cmd, RedisError, Value};

use crate::connection::Connection;
use crate::record::Stored;

/// The script and its hash.
#[derive(Clone)]
pub(crate) struct StreamScript {
    hash: Arc<str>,
}

impl StreamScript {
    pub(super) fn new() -> Self {
        Self { hash: redis::Script::new(SOURCE).get_hash().into() }
    }
}

/// A message for a stream.
pub(crate) struct StreamCall<'a> {
    pub(super) script: &'a StreamScript,
    /// The key of the event's record.
    pub(super) record: &'a str,
    pub(super) stream: &'a str,
    pub(super) attempt: &'a Attempt,
    pub(super) message: &'a [u8],
    pub(super) event_id: &'a str,
    pub(super) handles_repeats: bool,
    /// 0 for no limit.
    pub(super) max_length: u64,
}

impl StreamCall<'_> {
    /// Runs the script, and loads it into the server if necessary.
    pub(crate) async fn send(&self, connection: &mut Connection) -> Result<Value, RedisError> {
        match connection.send(&self.command("EVALSHA", &self.script.hash)).await {
            Err(error) if error.code() == Some("NOSCRIPT") => {
                connection.send(&self.command("EVAL", SOURCE)).await
            }
            reply => reply,
        }
    }

    fn command(&self, command: &str, script: &str) -> Cmd {
        let Stored { value, keep_ms } = Stored::success(self.attempt);
        let mut call = redis::cmd(command);
        call.arg(script).arg(2).arg(self.record).arg(self.stream);
        call.arg(&value).arg(keep_ms).arg(self.message).arg(self.event_id);
        call.arg(u8::from(self.handles_repeats)).arg(self.max_length);
        call
    }
}

const SOURCE: &str = include_str!("../scripts/stream.lua");
