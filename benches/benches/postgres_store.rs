//! Benchmark of the Postgres store, with a budget, as a Markdown table.
//!
//! Hand-written statements run beside it, on as many connections: neither fencing, nor crash
//! counting, nor a purge. The server is a real one on the loopback interface, which syncs its disk.
//! The rounds alternate.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_core::EventKey;
use countersign_postgres::{PostgresConfig, PostgresStore};
use countersign_test_servers::{PgBouncer, PostgresServer};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};

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
    let server = PostgresServer::start(&["-c", "fsync=on", "-c", "shared_buffers=256MB"]);
    Runtime::new().unwrap().block_on(measure(&server, &size));
}

struct Size {
    events: usize,
    rounds: usize,
    /// The rows of the table that grows, in multiples of `events`.
    growth: usize,
}

const FULL: Size = Size { events: 100_000, rounds: 3, growth: 10 };
const SMALL: Size = Size { events: 500, rounds: 1, growth: 2 };

const TASKS: usize = 64;
const CONNECTIONS: usize = 8;

async fn measure(server: &PostgresServer, size: &Size) {
    let (mut ours, mut reference) = (Vec::new(), Vec::new());
    let (mut pooler_mode, mut behind_pooler) = (Vec::new(), Vec::new());
    let bouncer = PgBouncer::start(server, CONNECTIONS as u32);
    // Without prepared statements, a tenth of the events takes long enough.
    let few = size.events / 10;
    for round in 0..size.rounds {
        let keys = |offset, events| keys(round * 10 + offset, events, TASKS);
        let hand_written = HandWritten::connect(server, round).await;
        reference.push(per_second(size.events, hand_written.handle(keys(0, size.events))).await);
        let store = connect(&server.url(), &format!("named_{round}")).await;
        ours.push(per_second(size.events, claim_and_complete(&store, keys(1, size.events))).await);
        let store = connect(&format!("{}?pooler=true", server.url()), "unnamed").await;
        pooler_mode.push(per_second(few, claim_and_complete(&store, keys(2, few))).await);
        let store = connect(&format!("{}?pooler=true", bouncer.url()), "bouncer").await;
        behind_pooler.push(per_second(few, claim_and_complete(&store, keys(3, few))).await);
    }
    let store = connect(&server.url(), "grows").await;
    let mut last = 0.0;
    for round in 0..size.growth {
        let keys = keys(1_000 + round, size.events, TASKS);
        last = per_second(size.events, claim_and_complete(&store, keys)).await;
    }

    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    let events = size.events;
    let [ours, reference] = [median(&mut ours), median(&mut reference)];
    let [pooler_mode, behind_pooler] = [median(&mut pooler_mode), median(&mut behind_pooler)];
    let what = format!("claim + complete, {TASKS} tasks, new table of {events} events");
    row(&what, &rate(ours), "≥ 6,000/s", ours >= 6_000.0);
    note("the same, hand-written: two statements", &rate(reference));
    row(
        "in pooler mode, without a pooler",
        &rate(pooler_mode),
        "≥ 3,500/s",
        pooler_mode >= 3_500.0,
    );
    note("in pooler mode, behind PgBouncer", &rate(behind_pooler));
    note(&format!("the last events of {}", events * size.growth), &rate(last));
}

async fn connect(url: &str, schema: &str) -> Arc<PostgresStore> {
    let config = PostgresConfig::new(url).unwrap().with_schema(schema);
    let config = config.with_connections(CONNECTIONS).with_deadline(Duration::from_secs(60));
    Arc::new(PostgresStore::connect_with(config).await.unwrap())
}

/// What a user would write.
#[derive(Clone)]
struct HandWritten(Arc<Pool>);

struct Pool {
    connections: Vec<Connection>,
    free: Semaphore,
    next: AtomicUsize,
}

struct Connection {
    client: Client,
    claim: Statement,
    complete: Statement,
}

impl HandWritten {
    async fn connect(server: &PostgresServer, round: usize) -> Self {
        let table = format!("by_hand_{round}");
        let _ = server.psql(&format!(
            "CREATE TABLE {table} (key bytea PRIMARY KEY, state int2 NOT NULL, token bytea,
                 until timestamptz NOT NULL, forget timestamptz NOT NULL);
             CREATE INDEX ON {table} (forget)"
        ));
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
            tokio::spawn(connection);
            let claim = client.prepare(&CLAIM.replace("event", &table)).await.unwrap();
            let complete = client.prepare(&COMPLETE.replace("event", &table)).await.unwrap();
            connections.push(Connection { client, claim, complete });
        }
        let (free, next) = (Semaphore::new(CONNECTIONS), AtomicUsize::new(0));
        Self(Arc::new(Pool { connections, free, next }))
    }

    async fn call(&self, key: &EventKey, token: [u8; 16], is_claim: bool) {
        let _free = self.0.free.acquire().await.unwrap();
        let next = self.0.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let Connection { client, claim, complete } = &self.0.connections[next];
        let statement = if is_claim { claim } else { complete };
        let (key, token) = (&key.digest()[..16], &token[..]);
        assert_eq!(client.execute(statement, &[&key, &token]).await.unwrap(), 1);
    }

    async fn handle(&self, keys: Vec<Vec<EventKey>>) {
        let mut tasks = JoinSet::new();
        for keys in keys {
            let hand_written = self.clone();
            tasks.spawn(async move {
                for key in keys {
                    let token = attempt().token.to_bytes();
                    hand_written.call(&key, token, true).await;
                    hand_written.call(&key, token, false).await;
                }
            });
        }
        tasks.join_all().await;
    }
}

const CLAIM: &str = "INSERT INTO event VALUES
         ($1, 0, $2, now() + interval '1 min', now() + interval '7 d')
     ON CONFLICT (key) DO UPDATE SET state = 0, token = excluded.token, until = excluded.until,
         forget = excluded.forget
     WHERE event.forget <= now() OR event.state = 0 AND event.until <= now()";

const COMPLETE: &str = "UPDATE event SET state = 1, token = NULL, forget = now() + interval '7 d'
     WHERE key = $1 AND token = $2";

fn rate(per_second: f64) -> String {
    format!("{per_second:.0}/s")
}
