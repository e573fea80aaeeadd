use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::index::Index;
use super::slab::Slot;
use super::*;
use crate::idempotency::key::sample::keys;
use crate::idempotency::{Fingerprint, State, Token, protocol};
use crate::time::clock::{ManualClock, millis};

const START_MS: i64 = 1_760_000_000_000;
const LEASE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn it_agrees_with_a_naive_model_over_200_000_random_steps() {
    let mut random = Random(42);
    let (store, clock) = store_of(10_000);
    let keys = keys(300);
    let tokens: Vec<Token> = (0..6).map(|byte| Token::from_bytes([byte; 16])).collect();
    let mut model: HashMap<&EventKey, (Record, i64)> = HashMap::new();

    for step in 0..200_000 {
        let now_ms = clock.now_unix_ms();
        let key = random.one_of(&keys);
        let mut attempt = attempt(random.below(3));
        attempt.token = *random.one_of(&tokens);
        attempt.lease = Duration::from_millis(random.span(1 << 20));
        attempt.retention = Duration::from_millis(random.span(1 << 26));
        let known = model.get(key).copied().filter(|(_, expires_ms)| now_ms < *expires_ms);
        let record = known.as_ref().map(|(record, _)| record);

        let (theirs, ours, changed) = match random.below(10) {
            0..5 => {
                let (outcome, changed) = protocol::claim(record, &attempt, now_ms);
                (format!("{outcome:?}"), claim(&store, key, &attempt), changed)
            }
            5..7 => {
                let (outcome, changed) = protocol::complete(record, &attempt, now_ms);
                (format!("{outcome:?}"), run(store.complete(key, &attempt)), changed)
            }
            7 => {
                let (outcome, changed) = protocol::renew(record, &attempt, now_ms);
                (format!("{outcome:?}"), run(store.renew(key, &attempt)), changed)
            }
            8 => {
                let (outcome, changed) = protocol::release(record, &attempt);
                (format!("{outcome:?}"), run(store.release(key, &attempt)), changed)
            }
            _ => {
                let known = known.is_some();
                model.remove(key);
                (format!("{known:?}"), run(store.forget(key)), None)
            }
        };
        assert_eq!(ours, theirs, "step {step}");

        if let Some(record) = changed {
            let expires_ms = now_ms.saturating_add(millis(record.keep_for(&attempt)));
            model.insert(key, (record, expires_ms));
        }
        if random.below(4) == 0 {
            clock.advance(Duration::from_millis(random.span(1 << 22)));
        }
        if step % 1000 == 0 {
            let now_ms = clock.now_unix_ms();
            let live = model.values().filter(|(record, _)| is_live(record, now_ms));
            assert_eq!(store.live(), live.count(), "step {step}");
        }
    }
}

#[test]
fn a_full_store_never_grants_claimed_events_or_those_within_the_floor() {
    let (capacity, floor) = (64, 24);
    let mut random = Random(7);
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(capacity).with_floor(floor).with_clock(clock.clone());
    let keys = keys(400);
    let mut live: HashMap<&EventKey, (Attempt, i64)> = HashMap::new();
    // In order of completion.
    let mut done: VecDeque<&EventKey> = VecDeque::new();
    let (mut rejected, mut granted) = (0, 0);

    for step in 0..60_000 {
        let now_ms = clock.now_unix_ms();
        live.retain(|_, (_, until_ms)| now_ms < *until_ms);
        let key = random.one_of(&keys);
        let attempt = attempt(step);
        match run_claim(&store, key, &attempt) {
            ClaimOutcome::Granted { .. } => {
                granted += 1;
                assert!(!live.contains_key(key), "step {step}: granted while it was held");
                assert!(!done.contains(&key), "step {step}: granted after it was done");
                live.insert(key, (attempt, now_ms + millis(LEASE)));
            }
            ClaimOutcome::InFlight { .. } => assert!(live.contains_key(key), "step {step}"),
            ClaimOutcome::AtCapacity => {
                rejected += 1;
                assert!(
                    live.len() + floor >= capacity,
                    "step {step}: rejected although an event could be forgotten"
                );
            }
            ClaimOutcome::Done { .. } | ClaimOutcome::Exhausted { .. } => {}
            ClaimOutcome::AlreadyReleased => panic!("step {step}: each claim has a new attempt"),
        }
        assert!(store.len() <= capacity, "step {step}");
        let held = live.keys().next().copied();
        if let Some(key) =
            held.filter(|_| random.below(if step % 2000 < 1000 { 2 } else { 6 }) == 0)
        {
            let (attempt, _) = live.remove(key).unwrap();
            if random.below(4) == 0 {
                run(store.release(key, &attempt));
            } else {
                assert_eq!(run(store.complete(key, &attempt)), "Recorded", "step {step}");
                done.push_back(key);
                if done.len() > floor {
                    done.pop_front();
                }
            }
        }
        if random.below(100) == 0 {
            clock.advance(Duration::from_secs(random.below(20)));
        }
    }
    assert!(rejected > 100 && granted > 1000, "{rejected} rejected, {granted} granted");
}

