//! The commands and scripts implement the protocol of core.

use std::collections::HashMap;
use std::time::SystemTime;

use countersign::store::Token;
use countersign::store::protocol::{self, Record, State};
use countersign_test_servers::{Fault, FaultProxy};

use super::*;

/// Leases end at once or never, so that the time of a step does not matter.
#[tokio::test]
async fn a_long_history_agrees_with_the_protocol() {
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

/// Each operation on each small record: the outcome, the record after it, and how
/// long it is kept. A claim is the plain command first, and the script if that does not
/// decide. If it does decide, the script alone is checked, too.
#[tokio::test]
async fn every_small_record_and_operation_agrees_with_the_protocol() {
    let server = RedisServer::start(&[]);
    let near = store(&server).await;
    // At a server that is far away, relative to the deadline, a claim is the script alone.
    let proxy = FaultProxy::start(server.address()).await;
    proxy.set(Fault::Delay(Duration::from_millis(100)));
    let deadline = Duration::from_millis(700);
    let far = store_at(&format!("redis://{}", proxy.address()), deadline).await;
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut server = Server(client.get_multiplexed_async_connection().await.unwrap());

    let key = event("evt_1");
    near.claim(&key, &attempt()).await.unwrap();
    let name = server.only_record().await;
    let mut steps = 0;
    for before in small_records() {
        for attempt in small_attempts(before.is_none()) {
            for operation in Operation::ALL {
                let is_new = before.is_none();
                let is_done = matches!(before, Some(Record { state: State::Done { .. }, .. }));
                let is_decided_at_once = operation == Operation::Claim && (is_new || is_done);
                let stores = if is_decided_at_once { &[&near, &far][..] } else { &[&near] };
                for store in stores {
                    server.write(&name, before.as_ref()).await;
                    let left_ms = server.left_ms(&name).await;
                    let is = operation.of(store, &key, &attempt).await;
                    let (must_be, after) = operation.of_protocol(before.as_ref(), &attempt);
                    let context = format!("{operation:?} by {attempt:?} met {before:?}");
                    assert_eq!(is, must_be, "{context}");
                    let is = server.read(&name).await;
                    assert_eq!(is, after.or(before).map(comparable), "{context}");
                    let keep_ms = after.map_or(left_ms, |record| ms(record.keep_for(&attempt)));
                    let kept_ms = server.left_ms(&name).await;
                    assert!(kept_ms.abs_diff(keep_ms) < TOLERANCE_MS, "{context}: {kept_ms} ms");
                }
                steps += 1;
            }
        }
    }
    assert!(steps > 1_500, "{steps}");
}

/// Every combination, as far as it makes a difference: the token is that of the
/// attempt or another one, and a lease has ended or not.
fn small_records() -> Vec<Option<Record>> {
    let now_ms = now_ms();
    let in_progress = |left| State::InProgress { lease_until_ms: now_ms + left };
    let states = [
        in_progress(-ms(HOUR)),
        in_progress(ms(HOUR)),
        State::Failed,
        State::Done { at_ms: now_ms },
    ];
    let mut records = vec![None];
    for state in states {
        for epoch in [0, 1, 0xff_ffff] {
            for crashes in [0, 1, 4] {
                for (token, fingerprint) in [(1, 7), (2, 7), (2, 8)] {
                    let token = Token::from_bytes([token; 16]);
                    let fingerprint = Fingerprint::from_u64(fingerprint);
                    // Done records have no counters.
                    let is_done = matches!(state, State::Done { .. });
                    let is_held = matches!(state, State::InProgress { .. });
                    if is_done && (epoch, crashes) != (0, 0) || is_held && epoch == 0 {
                        continue;
                    }
                    records.push(Some(Record { state, epoch, crashes, token, fingerprint }));
                }
            }
        }
    }
    records
}

fn small_attempts(is_new: bool) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (lease, retention) in [(HOUR, DAY), (DAY, HOUR), (HOUR, HOUR)] {
        for max_crashes in [1, 2, 5] {
            let mut attempt = Attempt::new(Fingerprint::from_u64(7), lease, retention).unwrap();
            attempt.token = Token::from_bytes([1; 16]);
            attempt.max_crashes = max_crashes;
            attempts.push(attempt);
            if is_new {
                break;
            }
        }
    }
    attempts
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Claim,
    Complete,
    Renew,
    Release,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Claim, Self::Complete, Self::Renew, Self::Release];

    async fn of(self, store: &RedisStore, key: &EventKey, attempt: &Attempt) -> String {
        match self {
            // A claim that is sent again has the same outcome.
            Self::Claim => rounded(recovered(store, key, attempt).await),
            Self::Complete => format!("{:?}", store.complete(key, attempt).await.unwrap()),
            Self::Renew => format!("{:?}", store.renew(key, attempt).await.unwrap()),
            Self::Release => format!("{:?}", store.release(key, attempt).await.unwrap()),
        }
    }

    fn of_protocol(self, before: Option<&Record>, attempt: &Attempt) -> (String, Option<Record>) {
        match self {
            Self::Claim => {
                let (outcome, after) = protocol::claim(before, attempt, now_ms());
                (rounded(outcome), after)
            }
            Self::Complete => {
                let (outcome, after) = protocol::complete(before, attempt, now_ms());
                (format!("{outcome:?}"), after)
            }
            Self::Renew => {
                let (outcome, after) = protocol::renew(before, attempt, now_ms());
                (format!("{outcome:?}"), after)
            }
            Self::Release => {
                let (outcome, after) = protocol::release(before, attempt);
                (format!("{outcome:?}"), after)
            }
        }
    }
}

