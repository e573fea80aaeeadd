//! The store of the world: the real steps of the protocol, behind a network with faults.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use countersign_core::protocol::{self, Record};
use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, Health, IdempotencyStore, MemoryStore,
    ReleaseOutcome, RenewOutcome, StoreError,
};

use crate::clock::Owner;
use crate::faults::Fault;
use crate::world::{Due, World, with};

/// The connection of one process to the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SimStore;

/// A step of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Claim,
    Complete,
    Renew,
    Release,
}

/// The reply to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Claim(ClaimOutcome),
    Complete(CompleteOutcome),
    Renew(RenewOutcome),
    Release(ReleaseOutcome),
    /// Nothing was changed.
    Rejected,
    /// The effect is unknown.
    Unknown,
}

/// A call of the store. It is kept after its end, because its request may arrive later.
pub(crate) struct Call {
    pub(crate) step: Step,
    pub(crate) key: EventKey,
    pub(crate) event: usize,
    pub(crate) attempt: Attempt,
    /// The delivery whose attempt this is.
    pub(crate) delivery: usize,
    /// Who has called.
    pub(crate) caller: Owner,
    pub(crate) fault: Option<Fault>,
    reply: Option<Reply>,
    waker: Option<Waker>,
}

/// The records of the store.
pub(crate) enum Server {
    Memory(MemoryStore),
    Table(Vec<Option<Kept>>),
}

/// A record, and until when it is kept.
pub(crate) type Kept = (Record, i64);

/// Sends a call. The world decides its fate.
fn call(step: Step, key: &EventKey, attempt: &Attempt) -> usize {
    let (number, is_at_once) = with(|world| world.send(step, key, attempt));
    if is_at_once {
        let reply = apply(number);
        with(|world| world.reply(number, reply));
    }
    number
}

/// The store applies a call.
pub(crate) fn apply(number: usize) -> Reply {
    let memory = with(|world| {
        let Server::Memory(store) = &world.server else { return None };
        let call = &world.calls[number];
        Some((store.clone(), call.step, call.key.clone(), call.attempt.clone()))
    });
    // Outside of the world, whose clock the store reads.
    let reply = match memory {
        Some((store, step, key, attempt)) => {
            let reply = match step {
                Step::Claim => now(store.claim(&key, &attempt)).map(Reply::Claim),
                Step::Complete => now(store.complete(&key, &attempt)).map(Reply::Complete),
                Step::Renew => now(store.renew(&key, &attempt)).map(Reply::Renew),
                Step::Release => now(store.release(&key, &attempt)).map(Reply::Release),
            };
            reply.unwrap_or(Reply::Rejected)
        }
        None => with(|world| world.apply_to_table(number)),
    };
    with(|world| world.applied(number, reply));
    reply
}

impl World {
    /// Returns the number of the call, and whether it is applied at once.
    fn send(&mut self, step: Step, key: &EventKey, attempt: &Attempt) -> (usize, bool) {
        let caller = self.current;
        let (event, delivery) = self.subject_of(key, attempt.token);
        self.stats.calls += 1;
        let fault = self.draw_fault(event);
        let (latency, lease_ms) = (self.plan.latency_ms, self.plan.lease_ms);
        let random = &mut self.events[event].random;
        let is_hung = random.chance(50);
        let [there, back] = [(); 2].map(|()| random.within(0, latency));
        let late = random.within(0, (lease_ms - 1).min(12_000));
        let (timeout, slow) = (random.within(1, 3_000), random.within(0, 12_000));
        let number = self.calls.len();
        let arrives = |reply_after| Due::Apply { call: number, reply_after };
        let mut reply = None;
        match fault {
            None if latency == 0 => {}
            None => self.after(there, arrives(Some(back))),
            // The request is slow, or the reply.
            Some(Fault::SlowStore) if is_hung => self.after(late, arrives(Some(back))),
            Some(Fault::SlowStore) => self.after(there, arrives(Some(slow))),
            Some(Fault::LostReply) => self.after(there, arrives(None)),
            // Always sooner than a lease: the protocol assumes it of a delayed request.
            Some(Fault::DelayedRequest) => self.after(late, arrives(None)),
            Some(Fault::RepeatedRequest) => {
                self.after(there.min(late), arrives(Some(back)));
                self.after(late, arrives(None));
            }
            Some(Fault::RejectedCall) => reply = Some(Reply::Rejected),
            Some(_) => {}
        }
        let is_lost =
            matches!(fault, Some(Fault::LostRequest | Fault::LostReply | Fault::DelayedRequest));
        if is_lost && !is_hung {
            self.after(timeout, Due::Reply { call: number, reply: Reply::Unknown });
        }
        if let Some(fault) = fault {
            self.stats.faults += 1;
            self.deliveries[delivery].faulted(step);
            self.tell(|world| {
                format!("{}: {step:?} of d{delivery} meets {fault:?}", world.name(caller))
            });
        }
        let (key, attempt) = (key.clone(), attempt.clone());
        self.calls.push(Call {
            step,
            key,
            event,
            attempt,
            delivery,
            caller,
            fault,
            reply,
            waker: None,
        });
        (number, fault.is_none() && latency == 0)
    }

