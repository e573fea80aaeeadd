//! The store implements the protocol of core.

use std::collections::HashMap;

use countersign::store::Token;
use countersign::store::protocol::{self, Record};
use countersign::{Clock, ManualClock};

use super::*;

#[tokio::test]
async fn random_steps_agree_with_the_protocol() {
    let file = File::new();
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let mut store = SqliteStore::open_with(file.config().with_clock(clock.clone())).unwrap();
    let keys: Vec<_> = (0..6).map(|id| event(&id.to_string())).collect();
    let mut records: HashMap<usize, (Record, i64)> = HashMap::new();
    let mut random = Random(1);
    let mut seen = HashMap::<String, u32>::new();

    for step in 0..3_000 {
        if step % 1_000 == 999 {
            drop(store);
            file.closed().await;
            store = SqliteStore::open_with(file.config().with_clock(clock.clone())).unwrap();
        }
        let now_ms = clock.now_unix_ms();
        let index = random.below(keys.len());
        let known = records.get(&index).copied().filter(|(_, until_ms)| now_ms < *until_ms);
        let (key, before) = (&keys[index], known.map(|(record, _)| record));
        let mut attempt = attempt();
        attempt.token = Token::from_bytes([random.below(3) as u8; 16]);
        attempt.fingerprint = Fingerprint::from_u64(u64::MAX - random.below(2) as u64);
        attempt.lease = HOUR * random.below(3) as u32;
        attempt.retention = HOUR * random.below(6) as u32;
        attempt.max_crashes = [2, 3, u32::MAX][random.below(3)];

        let (is, (must_be, after)) = match random.below(9) {
            0..4 => {
                let is = store.claim(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::claim(before.as_ref(), &attempt, now_ms);
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            4 => {
                let is = store.complete(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::complete(before.as_ref(), &attempt, now_ms);
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            5 | 6 => {
                let is = store.renew(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::renew(before.as_ref(), &attempt, now_ms);
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            7 => {
                let is = store.release(key, &attempt).await.unwrap();
                let (must_be, after) = protocol::release(before.as_ref(), &attempt);
                (format!("{is:?}"), (format!("{must_be:?}"), after))
            }
            _ => {
                let known = store.forget(key).await.unwrap();
                records.remove(&index);
                (known.to_string(), (before.is_some().to_string(), None))
            }
        };
        assert_eq!(is, must_be, "step {step}: {attempt:?} met {before:?}");
        records.extend(after.map(|record| {
            let kept_ms = i64::try_from(record.keep_for(&attempt).as_millis()).unwrap();
            (index, (record, now_ms + kept_ms))
        }));
        *seen.entry(is).or_default() += 1;
        if random.below(4) == 0 {
            clock.advance(HOUR / 2 * random.below(3) as u32);
        }
    }
    for outcome in ["InFlight", "Exhausted", "Recorded", "RecordedLate", "AlreadyDone", "Lost"] {
        assert!(seen.keys().any(|is| is.starts_with(outcome)), "never {outcome}: {seen:?}");
    }
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

#[tokio::test]
async fn every_step_agrees_with_the_protocol_in_every_state() {
    let file = File::new();
    let store = SqliteStore::open_with(file.config()).unwrap();
    let (states, histories) = crate::exhaustive::check(&store).await;
    assert!(states > 50 && histories > 1_500, "{states} states, {histories} histories");
}