#[test]
fn a_large_store_holds_its_capacity_of_live_claims_and_grants_none_twice() {
    let capacity = ONE_SHARD_BELOW;
    let (store, clock) = store_of(capacity);
    let mut random = Random(1);
    let (mut held, mut rejected) = (Vec::new(), 0);
    for _ in 0..capacity * 3 / 2 {
        let key = random.key();
        match step_claim(&store, key, &clock) {
            Ok(ClaimOutcome::Granted { .. }) => held.push(key),
            Err(Full) => rejected += 1,
            Ok(outcome) => panic!("{outcome:?}"),
        }
    }
    assert!(held.len() >= capacity, "only {} of {capacity}", held.len());
    assert!(held.len() <= capacity * 12 / 10, "{} instead of {capacity}", held.len());
    assert!(rejected > 0);
    assert_eq!((store.len(), store.live()), (held.len(), held.len()));
    for key in held {
        assert!(matches!(step_claim(&store, key, &clock), Ok(ClaimOutcome::InFlight { .. })));
    }
}

#[test]
fn a_full_store_evicts_the_oldest_completion_first() {
    let (store, clock) = store_of(8);
    let keys = keys(12);
    for key in &keys[..8] {
        handle(&store, key);
        clock.advance(Duration::from_secs(1));
    }
    for key in &keys[8..] {
        assert!(is_granted(&store, key));
    }
    assert!(keys[4..8].iter().all(|key| is_done(&store, key)));
    assert_eq!(store.len(), 8);
}

#[test]
fn the_oldest_completion_is_evicted_first_regardless_of_its_retention() {
    let (store, clock) = store_of(3);
    let keys = keys(4);
    for (key, days) in keys.iter().zip([30, 1, 7]) {
        let mut attempt = attempt(1);
        attempt.retention = DAY * days;
        claim(&store, key, &attempt);
        run(store.complete(key, &attempt));
        clock.advance(Duration::from_secs(1));
    }
    assert!(is_granted(&store, &keys[3]));
    assert!(is_done(&store, &keys[1]) && is_done(&store, &keys[2]));
    assert!(!is_done(&store, &keys[0]));
}

#[test]
fn at_the_floor_no_done_event_is_evicted() {
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(4).with_floor(3).with_clock(clock.clone());
    let keys = keys(6);
    keys[..4].iter().for_each(|key| handle(&store, key));
    assert!(is_granted(&store, &keys[4]));
    assert_eq!(run_claim(&store, &keys[5], &attempt(9)), ClaimOutcome::AtCapacity);
    assert!(keys[1..4].iter().all(|key| is_done(&store, key)));

    clock.advance(DAY);
    assert!(is_granted(&store, &keys[5]), "their retention has ended");
}

#[test]
fn an_unclaimed_event_is_evicted_if_no_done_event_may_be() {
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(4).with_floor(1).with_clock(clock.clone());
    let keys = keys(8);
    handle(&store, &keys[0]);
    let (failing, abandoned) = (attempt(1), attempt(2));
    claim(&store, &keys[1], &failing);
    run(store.release(&keys[1], &failing));
    claim(&store, &keys[2], &abandoned);
    clock.advance(LEASE);
    assert!(is_granted(&store, &keys[3]));

    assert!(is_granted(&store, &keys[4]), "replaces the failed event");
    assert!(is_granted(&store, &keys[5]), "replaces the abandoned event");
    assert_eq!(run_claim(&store, &keys[6], &attempt(9)), ClaimOutcome::AtCapacity);
    assert!(is_done(&store, &keys[0]));
    assert_eq!(store.live(), 3);
}

