//! The statements implement the protocol of core.

use std::collections::HashMap;

use countersign::store::Token;
use countersign::store::protocol::{self, Record};

use super::*;

/// The clock of the model only moves with that of the records. Durations are multiples of half an
/// hour, so that the time of the test itself does not matter.
#[tokio::test]
async fn random_steps_agree_with_the_protocol() {
    let schema = Schema::new();
    let (named, pooled) = (schema.store().await, schema.config().with_pooler());
    let pooled = PostgresStore::connect_with(pooled).await.unwrap();
    let client = client().await;
    let keys: Vec<_> = (0..6).map(|id| event(&id.to_string())).collect();
    let mut records: HashMap<usize, (Record, i64)> = HashMap::new();
    let mut random = Random(1);
    let mut seen = HashMap::<String, u32>::new();
    let mut now_ms = 0;

    for step in 0..2_000 {
        let store = if step % 2 == 0 { &named } else { &pooled };
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
                (rounded(is), (rounded(must_be), after))
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
            let by = HOUR / 2 * random.below(3) as u32;
            schema.advance(&client, by).await;
            now_ms += i64::try_from(by.as_millis()).unwrap();
        }
    }
    for outcome in [
        "InFlight",
        "Exhausted",
        "AlreadyReleased",
        "Recorded",
        "RecordedLate",
        "RecordedUnclaimed",
        "AlreadyDone",
        "Lost",
    ] {
        assert!(seen.keys().any(|is| is.starts_with(outcome)), "never {outcome}: {seen:?}");
    }
}

/// The server's clock moves during the test, and the time of completion is not the model's.
fn rounded(outcome: ClaimOutcome) -> String {
    match outcome {
        ClaimOutcome::InFlight { retry_after } => {
            let minutes = retry_after.as_secs_f64() / 60.0;
            format!("InFlight, half-hours: {}", (minutes / 30.0).ceil())
        }
        ClaimOutcome::Done { fingerprint_matches, .. } => {
            format!("Done, matches: {fingerprint_matches}")
        }
        outcome => format!("{outcome:?}"),
    }
}

#[tokio::test]
async fn numbers_at_their_limits_are_kept() {
    let schema = Schema::new();
    let (store, client) = (schema.store().await, client().await);
    let (key, mut holder) = (event("evt_1"), attempt());
    holder.fingerprint = Fingerprint::from_u64(u64::MAX);
    (holder.lease, holder.retention) = (Duration::MAX, Duration::MAX);
    holder.max_crashes = u32::MAX;
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert!(is_in_flight(&store.claim(&key, &attempt()).await.unwrap()));

    let (table, most) = (schema.table(), i32::MAX);
    let update = format!("UPDATE {table} SET epoch = {most}, crashes = {most}, until = now()");
    client.batch_execute(&update).await.unwrap();
    let mut next = holder.clone();
    next.token = Token::from_bytes([1; 16]);
    let outcome = store.claim(&key, &next).await.unwrap();
    let attempt = most.unsigned_abs();
    assert_eq!(outcome, ClaimOutcome::Granted { attempt, reclaimed: true });
    (next.lease, next.max_crashes) = (Duration::ZERO, 0);
    assert_eq!(store.renew(&key, &next).await.unwrap(), RenewOutcome::Renewed);
    let mut last = next.clone();
    last.token = Token::from_bytes([2; 16]);
    let outcome = store.claim(&key, &last).await.unwrap();
    assert_eq!(outcome, ClaimOutcome::Exhausted { crashes: attempt + 1 });
    assert_eq!(store.complete(&key, &last).await.unwrap(), CompleteOutcome::RecordedLate);
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
async fn every_statement_agrees_with_the_protocol_in_every_state() {
    let schema = Schema::new();
    let (states, histories) = crate::exhaustive::check(&schema.store().await).await;
    assert!(states > 50 && histories > 1_500, "{states} states, {histories} histories");
}
