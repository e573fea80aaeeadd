//! One operation: its deadline, its one retry, what an error says.

use std::time::Duration;

use countersign_core::{Attempt, StoreError};
use redis::{Cmd, RedisError, Value};
use tokio::time::{Instant, timeout_at};

use crate::breaker::{Breaker, Live};
use crate::error::{Fault, RedisStoreError};
use crate::scripts::Script;

/// What is asked of the server.
pub(crate) enum Call<'a> {
    Script { script: &'a Script, key: &'a str, attempt: &'a Attempt },
    Command(Cmd),
}

/// Asks the server, twice if need be: every call may be executed twice, for it
/// either carries a token or says what is to be and not what is to be done.
///
/// # Errors
///
/// Not applied is what was never sent, or what the server itself has refused.
/// Whatever was sent and not answered may have been applied, even if a later
/// try was refused.
pub(crate) async fn ask(
    breaker: &Breaker,
    deadline: Duration,
    call: &Call<'_>,
) -> Result<Value, StoreError> {
    let end = Instant::now() + deadline;
    let mut unanswered = None;
    for is_last in [false, true] {
        let mut live = match timeout_at(end, breaker.connection()).await {
            Ok(Ok(live)) => live,
            Ok(Err(open)) => return Err(failed(unanswered, open)),
            Err(_) => {
                breaker.give_up();
                return Err(failed(unanswered, RedisStoreError::Deadline { deadline }));
            }
        };
        let asked = Instant::now();
        let until = if is_last { end } else { asked + (end - asked) / 2 };
        match timeout_at(until, call.send(&mut live)).await {
            Ok(Ok(value)) => {
                breaker.answered(&live);
                return Ok(value);
            }
            Ok(Err(error)) => match Fault::of(&error) {
                Fault::Answer | Fault::Full => {
                    breaker.answered(&live);
                    return Err(failed(unanswered, RedisStoreError::of(error)));
                }
                Fault::NotSent | Fault::NotServing => {
                    breaker.lost(&live);
                    if is_last {
                        return Err(failed(unanswered, RedisStoreError::of(error)));
                    }
                }
                Fault::Broken => {
                    breaker.lost(&live);
                    unanswered = Some(RedisStoreError::of(error));
                }
            },
            Err(_) => {
                breaker.silent(&live, asked);
                unanswered = Some(RedisStoreError::Deadline { deadline });
            }
        }
    }
    Err(failed(unanswered, RedisStoreError::Deadline { deadline }))
}

/// The error of an operation of which a try went unanswered, or none did.
fn failed(unanswered: Option<RedisStoreError>, last: RedisStoreError) -> StoreError {
    match unanswered {
        Some(first) => StoreError::maybe_applied(first),
        None => StoreError::not_applied(last),
    }
}

impl Call<'_> {
    async fn send(&self, live: &mut Live) -> Result<Value, RedisError> {
        match self {
            Self::Command(command) => live.connection.send(command).await,
            Self::Script { script, key, attempt } => {
                let answer = live.connection.send(&script.by_hash(key, attempt)).await;
                match answer {
                    Err(error) if error.code() == Some("NOSCRIPT") => {
                        live.connection.send(&script.by_source(key, attempt)).await
                    }
                    answer => answer,
                }
            }
        }
    }
}
