//! The scripts implement the protocol of core.

use std::collections::HashMap;
use std::time::SystemTime;

use countersign::store::Token;
use countersign::store::protocol::{self, Record};

use super::*;

/// Leases end at once or never, so that the time of a step does not matter.
#[tokio::test]
async fn the_scripts_agree_with_the_protocol() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let keys: Vec<_> = (0..4).map(|id| event(&id.to_string())).collect();
    let mut records: HashMap<usize, Record> = HashMap::new();
    let mut random = Random(1);
    let mut seen = HashMap::<String, u32>::new();

    for step in 0..6_000 {
        let index = random.below(keys.len());
        let (key, before) = (&keys[index], records.get(&index).copied());
        let mut attempt = attempt();
        attempt.token = Token::from_bytes([random.below(3) as u8; 16]);
        attempt.fingerprint = Fingerprint::from_u64(u64::MAX - random.below(2) as u64);
        attempt.lease = [Duration::ZERO, HOUR][random.below(2)];
        attempt.max_crashes = [2, 3, u32::MAX][random.below(3)];

        let (is, (must_be, after)) = match random.below(9) {
            0..4 => {
                let is = store.claim(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::claim(before.as_ref(), &attempt, now_ms());
                (rounded(is), (rounded(must_be), after))
            }
            4 => {
                let is = store.complete(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::complete(before.as_ref(), &attempt, now_ms());
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            5 | 6 => {
                let is = store.renew(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::renew(before.as_ref(), &attempt, now_ms());
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            7 => {
                if before.is_none() {
                    // The record that it creates lives no longer than this.
                    attempt.lease = HOUR;
                }
                let is = store.release(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::release(before.as_ref(), &attempt);
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            _ => {
                // Otherwise all events would soon be done.
                let known = store.forget(key).await.unwrap();
                records.remove(&index);
                (known.to_string(), (before.is_some().to_string(), None))
            }
        };
        assert_eq!(is, must_be, "step {step}: {attempt:?} met {before:?}");
        records.extend(after.map(|record| (index, record)));
        *seen.entry(is).or_default() += 1;
    }
    for outcome in ["InFlight", "Exhausted", "Recorded", "RecordedLate", "AlreadyDone", "Lost"] {
        assert!(seen.keys().any(|is| is.starts_with(outcome)), "never {outcome}: {seen:?}");
    }
}

#[tokio::test]
async fn a_late_success_of_an_earlier_attempt_completes_the_event() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let mut dying = attempt();
    dying.lease = Duration::ZERO;
    let key = event("evt_1");
    assert_eq!(store.claim(&key, &dying).await.unwrap(), FIRST);
    let second = attempt();
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(store.claim(&key, &second).await.unwrap(), reclaimed);
    assert_eq!(store.complete(&key, &dying).await.unwrap(), CompleteOutcome::RecordedLate);
    assert_eq!(store.complete(&key, &second).await.unwrap(), CompleteOutcome::AlreadyDone);
}

/// Times are the server's and differ slightly from ours.
fn rounded(outcome: ClaimOutcome) -> String {
    match outcome {
        ClaimOutcome::InFlight { retry_after } => {
            assert!(retry_after <= HOUR && retry_after > HOUR - Duration::from_secs(60));
            "InFlight".to_owned()
        }
        ClaimOutcome::Done { fingerprint_matches, at_unix_ms } => {
            assert!(now_ms().abs_diff(at_unix_ms) < 60_000, "{at_unix_ms}");
            format!("Done, matches: {fingerprint_matches}")
        }
        outcome => format!("{outcome:?}"),
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    now.as_millis().try_into().unwrap()
}

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}
