//! Cost by the number of events in a store.

use std::sync::Arc;
use std::time::Instant;

use countersign_core::{EventKey, IdempotencyStore, MemoryStore};
use countersign_redis::RedisStore;
use countersign_sqlite::SqliteStore;
use countersign_test_servers::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::store::{attempt, claim_and_complete, keys};
use crate::{grouped, memory};

pub(crate) fn print(is_full: bool) {
    println!("Claim and completion of a new event by the number of events in the store:\n");
    println!("| store | events | us | of a duplicate, us | bytes for each event |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let runtime = Runtime::new().unwrap();
    let sizes = |most: usize| {
        let most = if is_full { most } else { 1_000 };
        [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
            .into_iter()
            .filter(move |size| *size <= most && (!is_full || *size >= 10_000))
    };
    let most = sizes(10_000_000).next_back().unwrap_or_default();
    let memory_store = Arc::new(MemoryStore::with_capacity(2 * most));
    let before = memory::resident();
    runtime.block_on(grow("`MemoryStore`", memory_store, sizes(10_000_000), 1, || {
        memory::resident().saturating_sub(before)
    }));
    let server = RedisServer::start(&["--appendonly", "no", "--save", ""]);
    let before = used_memory(&server);
    runtime.block_on(async {
        let store = Arc::new(RedisStore::connect(&server.url()).await.unwrap());
        grow("`RedisStore`", store, sizes(1_000_000), 64, || used_memory(&server) - before).await;
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    runtime.block_on(grow("`SqliteStore`", store, sizes(1_000_000), 64, || {
        std::fs::metadata(&file).map_or(0, |file| file.len())
    }));
}

/// Fills the store to each size, and measures the last tenth of the events.
async fn grow<S>(
    name: &str,
    store: Arc<S>,
    sizes: impl Iterator<Item = usize>,
    tasks: usize,
    bytes: impl Fn() -> u64,
) where
    S: IdempotencyStore,
{
    let mut events = 0;
    for size in sizes {
        let measured = size / 10;
        claim_and_complete(&store, keys(2 * size, size - measured - events, tasks)).await;
        let last = keys(2 * size + 1, measured, tasks);
        let began = Instant::now();
        claim_and_complete(&store, last.clone()).await;
        let new = began.elapsed().as_secs_f64() * 1e6 / measured as f64;
        let began = Instant::now();
        claim_again(&store, last).await;
        let duplicate = began.elapsed().as_secs_f64() * 1e6 / measured as f64;
        events = size;
        let each = bytes() / size as u64;
        println!("| {name} | {} | {new:.2} | {duplicate:.2} | {each} |", grouped(size as u64));
    }
}

async fn claim_again<S: IdempotencyStore>(store: &Arc<S>, keys: Vec<Vec<EventKey>>) {
    let mut tasks = JoinSet::new();
    for keys in keys {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for key in keys {
                store.claim(&key, &attempt()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

fn used_memory(server: &RedisServer) -> u64 {
    let info = server.cli(&["INFO", "memory"]);
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}