#[test]
fn a_failure_outlives_done_events_above_the_floor() {
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(3).with_floor(1).with_clock(clock);
    let keys = keys(4);
    let failing = attempt(1);
    claim(&store, &keys[0], &failing);
    run(store.release(&keys[0], &failing));
    handle(&store, &keys[1]);
    handle(&store, &keys[2]);
    assert!(is_granted(&store, &keys[3]));
    let again = run_claim(&store, &keys[0], &attempt(9));
    assert_eq!(again, ClaimOutcome::Granted { attempt: 2, reclaimed: false });
}

#[test]
fn a_success_in_a_full_store_replaces_the_oldest_success() {
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(2).with_floor(1).with_clock(clock);
    let keys = keys(4);
    handle(&store, &keys[0]);
    assert!(is_granted(&store, &keys[1]));
    assert_eq!(run(store.complete(&keys[2], &attempt(9))), "RecordedUnclaimed");
    assert!(is_done(&store, &keys[2]));
    assert_eq!(run_claim(&store, &keys[0], &attempt(9)), ClaimOutcome::AtCapacity);
}

#[test]
fn a_success_in_a_store_full_of_claims_is_an_error_and_changes_nothing() {
    let (store, _) = store_of(2);
    let keys = keys(3);
    assert!(is_granted(&store, &keys[0]) && is_granted(&store, &keys[1]));
    let error = poll_once(store.complete(&keys[2], &attempt(9))).unwrap_err();
    assert_eq!(error.effect(), crate::idempotency::Effect::NotApplied);
    assert_eq!((store.len(), store.live()), (2, 2));
}

#[test]
fn a_store_without_capacity_rejects_every_claim() {
    let (store, _) = store_of(0);
    assert_eq!(run_claim(&store, &keys(1)[0], &attempt(1)), ClaimOutcome::AtCapacity);
    assert!(store.is_empty());
}

#[test]
fn expired_records_are_removed_by_operations_on_other_events() {
    let (store, clock) = store_of(10_000);
    let mut random = Random(3);
    for _ in 0..5_000 {
        step_claim(&store, random.key(), &clock).unwrap();
    }
    clock.advance(DAY + LEASE);
    let mut steps = 0;
    while store.len() > steps {
        steps += 1;
        step_claim(&store, random.key(), &clock).unwrap();
    }
    // Each step checks four events, adds one, and moves from one queue to another.
    assert!(steps < 5_000 / 2, "{steps} steps");
}

#[test]
fn slots_are_reused() {
    let (store, clock) = store_of(1000);
    let mut random = Random(4);
    for _ in 0..50_000 {
        step_claim(&store, random.key(), &clock).unwrap();
        clock.advance(DAY / 100);
    }
    assert!(store.len() < 300, "{}", store.len());
}

#[test]
fn a_lease_outlasts_the_retention() {
    let (store, clock) = store_of(10);
    let key = &keys(1)[0];
    let mut first = attempt(1);
    first.retention = Duration::from_secs(10);
    claim(&store, key, &first);
    clock.advance(Duration::from_secs(29));
    assert!(matches!(run_claim(&store, key, &attempt(2)), ClaimOutcome::InFlight { .. }));
    clock.advance(Duration::from_secs(1));
    let after = run_claim(&store, key, &attempt(2));
    assert_eq!(after, ClaimOutcome::Granted { attempt: 1, reclaimed: false });
}

#[test]
fn extreme_times_do_not_overflow() {
    for start_ms in [i64::MIN, -1, 0, START_MS, LATEST_MS, i64::MAX] {
        let clock = ManualClock::at_unix_ms(start_ms);
        let store = MemoryStore::with_capacity(10).with_clock(clock.clone());
        let key = &keys(1)[0];
        let mut endless = attempt(1);
        (endless.lease, endless.retention) = (Duration::MAX, Duration::MAX);
        assert!(is_granted_to(&store, key, &endless));
        for now_ms in [i64::MAX, i64::MIN, LATEST_MS, start_ms] {
            clock.set_unix_ms(now_ms);
            let other = run_claim(&store, key, &attempt(2));
            assert!(
                matches!(other, ClaimOutcome::InFlight { .. }),
                "{start_ms}, {now_ms}: {other:?}"
            );
        }
        assert_eq!(run(store.complete(key, &endless)), "Recorded");
        assert!(is_done(&store, key));
    }
}

#[test]
fn a_clock_that_goes_back_neither_grants_twice_nor_undoes_a_success() {
    let (store, clock) = store_of(10);
    let keys = keys(2);
    handle(&store, &keys[0]);
    assert!(is_granted(&store, &keys[1]));
    clock.set_unix_ms(START_MS - 1_000_000);
    assert!(is_done(&store, &keys[0]));
    assert!(!is_granted(&store, &keys[1]));
}

