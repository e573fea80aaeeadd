//! Benchmark of the memory store: claims per second on two threads, bytes for
//! each event, and the handling of active claims at capacity, as a Markdown
//! table.
//!
//! The best round decides, because other load on the machine can only reduce the
//! rate.

#![expect(clippy::unwrap_used, reason = "a benchmark of a failing call must not continue")]

use std::collections::HashMap;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use countersign_core::{
    Attempt, ClaimOutcome, Endpoint, EventKey, Fingerprint, IdempotencyStore, MemoryStore, Secret,
    Signer, Token, Verifier,
};

use countersign_schemes as schemes;

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let real = std::env::args().any(|argument| argument == "--bench");
    let (events, rounds) = if real { (1_000_000, 11) } else { (20_000, 1) };
    let keys = keys(events);

    println!("### Memory store, {events} events\n");
    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    let speeds = Speeds::measure(&keys, rounds);
    row(
        "claims/s on two threads, new events",
        &millions(&speeds.new),
        Some(("≥ 4 M", speeds.new.best >= 4e6)),
    );
    row("claims/s on two threads, duplicates", &millions(&speeds.again), None);
    row("claims/s on two threads, each evicting a completed event", &millions(&speeds.full), None);
    row("insertions/s on two threads, a `Mutex<HashMap>`", &millions(&speeds.map), None);
    row("claim + complete/s on one thread", &millions(&speeds.handled), None);

    let bytes = bytes_an_event(&keys);
    row(
        "bytes for each event, index and queues included",
        &format!("{bytes:.1}"),
        Some(("≤ 72", bytes <= 72.0)),
    );

    let Capacity { rejected, granted_again, forgotten } = at_capacity(&keys);
    row("new events rejected at capacity", &rejected.to_string(), None);
    row(
        "active claims granted again at capacity",
        &granted_again.to_string(),
        Some(("0", granted_again == 0)),
    );
    row(
        "completed events within the floor that were forgotten",
        &forgotten.to_string(),
        Some(("0", forgotten == 0)),
    );
}

/// Claims per second.
struct Speeds {
    new: Speed,
    again: Speed,
    full: Speed,
    handled: Speed,
    map: Speed,
}

struct Speed {
    median: f64,
    best: f64,
}

impl Speeds {
    /// Measures all of them in turns, so that other load on the machine affects
    /// all of them.
    fn measure(keys: &[EventKey], rounds: usize) -> Self {
        let mut all: [Vec<f64>; 5] = Default::default();
        for _ in 0..rounds {
            let store = MemoryStore::with_capacity(keys.len());
            all[0].push(a_second(keys.len(), || {
                on_two_threads(keys, |key, attempt| {
                    assert!(matches!(claim(&store, key, attempt), ClaimOutcome::Granted { .. }));
                });
            }));
            all[1].push(a_second(keys.len(), || {
                on_two_threads(keys, |key, attempt| {
                    assert!(!matches!(claim(&store, key, attempt), ClaimOutcome::AtCapacity));
                });
            }));

            let half = keys.len() / 2;
            let store = MemoryStore::with_capacity(half).with_floor(0);
            all[3].push(a_second(half, || {
                each(&keys[..half], 0, &mut |key, attempt| {
                    claim(&store, key, attempt);
                    black_box(ready(store.complete(key, attempt)).unwrap());
                });
            }));
            all[2].push(a_second(half, || {
                on_two_threads(&keys[half..], |key, attempt| {
                    assert!(matches!(claim(&store, key, attempt), ClaimOutcome::Granted { .. }));
                });
            }));

            let map: Mutex<HashMap<EventKey, Token>> = Mutex::default();
            all[4].push(a_second(keys.len(), || {
                on_two_threads(keys, |key, attempt| {
                    let mut map = map.lock().unwrap();
                    map.entry(key.clone()).or_insert(attempt.token);
                });
            }));
        }
        let [new, again, full, handled, map] = all.map(Speed::of);
        Self { new, again, full, handled, map }
    }
}

impl Speed {
    fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { median: rounds[rounds.len() / 2], best: rounds[rounds.len() - 1] }
    }
}

fn a_second(steps: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    steps as f64 / start.elapsed().as_secs_f64()
}

fn on_two_threads(keys: &[EventKey], step: impl Fn(&EventKey, &Attempt) + Sync) {
    let (first, second) = keys.split_at(keys.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| each(first, 1, &mut |key, attempt| step(key, attempt)));
        scope.spawn(|| each(second, 2, &mut |key, attempt| step(key, attempt)));
    });
}

