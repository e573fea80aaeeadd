//! The protocol, in Lua: one script for each operation.
//!
//! The scripts implement `countersign_core::protocol`; a test checks that both
//! agree.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::Attempt;
use redis::{Cmd, RedisError, Value};

use crate::connection::Connection;

/// The scripts of a store.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) claim: Script,
    /// Shared with the breaker, which records successes again after a failover.
    pub(crate) complete: Arc<Script>,
    pub(crate) renew: Script,
    pub(crate) release: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            claim: Script::new(CLAIM),
            complete: Arc::new(Script::new(COMPLETE)),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
        }
    }
}

/// A script and its hash, by which the server knows it once it is cached.
pub(crate) struct Script {
    source: &'static str,
    hash: Box<str>,
}

impl Script {
    fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().into() }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }

    /// Runs the script, and loads it into the server if necessary.
    pub(crate) async fn send(
        &self,
        connection: &mut Connection,
        key: &str,
        attempt: &Attempt,
    ) -> Result<Value, RedisError> {
        match connection.send(&self.by_hash(key, attempt)).await {
            Err(error) if error.code() == Some("NOSCRIPT") => {
                connection.send(&self.by_source(key, attempt)).await
            }
            answer => answer,
        }
    }

    /// The call by hash.
    pub(crate) fn by_hash(&self, key: &str, attempt: &Attempt) -> Cmd {
        call("EVALSHA", &self.hash, key, attempt)
    }

    /// The call for a server that does not know the hash. It caches the script,
    /// and in a cluster this key's server does.
    pub(crate) fn by_source(&self, key: &str, attempt: &Attempt) -> Cmd {
        call("EVAL", self.source, key, attempt)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.hash).finish()
    }
}

fn call(command: &str, script: &str, key: &str, attempt: &Attempt) -> Cmd {
    let mut call = redis::cmd(command);
    call.arg(script).arg(1).arg(key);
    call.arg(&attempt.token.to_bytes())
        .arg(&attempt.fingerprint.to_u64().to_be_bytes())
        .arg(millis(attempt.lease))
        .arg(millis(attempt.retention))
        .arg(attempt.max_crashes);
    call
}

/// Whole milliseconds, limited so that a time fits into the record's 48 bits.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).map_or(MAX_MS, |millis| millis.min(MAX_MS))
}

/// 4,460 years.
const MAX_MS: u64 = (1 << 47) - 1;

const CLAIM: &str = concat!(include_str!("scripts/record.lua"), include_str!("scripts/claim.lua"));

// The other three scripts usually overwrite a record by one of the same length.
// The flag lets them do so on a full server: a success must not be lost for
// lack of memory that it hardly needs.
const COMPLETE: &str = concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/record.lua"),
    include_str!("scripts/complete.lua")
);
const RENEW: &str = concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/record.lua"),
    include_str!("scripts/renew.lua")
);
const RELEASE: &str = concat!(
    "#!lua flags=allow-oom\n",
    include_str!("scripts/record.lua"),
    include_str!("scripts/release.lua")
);