#[test]
fn a_clock_that_goes_back_does_not_evict_a_lease_that_is_active_again() {
    let (store, clock) = store_of(1);
    let keys = keys(2);
    assert!(is_granted(&store, &keys[0]));
    clock.advance(LEASE);
    assert_eq!(run(store.forget(&keys[1])), "false");
    clock.set_unix_ms(START_MS);
    assert_eq!(run_claim(&store, &keys[1], &attempt(9)), ClaimOutcome::AtCapacity);
}

#[test]
fn clones_share_one_store_until_one_is_reconfigured() {
    let (store, clock) = store_of(10);
    let key = &keys(1)[0];
    let other = store.clone();
    assert!(is_granted(&store, key));
    assert!(!is_granted(&other, key));
    assert!(other.with_clock(clock).is_empty());
    assert_eq!(store.len(), 1);
}

#[test]
fn a_poisoned_lock_is_ignored() {
    let (store, _) = store_of(10);
    let table = Arc::clone(&store.table);
    let poisoner = std::thread::spawn(move || {
        let _guard = table.shards[0].0.lock().unwrap();
        panic!("the panic under test");
    });
    assert!(poisoner.join().is_err());
    assert!(is_granted(&store, &keys(1)[0]));
}

#[test]
fn two_stores_hash_an_event_with_different_keys() {
    let (one, other) = (store_of(1).0, store_of(1).0);
    let event = &keys(1)[0];
    assert_ne!(one.table.key(event), other.table.key(event));
    assert_eq!(one.table.key(event), one.clone().table.key(event));
}

#[test]
fn a_slot_has_the_documented_size() {
    assert_eq!(size_of::<Slot>(), 64);
}

#[test]
fn a_slot_returns_the_written_record() {
    let record = |state, epoch, crashes| Record {
        state,
        epoch,
        crashes,
        token: Token::from_bytes(*b"0123456789abcdef"),
        fingerprint: Fingerprint::from_u64(u64::MAX - 1),
    };
    let mut slab = slab::Slab::default();
    let slot = slab.take([1, 2, 3, 4]);
    for written in [
        record(State::InProgress { lease_until_ms: LATEST_MS }, 0, 0),
        record(State::Failed, (1 << 24) - 1, (1 << 14) - 1),
        record(State::Done { at_ms: START_MS }, 1, 2),
        record(State::InProgress { lease_until_ms: 0 }, 3, 1),
    ] {
        slab[slot].write(&written, 5, 6);
        assert_eq!(slab[slot].record(), written);
        assert_eq!(slab[slot].expires_ms(), 6);
        assert_eq!(slab[slot].key, [1, 2, 3, 4]);
    }
    let done = State::Done { at_ms: i64::MIN };
    slab[slot].write(&record(done, u32::MAX, u32::MAX), 0, i64::MAX);
    let saturated = record(State::Done { at_ms: 0 }, (1 << 24) - 1, (1 << 14) - 1);
    assert_eq!((slab[slot].record(), slab[slot].expires_ms()), (saturated, LATEST_MS));
}

#[test]
fn freed_slots_are_taken_before_new_ones() {
    let mut slab = slab::Slab::default();
    let slots: Vec<u32> = (0..1000).map(|_| slab.take([0; 4])).collect();
    assert_eq!(slots, (0..1000).collect::<Vec<_>>());
    [17, 999, 0].into_iter().for_each(|slot| slab.free(slot));
    assert_eq!(slab.len(), 997);
    assert_eq!([(); 4].map(|()| slab.take([0; 4])), [0, 999, 17, 1000]);
    assert_eq!(slab.len(), 1001);
}

#[test]
fn the_index_finds_every_key_when_it_is_full_and_when_it_wraps() {
    // All keys select the last line, so that they overflow into the first lines.
    let keys: Vec<Key> = (0..40).map(|i| [u32::MAX, i << 24, 0, i]).collect();
    let mut index = Index::with_capacity(40);
    for (slot, key) in (0..).zip(&keys) {
        assert_eq!(index.find(*key, |_| true), None);
        index.insert(*key, slot);
    }
    for (slot, key) in (0..).zip(&keys) {
        assert_eq!(index.find(*key, |found| found == slot), Some(slot));
    }
}

