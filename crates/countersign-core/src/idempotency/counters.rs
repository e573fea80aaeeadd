//! Counters of what the responses do not show.

use std::sync::atomic::{AtomicU64, Ordering};

use super::store::CompleteOutcome;
use crate::observe::{Notice, Watch};

/// Counts what happens at an endpoint and does not show in its responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Dropped claims that were released in the background.
    pub given_back: u64,
    /// Claims that could not be released before their lease ran out.
    pub give_back_lost: u64,
    /// Successes whose record was written in the background.
    pub recorded_in_background: u64,
    /// Successes of events that were claimed while the store was unavailable, and
    /// that were recorded there later.
    pub recorded_after_outage: u64,
    /// Successes whose record was never written: these events may be handled
    /// again.
    pub record_lost: u64,
    /// Successes of events that another attempt also claimed: these were handled
    /// twice, or may have been.
    pub completed_late: u64,
    /// Renewals that failed because the attempt no longer held the event.
    pub lease_lost: u64,
    /// Events that were handled while the store was unavailable.
    pub degraded: u64,
}

/// The live counters. Each change is also reported to the watch.
pub(crate) struct Counting {
    watch: Watch,
    given_back: AtomicU64,
    give_back_lost: AtomicU64,
    recorded_in_background: AtomicU64,
    recorded_after_outage: AtomicU64,
    record_lost: AtomicU64,
    completed_late: AtomicU64,
    lease_lost: AtomicU64,
    degraded: AtomicU64,
}

impl Counting {
    pub(super) fn new(watch: Watch) -> Self {
        Self {
            watch,
            given_back: AtomicU64::default(),
            give_back_lost: AtomicU64::default(),
            recorded_in_background: AtomicU64::default(),
            recorded_after_outage: AtomicU64::default(),
            record_lost: AtomicU64::default(),
            completed_late: AtomicU64::default(),
            lease_lost: AtomicU64::default(),
            degraded: AtomicU64::default(),
        }
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            given_back: read(&self.given_back),
            give_back_lost: read(&self.give_back_lost),
            recorded_in_background: read(&self.recorded_in_background),
            recorded_after_outage: read(&self.recorded_after_outage),
            record_lost: read(&self.record_lost),
            completed_late: read(&self.completed_late),
            lease_lost: read(&self.lease_lost),
            degraded: read(&self.degraded),
        }
    }

    pub(crate) fn completed(&self, outcome: CompleteOutcome) {
        if matches!(outcome, CompleteOutcome::RecordedLate | CompleteOutcome::AlreadyDone) {
            self.count(&self.completed_late, &Notice::CompletedLate);
        }
    }

    pub(crate) fn lease_lost(&self) {
        self.count(&self.lease_lost, &Notice::LeaseLost);
    }

    pub(crate) fn degraded(&self) {
        self.degraded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn given_back(&self) {
        self.count(&self.given_back, &Notice::GivenBack);
    }

    pub(super) fn give_back_lost(&self) {
        self.count(&self.give_back_lost, &Notice::GiveBackLost);
    }

    /// Counts a success that was recorded in the background. If this process has
    /// tried the event more than once, the other attempt that the store knows may
    /// be an earlier one of this process.
    pub(super) fn recorded(&self, outcome: CompleteOutcome, after_outage: bool, was_retried: bool) {
        if after_outage {
            self.count(&self.recorded_after_outage, &Notice::RecordedAfterOutage);
        } else {
            self.count(&self.recorded_in_background, &Notice::RecordedInBackground);
        }
        if outcome != CompleteOutcome::RecordedLate || !was_retried {
            self.completed(outcome);
        }
    }

    pub(super) fn record_lost(&self) {
        self.count(&self.record_lost, &Notice::RecordLost);
    }

    fn count(&self, counter: &AtomicU64, notice: &Notice<'_>) {
        counter.fetch_add(1, Ordering::Relaxed);
        self.watch.tell(notice);
    }
}
