//! Runs a world from its begin to its end.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Context;
use std::time::Duration;

use countersign_core::MemoryStore;

use crate::clock::{Owner, READY, SPAWNED, StoreTime, Task, VirtualTime, spawn};
use crate::faults::Fault;
use crate::plan::{Provider, Run};
use crate::process;
use crate::sender::Sender;
use crate::store::{Server, apply};
use crate::world::{Due, Stats, WORLD, World, WorldFault, with};

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What did not hold, if anything.
    pub violation: Option<String>,
    /// What happened, if the run records it.
    pub history: Vec<String>,
    /// Numbers of the run.
    pub stats: Stats,
}

/// Runs a world.
///
/// # Panics
///
/// If it is called by the code of another world, on the same thread.
#[must_use]
pub fn simulate(run: Run) -> Outcome {
    let world = World::new(run);
    let provider = world.plan.provider;
    WORLD.set(Some(Box::new(world)));
    let mut tasks = Tasks::default();
    // A panic outside of a handler or a store is a fault of the code under test.
    let ended = catch_unwind(AssertUnwindSafe(|| tasks.live(&Sender::new(provider))));
    tasks.drop_all();
    if ended.is_err() {
        with(|world| world.violate("the code under test panics".to_owned()));
    }
    READY.with_borrow_mut(Vec::clear);
    let receivers = with(|world| {
        world.processes.iter_mut().map(|process| process.receiver.take()).collect::<Vec<_>>()
    });
    drop(receivers);
    let server = with(|world| std::mem::replace(&mut world.server, Server::Table(Vec::new())));
    drop(server);
    let world = WORLD.take().expect("the world of this run");
    let World { violation, history, stats, .. } = *world;
    Outcome { violation, history, stats }
}

#[derive(Default)]
struct Tasks {
    all: HashMap<u64, Task>,
    polls: u64,
}

impl Tasks {
    fn live(&mut self, sender: &Sender) {
        with(|world| world.begin());
        if with(|world| world.plan.is_memory_store) {
            let store = MemoryStore::with_capacity(1_000).with_clock(StoreTime);
            with(|world| world.server = Server::Memory(store));
        }
        for process in 0..with(|world| world.processes.len()) {
            process::start(process);
        }
        self.run(sender);
        self.calm_down(sender);
        for round in 0..ROUNDS {
            let is_open = with(|world| world.redeliver(round));
            if !is_open {
                break;
            }
            self.run(sender);
        }
        self.flush(sender);
        with(|world| {
            world.check_end();
            world.stats.events += world.events.len() as u64;
        });
        self.end_processes(sender);
    }

    /// From here on nothing fails.
    fn calm_down(&mut self, sender: &Sender) {
        let down = with(|world| {
            world.is_calm = true;
            world.is_full = false;
            world.tell(|_| "from here on, nothing fails".to_owned());
            let processes = world.processes.iter_mut().enumerate();
            let down = processes.filter_map(|(index, process)| {
                process.wall_offset_ms = 0;
                (!process.is_alive).then_some(index)
            });
            down.collect::<Vec<_>>()
        });
        for process in down {
            process::start(process);
        }
        self.run(sender);
    }

    /// Every success is recorded before a process ends.
    fn flush(&mut self, sender: &Sender) {
        for process in 0..with(|world| world.processes.len()) {
            let Some(receiver) = process::receiver(process) else { continue };
            let life = with(|world| world.processes[process].life);
            let of = Owner { process, life, delivery: None, is_connection: false };
            let flush = async move {
                let left = receiver.flush(Duration::from_secs(30), &VirtualTime).await;
                if !left.is_empty() {
                    with(|world| {
                        world.violate(format!("p{process} cannot record {} successes", left.len()));
                    });
                }
            };
            spawn(of, None, Box::pin(flush));
        }
        self.run(sender);
    }

    /// Once its receiver and its claims are gone, a process has no task left.
    fn end_processes(&mut self, sender: &Sender) {
        let receivers = with(|world| {
            world.processes.iter_mut().map(|process| process.receiver.take()).collect::<Vec<_>>()
        });
        drop(receivers);
        self.run(sender);
        let left = self.all.len();
        if left > 0 && with(|world| world.violation.is_none()) {
            with(|world| world.violate(format!("{left} tasks never end")));
        }
    }

