//! The protocol, as commands of the server: one script for each operation, and a
//! plain command for the claim of a new event.
//!
//! They implement `countersign_core::protocol`; a test checks that both agree.

use std::fmt;
use std::sync::Arc;

use countersign_core::Attempt;
use redis::{Cmd, RedisError, Value};

use crate::connection::Connection;
use crate::record::{Stored, millis};

/// Claims the event if it is new. Otherwise it changes nothing, and the reply is
/// the record: it decides if the event is done, and the script decides if not.
///
/// Servers since 7.0 allow `NX` together with `GET`. If a server rejects the
/// command for any reason, the script decides, too.
pub(crate) fn first_claim(key: &str, attempt: &Attempt) -> Cmd {
    let Stored { value, keep_ms } = Stored::first_claim(attempt);
    let mut set = Cmd::with_capacity(ARGUMENTS, SHORT + key.len());
    set.arg("SET").arg(key).arg(&value).arg("NX").arg("GET").arg("PX").arg(keep_ms);
    set
}

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
            claim: Script::new(CLAIM, attempt),
            complete: Arc::new(Script::new(COMPLETE, success)),
            renew: Script::new(RENEW, attempt),
            release: Script::new(RELEASE, attempt),
        }
    }
}

/// A script and its hash, by which the server knows it once it is cached.
pub(crate) struct Script {
    source: &'static str,
    hash: Box<str>,
    /// Adds the arguments that follow the key.
    arguments: fn(&mut Cmd, &Attempt),
}

impl Script {
    fn new(source: &'static str, arguments: fn(&mut Cmd, &Attempt)) -> Self {
        Self { source, hash: redis::Script::new(source).get_hash().into(), arguments }
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
        self.call("EVALSHA", &self.hash, key, attempt)
    }

    /// The call for a server that does not know the hash. It caches the script,
    /// and in a cluster this key's server does.
    pub(crate) fn by_source(&self, key: &str, attempt: &Attempt) -> Cmd {
        self.call("EVAL", self.source, key, attempt)
    }

    fn call(&self, command: &str, script: &str, key: &str, attempt: &Attempt) -> Cmd {
        let mut call = Cmd::with_capacity(ARGUMENTS, SHORT + script.len() + key.len());
        call.arg(command).arg(script).arg(1).arg(key);
        (self.arguments)(&mut call, attempt);
        call
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Script").field(&self.hash).finish()
    }
}

fn attempt(call: &mut Cmd, attempt: &Attempt) {
    call.arg(&attempt.token.to_bytes())
        .arg(&attempt.fingerprint.to_u64().to_be_bytes())
        .arg(millis(attempt.lease))
        .arg(millis(attempt.retention))
        .arg(attempt.max_crashes);
}

fn success(call: &mut Cmd, attempt: &Attempt) {
    let Stored { value, keep_ms } = Stored::success(attempt);
    call.arg(&value).arg(keep_ms);
}

/// The most arguments of a call.
const ARGUMENTS: usize = 9;

/// The bytes of all arguments except the key and the script. A command that need not grow
/// saves several turns of the allocator's lock.
const SHORT: usize = 128;

const CLAIM: &str = concat!(include_str!("scripts/record.lua"), include_str!("scripts/claim.lua"));

// The other three scripts usually overwrite a record by one of the same length.
// The flag lets them do so on a full server: a success must not be lost for
// lack of memory that it hardly needs.
const COMPLETE: &str = concat!("#!lua flags=allow-oom\n", include_str!("scripts/complete.lua"));
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
