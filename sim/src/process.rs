//! A process of the world: a small adapter around the real receiver.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use countersign_core::{
    BodySource, Endpoint, HeadSource, Receiver, RequestHead, Runtime, Verified, Verifier,
    VerifyErrorKind, run_detached,
};

use crate::clock::{LeaseTime, Owner, Sleep, VirtualTime, WallTime, sleep_ms, spawn};
use crate::faults::Fault;
use crate::plan::Headers;
use crate::random::Random;
use crate::store::SimStore;
use crate::world::with;

/// Starts a process.
pub(crate) fn start(process: usize) {
    let (provider, policy, repeats, lease_ms, retention_ms, has_dead_letters) = with(|world| {
        let plan = &world.plan;
        let (lease, retention) = (plan.lease_ms, plan.retention_ms);
        (plan.provider, plan.policy, plan.repeats, lease, retention, plan.has_dead_letters)
    });
    let verifier = Verifier::new(provider.scheme(), provider.secret())
        .expect("the scheme of the simulation is complete")
        .with_clock(WallTime(process))
        .with_endpoint(Endpoint::new("simulated"));
    let mut receiver = Receiver::new_with_clock(verifier, SimStore, LeaseTime)
        .with_lease(Duration::from_millis(lease_ms));
    if let Some(policy) = policy {
        receiver = receiver.with_outage_policy(policy);
    }
    if let Some(repeats) = repeats {
        receiver = receiver.with_repeats(repeats);
    }
    if let Some(retention_ms) = retention_ms {
        receiver = receiver.dangerous_with_retention(Duration::from_millis(retention_ms));
    }
    if has_dead_letters {
        receiver = receiver.with_dead_letters(|_: &Verified| {
            with(|world| {
                if let Some(delivery) = world.current.delivery {
                    let event = world.deliveries[delivery].event;
                    world.events[event].dead_letters += 1;
                }
            });
            Ok(())
        });
    }
    with(|world| {
        let process = &mut world.processes[process];
        process.life += 1;
        (process.is_alive, process.receiver) = (true, Some(receiver));
        process.observed = Default::default();
    });
}

/// The receiver of a process, if it is alive.
pub(crate) fn receiver(process: usize) -> Option<Receiver<SimStore>> {
    with(|world| world.processes[process].receiver.clone())
}

/// Starts the task of the pending calls, as adapters do at every request.
pub(crate) fn start_settlement(receiver: &Receiver<SimStore>, of: Owner) {
    if let Some(task) = receiver.settlement_task(VirtualTime) {
        let of = Owner { delivery: None, is_connection: false, ..of };
        spawn(of, None, Box::pin(task));
    }
}

/// A request arrives at a process: the task of its connection.
pub(crate) async fn serve(
    receiver: Receiver<SimStore>,
    of: Owner,
    headers: Headers,
    body: Pieces,
    handler: HandlerPlan,
) {
    let Some(delivery) = of.delivery else { return };
    start_settlement(&receiver, of);
    let began = VirtualTime.now();
    let receiving = receiver.receive(Head(headers), body, VirtualTime);
    let span = receiving.span().clone();
    let received = match receiving.await {
        Ok((_, received)) => received,
        Err(early) => return respond(delivery, early.status(), early.code()),
    };
    let response = Arc::new(Mutex::new(None));
    let slot = Arc::clone(&response);
    let within = receiver.response_deadline();
    let work = receiver.handle(
        received,
        (),
        began,
        VirtualTime,
        move |(), _, grant| async move {
            with(|world| world.handler_begins(delivery, grant));
            let _running = Running(delivery);
            let status = handler.run(delivery).await;
            (status, Some(status))
        },
        move |result| {
            let answer = match result {
                Ok(status) => (status, "handled"),
                Err(((), early)) => (early.status(), early.code()),
            };
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        },
    );
    with(|world| world.deliveries[delivery].has_work = true);
    let work = Box::pin(async move {
        let _work = Work(delivery);
        work.await;
    });
    let detached = Owner { is_connection: false, ..of };
    let outcome = run_detached(work, began, within, &VirtualTime, |rest| {
        spawn(detached, None, Box::pin(async move { drop(rest.await) }));
    })
    .await;
    let answer = response.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (status, code) = answer.unwrap_or_else(|| {
        let early = outcome.early_response(&span);
        (early.status(), early.code())
    });
    respond(delivery, status, code);
}