    /// Runs until nothing is due.
    fn run(&mut self, sender: &Sender) {
        loop {
            self.adopt();
            if with(|world| world.violation.is_some()) {
                return;
            }
            let drawn = READY.with_borrow_mut(|ready| {
                if ready.is_empty() {
                    return None;
                }
                let index = with(|world| world.random.index(ready.len()));
                Some(ready.swap_remove(index))
            });
            if let Some(id) = drawn {
                self.poll(id);
                continue;
            }
            match with(World::next_due) {
                None => return,
                Some(due) => self.happen(due, sender),
            }
        }
    }

    fn adopt(&mut self) {
        for task in SPAWNED.take() {
            self.all.insert(task.id, task);
        }
    }

    fn poll(&mut self, id: u64) {
        let Some(task) = self.all.get_mut(&id) else { return };
        let stopped = with(|world| {
            let until_ms = world.processes[task.of.process].stopped_until_ms;
            let is_stopped = world.now_ms < until_ms;
            if is_stopped {
                world.at(until_ms, Due::Wake(task.waker.clone()));
            }
            world.current = task.of;
            is_stopped
        });
        if stopped {
            return;
        }
        self.polls += 1;
        if self.polls > MAX_POLLS {
            with(|world| world.violate("the world does not come to rest".to_owned()));
            return;
        }
        let waker = task.waker.clone();
        let is_ready = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        let is_cut = task.polls_left.as_mut().is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if is_ready || is_cut {
            let task = self.all.remove(&id);
            if is_cut && !is_ready {
                with(|world| world.tell(|world| format!("{} is cut", world.name(world.current))));
            }
            drop(task);
        }
    }

    fn drop_all(&mut self) {
        with(|world| {
            for process in &mut world.processes {
                process.is_alive = false;
            }
        });
        self.adopt();
        let mut ids: Vec<_> = self.all.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            drop(self.all.remove(&id));
        }
    }

    /// Drops all tasks of a process, in the order in which they began.
    fn drop_of(&mut self, process: usize) {
        self.adopt();
        let of_process = self.all.values().filter(|task| task.of.process == process);
        let mut ids: Vec<_> = of_process.map(|task| task.id).collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(task) = self.all.remove(&id) {
                with(|world| world.current = task.of);
                drop(task);
            }
        }
    }

    fn happen(&mut self, due: Due, sender: &Sender) {
        match due {
            Due::Wake(waker) => waker.wake(),
            Due::Apply { call, reply_after } => {
                let reply = apply(call);
                if let Some(after_ms) = reply_after {
                    with(|world| world.after(after_ms, Due::Reply { call, reply }));
                }
            }
            Due::Reply { call, reply } => with(|world| world.reply(call, reply)),
            Due::Send { delivery } => sender.arrive(delivery),
            Due::SenderGivesUp { delivery } => with(|world| world.sender_gets(delivery, 0)),
            Due::Fault(fault) => self.inject(fault),
        }
    }

    fn inject(&mut self, fault: WorldFault) {
        let is_restart = matches!(fault, WorldFault::Restart { .. });
        if with(|world| world.is_calm) && !is_restart {
            return;
        }
        with(|world| {
            world.tell(|_| format!("{fault:?}"));
            world.stats.faults += u64::from(!matches!(fault, WorldFault::Copy));
        });
        match fault {
            WorldFault::Crash { process, for_ms } => {
                let receiver = with(|world| {
                    let now_ms = world.now_ms;
                    world.after(for_ms, Due::Fault(WorldFault::Restart { process }));
                    let process = &mut world.processes[process];
                    process.is_alive = false;
                    process.disturbed_ms = Some(now_ms);
                    process.receiver.take()
                });
                self.drop_of(process);
                drop(receiver);
            }
            WorldFault::Restart { process } => {
                if with(|world| !world.processes[process].is_alive) {
                    process::start(process);
                }
            }
            WorldFault::Stop { process, for_ms } => with(|world| {
                let now_ms = world.now_ms;
                let process = &mut world.processes[process];
                let until_ms = process.stopped_until_ms.max(now_ms + for_ms);
                (process.disturbed_ms, process.stopped_until_ms) = (Some(until_ms), until_ms);
            }),
            WorldFault::LoseTasks { process } => {
                with(|world| {
                    let now_ms = world.now_ms;
                    let process = &mut world.processes[process];
                    process.disturbed_ms = Some(now_ms);
                    process.is_losing_tasks = true;
                });
                self.drop_of(process);
                with(|world| world.processes[process].is_losing_tasks = false);
            }
            WorldFault::Copy => with(|world| {
                if let Server::Table(records) = &world.server {
                    world.copy.clone_from(records);
                }
            }),
            WorldFault::Failover => with(World::fail_over),
            WorldFault::LoseRecord { event } => with(|world| {
                if let Server::Table(records) = &mut world.server {
                    records[event] = None;
                    world.lost_record(event);
                }
            }),
            WorldFault::StoreClock { by_ms } => with(|world| world.store_offset_ms += by_ms),
            WorldFault::WallClock { process, to_ms } => with(|world| {
                world.processes[process].wall_offset_ms = to_ms;
            }),
            WorldFault::Full(is_full) => with(|world| world.is_full = is_full),
        }
    }
}