#[test]
fn the_index_compares_only_slots_with_the_tag_of_the_key() {
    let mut index = Index::with_capacity(40);
    index.insert([0, 0x0100_0000, 0, 1], 0);
    index.insert([0, 0x0200_0000, 0, 2], 1);
    index.insert([0, 0x0100_0000, 0, 3], 2);
    let mut asked = Vec::new();
    let asked = std::cell::RefCell::new(&mut asked);
    index.find([0, 0x0100_0000, 0, 9], |slot| {
        asked.borrow_mut().push(slot);
        false
    });
    assert_eq!(**asked.borrow(), [0, 2]);
}

#[test]
fn the_index_has_no_trace_of_removed_keys() {
    let mut random = Random(5);
    let mut index = Index::with_capacity(500);
    let mut inside: HashMap<u32, Key> = HashMap::new();
    for _ in 0..200 {
        for slot in 0..500 {
            if inside.contains_key(&slot) || random.below(3) > 0 {
                continue;
            }
            // Half of them select the same line, so that lines overflow.
            let mut key = random.key();
            key[0] >>= if slot % 2 == 0 { 8 } else { 0 };
            index.insert(key, slot);
            inside.insert(slot, key);
        }
        for slot in 0..500 {
            if let Some(key) = inside.get(&slot).copied() {
                assert_eq!(index.find(key, |found| found == slot), Some(slot));
                if random.below(2) == 0 {
                    index.remove(key, slot);
                    inside.remove(&slot);
                    assert_eq!(index.find(key, |found| found == slot), None);
                }
            }
        }
    }
    for (slot, key) in inside {
        index.remove(key, slot);
    }
    assert!(index.is_all_zeros());
}

fn store_of(capacity: usize) -> (MemoryStore, ManualClock) {
    let clock = ManualClock::at_unix_ms(START_MS);
    let store = MemoryStore::with_capacity(capacity).with_floor(0).with_clock(clock.clone());
    (store, clock)
}

fn attempt(body: u64) -> Attempt {
    Attempt::new(Fingerprint::from_u64(body), LEASE, DAY).unwrap()
}

fn poll_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the store never waits"),
    }
}

fn run<T: fmt::Debug>(step: impl Future<Output = Result<T, StoreError>>) -> String {
    format!("{:?}", poll_once(step).unwrap())
}

fn run_claim(store: &MemoryStore, key: &EventKey, attempt: &Attempt) -> ClaimOutcome {
    poll_once(store.claim(key, attempt)).unwrap()
}

fn claim(store: &MemoryStore, key: &EventKey, attempt: &Attempt) -> String {
    run(store.claim(key, attempt))
}

fn is_granted(store: &MemoryStore, key: &EventKey) -> bool {
    is_granted_to(store, key, &attempt(1))
}

fn is_granted_to(store: &MemoryStore, key: &EventKey, attempt: &Attempt) -> bool {
    matches!(run_claim(store, key, attempt), ClaimOutcome::Granted { .. })
}

fn is_done(store: &MemoryStore, key: &EventKey) -> bool {
    matches!(run_claim(store, key, &attempt(1)), ClaimOutcome::Done { .. })
}

fn handle(store: &MemoryStore, key: &EventKey) {
    let attempt = attempt(1);
    assert!(is_granted_to(store, key, &attempt));
    assert_eq!(run(store.complete(key, &attempt)), "Recorded");
}

/// A claim by key, without a signed and verified event.
fn step_claim(store: &MemoryStore, key: Key, clock: &ManualClock) -> Result<ClaimOutcome, Full> {
    let (attempt, now_ms) = (attempt(1), clock.now_unix_ms());
    let claim = |record: Option<&Record>| protocol::claim(record, &attempt, now_ms);
    store.table.shard(key).step(key, &attempt, now_ms, claim)
}

fn is_live(record: &Record, now_ms: i64) -> bool {
    matches!(record.state, State::InProgress { lease_until_ms } if now_ms < lease_until_ms)
}

/// A xorshift generator with the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 32) % bound
    }

    /// A number up to `bound`, of any order of magnitude.
    fn span(&mut self, bound: u64) -> u64 {
        let magnitude = self.below(u64::from(bound.ilog2()) + 1);
        self.below(bound >> magnitude)
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let index = self.below(of.len() as u64);
        &of[usize::try_from(index).unwrap()]
    }

    fn key(&mut self) -> Key {
        [(); 4].map(|()| u32::try_from(self.next() >> 32).unwrap())
    }
}