fn respond(delivery: usize, status: u16, code: &'static str) {
    with(|world| {
        world.responds(delivery, status, code);
        world.sender_gets(delivery, status);
    });
}

/// What a handler does.
pub(crate) struct HandlerPlan {
    pauses_ms: Vec<u64>,
    end: HandlerEnd,
}

#[derive(Clone, Copy)]
enum HandlerEnd {
    Succeeds,
    Fails,
    Panics,
}

impl HandlerPlan {
    pub(crate) fn new(random: &mut Random, faults: crate::faults::Faults, lease_ms: u64) -> Self {
        let mut pauses_ms = match random.below(10) {
            0..5 => Vec::new(),
            5..8 => vec![random.within(0, 200)],
            _ => vec![random.within(0, 50), random.within(0, 2_000)],
        };
        let (hangs, fails, panics) = (random.chance(25), random.chance(20), random.chance(10));
        let longest = random.within(100, 4 * lease_ms + 12_000);
        if faults.has(Fault::HandlerHangs) && hangs {
            pauses_ms.push(longest);
        }
        let end = match () {
            () if faults.has(Fault::HandlerPanics) && panics => HandlerEnd::Panics,
            () if faults.has(Fault::HandlerFails) && fails => HandlerEnd::Fails,
            () => HandlerEnd::Succeeds,
        };
        Self { pauses_ms, end }
    }

    pub(crate) fn succeeds() -> Self {
        Self { pauses_ms: Vec::new(), end: HandlerEnd::Succeeds }
    }

    async fn run(self, delivery: usize) -> u16 {
        for pause_ms in self.pauses_ms {
            sleep_ms(pause_ms).await;
        }
        match self.end {
            HandlerEnd::Succeeds => {
                with(|world| world.handler_succeeds(delivery));
                200
            }
            HandlerEnd::Fails => {
                with(|world| world.handler_ends(delivery, "fails"));
                500
            }
            // Without the message of a panic.
            HandlerEnd::Panics => resume_unwind(Box::new("the handler panics")),
        }
    }
}

/// Sees that a handler is dropped, also by a panic.
struct Running(usize);

impl Drop for Running {
    fn drop(&mut self) {
        with(|world| world.handler_ends(self.0, "dropped"));
    }
}

/// Sees that the work of a delivery ends.
struct Work(usize);

impl Drop for Work {
    fn drop(&mut self) {
        with(|world| world.work_ends(self.0));
    }
}

struct Head(Headers);

impl HeadSource for Head {
    fn with_head<T>(&self, read: impl FnOnce(RequestHead<'_>) -> T) -> T {
        read(RequestHead::from(&self.0))
    }

    fn buffered_bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// A body that arrives in pieces.
pub(crate) struct Pieces {
    body: Bytes,
    pieces: Vec<(u64, usize)>,
    pause: Option<Pin<Box<Sleep>>>,
    is_broken: bool,
}

impl Pieces {
    pub(crate) fn new(body: String, random: &mut Random, is_broken: bool) -> Self {
        let mut pieces = Vec::new();
        if random.chance(30) {
            pieces.push((random.within(0, 40), random.index(body.len())));
        }
        if is_broken && random.chance(50) {
            pieces.push((60_000, 1));
        }
        pieces.push((0, usize::MAX));
        pieces.reverse();
        Self { body: body.into(), pieces, pause: None, is_broken }
    }
}

impl BodySource for Pieces {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        let Some((pause_ms, length)) = self.pieces.last().copied() else {
            return Poll::Ready(None);
        };
        if pause_ms > 0 {
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep_ms(pause_ms)));
            std::task::ready!(std::future::Future::poll(pause.as_mut(), cx));
            self.pause = None;
        }
        self.pieces.pop();
        if self.is_broken && self.pieces.is_empty() {
            return Poll::Ready(Some(Err(VerifyErrorKind::BodyIncomplete)));
        }
        let length = length.min(self.body.len());
        let piece = self.body.split_to(length);
        Poll::Ready(Some(Ok(piece)))
    }
}
