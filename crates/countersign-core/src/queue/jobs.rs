//! The jobs of a table of accepted deliveries: their states, and what the operations of a table need
//! and return. `countersign-sqlite` and `countersign-postgres` have the tables.

mod filter;

use std::time::Duration;

pub use filter::{JobFilter, JobSummary, TargetCounts};

use super::Message;
use crate::idempotency::{Attempt, EventKey, Repeats, Token};

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

    /// The states in which a person can retry a job.
    pub const RETRIED: [Self; 4] = [Self::Due, Self::Dead, Self::Done, Self::Discarded];

    /// The states in which a person can discard a job.
    pub const DISCARDED: [Self; 3] = [Self::Due, Self::Dead, Self::Waiting];

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

    /// The stable number in the tables.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Due => 1,
            Self::Running => 2,
            Self::Done => 3,
            Self::Dead => 4,
            Self::Discarded => 5,
            Self::Waiting => 6,
        }
    }

    /// The state with this [number](Self::number).
    #[must_use]
    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// A delivery to accept.
#[derive(Debug)]
#[non_exhaustive]
pub struct Accepting {
    /// The key of the event.
    pub event: EventKey,
    /// The fingerprint of the body, and the retention of the event.
    pub attempt: Attempt,
    /// The name of the target.
    pub target: String,
    /// What is forwarded.
    pub message: Message,
    /// As in [`with_order_key`](Self::with_order_key).
    pub order_key: Option<String>,
    /// As in [`with_repeats`](Self::with_repeats).
    pub repeats: Repeats,
}

impl Accepting {
    /// A delivery for the target of this name, claimed under `event`. The attempt has the
    /// fingerprint of the body and the retention of the event.
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

    /// The jobs of one target and key are taken one after the other, in the order in which they
    /// were accepted. Defaults to none: no order.
    #[must_use]
    pub fn with_order_key(mut self, key: Option<String>) -> Self {
        self.order_key = key;
        self
    }

    /// What happens if the event was accepted before. Defaults to [`Repeats::Suppress`]. With
    /// [`Repeats::Handle`] it gets another job, which is marked as a possible duplicate.
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
    /// The job is stored: its transaction has committed.
    #[non_exhaustive]
    Accepted {
        /// The id of the job.
        job: i64,
        /// Whether the event was accepted before.
        possible_duplicate: bool,
    },
    /// The event was accepted before.
    Duplicate,
    /// There is no room: the disk is full, or the queue has reached its maximum size.
    Full,
}

impl AcceptOutcome {
    /// [`Accepted`](Self::Accepted), as the job of this id. For the queue's implementation.
    #[must_use]
    pub fn accepted(job: i64, possible_duplicate: bool) -> Self {
        Self::Accepted { job, possible_duplicate }
    }
}

/// Which jobs to take.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Take {
    /// The name of the target.
    pub target: String,
    /// The process.
    pub owner: Token,
    /// As in [`with_lease`](Self::with_lease).
    pub lease: Duration,
    /// The maximum number of jobs.
    pub jobs: usize,
    /// As in [`with_max_bytes`](Self::with_max_bytes).
    pub bytes: u64,
    /// As in [`with_max_running`](Self::with_max_running).
    pub max_running: usize,
    /// As in [`with_held`](Self::with_held).
    pub held: Vec<(i64, Token)>,
}

impl Take {
    /// The maximum lease.
    pub const MAX_LEASE: Duration = Duration::from_secs(600);

    /// Up to `jobs` jobs of this target, for the process `owner`.
    #[must_use]
    pub fn new(target: impl Into<String>, owner: Token, jobs: usize) -> Self {
        let (bytes, max_running) = (u64::MAX, usize::MAX);
        let (target, lease, held) = (target.into(), LEASE, Vec::new());
        Self { target, owner, lease, jobs, bytes, max_running, held }
    }

    /// How long no other process gets the jobs. Defaults to 30 s. The maximum is ten minutes.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease.min(Self::MAX_LEASE);
        self
    }

    /// The maximum size of all messages together. The first one may be larger.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// The attempts at jobs of the target that the process has already, as jobs and tokens. Those
    /// whose lease has ended meanwhile are kept, unless another process has found that out before.
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
    /// When the next job of the target is due, in Unix milliseconds by the queue's clock. `None` if
    /// there is none.
    pub next_at_ms: Option<i64>,
    /// The time at the queue's clock.
    pub now_ms: i64,
    /// Whether the target is paused.
    pub is_paused: bool,
    /// How many jobs are due again because the lease of their attempt has ended.
    pub expired: usize,
}

/// A job that an attempt has.
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

impl TakenJob {
    /// The first attempt at a job. For the queue's implementation, which sets the other fields.
    #[must_use]
    pub fn new(id: i64, token: Token, message: Vec<u8>) -> Self {
        let (attempt, possible_duplicate, accepted_at_ms) = (1, false, 0);
        Self { id, token, attempt, possible_duplicate, accepted_at_ms, message }
    }
}

impl std::fmt::Debug for TakenJob {
    /// Shows nothing of the message.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakenJob")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("possible_duplicate", &self.possible_duplicate)
            .field("message_bytes", &self.message.len())
            .finish_non_exhaustive()
    }
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
    /// Nothing has changed: the lease had ended, and another attempt has the job or has settled it.
    Lost,
}

impl SettleOutcome {
    /// [`Settled`](Self::Settled). For the queue's implementation.
    #[must_use]
    pub fn settled(is_next_due: bool) -> Self {
        Self::Settled { is_next_due }
    }
}

const LEASE: Duration = Duration::from_secs(30);