/// Without the counters of a done record, which nothing reads, and within the
/// counters' limits. The time becomes the number of minutes from now.
fn comparable(record: Record) -> Record {
    let minutes = |at_ms: i64| (at_ms - now_ms() + ms(MINUTE) / 2).div_euclid(ms(MINUTE));
    let state = match record.state {
        State::InProgress { lease_until_ms } => {
            State::InProgress { lease_until_ms: minutes(lease_until_ms) }
        }
        State::Failed => State::Failed,
        State::Done { at_ms } => {
            let state = State::Done { at_ms: minutes(at_ms) };
            return Record { state, epoch: 0, crashes: 0, ..record };
        }
    };
    Record { state, epoch: record.epoch.min(0xff_ffff), ..record }
}

/// Records as the server has them: version and state, epoch, crashes, token, time,
/// fingerprint. While the event is in progress, the time is what is left of the
/// expiry at the end of the lease.
struct Server(::redis::aio::MultiplexedConnection);

impl Server {
    async fn only_record(&mut self) -> String {
        let keys: Vec<String> =
            ::redis::cmd("KEYS").arg("*").query_async(&mut self.0).await.unwrap();
        let mut records = keys.into_iter().filter(|key| !key.contains(":canary:"));
        let record = records.next().unwrap();
        assert_eq!(records.next(), None);
        record
    }

    async fn write(&mut self, name: &str, record: Option<&Record>) {
        let Some(record) = record else {
            return ::redis::cmd("DEL").arg(name).exec_async(&mut self.0).await.unwrap();
        };
        let keep_ms = 2 * ms(DAY);
        let (state, time) = match record.state {
            State::InProgress { lease_until_ms } => (0x21, keep_ms - (lease_until_ms - now_ms())),
            State::Failed => (0x22, 0),
            State::Done { at_ms } => (0x23, at_ms),
        };
        let value = [
            &[state][..],
            &record.epoch.to_be_bytes()[1..],
            &record.crashes.to_be_bytes()[2..],
            &record.token.to_bytes(),
            &time.to_be_bytes()[2..],
            &record.fingerprint.to_u64().to_be_bytes(),
        ];
        let mut set = ::redis::cmd("SET");
        set.arg(name).arg(value.concat()).arg("PX").arg(keep_ms);
        set.exec_async(&mut self.0).await.unwrap();
    }

    async fn read(&mut self, name: &str) -> Option<Record> {
        let value: Option<Vec<u8>> =
            ::redis::cmd("GET").arg(name).query_async(&mut self.0).await.unwrap();
        let value = value?;
        assert_eq!(value.len(), 36);
        let number = |range: std::ops::Range<usize>| {
            value[range].iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte))
        };
        let time = number(22..28);
        let state = match value[0] {
            0x21 => {
                State::InProgress { lease_until_ms: now_ms() + self.left_ms(name).await - time }
            }
            0x22 => State::Failed,
            0x23 => State::Done { at_ms: time },
            state => panic!("{state:#x}"),
        };
        Some(comparable(Record {
            state,
            epoch: number(1..4) as u32,
            crashes: number(4..6) as u32,
            token: Token::from_bytes(value[6..22].try_into().unwrap()),
            fingerprint: Fingerprint::from_u64(number(28..36) as u64),
        }))
    }

    async fn left_ms(&mut self, name: &str) -> i64 {
        ::redis::cmd("PTTL").arg(name).query_async(&mut self.0).await.unwrap()
    }
}

fn ms(duration: Duration) -> i64 {
    duration.as_millis().try_into().unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);
/// Between two calls on a busy machine.
const TOLERANCE_MS: u64 = 60_000;

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

#[tokio::test]
async fn every_script_agrees_with_the_protocol_in_every_state() {
    let server = RedisServer::start(&[]);
    let (states, histories) = crate::exhaustive::check(&store(&server).await).await;
    assert!(states > 50 && histories > 1_500, "{states} states, {histories} histories");
}
