//! Benchmark of the Redis store, with budgets, as a Markdown table.
//!
//! It starts a `redis-server`, which `cargo xtask test` installs.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_core::{EventKey, IdempotencyStore};
use countersign_redis::RedisStore;
use countersign_test_servers::RedisServer;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[path = "store/load.rs"]
mod load;
#[path = "store/report.rs"]
mod report;

use load::{attempt, claim_and_complete, keys};
use report::{median, note, per_second, row};

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let size = if is_bench { FULL } else { SMALL };
    let runtime = Runtime::new().unwrap();

    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    for (name, args) in [
        ("no append-only file", &["--appendonly", "no"]),
        ("append-only file, every second", &["--appendonly", "yes"]),
    ] {
        runtime.block_on(throughput(name, &RedisServer::start(args), &size));
    }
    runtime.block_on(server_time(&RedisServer::start(&[]), &size));
    runtime.block_on(memory(&RedisServer::start(&[]), &size));
    runtime.block_on(outages("stopped", &size, |server| server.stop(), |server| server.cont()));
    runtime.block_on(outages("killed", &size, RedisServer::kill9, RedisServer::restart));
}

struct Size {
    pairs: usize,
    rounds: usize,
    records: usize,
    outages: usize,
}

const FULL: Size = Size { pairs: 100_000, rounds: 7, records: 200_000, outages: 10 };
const SMALL: Size = Size { pairs: 1_000, rounds: 1, records: 1_000, outages: 1 };

/// The number of tasks that share the connection.
const TASKS: usize = 64;

/// Measures claim and complete, and two plain `SET`s with the same client for
/// comparison, in turns.
async fn throughput(name: &str, server: &RedisServer, size: &Size) {
    let store = Arc::new(RedisStore::connect(&server.url()).await.unwrap());
    let client = redis::Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let (mut pairs, mut plain) = (Vec::new(), Vec::new());
    for round in 0..size.rounds {
        let keys = keys(round, size.pairs, TASKS);
        pairs.push(per_second(size.pairs, claim_and_complete(&store, keys)).await);
        plain.push(per_second(size.pairs, two_sets(&connection, round, size.pairs)).await);
    }
    let (pairs, plain) = (median(&mut pairs), median(&mut plain));
    let what = format!("claim + complete on one connection, {TASKS} tasks, {name}");
    row(&what, &format!("{pairs:.0}/s"), "≥ 30,000/s", pairs >= 30_000.0);
    note(
        &format!("two plain `SET`s on one connection, {TASKS} tasks, {name}"),
        &format!("{plain:.0}/s"),
    );
}

/// Measures the time that the server's one thread takes for each operation, by
/// `INFO commandstats`, and for the commands of a store by hand.
async fn server_time(server: &RedisServer, size: &Size) {
    let store = Arc::new(RedisStore::connect(&server.url()).await.unwrap());
    let client = redis::Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let names = ["claim of a new event", "completion", "`SET NX EX`", "`SET EX` over it"];
    let mut times = names.map(|_| Vec::new());
    for round in 0..size.rounds {
        let events: Vec<_> = keys(round, size.pairs, TASKS)
            .into_iter()
            .flatten()
            .map(|key| (key, attempt()))
            .collect();
        reset_statistics(server);
        join_all(&events, |(key, attempt)| {
            let store = store.clone();
            async move {
                store.claim(&key, &attempt).await.unwrap();
            }
        })
        .await;
        times[0].push(micros_per_call(server, "set"));
        reset_statistics(server);
        join_all(&events, |(key, attempt)| {
            let store = store.clone();
            async move {
                store.complete(&key, &attempt).await.unwrap();
            }
        })
        .await;
        times[1].push(micros_per_call(server, "evalsha"));
        let numbers: Vec<_> = (0..size.pairs).collect();
        for (times, conditions) in
            times[2..].iter_mut().zip([&["NX", "EX", "60"][..], &["EX", "604800"]])
        {
            reset_statistics(server);
            join_all(&numbers, |number| {
                let mut set = redis::cmd("SET");
                set.arg(format!("webhooks:venum:{round}-{number}:finalized")).arg("claimed");
                set.arg(conditions);
                let mut connection = connection.clone();
                async move { set.exec_async(&mut connection).await.unwrap() }
            })
            .await;
            times.push(micros_per_call(server, "set"));
        }
    }
    for (name, mut times) in names.into_iter().zip(times) {
        note(&format!("server time of a {name}"), &format!("{:.2} us", median(&mut times)));
    }
}

