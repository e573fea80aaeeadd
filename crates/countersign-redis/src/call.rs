//! One operation: its timeouts, its second try, and the classification of
//! errors.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Duration;

use countersign_core::{Attempt, StoreError};
use redis::{Cmd, RedisError, Value};
use tokio::time::{Instant, timeout_at};

use crate::breaker::{Breaker, Live};
use crate::connection::Connection;
use crate::error::{Fault, RedisStoreError};
use crate::race::{Raced, race};
use crate::reply;
use crate::scripts::{Script, first_claim};
use crate::stream::StreamCall;

/// A request to the server.
pub(crate) enum Call<'a> {
    /// A plain command, which decides about a new event and about one that is done,
    /// or the script.
    Claim {
        script: &'a Script,
        key: &'a str,
        attempt: &'a Attempt,
    },
    Script {
        script: &'a Script,
        key: &'a str,
        attempt: &'a Attempt,
        /// Whether it records a success, which a failover must not lose.
        is_success: bool,
    },
    /// Adds a message to a stream.
    Stream(&'a StreamCall<'a>),
    Command(Cmd),
}

/// How long an operation waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budgets {
    /// For the whole operation.
    pub(crate) deadline: Duration,
    /// For the reply to the first try, before a second try is made in parallel.
    pub(crate) try_timeout: Option<Duration>,
}

impl Budgets {
    /// The timeout of the first try. Defaults to half of the deadline, so that
    /// the second try has the other half. A longer usual round trip raises it,
    /// because a distant server is not a silent one.
    pub(crate) fn first_try(self, usual_round_trip: Duration) -> Duration {
        let default = || (self.deadline / 2).max(usual_round_trip.saturating_mul(2));
        self.try_timeout.unwrap_or_else(default).min(self.deadline)
    }
}

/// Sends the call, a second time if necessary. Every call is safe to execute
/// twice: it carries a token, or it sets a state and is idempotent.
///
/// # Errors
///
/// An error is "not applied" if the call was never sent, or if the server
/// rejected it. A call that was sent and got no reply may have been applied,
/// even if a later try was rejected.
pub(crate) async fn send(
    breaker: &Breaker,
    budgets: Budgets,
    call: &Call<'_>,
) -> Result<Value, StoreError> {
    let operation = Operation { breaker, deadline: budgets.deadline, call };
    let end = Instant::now() + budgets.deadline;
    let live = operation.connection(end).await?;
    let sent = Instant::now();
    let mut first = pin!(operation.try_on(&live));
    let patience = budgets.first_try(live.round_trip());
    match timeout_at(end.min(sent + patience), &mut first).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failed)) if failed.is_final => Err(failed.into()),
        // Boxed, here and below, because they are rare and would make every
        // operation larger.
        Ok(Err(failed)) => {
            let second = Box::pin(operation.second_try(end)).await;
            second.map_err(|second| failed.and(second).into())
        }
        Err(_) if breaker.silent(&live, sent) && Instant::now() < end => {
            Box::pin(operation.either(first, end)).await.map_err(StoreError::from)
        }
        Err(_) => match timeout_at(end, first).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(operation.is_late().into()),
        },
    }
}

struct Operation<'a> {
    breaker: &'a Breaker,
    deadline: Duration,
    call: &'a Call<'a>,
}

