//! The state of a simulated world.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};
use std::task::Waker;

use countersign_core::{Counters, EventKey, Receiver, Token};

use crate::clock::Owner;
use crate::faults::Fault;
use crate::oracle::{Delivery, Event};
use crate::plan::{Plan, Run};
use crate::random::Random;
use crate::store::{Call, Kept, Reply, Server, SimStore};

pub(crate) struct World {
    pub(crate) run: Run,
    pub(crate) plan: Plan,
    pub(crate) now_ms: u64,
    /// For the order of tasks, and what belongs to no event.
    pub(crate) random: Random,
    pub(crate) current: Owner,
    pub(crate) next_task: u64,
    timers: BinaryHeap<Timer>,
    next_timer: u64,
    pub(crate) processes: Vec<Process>,
    pub(crate) events: Vec<Event>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) calls: Vec<Call>,
    pub(crate) server: Server,
    /// An older copy of the store's records.
    pub(crate) copy: Vec<Option<Kept>>,
    pub(crate) store_offset_ms: i64,
    pub(crate) is_full: bool,
    /// The number of steps that the store has applied.
    pub(crate) steps: u64,
    /// No more faults are injected.
    pub(crate) is_calm: bool,
    keys: HashMap<[u8; 32], usize>,
    tokens: HashMap<Token, usize>,
    /// The pauses between the sender's attempts.
    pub(crate) retries: Vec<u64>,
    pub(crate) stats: Stats,
    pub(crate) history: Vec<String>,
    pub(crate) violation: Option<String>,
}

/// A process with its receiver.
#[derive(Default)]
pub(crate) struct Process {
    /// How often it has been started.
    pub(crate) life: u32,
    pub(crate) is_alive: bool,
    pub(crate) is_losing_tasks: bool,
    pub(crate) stopped_until_ms: u64,
    /// When it was last killed or stopped, or last lost its tasks.
    pub(crate) disturbed_ms: Option<u64>,
    pub(crate) wall_offset_ms: i64,
    pub(crate) receiver: Option<Receiver<SimStore>>,
    pub(crate) observed: Observed,
}

/// What the receiver of a process has got from the store, and so has to count.
#[derive(Debug, Default, Clone)]
pub(crate) struct Observed {
    pub(crate) degraded: u64,
    pub(crate) leases_lost: u64,
    pub(crate) failed_renewals: u64,
    pub(crate) abandoned_renewals: u64,
    pub(crate) background_releases: u64,
    /// The attempts whose success a background call has recorded.
    pub(crate) background_completions: Vec<Token>,
    pub(crate) late: u64,
}

/// What happens at a moment.
pub(crate) enum Due {
    Wake(Waker),
    Apply { call: usize, reply_after: Option<u64> },
    Reply { call: usize, reply: Reply },
    Send { delivery: usize },
    SenderGivesUp { delivery: usize },
    Fault(WorldFault),
}

/// A fault that is not one of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WorldFault {
    Crash { process: usize, for_ms: u64 },
    Restart { process: usize },
    Stop { process: usize, for_ms: u64 },
    LoseTasks { process: usize },
    Copy,
    Failover,
    LoseRecord { event: usize },
    StoreClock { by_ms: i64 },
    WallClock { process: usize, to_ms: i64 },
    Full(bool),
}

/// Numbers of a run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Stats {
    /// Requests that reached a receiver.
    pub deliveries: u64,
    /// Calls of the store.
    pub calls: u64,
    /// Faults of calls, and of the world.
    pub faults: u64,
    /// Events.
    pub events: u64,
    /// Handlers that began.
    pub handled: u64,
    /// Handlers that began although another one had or has the event, by their cause.
    pub doubles: [u64; 6],
}

impl Stats {
    /// Adds the numbers of another run.
    pub fn add(&mut self, other: &Self) {
        self.deliveries += other.deliveries;
        self.calls += other.calls;
        self.faults += other.faults;
        self.events += other.events;
        self.handled += other.handled;
        for (sum, count) in self.doubles.iter_mut().zip(other.doubles) {
            *sum += count;
        }
    }
}

struct Timer {
    at_ms: u64,
    number: u64,
    due: Due,
}