impl World {
    /// Plans the first deliveries, and the faults that are not those of calls.
    fn begin(&mut self) {
        self.retries = Provider::retries(&self.plan.provider.scheme());
        let chosen = self.run.events.clone();
        for event in 0..self.plan.events {
            let at_ms = self.events[event].random.magnitude(120_000);
            if chosen.as_ref().is_none_or(|chosen| chosen.contains(&event)) {
                self.send_at(at_ms, event, true);
            }
        }
        for fault in self.plan.faults.iter() {
            let mut random = crate::random::Random::of_part(self.run.seed, 10_000 + fault as u64);
            for _ in 0..random.below(5) {
                let at_ms = random.magnitude(600_000);
                let process = random.index(self.processes.len());
                let short_ms = random.within(1, 4 * self.plan.lease_ms);
                let event = random.index(self.plan.events);
                let lease = i64::try_from(self.plan.lease_ms).unwrap_or(0);
                let jump_ms = lease / 2 + i64::try_from(random.below(90_000)).unwrap_or(0);
                let world_fault = match fault {
                    Fault::Crash => WorldFault::Crash { process, for_ms: random.below(short_ms) },
                    Fault::Pause => WorldFault::Stop { process, for_ms: short_ms },
                    Fault::LostTasks => WorldFault::LoseTasks { process },
                    Fault::Failover => {
                        let copied_ms = at_ms.saturating_sub(random.magnitude(60_000));
                        self.at(copied_ms, Due::Fault(WorldFault::Copy));
                        WorldFault::Failover
                    }
                    Fault::LostRecord => WorldFault::LoseRecord { event },
                    Fault::StoreClock => WorldFault::StoreClock { by_ms: jump_ms },
                    Fault::WallClock => WorldFault::WallClock {
                        process,
                        to_ms: jump_ms * 20 * [1, -1][random.index(2)],
                    },
                    Fault::FullStore => {
                        let full = Due::Fault(WorldFault::Full(true));
                        self.at(at_ms, full);
                        self.at(at_ms + short_ms, Due::Fault(WorldFault::Full(false)));
                        continue;
                    }
                    _ => continue,
                };
                self.at(at_ms, Due::Fault(world_fault));
            }
        }
    }

    fn fail_over(&mut self) {
        let Server::Table(records) = &mut self.server else { return };
        let copy = self.copy.clone();
        let changed = (0..copy.len()).filter(|event| records[*event] != copy[*event]);
        let changed: Vec<_> = changed.collect();
        *records = copy;
        for event in changed {
            self.lost_record(event);
        }
    }

    /// Delivers again what was never acknowledged. Returns whether there is any.
    fn redeliver(&mut self, round: u64) -> bool {
        let at_ms = self.now_ms + (round + 1) * (self.plan.lease_ms + 1_000);
        let open = |event: &usize| {
            let event = &self.events[*event];
            !event.is_acknowledged && !event.deliveries.is_empty()
        };
        let open: Vec<_> = (0..self.events.len()).filter(open).collect();
        for event in &open {
            self.send_at(at_ms, *event, true);
        }
        !open.is_empty()
    }
}

/// The redeliveries at the end. A record of a failover, and the lease of a crashed holder, can
/// reject some.
const ROUNDS: u64 = 4;
/// A world that needs more has lost its way: the largest ones need a tenth.
const MAX_POLLS: u64 = 2_000_000;
