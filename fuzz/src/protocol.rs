//! No event has two active holders, and a completed event stays completed.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign::store::protocol::{self, Record, State};
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Fingerprint, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, Token,
};
use countersign::testing::SampleDelivery;
use countersign::{Clock, EventKey, ManualClock, MemoryStore};

use super::Target;
use super::input::Input;
use super::parties::NOW_MS;

pub const TARGET: Target = Target { name: "protocol", run, seeds };

/// One byte chooses the capacity of the store. Every step then begins with two bytes: the
/// operation, and the attempt and the event. Or the first byte chooses one step of the protocol on
/// any record.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    match input.byte() % 8 {
        7 => on_any_record(input),
        capacity => in_a_store(usize::from(capacity), input),
    }
}

fn in_a_store(capacity: usize, mut input: Input<'_>) {
    let is_ample = capacity == 0;
    let events = if is_ample { 1000 } else { capacity };
    let clock = ManualClock::at_unix_ms(NOW_MS);
    // The store remembers as many completed events as its capacity.
    let store = MemoryStore::with_capacity(events).with_floor(events).with_clock(clock.clone());
    let mut responses =
        Responses { remembered: if is_ample { 0 } else { capacity }, ..Responses::default() };
    let mut model = Model::default();
    for _ in 0..MOST_STEPS {
        if input.is_empty() {
            break;
        }
        let (step, who) = (input.byte(), input.byte());
        let (event, token) = (usize::from(who % 16) % EVENTS, who / 16 % 4);
        let lease = *input.one_of(&SPANS);
        // In a small store the retention is longer than the duration of all steps.
        let retention = if is_ample { *input.one_of(&SPANS) } else { YEAR };
        let attempt = attempt(lease, retention, token);
        if step % 8 == 3 {
            // No two events are completed at the same time, so that one is the latest.
            clock.advance(Duration::from_millis(1));
        }
        let (key, now) = (&KEYS[event], clock.now_unix_ms());
        let outcome = match step % 8 {
            0..3 => {
                let outcome = at_once(store.claim(key, &attempt)).expect("it is a memory");
                responses.claimed(event, &attempt, outcome, now);
                format!("{outcome:?}")
            }
            3 => {
                // A small store may have no capacity for an event that it has forgotten.
                let outcome = at_once(store.complete(key, &attempt)).ok();
                responses.completed(event, outcome);
                format!("{outcome:?}")
            }
            4 => {
                let outcome = at_once(store.renew(key, &attempt)).expect("it is a memory");
                responses.renewed(event, &attempt, outcome, now);
                format!("{outcome:?}")
            }
            5 => {
                let outcome = at_once(store.release(key, &attempt)).expect("it is a memory");
                responses.released(event, &attempt, outcome);
                format!("{outcome:?}")
            }
            6 => {
                clock.advance(lease.min(HOUR));
                continue;
            }
            // Otherwise it is unknown which events a small store must remember.
            _ if !is_ample => continue,
            _ => {
                let known = at_once(store.forget(key)).expect("it is a memory");
                responses.forgotten(event);
                format!("{known}")
            }
        };
        assert!(store.len() <= events, "{} of {events}", store.len());
        if is_ample {
            assert_eq!(outcome, model.step(step, event, &attempt, now), "step {step}");
        }
    }
}