impl Operation<'_> {
    async fn connection(&self, end: Instant) -> Result<Live, Failed> {
        match timeout_at(end, self.breaker.connection()).await {
            Ok(connection) => connection.map_err(Failed::not_sent),
            Err(_) => {
                self.breaker.give_up();
                Err(Failed::not_sent(RedisStoreError::Deadline { deadline: self.deadline }))
            }
        }
    }

    /// Sends the call and waits without a timeout.
    async fn try_on(&self, live: &Live) -> Result<Value, Failed> {
        let sent = Instant::now();
        // A claim may take two round trips, which must fit into the first try.
        let is_near = live.round_trip() <= self.deadline / 8;
        match self.call.send(live.connection.clone(), is_near).await {
            Ok(value) => {
                self.breaker.answered(live, sent);
                if let Call::Script { key, attempt, is_success: true, .. } = self.call
                    && let Some(primary) = &live.primary
                {
                    self.breaker.successes().push(primary, key, attempt);
                }
                Ok(value)
            }
            Err(error) => {
                let fault = Fault::of(&error);
                if fault.is_rejection() {
                    self.breaker.answered(live, sent);
                } else {
                    self.breaker.lost(live);
                }
                Err(Failed {
                    error: RedisStoreError::of(error),
                    is_unanswered: fault == Fault::Broken,
                    is_final: fault.is_rejection(),
                })
            }
        }
    }

    async fn second_try(&self, end: Instant) -> Result<Value, Failed> {
        let live = self.connection(end).await?;
        let sent = Instant::now();
        match timeout_at(end, self.try_on(&live)).await {
            Ok(answer) => answer,
            Err(_) => {
                self.breaker.silent(&live, sent);
                Err(self.is_late())
            }
        }
    }

    /// Runs a second try in parallel with the first, whose reply may still
    /// arrive.
    async fn either(
        &self,
        mut first: Pin<&mut impl Future<Output = Result<Value, Failed>>>,
        end: Instant,
    ) -> Result<Value, Failed> {
        let mut second = pin!(self.second_try(end));
        match race(first.as_mut(), second.as_mut()).await {
            Raced::First(Err(failed)) if !failed.is_final => {
                second.await.map_err(|second| failed.and(second))
            }
            // The second try was already sent.
            Raced::First(Err(failed)) => Err(Failed { is_unanswered: true, ..failed }),
            Raced::First(answer @ Ok(_)) | Raced::Second(answer @ Ok(_)) => answer,
            Raced::Second(Err(failed)) => match timeout_at(end, first).await {
                Ok(answer) => answer.map_err(|first| first.and(failed)),
                Err(_) => Err(self.is_late()),
            },
        }
    }

    fn is_late(&self) -> Failed {
        Failed {
            error: RedisStoreError::Deadline { deadline: self.deadline },
            is_unanswered: true,
            is_final: false,
        }
    }
}

impl Call<'_> {
    /// `is_near`: whether a second round trip is short compared with the deadline.
    async fn send(&self, mut connection: Connection, is_near: bool) -> Result<Value, RedisError> {
        match self {
            Self::Command(command) => connection.send(command).await,
            Self::Stream(call) => call.send(&mut connection).await,
            Self::Claim { script, key, attempt } if is_near => {
                match connection.send(&first_claim(key, attempt)).await {
                    Ok(reply) if reply::first_claim(&reply, attempt).is_some() => Ok(reply),
                    Err(error) if !Fault::of(&error).is_rejection() => Err(error),
                    // Boxed because it is rare. On a full server, the script still finds the
                    // event if it is known.
                    _ => Box::pin(script.send(&mut connection, key, attempt)).await,
                }
            }
            Self::Claim { script, key, attempt } | Self::Script { script, key, attempt, .. } => {
                script.send(&mut connection, key, attempt).await
            }
        }
    }
}

/// A failed try.
struct Failed {
    error: RedisStoreError,
    /// The call may have been executed.
    is_unanswered: bool,
    /// Another try would get the same reply.
    is_final: bool,
}

impl Failed {
    fn not_sent(error: RedisStoreError) -> Self {
        Self { error, is_unanswered: false, is_final: true }
    }

    /// The error of an operation whose tries both failed.
    fn and(self, later: Self) -> Self {
        if self.is_unanswered { self } else { later }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        if failed.is_unanswered {
            Self::unknown_effect(failed.error)
        } else {
            Self::not_applied(failed.error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_millis(250);

    fn first_try(try_timeout: Option<Duration>, round_trip_ms: u64) -> Duration {
        let budgets = Budgets { deadline: DEADLINE, try_timeout };
        budgets.first_try(Duration::from_millis(round_trip_ms))
    }

    #[test]
    fn a_server_with_high_latency_gets_until_the_deadline() {
        for round_trip_ms in [130, 180, 240] {
            assert_eq!(first_try(None, round_trip_ms), DEADLINE);
        }
        assert_eq!(first_try(None, 80), Duration::from_millis(160));
    }

    #[test]
    fn a_server_with_low_latency_is_retried_at_half_of_the_deadline() {
        assert_eq!(first_try(None, 1), DEADLINE / 2);
    }

    #[test]
    fn a_configured_attempt_timeout_is_capped_by_the_deadline() {
        let set = |ms| first_try(Some(Duration::from_millis(ms)), 240);
        assert_eq!(set(40), Duration::from_millis(40));
        assert_eq!(set(4_000), DEADLINE);
    }
}
