//! The rows and statements implement the protocol of core: every step, from every
//! state, with the limits of each number.

use std::time::Duration;

use countersign_core::protocol::State;
use countersign_core::{Fingerprint, Token};
use rusqlite::Connection;

use super::*;
use crate::events::Stored;
use crate::schema;
use crate::time::Now;

const NOW_MS: i64 = 1_760_000_000_000;
const KEY: Key = [7; 16];
const HOUR: Duration = Duration::from_secs(60 * 60);

#[test]
fn every_step_from_every_state_agrees_with_the_protocol() {
    let connection = Connection::open_in_memory().unwrap();
    schema::create(&connection, &schema::STORE).unwrap();
    let now = Now { wall_ms: NOW_MS, forget_ms: NOW_MS };
    let mut events = Events::new(&connection, None, now).unwrap();
    let mut steps = 0;
    for before in records() {
        for attempt in attempts() {
            agrees(&mut events, before, &attempt, protocol::claim);
            agrees(&mut events, before, &attempt, protocol::complete);
            agrees(&mut events, before, &attempt, protocol::renew);
            agrees(&mut events, before, &attempt, |record, attempt, _| {
                protocol::release(record, attempt)
            });
            steps += 4;
        }
    }
    assert!(steps > 15_000, "{steps}");
}

/// A record, and how long it is still kept.
type Before = Option<(Record, i64)>;

fn records() -> Vec<Before> {
    let leases = [NOW_MS - 1, NOW_MS, NOW_MS + 1, i64::MAX];
    let mut states = leases.map(|lease_until_ms| State::InProgress { lease_until_ms }).to_vec();
    states.extend([State::Failed, State::Done { at_ms: NOW_MS }]);
    let mut records = vec![None];
    for state in states {
        for (epoch, crashes) in [(0, 0), (1, 0), (2, 1), (u32::MAX, u32::MAX)] {
            for (token, fingerprint) in [(1, 1), (2, u64::MAX)] {
                let record = Record {
                    state,
                    epoch,
                    crashes,
                    token: Token::from_bytes([token; 16]),
                    fingerprint: Fingerprint::from_u64(fingerprint),
                };
                records.extend([0, 1, i64::MAX].map(|left_ms| Some((record, left_ms))));
            }
        }
    }
    records
}

fn attempts() -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for token in [1, 2] {
        for fingerprint in [1, u64::MAX] {
            for (lease, retention) in
                [(Duration::ZERO, HOUR), (HOUR, Duration::ZERO), (Duration::MAX, Duration::MAX)]
            {
                for max_crashes in [1, 3, u32::MAX] {
                    let body = Fingerprint::from_u64(fingerprint);
                    let mut attempt = Attempt::new(body, lease, retention).unwrap();
                    attempt.token = Token::from_bytes([token; 16]);
                    attempt.max_crashes = max_crashes;
                    attempts.push(attempt);
                }
            }
        }
    }
    attempts
}

fn agrees<T: Copy + Send + PartialEq + std::fmt::Debug>(
    events: &mut Events<'_>,
    before: Before,
    attempt: &Attempt,
    decide: Decide<T>,
) {
    events.forget(&KEY).unwrap();
    if let Some((record, left_ms)) = before {
        events.save(&KEY, None, &record, left_ms).unwrap();
    }
    let known = before.filter(|(_, left_ms)| *left_ms > 0);
    let (must_be, changed) = decide(known.as_ref().map(|(record, _)| record), attempt, NOW_MS);
    // An expired row stays until it is deleted, and is not a record.
    let after = match (changed, before) {
        (Some(changed), _) => {
            let keep_for = changed.keep_for(attempt).as_millis();
            (!keep_for_is_over(keep_for)).then_some(changed)
        }
        (None, _) => known.map(|(record, _)| record),
    };

    let (reply, mut replied) = oneshot::channel();
    let mut step = Box::new(Step::new(KEY, attempt.clone(), decide, reply));
    step.run(events).unwrap();
    step.finish();
    let is = replied.try_recv().unwrap().unwrap();

    let context = || format!("{attempt:?} met {before:?}");
    assert_eq!(is, must_be, "{}", context());
    assert_eq!(load(events).and_then(|stored| stored.record), after, "{}", context());
}

fn keep_for_is_over(keep_for_ms: u128) -> bool {
    keep_for_ms == 0
}

fn load(events: &mut Events<'_>) -> Option<Stored> {
    match events.load(&KEY) {
        Ok(stored) => stored,
        Err(_) => panic!("the row cannot be loaded"),
    }
}