/// Runs the work of all items, as many at a time as there are tasks.
async fn join_all<T: Clone, F>(items: &[T], work: impl Fn(T) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for items in items.chunks(TASKS) {
        items.iter().cloned().map(&work).collect::<JoinSet<_>>().join_all().await;
    }
}

fn reset_statistics(server: &RedisServer) {
    let _ = server.cli(&["CONFIG", "RESETSTAT"]);
}

/// `cmdstat_set:calls=1,usec=…,usec_per_call=2.50,…`
fn micros_per_call(server: &RedisServer, command: &str) -> f64 {
    let statistics = server.cli(&["INFO", "commandstats"]);
    let line = statistics.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    let (_, micros) = line.unwrap().split_once("usec_per_call=").unwrap();
    micros.split(',').next().unwrap().parse().unwrap()
}

async fn two_sets(connection: &MultiplexedConnection, round: usize, pairs: usize) {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let mut connection = connection.clone();
        tasks.spawn(async move {
            for number in (task..pairs).step_by(TASKS) {
                for _ in 0..2 {
                    let mut set = redis::cmd("SET");
                    set.arg(format!("plain:{round}:{number}"))
                        .arg(&[7_u8; 36])
                        .arg("PX")
                        .arg(86_400_000);
                    set.exec_async(&mut connection).await.unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
}

/// Measures the memory of a completed record, by `MEMORY USAGE` and by the growth
/// of `used_memory`.
async fn memory(server: &RedisServer, size: &Size) {
    let store = Arc::new(RedisStore::connect(&server.url()).await.unwrap());
    claim_and_complete(&store, keys(0, 1, TASKS)).await;
    let all = server.cli(&["--scan"]);
    let record = all.lines().find(|key| !key.contains(":canary:")).unwrap();
    let usage: usize = server.cli(&["MEMORY", "USAGE", record]).parse().unwrap();
    row("a record, by `MEMORY USAGE`", &format!("{usage} B"), "≤ 160 B", usage <= 160);

    let before = used_memory(server);
    claim_and_complete(&store, keys(1, size.records, TASKS)).await;
    let grown = (used_memory(server) - before) / size.records;
    let what = format!("a record, by the growth of `used_memory` over {} records", size.records);
    note(&what, &format!("{grown} B"));
}

fn used_memory(server: &RedisServer) -> usize {
    let info = server.cli(&["INFO", "memory"]);
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}

/// Measures the first three requests of each outage, and the thousand after them.
async fn outages(
    name: &str,
    size: &Size,
    begin: impl Fn(&mut RedisServer),
    end: impl Fn(&mut RedisServer),
) {
    let mut server = RedisServer::start(&[]);
    let store = Arc::new(RedisStore::connect(&server.url()).await.unwrap());
    let (mut first, mut then, mut recovery) = (Vec::new(), Vec::new(), Vec::new());
    for outage in 0..size.outages {
        let key = &keys(outage, 1, TASKS).concat()[0];
        store.claim(key, &attempt()).await.unwrap();
        begin(&mut server);
        for _ in 0..3 {
            first.push(failing(&store, key).await);
        }
        while then.len() < 1_000 * (outage + 1) {
            then.push(failing(&store, key).await);
        }
        end(&mut server);
        let started = Instant::now();
        while store.claim(key, &attempt()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        recovery.push(millis(started.elapsed()));
    }
    let (first, then) = (percentile_99(&mut first), percentile_99(&mut then));
    let row = |what: &str, is: f64, most: f64| {
        let what = format!("server {name}: p99 of {what}");
        row(&what, &format!("{is:.3} ms"), &format!("≤ {most} ms"), is <= most);
    };
    row("the first three requests", first, 300.0);
    row("a request once the breaker is open", then, 5.0);
    let what = format!("server {name}: median time from its return to the first claim");
    note(&what, &format!("{:.0} ms", median(&mut recovery)));
}

async fn failing(store: &RedisStore, key: &EventKey) -> f64 {
    let started = Instant::now();
    store.claim(key, &attempt()).await.unwrap_err();
    millis(started.elapsed())
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn percentile_99(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() * 99 / 100]
}
