//! Counters of what the responses do not show.

use std::sync::atomic::{AtomicU64, Ordering};

use super::store::CompleteOutcome;
use crate::telemetry::{Recorder, TelemetryEvent};

/// Counts what happens at an endpoint and does not show in its responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Dropped claims that were released in the background.
    pub releases_retried: u64,
    /// Claims that could not be released before their lease ran out.
    pub releases_lost: u64,
    /// Successes whose record was written in the background.
    pub completions_retried: u64,
    /// Successes of events that were claimed while the store was unavailable, and
    /// that were recorded there later.
    pub completions_after_outage: u64,
    /// Successes whose record was never written: these events may be handled
    /// again.
    pub completions_lost: u64,
    /// Successes of events that another attempt also claimed: these were handled
    /// twice, or may have been.
    pub late_completions: u64,
    /// Renewals that failed because the attempt no longer held the event.
    pub leases_lost: u64,
    /// Renewals that the store did not confirm while a handler ran: it failed, or
    /// did not reply in time. Each is tried again. If all fail for the length of a
    /// lease, another process can claim the event.
    pub renewals_failed: u64,
    /// Events that were handled while the store was unavailable.
    pub degraded: u64,
}

/// The live counters. Each change is also reported to the watch.
pub(crate) struct Counting {
    watch: Recorder,
    releases_retried: AtomicU64,
    releases_lost: AtomicU64,
    completions_retried: AtomicU64,
    completions_after_outage: AtomicU64,
    completions_lost: AtomicU64,
    late_completions: AtomicU64,
    leases_lost: AtomicU64,
    renewals_failed: AtomicU64,
    degraded: AtomicU64,
}

impl Counting {
    pub(super) fn new(watch: Recorder) -> Self {
        Self {
            watch,
            releases_retried: AtomicU64::default(),
            releases_lost: AtomicU64::default(),
            completions_retried: AtomicU64::default(),
            completions_after_outage: AtomicU64::default(),
            completions_lost: AtomicU64::default(),
            late_completions: AtomicU64::default(),
            leases_lost: AtomicU64::default(),
            renewals_failed: AtomicU64::default(),
            degraded: AtomicU64::default(),
        }
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.watch
    }

    pub(crate) fn snapshot(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            releases_retried: read(&self.releases_retried),
            releases_lost: read(&self.releases_lost),
            completions_retried: read(&self.completions_retried),
            completions_after_outage: read(&self.completions_after_outage),
            completions_lost: read(&self.completions_lost),
            late_completions: read(&self.late_completions),
            leases_lost: read(&self.leases_lost),
            renewals_failed: read(&self.renewals_failed),
            degraded: read(&self.degraded),
        }
    }

    pub(crate) fn completed(&self, outcome: CompleteOutcome) {
        if matches!(outcome, CompleteOutcome::RecordedLate | CompleteOutcome::AlreadyDone) {
            self.count(&self.late_completions, &TelemetryEvent::LateCompletion);
        }
    }

    pub(crate) fn lease_lost(&self) {
        self.count(&self.leases_lost, &TelemetryEvent::LeaseLost);
    }

    pub(super) fn renewal_failed(&self) {
        self.count(&self.renewals_failed, &TelemetryEvent::RenewalFailed);
    }

    pub(crate) fn degraded(&self) {
        self.degraded.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn release_retried(&self) {
        self.count(&self.releases_retried, &TelemetryEvent::ReleaseRetried);
    }

    pub(super) fn release_lost(&self) {
        self.count(&self.releases_lost, &TelemetryEvent::ReleaseLost);
    }

    /// Counts a success that was recorded in the background. If this process has
    /// tried the event more than once, the other attempt that the store knows may
    /// be an earlier one of this process.
    pub(super) fn completion_retried(
        &self,
        outcome: CompleteOutcome,
        after_outage: bool,
        was_retried: bool,
    ) {
        if after_outage {
            self.count(&self.completions_after_outage, &TelemetryEvent::CompletedAfterOutage);
        } else {
            self.count(&self.completions_retried, &TelemetryEvent::CompletionRetried);
        }
        if outcome != CompleteOutcome::RecordedLate || !was_retried {
            self.completed(outcome);
        }
    }

    pub(super) fn completion_lost(&self) {
        self.count(&self.completions_lost, &TelemetryEvent::CompletionLost);
    }

    fn count(&self, counter: &AtomicU64, notice: &TelemetryEvent<'_>) {
        counter.fetch_add(1, Ordering::Relaxed);
        self.watch.record(notice);
    }
}
