//! The sender: its attempts, by the real schedule of a provider, and other copies of them.

use countersign_core::Scheme;

use crate::clock::{Owner, spawn};
use crate::faults::{Fault, Faults};
use crate::plan::Provider;
use crate::process::{self, HandlerPlan, Pieces};
use crate::world::{Due, World, with};

/// What all deliveries of a world share.
pub(crate) struct Sender {
    provider: Provider,
    scheme: Scheme,
    signs_again: bool,
}

impl Sender {
    pub(crate) fn new(provider: Provider) -> Self {
        let scheme = provider.scheme();
        let signs_again = provider.signs_retries_again(&scheme);
        Self { provider, scheme, signs_again }
    }

    /// A delivery reaches its process.
    pub(crate) fn arrive(&self, delivery: usize) {
        let (event, process, signed_ms, is_calm) = with(|world| {
            let (event, process) = {
                let delivery = &world.deliveries[delivery];
                (delivery.event, delivery.of.process)
            };
            let now_ms = world.unix_ms();
            let first_ms = *world.events[event].signed_ms.get_or_insert(now_ms);
            let signed_ms = if self.signs_again || world.is_calm { now_ms } else { first_ms };
            world.deliveries[delivery].of.life = world.processes[process].life;
            world.deliveries[delivery].began_ms = world.now_ms;
            (event, process, signed_ms, world.is_calm)
        });
        let Some(receiver) = process::receiver(process) else {
            return with(|world| {
                world.tell(|_| format!("p{process} is down for d{delivery} of e{event}"));
                world.deliveries[delivery].ended_ms = Some(world.now_ms);
                world.sender_gets(delivery, 0);
            });
        };
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(0);
        let timeout_ms = ms(receiver.ack_deadline());
        let headers = self.provider.sign(&self.scheme, event, signed_ms);
        let (handler, body, polls_left, of) = with(|world| {
            world.stats.deliveries += 1;
            world.after(timeout_ms, Due::SenderGivesUp { delivery });
            world.tell(|_| format!("d{delivery} of e{event} arrives at p{process}"));
            let faults = if is_calm { Faults::NONE } else { world.plan.faults };
            let lease_ms = world.plan.lease_ms;
            let of = world.deliveries[delivery].of;
            let random = &mut world.events[event].random;
            let handler = match is_calm {
                true => HandlerPlan::succeeds(),
                false => HandlerPlan::new(random, faults, lease_ms),
            };
            let is_broken = random.chance(10) && faults.has(Fault::BrokenBody);
            let body = Pieces::new(self.provider.body(event), random, is_broken);
            let (is_cut, polls) = (random.chance(15), random.within(1, 8));
            let polls_left = (is_cut && faults.has(Fault::Disconnect)).then_some(polls);
            (handler, body, polls_left, of)
        });
        let serving = process::serve(receiver, of, headers, body, handler);
        let connection = async move {
            let _ended = Connection(delivery);
            serving.await;
        };
        spawn(of, polls_left, Box::pin(connection));
    }
}

/// Sees that a connection ends before its work has begun.
struct Connection(usize);

impl Drop for Connection {
    fn drop(&mut self) {
        with(|world| world.connection_ends(self.0));
    }
}

impl World {
    /// Plans one delivery.
    pub(crate) fn send_at(&mut self, at_ms: u64, event: usize, is_scheduled: bool) {
        let process = self.events[event].random.index(self.processes.len());
        let delivery = self.deliveries.len();
        let of = Owner { process, life: 0, delivery: Some(delivery), is_connection: true };
        self.deliveries.push(crate::oracle::Delivery::new(event, of, is_scheduled, at_ms));
        self.events[event].deliveries.push(delivery);
        self.at(at_ms, Due::Send { delivery });
        if is_scheduled && self.plan.faults.has(Fault::Duplicate) && !self.is_calm {
            let near = [0, 3, 200, 5_000, 2 * self.plan.lease_ms];
            for _ in 0..self.events[event].random.below(3) {
                let random = &mut self.events[event].random;
                let most_ms = near[random.index(near.len())];
                let later_ms = random.within(0, most_ms);
                self.send_copy(at_ms + later_ms, event);
            }
        }
    }

    fn send_copy(&mut self, at_ms: u64, event: usize) {
        let process = self.events[event].random.index(self.processes.len());
        let delivery = self.deliveries.len();
        let of = Owner { process, life: 0, delivery: Some(delivery), is_connection: true };
        self.deliveries.push(crate::oracle::Delivery::new(event, of, false, at_ms));
        self.events[event].deliveries.push(delivery);
        self.at(at_ms, Due::Send { delivery });
    }

    /// The sender gets a response; the status 0 means none.
    pub(crate) fn sender_gets(&mut self, delivery: usize, status: u16) {
        let this = &mut self.deliveries[delivery];
        if !std::mem::replace(&mut this.is_waited_for, false) {
            return;
        }
        let (event, is_scheduled) = (this.event, this.is_scheduled);
        if (200..300).contains(&status) {
            self.events[event].is_acknowledged = true;
        }
        if is_scheduled && !self.events[event].is_acknowledged && !self.is_calm {
            let attempt = self.events[event].attempts;
            self.events[event].attempts += 1;
            if let Some(pause_ms) = self.retries.get(attempt).copied() {
                let jitter = self.events[event].random.below(pause_ms / 10 + 2);
                self.send_at(self.now_ms + pause_ms + jitter, event, true);
            }
        }
    }

    fn connection_ends(&mut self, delivery: usize) {
        if self.deliveries[delivery].is_waited_for {
            self.tell(|_| format!("the connection of d{delivery} ends"));
            self.sender_gets(delivery, 0);
        }
        let has_no_work = !self.deliveries[delivery].has_work;
        if has_no_work {
            self.deliveries[delivery].ended_ms.get_or_insert(self.now_ms);
        }
    }
}
