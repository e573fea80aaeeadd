//! The protocol, in Lua: one script for each operation.
//!
//! They say what `countersign_core::protocol` says; a test holds them to it.

use std::fmt;
use std::time::Duration;

use countersign_core::Attempt;
use redis::Cmd;

/// The scripts of a store.
#[derive(Debug)]
pub(crate) struct Scripts {
    pub(crate) claim: Script,
    pub(crate) complete: Script,
    pub(crate) renew: Script,
    pub(crate) release: Script,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self {
            claim: Script::new(CLAIM),
            complete: Script::new(COMPLETE),
            renew: Script::new(RENEW),
            release: Script::new(RELEASE),
        }
    }
}

/// A script and its hash, by which the server knows it once it has seen it.
pub(crate) struct Script {
    source: &'static str,
    hash: Box<str>,
}

impl Script {
    fn new(source: &'static str) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().into() }
    }

    /// The call by the hash.
    pub(crate) fn by_hash(&self, key: &str, attempt: &Attempt) -> Cmd {
        call("EVALSHA", &self.hash, key, attempt)
    }

    /// The call for a server that does not know the hash. It learns the script
    /// from it, and in a cluster it is this key's server that does.
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
        // An entry that lives for no time at all is an error to Redis.
        .arg(millis(attempt.retention).max(1))
        .arg(attempt.most_crashes);
    call
}

/// Whole milliseconds, at most what leaves a time within the record's 48 bits.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).map_or(MOST_MS, |millis| millis.min(MOST_MS))
}

/// 4,460 years.
const MOST_MS: u64 = (1 << 47) - 1;

const CLAIM: &str = concat!(include_str!("scripts/record.lua"), include_str!("scripts/claim.lua"));

// The other three overwrite a record by one of the same length. A server that
// is full lets them do so, because of the flag: a success must not be lost for
// want of memory that it does not take.
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