    fn apply_to_table(&mut self, number: usize) -> Reply {
        let (now_ms, is_full) = (self.store_ms(), self.is_full);
        let Call { step, event, attempt, .. } = &self.calls[number];
        let Server::Table(records) = &mut self.server else { return Reply::Rejected };
        let kept = &mut records[*event];
        let record = kept.filter(|(_, until_ms)| now_ms < *until_ms).map(|(record, _)| record);
        let record = record.as_ref();
        let (reply, changed) = match step {
            Step::Claim if is_full && record.is_none() => {
                (Reply::Claim(ClaimOutcome::AtCapacity), None)
            }
            Step::Claim => {
                let (outcome, changed) = protocol::claim(record, attempt, now_ms);
                (Reply::Claim(outcome), changed)
            }
            Step::Complete => {
                let (outcome, changed) = protocol::complete(record, attempt, now_ms);
                (Reply::Complete(outcome), changed)
            }
            Step::Renew => {
                let (outcome, changed) = protocol::renew(record, attempt, now_ms);
                (Reply::Renew(outcome), changed)
            }
            Step::Release => {
                let (outcome, changed) = protocol::release(record, attempt);
                (Reply::Release(outcome), changed)
            }
        };
        if let Some(changed) = changed {
            let kept_ms = i64::try_from(changed.keep_for(attempt).as_millis()).unwrap_or(i64::MAX);
            *kept = Some((changed, now_ms.saturating_add(kept_ms)));
        }
        reply
    }

    pub(crate) fn reply(&mut self, number: usize, reply: Reply) {
        let call = &mut self.calls[number];
        if call.reply.is_none() {
            call.reply = Some(reply);
        }
        if let Some(waker) = call.waker.take() {
            waker.wake();
        }
    }
}

/// The result of a future that is ready.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the memory store is never pending"),
    }
}

/// Waits for the reply to a call.
struct Waiting {
    call: usize,
    is_over: bool,
}

impl Future for Waiting {
    type Output = Result<Reply, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (reply, fault) = with(|world| {
            let call = &mut world.calls[self.call];
            if call.reply.is_none() {
                call.waker = Some(cx.waker().clone());
            }
            (call.reply, call.fault)
        });
        if fault == Some(Fault::StorePanic) {
            self.is_over = true;
            with(|world| world.replied(self.call, None));
            // Without the message of a panic.
            resume_unwind(Box::new("the store panics"));
        }
        let Some(reply) = reply else { return Poll::Pending };
        self.is_over = true;
        with(|world| world.replied(self.call, Some(reply)));
        Poll::Ready(match reply {
            Reply::Rejected => Err(StoreError::not_applied("the store rejects this call")),
            Reply::Unknown => Err(StoreError::unknown_effect("the store does not reply")),
            reply => Ok(reply),
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_over {
            with(|world| world.gave_up(self.call));
        }
    }
}

fn wait(step: Step, key: &EventKey, attempt: &Attempt) -> Waiting {
    Waiting { call: call(step, key, attempt), is_over: false }
}

/// A reply of another step is a fault of the simulation.
fn other_step<T>(reply: Reply) -> Result<T, StoreError> {
    unreachable!("the reply is one of another step: {reply:?}")
}

impl IdempotencyStore for SimStore {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        match wait(Step::Claim, key, attempt).await? {
            Reply::Claim(outcome) => Ok(outcome),
            other => other_step(other),
        }
    }

    async fn complete(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<CompleteOutcome, StoreError> {
        match wait(Step::Complete, key, attempt).await? {
            Reply::Complete(outcome) => Ok(outcome),
            other => other_step(other),
        }
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        match wait(Step::Renew, key, attempt).await? {
            Reply::Renew(outcome) => Ok(outcome),
            other => other_step(other),
        }
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        match wait(Step::Release, key, attempt).await? {
            Reply::Release(outcome) => Ok(outcome),
            other => other_step(other),
        }
    }

    /// No endpoint of the simulation forgets an event.
    async fn forget(&self, _: &EventKey) -> Result<bool, StoreError> {
        Err(StoreError::not_applied("the simulation forgets no event"))
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        Ok(Health::default())
    }
}