/// Runs one step for each key, each with a different attempt. The tokens are not
/// random, because generating them would take most of the time and is the task of
/// the caller, not of the store.
fn each(keys: &[EventKey], thread: u64, step: &mut dyn FnMut(&EventKey, &Attempt)) {
    let mut attempt = Attempt::new(Fingerprint::from_u64(1), LEASE, RETENTION).unwrap();
    let mut token = [0; 16];
    token[8..].copy_from_slice(&thread.to_le_bytes());
    for (number, key) in (0_u64..).zip(keys) {
        token[..8].copy_from_slice(&number.to_le_bytes());
        attempt.token = Token::from_bytes(token);
        step(key, &attempt);
    }
}

fn bytes_an_event(keys: &[EventKey]) -> f64 {
    let mut kept = None;
    let allocated = allocation_counter::measure(|| {
        let store = MemoryStore::with_capacity(keys.len());
        each(keys, 3, &mut |key, attempt| {
            claim(&store, key, attempt);
        });
        kept = Some(store);
    });
    let events = kept.map_or(0, |store| store.len());
    assert_eq!(events, keys.len(), "the store has capacity for every event");
    allocated.bytes_current as f64 / events as f64
}

struct Capacity {
    rejected: usize,
    granted_again: usize,
    forgotten: usize,
}

/// Fills a store whose capacity is an eighth of the events: a quarter of the
/// capacity is completed events, followed by four times the capacity in new
/// events.
fn at_capacity(keys: &[EventKey]) -> Capacity {
    let capacity = keys.len() / 8;
    let (done, rest) = keys.split_at(capacity / 4);
    let store = MemoryStore::with_capacity(capacity).with_floor(done.len());
    each(done, 4, &mut |key, attempt| {
        claim(&store, key, attempt);
        ready(store.complete(key, attempt)).unwrap();
    });
    let (mut held, mut rejected) = (Vec::new(), 0);
    each(&rest[..keys.len() / 2], 5, &mut |key, attempt| match claim(&store, key, attempt) {
        ClaimOutcome::Granted { .. } => held.push(key.clone()),
        ClaimOutcome::AtCapacity => rejected += 1,
        outcome => panic!("{outcome:?}"),
    });
    let not = |expected: fn(&ClaimOutcome) -> bool, keys: &[EventKey]| {
        let mut others = 0;
        each(keys, 6, &mut |key, attempt| {
            others += usize::from(!expected(&claim(&store, key, attempt)));
        });
        others
    };
    Capacity {
        rejected,
        granted_again: not(|outcome| matches!(outcome, ClaimOutcome::InFlight { .. }), &held),
        forgotten: not(|outcome| matches!(outcome, ClaimOutcome::Done { .. }), done),
    }
}

fn claim(store: &MemoryStore, key: &EventKey, attempt: &Attempt) -> ClaimOutcome {
    ready(store.claim(key, attempt)).unwrap()
}

/// Returns the value of a future that is ready immediately: the memory store
/// never waits, so its futures need no runtime.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the memory store never waits"),
    }
}

fn keys(count: usize) -> Vec<EventKey> {
    let scheme = schemes::jupiter();
    let secret = || Secret::new("a secret").unwrap();
    let signer = Signer::new(scheme.clone(), secret()).unwrap();
    let verifier = Verifier::new(scheme, secret()).unwrap();
    let endpoint = Endpoint::new("bench");
    let key = |i: usize| {
        let body = format!(r#"{{"event_id":"evt_{i}"}}"#);
        let headers = signer.sign(body.as_bytes()).unwrap();
        EventKey::of(&verifier.verify(&headers, body).unwrap(), &endpoint)
    };
    (0..count).map(key).collect()
}

fn row(what: &str, measured: &str, budget: Option<(&str, bool)>) {
    let (budget, verdict) = match budget {
        Some((budget, met)) => (budget, if met { "met" } else { "missed" }),
        None => ("", ""),
    };
    println!("| {what} | {measured} | {budget} | {verdict} |");
}

fn millions(speed: &Speed) -> String {
    format!("{:.2} M, median {:.2} M", speed.best / 1e6, speed.median / 1e6)
}

const LEASE: Duration = Duration::from_secs(60 * 60);
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);
