//! Benchmark of the hand-offs to Postgres and to a Redis stream, with budgets, as a Markdown table.
//!
//! A plain insert and a plain `XADD` of the same bytes run beside them, on the same number of
//! connections: they claim no event. The servers are real ones on the loopback interface; Postgres
//! syncs its disk, and Redis syncs its append-only file once a second. The rounds alternate.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use countersign_core::{
    Handoff, HandoffDelivery, HandoffOutcome, HandoffReceiver, Scheme, Secret, Signer, Verifier,
};
use countersign_postgres::deadpool_postgres::{Manager, Pool};
use countersign_postgres::{PostgresHandoff, PostgresInbox, tokio_postgres::NoTls};
use countersign_redis::{RedisStore, RedisStreamHandoff};
use countersign_test_servers::{PostgresServer, RedisServer};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[path = "store/report.rs"]
mod report;

use report::{median, note, per_second, row};

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (events, rounds) = if is_bench { (20_000, 5) } else { (300, 1) };
    let postgres = PostgresServer::start(&["-c", "fsync=on", "-c", "shared_buffers=256MB"]);
    let redis = RedisServer::start(&["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"]);
    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    Runtime::new().unwrap().block_on(async {
        to_postgres(&postgres, events, rounds).await;
        to_redis(&redis, events, rounds).await;
    });
}

const TASKS: usize = 64;
const CONNECTIONS: usize = 8;

async fn to_postgres(server: &PostgresServer, events: usize, rounds: usize) {
    let pool = Pool::builder(Manager::new(server.url().parse().unwrap(), NoTls));
    let pool = pool.max_size(CONNECTIONS).build().unwrap();
    let client = pool.get().await.unwrap();
    client.batch_execute(PostgresInbox::migration()).await.unwrap();
    let jobs = "CREATE TABLE jobs (id bigserial PRIMARY KEY, message bytea NOT NULL)";
    client.batch_execute(jobs).await.unwrap();
    drop(client);

    let inbox = PostgresInbox::new(&verifier()).on(pool.clone());
    let queue: PostgresHandoff = inbox.hand_off(|tx, message| {
        Box::pin(async move {
            let insert = tx.prepare_cached(INSERT).await?;
            tx.execute(&insert, &[&message.to_bytes()]).await?;
            Ok(())
        })
    });
    let receiver = HandoffReceiver::new(verifier(), queue);
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let deliveries = deliveries(&receiver, round, events);
        plain.push(per_second(events, insert_all(&pool, deliveries.clone())).await);
        ours.push(per_second(events, hand_off_all(&receiver, deliveries)).await);
    }
    let (ours, plain) = (median(&mut ours), median(&mut plain));
    let what = format!("Postgres, {TASKS} tasks, {CONNECTIONS} connections, messages of 1 KiB");
    row(&what, &format!("{ours:.0}/s"), "≥ 4,000/s", ours >= 4_000.0);
    note("a plain insert of the same bytes, without a claim", &format!("{plain:.0}/s"));
}

const INSERT: &str = "INSERT INTO jobs (message) VALUES ($1)";

async fn insert_all(pool: &Pool, deliveries: Vec<Vec<HandoffDelivery>>) {
    let mut tasks = JoinSet::new();
    for deliveries in deliveries {
        let pool = pool.clone();
        tasks.spawn(async move {
            for delivery in deliveries {
                let client = pool.get().await.unwrap();
                let insert = client.prepare_cached(INSERT).await.unwrap();
                client.execute(&insert, &[&delivery.message.to_bytes()]).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

async fn to_redis(server: &RedisServer, events: usize, rounds: usize) {
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let queue: RedisStreamHandoff = store.stream("webhooks").unwrap();
    let receiver = HandoffReceiver::new(verifier(), queue);
    let client = redis::Client::open(server.url()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let deliveries = deliveries(&receiver, round, events);
        plain.push(per_second(events, add_all(&connection, deliveries.clone())).await);
        ours.push(per_second(events, hand_off_all(&receiver, deliveries)).await);
        // The messages of a round are not part of the next one.
        let mut connection = connection.clone();
        let delete = redis::cmd("DEL").arg("webhooks").arg("plain").to_owned();
        let _: i64 = delete.query_async(&mut connection).await.unwrap();
    }
    let (ours, plain) = (median(&mut ours), median(&mut plain));
    let what = format!("a Redis stream, {TASKS} tasks, messages of 1 KiB");
    row(&what, &format!("{ours:.0}/s"), "≥ 15,000/s", ours >= 15_000.0);
    note("a plain `XADD` of the same bytes, without a claim", &format!("{plain:.0}/s"));
}

async fn add_all(
    connection: &redis::aio::MultiplexedConnection,
    deliveries: Vec<Vec<HandoffDelivery>>,
) {
    let mut tasks = JoinSet::new();
    for deliveries in deliveries {
        let mut connection = connection.clone();
        tasks.spawn(async move {
            for delivery in deliveries {
                let mut add = redis::cmd("XADD");
                add.arg("plain").arg("*").arg("message").arg(delivery.message.to_bytes());
                let _: String = add.query_async(&mut connection).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

/// One task for each list of deliveries.
async fn hand_off_all<Q: Handoff>(
    receiver: &HandoffReceiver<Q>,
    deliveries: Vec<Vec<HandoffDelivery>>,
) {
    let mut tasks = JoinSet::new();
    for deliveries in deliveries {
        let receiver = receiver.clone();
        tasks.spawn(async move {
            for delivery in deliveries {
                let outcome = receiver.queue().hand_off(&delivery).await.unwrap();
                assert!(matches!(outcome, HandoffOutcome::Stored { .. }), "{outcome:?}");
            }
        });
    }
    tasks.join_all().await;
}

/// The deliveries of each task, with messages of about 1 KiB, outside of the measured time.
fn deliveries<Q: Handoff>(
    receiver: &HandoffReceiver<Q>,
    round: usize,
    events: usize,
) -> Vec<Vec<HandoffDelivery>> {
    let signer = Signer::new(scheme(), secret()).unwrap();
    let mut deliveries = vec![Vec::new(); TASKS];
    for number in 0..events {
        let body = format!(r#"{{"id":"evt_{round}_{number}"}}"#);
        let headers = signer.sign(body.as_bytes()).unwrap();
        let verified = receiver.verifier().verify(&headers, body).unwrap();
        let headers = headers.into_iter().chain([("x-filler".to_owned(), "x".repeat(450))]);
        let delivery = receiver.delivery(&verified, ("POST", "/hooks/sample"), headers).unwrap();
        deliveries[number % TASKS].push(delivery);
    }
    deliveries
}

fn verifier() -> Verifier {
    Verifier::new(scheme(), secret()).unwrap()
}

fn scheme() -> Scheme {
    let scheme = Scheme::builder("sample").signature_header("X-Signature").signed_payload("{body}");
    scheme.event_id("body:/id").build().unwrap()
}

fn secret() -> Secret {
    Secret::new("sample secret").unwrap()
}
