//! The Redis store on a real server, healthy and unhealthy.

mod clock;
mod cluster;
mod far;
mod faults;
mod health;
mod keeping;
mod operations;
mod protocol;
mod sentinel;
mod starting;
mod tls;
mod unsuitable;

use std::time::{Duration, Instant};

use countersign::EventKey;
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, Fingerprint, IdempotencyStore, ReleaseOutcome,
    RenewOutcome, StoreError, StoreWarning,
};
use countersign::testing::SampleDelivery;
use countersign_redis::{ConnectError, RedisConfig, RedisStore, RedisStoreError, Unsuitable};
use countersign_test_servers::RedisServer;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

const FIRST: ClaimOutcome = granted(1);

const fn granted(epoch: u32) -> ClaimOutcome {
    ClaimOutcome::Granted { attempt: epoch, reclaimed: false }
}

fn event(id: &str) -> EventKey {
    SampleDelivery::of(id).event_key()
}

/// An attempt with a lease and a retention that outlast any test.
fn attempt() -> Attempt {
    Attempt::new(Fingerprint::from_u64(7), HOUR, DAY).unwrap()
}

/// Longer than any operation that ends at all.
const PATIENT: Duration = Duration::from_secs(30);
/// For a server that does not respond. On a busy machine it may also be too
/// short for one that does.
const HASTY: Duration = Duration::from_millis(250);

async fn store(server: &RedisServer) -> RedisStore {
    store_at(&server.url(), PATIENT).await
}

/// Retries for a while: on a busy machine a short deadline can pass before the
/// connection is open.
async fn store_at(url: &str, deadline: Duration) -> RedisStore {
    for _ in 0..100 {
        match connect(url, deadline).await {
            Err(ConnectError::Unreachable { .. } | ConnectError::TooFar { .. }) => {}
            connected => return connected.unwrap(),
        }
    }
    panic!("the server cannot be reached")
}

async fn connect(url: &str, deadline: Duration) -> Result<RedisStore, ConnectError> {
    RedisStore::connect_with(RedisConfig::new(url)?.with_deadline(deadline)).await
}

/// The only key of a store in which one event was claimed.
fn only_record(server: &RedisServer) -> String {
    let keys = server.cli(&["--scan"]);
    let mut records = keys.lines().filter(|key| !key.contains(":canary:"));
    let record = records.next().unwrap().to_owned();
    assert_eq!(records.next(), None);
    record
}

/// The cause of a store's error.
fn cause(error: &StoreError) -> &RedisStoreError {
    let source = std::error::Error::source(error).unwrap();
    source.downcast_ref().unwrap()
}

/// Claims until the store responds again.
async fn recovered(store: &RedisStore, key: &EventKey, attempt: &Attempt) -> ClaimOutcome {
    for _ in 0..4_000 {
        if let Ok(outcome) = store.claim(key, attempt).await {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the store has not recovered");
}

/// A store on a server that is about to become a primary.
async fn store_when_primary(server: &RedisServer) -> RedisStore {
    wait_for(|| server.cli(&["INFO", "replication"]).contains("role:master"));
    store(server).await
}

async fn eventually(is: impl Fn() -> bool) {
    for _ in 0..4_000 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the condition was not met in time");
}

/// Waits until servers have agreed among themselves.
fn wait_for(is: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if is() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the condition was not met in time");
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
