//! Virtual time, and the tasks that wait for it. Everything of one world runs on one thread.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use countersign_core::{Clock, Runtime, Token};

use crate::world::{Due, with};

/// The runtime of the receivers: the time of the world, and tokens from its random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VirtualTime;

impl Runtime for VirtualTime {
    type Sleep = Sleep;
    type Instant = u64;

    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep { until_ms: self.now().saturating_add(ceil_ms(duration)), waker: None }
    }

    fn now(&self) -> u64 {
        with(|world| world.now_ms)
    }

    fn elapsed(&self, since: u64) -> Duration {
        Duration::from_millis(self.now().saturating_sub(since))
    }

    fn token_bytes(&self) -> Option<[u8; 16]> {
        Some(with(|world| {
            let halves = [world.random.next(), world.random.next()];
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&halves[0].to_le_bytes());
            bytes[8..].copy_from_slice(&halves[1].to_le_bytes());
            world.drew(Token::from_bytes(bytes));
            bytes
        }))
    }
}

/// A timer never ends early.
fn ceil_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX / 4)
}

/// Ends at a moment of the virtual time.
#[derive(Debug)]
pub(crate) struct Sleep {
    until_ms: u64,
    /// The task that is woken then. The future can be moved to another task.
    waker: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        with(|world| {
            if world.now_ms >= self.until_ms {
                return Poll::Ready(());
            }
            if !self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                self.waker = Some(cx.waker().clone());
                world.at(self.until_ms, Due::Wake(cx.waker().clone()));
            }
            Poll::Pending
        })
    }
}

/// Sleeps in a task of the world.
pub(crate) fn sleep_ms(ms: u64) -> Sleep {
    VirtualTime.sleep(Duration::from_millis(ms))
}

/// The clock of the leases in a process: it never goes back.
pub(crate) struct LeaseTime;

impl Clock for LeaseTime {
    fn now_unix_ms(&self) -> i64 {
        with(|world| world.unix_ms())
    }
}

/// The wall clock of a process, which can jump.
pub(crate) struct WallTime(pub(crate) usize);

impl Clock for WallTime {
    fn now_unix_ms(&self) -> i64 {
        with(|world| world.unix_ms() + world.processes[self.0].wall_offset_ms)
    }
}

/// The clock of the store.
pub(crate) struct StoreTime;

impl Clock for StoreTime {
    fn now_unix_ms(&self) -> i64 {
        with(|world| world.store_ms())
    }
}

/// A task of the world.
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) of: Owner,
    pub(crate) future: Pin<Box<dyn Future<Output = ()>>>,
    /// The number of polls after which the task is dropped.
    pub(crate) polls_left: Option<u64>,
    pub(crate) waker: Waker,
}

/// Whose task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Owner {
    pub(crate) process: usize,
    /// How often the process has been started.
    pub(crate) life: u32,
    /// The delivery; none for the background task.
    pub(crate) delivery: Option<usize>,
    /// Whether the client's connection ends with the task.
    pub(crate) is_connection: bool,
}

/// Starts a task.
pub(crate) fn spawn(of: Owner, polls_left: Option<u64>, future: Pin<Box<dyn Future<Output = ()>>>) {
    let is_alive = with(|world| {
        let process = &world.processes[of.process];
        process.is_alive && process.life == of.life && !process.is_losing_tasks
    });
    // As a runtime that has ended: the future is dropped.
    if !is_alive {
        return drop(future);
    }
    let id = with(|world| {
        world.next_task += 1;
        world.next_task
    });
    let waker = Arc::new(Wakes(id)).into();
    SPAWNED.with_borrow_mut(|tasks| tasks.push(Task { id, of, future, polls_left, waker }));
    READY.with_borrow_mut(|ready| ready.push(id));
}

struct Wakes(u64);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        READY.with_borrow_mut(|ready| {
            if !ready.contains(&self.0) {
                ready.push(self.0);
            }
        });
    }
}

thread_local! {
    /// The tasks that can make progress. Apart from the world, because any part of it may wake one.
    pub(crate) static READY: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    pub(crate) static SPAWNED: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}
