//! A job, its states, and what operations need and return.

use std::time::Duration;

use countersign_core::{Attempt, EventKey, Message, Repeats, Token};

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JobState {
    /// It is taken as soon as its time has come.
    Due,
    /// An attempt has it.
    Running,
    /// The target has it.
    Done,
    /// The last attempt has failed. It stays until a person retries or discards it.
    Dead,
    /// A person has discarded it.
    Discarded,
    /// An earlier job with its order key is not done yet.
    Waiting,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Due, Self::Running, Self::Waiting, Self::Dead, Self::Done, Self::Discarded];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Discarded => "discarded",
            Self::Waiting => "waiting",
        }
    }

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Due => 1,
            Self::Running => 2,
            Self::Done => 3,
            Self::Dead => 4,
            Self::Discarded => 5,
            Self::Waiting => 6,
        }
    }

    pub(super) fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// A delivery to accept.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepting {
    pub(super) event: EventKey,
    pub(super) attempt: Attempt,
    pub(super) target: String,
    pub(super) message: Message,
    pub(super) order_key: Option<String>,
    pub(super) repeats: Repeats,
}

impl Accepting {
    /// A delivery for the target of this name, claimed under `event`. The attempt has
    /// the fingerprint of the body and the retention of the event.
    #[must_use]
    pub fn new(
        event: EventKey,
        attempt: Attempt,
        target: impl Into<String>,
        message: Message,
    ) -> Self {
        let (order_key, repeats) = (None, Repeats::Suppress);
        Self { event, attempt, target: target.into(), message, order_key, repeats }
    }

    /// The jobs of one target and key are taken one after the other, in the order in
    /// which they were accepted. Defaults to none: no order.
    #[must_use]
    pub fn with_order_key(mut self, key: Option<String>) -> Self {
        self.order_key = key;
        self
    }

    /// What happens if the event was accepted before. Defaults to
    /// [`Repeats::Suppress`]. With [`Repeats::Handle`] it gets another job, which is
    /// marked as a possible duplicate.
    #[must_use]
    pub fn with_repeats(mut self, repeats: Repeats) -> Self {
        self.repeats = repeats;
        self
    }
}

/// The result of accepting a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptOutcome {
    /// The job is on the disk.
    #[non_exhaustive]
    Accepted {
        /// The id of the job.
        job: i64,
        /// Whether the event was accepted before.
        possible_duplicate: bool,
    },
    /// The event was accepted before.
    Duplicate,
    /// The file has reached its maximum size, or the disk is full.
    Full,
}

/// Which jobs to take.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Take {
    pub(super) target: String,
    pub(super) owner: Token,
    pub(super) lease: Duration,
    pub(super) jobs: usize,
    pub(super) bytes: u64,
    pub(super) max_running: usize,
    pub(super) held: Vec<(i64, Token)>,
}

impl Take {
    /// Up to `jobs` jobs of this target, for the process `owner`.
    #[must_use]
    pub fn new(target: impl Into<String>, owner: Token, jobs: usize) -> Self {
        let (bytes, max_running) = (u64::MAX, usize::MAX);
        let (target, lease, held) = (target.into(), LEASE, Vec::new());
        Self { target, owner, lease, jobs, bytes, max_running, held }
    }

    /// How long no other process gets the jobs. Defaults to 30 s. The maximum is ten
    /// minutes.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease.min(MAX_LEASE);
        self
    }

    /// The maximum size of all messages together. The first one may be larger.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// The attempts at jobs of the target that the process has already, as jobs and
    /// tokens. Those whose lease has ended meanwhile are kept, unless another process has
    /// found that out before.
    #[must_use]
    pub fn with_held(mut self, held: Vec<(i64, Token)>) -> Self {
        self.held = held;
        self
    }

    /// The maximum number of running jobs of the target, in all processes.
    #[must_use]
    pub fn with_max_running(mut self, jobs: usize) -> Self {
        self.max_running = jobs;
        self
    }
}

/// The jobs that were taken.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Taken {
    /// The jobs, in the order in which they were due.
    pub jobs: Vec<TakenJob>,
    /// When the next job of the target is due, in Unix milliseconds by the queue's
    /// clock. `None` if there is none.
    pub next_at_ms: Option<i64>,
    /// The time at the queue's clock.
    pub now_ms: i64,
    /// Whether the target is paused.
    pub is_paused: bool,
    /// How many jobs are due again because the lease of their attempt has ended.
    pub expired: usize,
}

/// A job that an attempt has.
#[derive(Debug)]
#[non_exhaustive]
pub struct TakenJob {
    /// The id of the job.
    pub id: i64,
    /// Identifies the attempt when it is settled.
    pub token: Token,
    /// The number of this attempt, counted from 1.
    pub attempt: u32,
    /// Whether another delivery with the same event id was accepted before.
    pub possible_duplicate: bool,
    /// When the delivery was accepted, in Unix milliseconds.
    pub accepted_at_ms: i64,
    /// The message, to be [parsed](Message::parse).
    pub message: Vec<u8>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The target has the event.
    Done {
        /// The target's status.
        status: Option<u16>,
    },
    /// The attempt has failed, and there is another one.
    Retry {
        /// The time until then.
        after: Duration,
        /// The target's status, if it responded.
        status: Option<u16>,
        /// What went wrong. It contains nothing of the request.
        error: String,
    },
    /// The last attempt has failed.
    Dead {
        /// The target's status, if it responded.
        status: Option<u16>,
        /// What went wrong. It contains nothing of the request.
        error: String,
    },
    /// The attempt was given up: the job is due again.
    Release,
}

/// The result of settling an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettleOutcome {
    /// The job has its new state.
    #[non_exhaustive]
    Settled {
        /// Whether a job that waited for this one is due now.
        is_next_due: bool,
    },
    /// Nothing has changed: the lease had ended, and another attempt has the job or
    /// has settled it.
    Lost,
}

const LEASE: Duration = Duration::from_secs(30);
pub(super) const MAX_LEASE: Duration = Duration::from_secs(600);
