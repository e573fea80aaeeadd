//! The recorded deliveries in memory: bounded in number and bytes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::delivery::{BodyState, Delivery, JobAttempt, JobAttempts};

/// The last deliveries. Verified ones and rejections have separate limits: any client can cause
/// rejections, and they never replace a verified delivery.
#[derive(Clone)]
pub(crate) struct Ring(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// The number of changes, for those that wait for one.
    changes: watch::Sender<u64>,
}

struct State {
    next_seq: u64,
    verified: Lane,
    rejected: Lane,
    jobs: BTreeMap<i64, JobAttempts>,
    /// How many deliveries were not recorded, because they arrived too fast.
    dropped: u64,
}

struct Lane {
    deliveries: VecDeque<Arc<Delivery>>,
    bytes: usize,
    max: Limits,
}

/// The limits of the deliveries of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) count: usize,
    pub(crate) bytes: usize,
}

impl Ring {
    pub(crate) fn new() -> Self {
        Self::with_limits(VERIFIED, REJECTED)
    }

    pub(crate) fn with_limits(verified: Limits, rejected: Limits) -> Self {
        let state = State {
            next_seq: 1,
            verified: Lane::new(verified),
            rejected: Lane::new(rejected),
            jobs: BTreeMap::new(),
            dropped: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changes: watch::Sender::new(0) }))
    }

    /// Adds a delivery, and removes the oldest of its kind above the limits. A body that is larger
    /// than the limit is not kept.
    pub(crate) fn push(&self, mut delivery: Delivery) {
        let mut state = self.state();
        delivery.seq = state.next_seq;
        state.next_seq += 1;
        let lane = match delivery.is_verified {
            true => &mut state.verified,
            false => &mut state.rejected,
        };
        lane.push(delivery);
        drop(state);
        self.changed();
    }

    /// Adds an attempt at a job.
    pub(crate) fn push_attempt(&self, job: i64, attempt: JobAttempt) {
        let mut state = self.state();
        let attempts = state.jobs.entry(job).or_default();
        attempts.push_back(attempt);
        if attempts.len() > MAX_ATTEMPTS {
            attempts.pop_front();
        }
        while state.jobs.len() > MAX_JOBS {
            state.jobs.pop_first();
        }
        drop(state);
        self.changed();
    }

    /// Counts deliveries that were not recorded.
    pub(crate) fn add_dropped(&self, count: u64) {
        self.state().dropped += count;
        self.changed();
    }

    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.verified.clear();
        state.rejected.clear();
        state.jobs.clear();
        drop(state);
        self.changed();
    }

    pub(crate) fn find(&self, seq: u64) -> Option<Arc<Delivery>> {
        let state = self.state();
        [&state.verified, &state.rejected].into_iter().find_map(|lane| lane.find(seq))
    }

    pub(crate) fn attempts(&self, job: i64) -> JobAttempts {
        self.state().jobs.get(&job).cloned().unwrap_or_default()
    }

    /// The deliveries after this number, the oldest first.
    pub(crate) fn after(&self, seq: u64) -> Vec<Arc<Delivery>> {
        let state = self.state();
        let lanes = [&state.verified, &state.rejected];
        let mut found: Vec<Arc<Delivery>> =
            lanes.into_iter().flat_map(|lane| lane.after(seq)).collect();
        drop(state);
        found.sort_unstable_by_key(|delivery| delivery.seq);
        found
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.state().dropped
    }

    /// Resolves on every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn changed(&self) {
        self.0.changes.send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ring {
    /// Shows nothing: deliveries have bodies and signatures.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

impl Lane {
    fn new(max: Limits) -> Self {
        Self { deliveries: VecDeque::new(), bytes: 0, max }
    }

    fn push(&mut self, mut delivery: Delivery) {
        if delivery.size() > self.max.bytes {
            delivery.request.body = Bytes::new();
            delivery.request.body_state = BodyState::TooLarge;
        }
        self.bytes += delivery.size();
        self.deliveries.push_back(Arc::new(delivery));
        while self.deliveries.len() > self.max.count || self.bytes > self.max.bytes {
            let Some(oldest) = self.deliveries.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }

    fn clear(&mut self) {
        self.deliveries.clear();
        self.bytes = 0;
    }

    /// Numbers ascend, but have gaps.
    fn find(&self, seq: u64) -> Option<Arc<Delivery>> {
        let at = self.deliveries.binary_search_by_key(&seq, |delivery| delivery.seq).ok()?;
        self.deliveries.get(at).cloned()
    }

    fn after(&self, seq: u64) -> impl Iterator<Item = Arc<Delivery>> {
        let from = self.deliveries.partition_point(|delivery| delivery.seq <= seq);
        self.deliveries.range(from..).cloned()
    }
}

/// 1,000 deliveries and 64 MiB together.
const VERIFIED: Limits = Limits { count: 750, bytes: 48 * 1024 * 1024 };
const REJECTED: Limits = Limits { count: 250, bytes: 16 * 1024 * 1024 };
const MAX_JOBS: usize = 1000;
const MAX_ATTEMPTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::super::delivery::Recorded;
    use super::*;

    fn delivery(is_verified: bool, body: usize) -> Delivery {
        let body = Bytes::from(vec![b'x'; body]);
        let request = Recorded { body_bytes: body.len(), body, ..Recorded::default() };
        Delivery { is_verified, request, ..Delivery::default() }
    }

    fn small() -> Ring {
        Ring::with_limits(Limits { count: 3, bytes: 10_000 }, Limits { count: 2, bytes: 5_000 })
    }

    #[test]
    fn rejections_never_replace_verified_deliveries() {
        let ring = small();
        ring.push(delivery(true, 1));
        (0..1000).for_each(|_| ring.push(delivery(false, 1000)));
        let kept: Vec<bool> = ring.after(0).iter().map(|delivery| delivery.is_verified).collect();
        assert_eq!(kept, [true, false, false]);
    }

    #[test]
    fn number_and_bytes_are_bounded_and_the_oldest_are_removed_first() {
        let ring = small();
        (0..5).for_each(|_| ring.push(delivery(true, 1)));
        let seqs = |ring: &Ring| ring.after(0).iter().map(|kept| kept.seq).collect::<Vec<_>>();
        assert_eq!(seqs(&ring), [3, 4, 5]);
        ring.push(delivery(true, 7_000));
        assert_eq!(seqs(&ring), [5, 6]);
        assert!(ring.find(5).is_some() && ring.find(4).is_none());
        assert_eq!(ring.after(5).len(), 1);
    }

    #[test]
    fn a_body_that_cannot_fit_is_not_kept_and_replaces_nothing() {
        let ring = small();
        ring.push(delivery(true, 1));
        ring.push(delivery(true, 20_000));
        let [first, second] = &ring.after(0)[..] else { panic!("both are listed") };
        assert_eq!(first.request.body.len(), 1);
        assert_eq!((second.request.body.len(), second.request.body_bytes), (0, 20_000));
        assert_eq!(second.request.body_state, BodyState::TooLarge);
    }

    #[test]
    fn the_defaults_are_a_thousand_deliveries_and_64_mib() {
        assert_eq!(VERIFIED.count + REJECTED.count, 1000);
        assert_eq!(VERIFIED.bytes + REJECTED.bytes, 64 * 1024 * 1024);
    }
}