impl World {
    pub(crate) fn new(run: Run) -> Self {
        let plan = Plan::of(&run);
        let seed = run.seed;
        Self {
            now_ms: 0,
            random: Random::of_part(seed, 1),
            current: Owner::default(),
            next_task: 0,
            timers: BinaryHeap::new(),
            next_timer: 0,
            processes: (0..plan.processes).map(|_| Process::default()).collect(),
            events: (0..plan.events).map(|event| Event::new(seed, event)).collect(),
            deliveries: Vec::new(),
            calls: Vec::new(),
            server: Server::Table(vec![None; plan.events]),
            copy: vec![None; plan.events],
            store_offset_ms: 0,
            is_full: false,
            steps: 0,
            is_calm: false,
            keys: HashMap::new(),
            tokens: HashMap::new(),
            retries: Vec::new(),
            stats: Stats::default(),
            history: Vec::new(),
            violation: None,
            run,
            plan,
        }
    }

    pub(crate) fn unix_ms(&self) -> i64 {
        BEGIN_UNIX_MS + i64::try_from(self.now_ms).unwrap_or(0)
    }

    pub(crate) fn store_ms(&self) -> i64 {
        self.unix_ms() + self.store_offset_ms
    }

    pub(crate) fn at(&mut self, at_ms: u64, due: Due) {
        self.next_timer += 1;
        self.timers.push(Timer { at_ms, number: self.next_timer, due });
    }

    pub(crate) fn after(&mut self, ms: u64, due: Due) {
        self.at(self.now_ms.saturating_add(ms), due);
    }

    /// Advances the time to the next moment at which something is due.
    pub(crate) fn next_due(&mut self) -> Option<Due> {
        let timer = self.timers.pop()?;
        self.now_ms = self.now_ms.max(timer.at_ms);
        Some(timer.due)
    }

    /// The delivery whose task runs has drawn this token.
    pub(crate) fn drew(&mut self, token: Token) {
        if let Some(delivery) = self.current.delivery {
            self.tokens.insert(token, delivery);
        }
    }

    /// The event and the delivery of a call.
    pub(crate) fn subject_of(&mut self, key: &EventKey, token: Token) -> (usize, usize) {
        let delivery = self.tokens.get(&token).copied().unwrap_or_else(|| {
            self.violate("a call has a token that was not drawn".to_owned());
            0
        });
        let event = self.deliveries[delivery].event;
        let known = *self.keys.entry(*key.digest()).or_insert(event);
        if known != event {
            self.violate(format!("e{event} has the key of e{known}"));
        }
        (event, delivery)
    }

    /// The fault of the next call.
    pub(crate) fn draw_fault(&mut self, event: usize) -> Option<Fault> {
        if let Some((number, fault)) = self.run.nth_call {
            return (self.stats.calls == number && !self.is_calm).then_some(fault);
        }
        let random = &mut self.events[event].random;
        let (drawn, index) = (random.below(100), random.next());
        if self.is_calm {
            return None;
        }
        let now_ms = self.now_ms;
        let is_within = |(from, to, _): &&(u64, u64, u64)| (*from..*to).contains(&now_ms);
        let percent = self.plan.windows.iter().find(is_within).map_or(1, |(.., percent)| *percent);
        if drawn >= percent {
            return None;
        }
        let faults = self.plan.faults;
        let possible = || Fault::OF_A_CALL.into_iter().filter(|fault| faults.has(*fault));
        let count = possible().count().max(1);
        possible().nth(usize::try_from(index % count as u64).unwrap_or(0))
    }

    pub(crate) fn tell(&mut self, text: impl FnOnce(&Self) -> String) {
        if self.run.is_recorded {
            let line = format!("{:>13.3} s  {}", self.now_ms as f64 / 1000.0, text(self));
            self.history.push(line);
        }
    }

    pub(crate) fn violate(&mut self, text: String) {
        if self.violation.is_none() {
            self.tell(|_| format!("VIOLATION: {text}"));
            self.violation = Some(text);
        }
    }

    pub(crate) fn name(&self, owner: Owner) -> String {
        match owner.delivery {
            Some(delivery) => format!("p{} d{delivery}", owner.process),
            None => format!("p{} background", owner.process),
        }
    }

    /// The counters of each process that is still in the life in which it was observed.
    pub(crate) fn counters(&self) -> Vec<(usize, Counters, Observed)> {
        let processes = self.processes.iter().enumerate();
        processes
            .filter_map(|(index, process)| {
                let receiver = process.receiver.as_ref()?;
                Some((index, receiver.counters(), process.observed.clone()))
            })
            .collect()
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    /// The earliest is the greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.number).cmp(&(self.at_ms, self.number))
    }
}

/// Uses the world of this thread. It must not be used again inside.
pub(crate) fn with<T>(use_world: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(|world| use_world(world.as_mut().expect("a world exists during a run")))
}

thread_local! {
    pub(crate) static WORLD: RefCell<Option<Box<World>>> = const { RefCell::new(None) };
}

/// 2025-10-09.
const BEGIN_UNIX_MS: i64 = 1_760_000_000_000;