/// Runs each step on any record that a store could contain, at any time.
fn on_any_record(mut input: Input<'_>) {
    let at_ms = input.number() as i64;
    let state = match input.byte() % 3 {
        0 => State::InProgress { lease_until_ms: at_ms },
        1 => State::Failed,
        _ => State::Done { at_ms },
    };
    let record = Record {
        state,
        epoch: input.number() as u32,
        crashes: input.number() as u32,
        token: Token::from_bytes([input.byte() % 2; 16]),
        fingerprint: Fingerprint::from_u64(u64::from(input.byte() % 2)),
    };
    let lease = Duration::from_millis(input.number());
    let mut attempt = attempt(lease, YEAR, input.byte() % 2);
    attempt.max_crashes = input.number() as u32;
    let now = input.number() as i64;

    let is_done = matches!(state, State::Done { .. });
    let is_own = record.token == attempt.token;
    let holds = is_own && matches!(state, State::InProgress { .. });
    let is_live = matches!(state, State::InProgress { lease_until_ms } if now < lease_until_ms);
    let (outcome, changed) = protocol::claim(Some(&record), &attempt, now);
    if let ClaimOutcome::Granted { attempt: epoch, .. } = outcome {
        let is_over = is_own && state == State::Failed;
        let is_free = !is_done && !is_over && (is_own || !is_live);
        assert!(is_free, "{record:?} was given to {attempt:?} at {now}");
        let kept = changed.expect("a grant is kept");
        assert_eq!((kept.token, kept.epoch), (attempt.token, epoch));
        assert_eq!(kept.state, State::InProgress { lease_until_ms: until(&attempt, now) });
        assert!(epoch > record.epoch || holds || epoch == u32::MAX);
    } else {
        assert_eq!(changed, None);
    }
    let (_, changed) = protocol::complete(Some(&record), &attempt, now);
    assert_eq!(changed.is_none(), is_done);
    assert!(changed.is_none_or(|kept| kept.state == State::Done { at_ms: now }));
    let (_, changed) = protocol::renew(Some(&record), &attempt, now);
    assert_eq!(changed.is_some(), holds);
    let (_, changed) = protocol::release(Some(&record), &attempt);
    assert_eq!(changed, holds.then_some(Record { state: State::Failed, ..record }));
}

/// The state of the store, as its callers know it from the outcomes.
#[derive(Default)]
struct Responses {
    /// The holder of each event, and the end of its lease.
    held: HashMap<usize, (Token, i64)>,
    /// The completed events, the latest last.
    done: Vec<usize>,
    /// The number of completed events that the store must remember.
    remembered: usize,
}

impl Responses {
    fn claimed(&mut self, event: usize, attempt: &Attempt, outcome: ClaimOutcome, now: i64) {
        let live = self.held.get(&event).filter(|(_, until)| now < *until);
        match outcome {
            ClaimOutcome::Granted { attempt: epoch, .. } => {
                assert!(epoch > 0);
                let is_other = live.is_some_and(|(holder, _)| *holder != attempt.token);
                assert!(!is_other, "event {event} has two holders");
                let latest = &self.done[self.done.len().saturating_sub(self.remembered)..];
                assert!(!latest.contains(&event), "event {event} was done");
                self.held.insert(event, (attempt.token, until(attempt, now)));
            }
            ClaimOutcome::InFlight { retry_after } => {
                let (holder, until) = live.expect("an event in flight has a holder");
                assert_ne!(*holder, attempt.token);
                assert_eq!(millis(retry_after), until.saturating_sub(now));
            }
            ClaimOutcome::Done { .. } | ClaimOutcome::Exhausted { .. } => assert!(live.is_none()),
            _ => {}
        }
    }

    fn completed(&mut self, event: usize, outcome: Option<CompleteOutcome>) {
        if outcome.is_some() {
            self.held.remove(&event);
            let latest = self.done.len().saturating_sub(self.remembered);
            if !self.done[latest..].contains(&event) {
                self.done.push(event);
            }
        }
    }

    fn renewed(&mut self, event: usize, attempt: &Attempt, outcome: RenewOutcome, now: i64) {
        if outcome == RenewOutcome::Renewed {
            let (holder, until_ms) = self.held.get_mut(&event).expect("the event has a holder");
            assert_eq!(*holder, attempt.token);
            *until_ms = until(attempt, now);
        }
    }

    fn released(&mut self, event: usize, attempt: &Attempt, outcome: ReleaseOutcome) {
        if outcome == ReleaseOutcome::Released {
            let (holder, _) = self.held.remove(&event).expect("the event has a holder");
            assert_eq!(holder, attempt.token);
        }
    }

