//! The Redis store on a real server, well and unwell.

mod cluster;
mod faults;
mod health;
mod keeping;
mod operations;
mod protocol;
mod sentinel;
mod starting;

use std::future::Future;
use std::time::{Duration, Instant};

use countersign::{
    Applied, Attempt, ClaimOutcome, CompleteOutcome, EventKey, Fingerprint, IdempotencyStore,
    ReleaseOutcome, RenewOutcome, StoreError, StoreWarning,
};
use countersign_conformance::{RedisServer, SampleDelivery};
use countersign_redis::{ConnectError, RedisConfig, RedisStore, RedisStoreError};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const FIRST: ClaimOutcome = granted(1);

const fn granted(epoch: u32) -> ClaimOutcome {
    ClaimOutcome::Granted { epoch, reclaimed: false }
}

fn event(id: &str) -> EventKey {
    SampleDelivery::of(id).event_key()
}

/// With a lease and a retention that outlast any test.
fn attempt() -> Attempt {
    Attempt::new(Fingerprint::from_u64(7), HOUR, DAY).unwrap()
}

async fn store(server: &RedisServer) -> RedisStore {
    RedisStore::connect(&server.url()).await.unwrap()
}

/// The one key of a store that has claimed one event.
fn only_record(server: &RedisServer) -> String {
    let keys = server.cli(&["--scan"]);
    let mut records = keys.lines().filter(|key| !key.contains(":canary:"));
    let record = records.next().unwrap().to_owned();
    assert_eq!(records.next(), None);
    record
}

/// Why a store gave an error.
fn cause(error: &StoreError) -> &RedisStoreError {
    let source = std::error::Error::source(error).unwrap();
    source.downcast_ref().unwrap()
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

/// Claims until the store answers again.
async fn recovered(store: &RedisStore, key: &EventKey, attempt: &Attempt) -> ClaimOutcome {
    for _ in 0..4_000 {
        if let Ok(outcome) = store.claim(key, attempt).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store has not recovered");
}

/// Waits for servers to come to something among themselves.
fn wait_for(is: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it has not come to pass");
}

/// `slave0:ip=127.0.0.1,port=…,state=online,offset=…,lag=0` and
/// `master_repl_offset:…`.
fn replicas_have_caught_up(primary: &RedisServer) {
    wait_for(|| {
        let info = primary.cli(&["INFO", "replication"]);
        let offset = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"));
        info.contains(&format!("offset={},", offset.unwrap().trim()))
    });
}
