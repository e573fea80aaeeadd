//! Jobs as people see them: filters, jobs without their messages, and numbers.

use super::JobState;

/// Which jobs an operation concerns. All conditions must hold; without any, it is all jobs.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct JobFilter {
    /// One of these ids; empty for any.
    pub ids: Vec<i64>,
    /// One of these states; empty for any.
    pub states: Vec<JobState>,
    /// This target.
    pub target: Option<String>,
    /// This event id.
    pub event_id: Option<String>,
    /// This event type.
    pub event_type: Option<String>,
    /// Accepted at this time or later, in Unix milliseconds.
    pub since_ms: Option<i64>,
    /// Accepted before this time, in Unix milliseconds.
    pub until_ms: Option<i64>,
}

impl JobFilter {
    /// Jobs with one of these ids.
    #[must_use]
    pub fn of_ids(ids: impl Into<Vec<i64>>) -> Self {
        Self { ids: ids.into(), ..Self::default() }
    }

    /// Jobs in one of these states.
    #[must_use]
    pub fn of_states(states: impl Into<Vec<JobState>>) -> Self {
        Self { states: states.into(), ..Self::default() }
    }

    /// The same filter for those of these states that it has; without a state in the filter, for
    /// all of them. `None` if it has only other states, so that it would become a filter for any
    /// state.
    #[must_use]
    pub fn within(&self, states: &[JobState]) -> Option<Self> {
        let mut filter = self.clone();
        if filter.states.is_empty() {
            filter.states = states.to_vec();
        }
        filter.states.retain(|state| states.contains(state));
        (!filter.states.is_empty()).then_some(filter)
    }
}

/// A job without its message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobSummary {
    /// The id of the job.
    pub id: i64,
    /// The name of its target: the path of the endpoint.
    pub target: String,
    /// Its state.
    pub state: JobState,
    /// The attempts that were begun since it was accepted, or retried by a person.
    pub attempts: u32,
    /// When it is due, or when the lease of its attempt ends, in Unix milliseconds.
    pub run_at_ms: i64,
    /// Jobs with one key are in order.
    pub order_key: Option<String>,
    /// The event id.
    pub event_id: String,
    /// The event type.
    pub event_type: Option<String>,
    /// Whether another delivery with the same event id was accepted before.
    pub possible_duplicate: bool,
    /// The size of the message in bytes.
    pub bytes: u64,
    /// When the delivery was accepted, in Unix milliseconds.
    pub accepted_ms: i64,
    /// When it became done, dead or discarded, in Unix milliseconds.
    pub settled_ms: Option<i64>,
    /// The target's last status.
    pub last_status: Option<u16>,
    /// What went wrong in the last attempt.
    pub last_error: Option<String>,
}

impl JobSummary {
    /// A job of this target and event. For the queue's implementation, which sets the other fields.
    #[must_use]
    pub fn new(id: i64, target: String, state: JobState, event_id: String) -> Self {
        Self {
            id,
            target,
            state,
            attempts: 0,
            run_at_ms: 0,
            order_key: None,
            event_id,
            event_type: None,
            possible_duplicate: false,
            bytes: 0,
            accepted_ms: 0,
            settled_ms: None,
            last_status: None,
            last_error: None,
        }
    }
}

/// The numbers of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetCounts {
    /// The name of the target.
    pub target: String,
    /// Jobs that are due, now or later, or that wait for an earlier one.
    pub pending: u64,
    /// Jobs that an attempt has.
    pub running: u64,
    /// Jobs whose last attempt has failed.
    pub dead: u64,
    /// When the oldest pending or running job was accepted, in Unix milliseconds.
    pub oldest_ms: Option<i64>,
    /// Whether the target is paused.
    pub is_paused: bool,
}

impl TargetCounts {
    /// A target without jobs. For the queue's implementation, which sets the other fields.
    #[must_use]
    pub fn new(target: impl Into<String>) -> Self {
        let (pending, running, dead, oldest_ms, is_paused) = (0, 0, 0, None, false);
        Self { target: target.into(), pending, running, dead, oldest_ms, is_paused }
    }
}