    fn forgotten(&mut self, event: usize) {
        self.held.remove(&event);
    }
}

/// The protocol on a map that keeps every record, with the end of its retention.
#[derive(Default)]
struct Model(HashMap<usize, (Record, i64)>);

impl Model {
    fn step(&mut self, step: u8, event: usize, attempt: &Attempt, now: i64) -> String {
        let known = self.0.get(&event).copied().filter(|(_, ends)| now < *ends);
        let record = known.as_ref().map(|(record, _)| record);
        let (outcome, changed) = match step % 8 {
            0..3 => said(protocol::claim(record, attempt, now)),
            3 => {
                let (outcome, changed) = protocol::complete(record, attempt, now);
                (format!("{:?}", Some(outcome)), changed)
            }
            4 => said(protocol::renew(record, attempt, now)),
            5 => said(protocol::release(record, attempt)),
            _ => {
                self.0.remove(&event);
                return known.is_some().to_string();
            }
        };
        if let Some(record) = changed {
            let ends = now.saturating_add(millis(record.keep_for(attempt)));
            self.0.insert(event, (record, ends));
        }
        outcome
    }
}

fn said<T: std::fmt::Debug>((outcome, changed): (T, Option<Record>)) -> (String, Option<Record>) {
    (format!("{outcome:?}"), changed)
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory store never waits"),
    }
}

fn attempt(lease: Duration, retention: Duration, token: u8) -> Attempt {
    let fingerprint = Fingerprint::from_u64(u64::from(token % 2));
    let attempt = Attempt::new(fingerprint, lease, retention);
    let mut attempt = attempt.expect("there is randomness");
    attempt.token = Token::from_bytes([token; 16]);
    attempt
}

fn until(attempt: &Attempt, now: i64) -> i64 {
    now.saturating_add(millis(attempt.lease))
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

static KEYS: LazyLock<Vec<EventKey>> = LazyLock::new(|| {
    (0..EVENTS).map(|number| SampleDelivery::of(format!("evt_{number}")).event_key()).collect()
});

const EVENTS: usize = 10;
/// All steps together take less than a year.
const MOST_STEPS: usize = 2000;
const HOUR: Duration = Duration::from_secs(60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// The last span is the maximum range of times in the store: to the year 2527.
const SPANS: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_millis(1),
    Duration::from_secs(1),
    Duration::from_secs(30),
    Duration::from_secs(31),
    HOUR,
    Duration::from_secs(24 * 60 * 60),
    Duration::from_secs(400 * 365 * 24 * 60 * 60),
];

fn seeds() -> Vec<Vec<u8>> {
    let (claim, complete, renew, release, wait, forget) = (0, 3, 4, 5, 6, 7);
    // Steps on the first event, by two attempts in turns, each with a lease and a retention.
    let steps = [
        [claim, 0x00, 3, 6],
        [claim, 0x10, 3, 6],
        [wait, 0, 4, 0],
        [renew, 0x00, 3, 6],
        [claim, 0x10, 3, 6],
        [release, 0x00, 3, 6],
        [complete, 0x00, 3, 6],
        [claim, 0x20, 3, 6],
        [forget, 0, 0, 0],
        [claim, 0x21, 7, 0],
        [claim, 0x02, 1, 6],
        [claim, 0x12, 1, 6],
        [wait, 0, 1, 0],
        [claim, 0x12, 1, 6],
    ];
    let ample = [&[0][..], &steps.concat()].concat();
    let short = steps.map(|[step, who, lease, _]| [step, who, lease]).concat();
    let crowded = (0..6).map(|event| [claim, event, 3]).collect::<Vec<_>>().concat();
    let small = (1..7).map(|capacity| [&[capacity][..], &crowded, &short].concat());
    let record = [&[7][..], &NOW_MS.to_le_bytes(), &[0; 27], &NOW_MS.to_le_bytes()].concat();
    [ample, record].into_iter().chain(small).collect()
}
