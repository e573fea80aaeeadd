//! Every state of a record meets every step: each store gives what the pure function gives.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use countersign::EventKey;
use countersign::store::protocol::{self, Record};
use countersign::store::{Attempt, ClaimOutcome, Fingerprint, IdempotencyStore, Token};
use countersign::testing::SampleDelivery;

/// Explores the states that two attempts with two bodies reach, with leases that end at once or
/// never, and replays a shortest way to each of them on a new event, followed by each step. A last
/// claim shows the record that the step has left. Returns the number of states and of histories.
pub(crate) async fn check(store: &impl IdempotencyStore) -> (usize, usize) {
    let mut ways = VecDeque::from([(Vec::new(), None)]);
    let (mut seen, mut histories) = (HashSet::from([None]), 0);
    while let Some((way, state)) = ways.pop_front() {
        for action in actions() {
            let (_, after) = action.model(state.as_ref());
            let longer: Vec<_> = way.iter().copied().chain([action]).collect();
            replay(store, &event(histories), &longer).await;
            histories += 1;
            let is_small = after.is_none_or(|record| record.epoch <= 2 && record.crashes <= 1);
            if is_small && seen.insert(after) {
                ways.push_back((longer, after));
            }
        }
    }
    (seen.len(), histories)
}

async fn replay(store: &impl IdempotencyStore, key: &EventKey, way: &[Action]) {
    let probe = Action { token: 3, ..Action::of(Step::Claim) };
    let mut record = None;
    for action in way.iter().chain([&probe]) {
        let (expected, after) = action.model(record.as_ref());
        let is = action.apply(store, key).await;
        assert_eq!(is, expected, "{action:?} met {record:?} after {way:?}");
        record = after;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Claim,
    Complete,
    Renew,
    Release,
    Forget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Action {
    step: Step,
    token: u8,
    fingerprint: u64,
    /// Whether its lease never ends. Otherwise it ends at once.
    is_held: bool,
    max_crashes: u32,
}

impl Action {
    fn of(step: Step) -> Self {
        Self { step, token: 1, fingerprint: 1, is_held: true, max_crashes: u32::MAX }
    }

    fn attempt(self) -> Attempt {
        let lease = if self.is_held { HOUR } else { Duration::ZERO };
        let fingerprint = Fingerprint::from_u64(self.fingerprint);
        let mut attempt = Attempt::new(fingerprint, lease, HOUR * 24).unwrap();
        attempt.token = Token::from_bytes([self.token; 16]);
        attempt.max_crashes = self.max_crashes;
        attempt
    }

    /// The outcome, and the record that is kept. Its times are those of the model.
    fn model(self, record: Option<&Record>) -> (String, Option<Record>) {
        let attempt = self.attempt();
        let (outcome, changed) = match self.step {
            Step::Claim => {
                let (outcome, changed) = protocol::claim(record, &attempt, NOW_MS);
                (shown(outcome), changed)
            }
            Step::Complete => {
                let (outcome, changed) = protocol::complete(record, &attempt, NOW_MS);
                (format!("{outcome:?}"), changed)
            }
            Step::Renew => {
                let (outcome, changed) = protocol::renew(record, &attempt, NOW_MS);
                (format!("{outcome:?}"), changed)
            }
            Step::Release => {
                let (outcome, changed) = protocol::release(record, &attempt);
                (format!("{outcome:?}"), changed)
            }
            Step::Forget => return (record.is_some().to_string(), None),
        };
        (outcome, changed.or(record.copied()))
    }

    async fn apply(self, store: &impl IdempotencyStore, key: &EventKey) -> String {
        let attempt = self.attempt();
        match self.step {
            Step::Claim => shown(store.claim(key, &attempt).await.unwrap()),
            Step::Complete => format!("{:?}", store.complete(key, &attempt).await.unwrap()),
            Step::Renew => format!("{:?}", store.renew(key, &attempt).await.unwrap()),
            Step::Release => format!("{:?}", store.release(key, &attempt).await.unwrap()),
            Step::Forget => store.forget(key).await.unwrap().to_string(),
        }
    }
}

/// Each step, with each value of what it depends on. A release of an unknown event keeps its record
/// for a lease, so leases of releases do not end at once.
fn actions() -> Vec<Action> {
    let mut actions = vec![Action::of(Step::Forget)];
    for token in [1, 2] {
        actions.push(Action { token, ..Action::of(Step::Release) });
        for is_held in [true, false] {
            actions.push(Action { token, is_held, ..Action::of(Step::Renew) });
            for fingerprint in [1, 2] {
                for max_crashes in [1, 2, u32::MAX] {
                    let claim = Action::of(Step::Claim);
                    actions.push(Action { token, fingerprint, is_held, max_crashes, ..claim });
                }
            }
        }
        for fingerprint in [1, 2] {
            actions.push(Action { token, fingerprint, ..Action::of(Step::Complete) });
        }
    }
    actions
}

/// Without the times, which are the store's.
fn shown(outcome: ClaimOutcome) -> String {
    match outcome {
        ClaimOutcome::InFlight { .. } => "InFlight".to_owned(),
        ClaimOutcome::Done { fingerprint_matches, .. } => {
            format!("Done, matches: {fingerprint_matches}")
        }
        outcome => format!("{outcome:?}"),
    }
}

fn event(number: usize) -> EventKey {
    SampleDelivery::of(format!("history {number}")).event_key()
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const NOW_MS: i64 = 1_760_000_000_000;

#[tokio::test]
async fn the_memory_store_agrees_with_the_protocol_in_every_state() {
    let (states, histories) = check(&countersign::MemoryStore::new()).await;
    println!("{states} states, {histories} histories");
    assert!(states > 50 && histories > 1_500, "{states} states, {histories} histories");
}
