//! Benchmark of the Postgres inbox, with a budget, as a Markdown table.
//!
//! A hand-written `INSERT … ON CONFLICT DO NOTHING` in the same transaction runs beside it, on a pool
//! of the same size: it waits for another transaction with the same event, and has neither
//! fingerprint nor retention. The server is a real one on the loopback interface, which syncs its
//! disk. The rounds alternate.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]

use std::convert::Infallible;

use countersign_core::{InboxRun, InboxSettings, Scheme, Secret, Verified, Verifier};
use countersign_postgres::deadpool_postgres::{Manager, Pool};
use countersign_postgres::{PostgresInbox, PostgresInboxPool, tokio_postgres::NoTls};
use countersign_test_servers::PostgresServer;
use countersign_testing::SampleDelivery;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[path = "store/report.rs"]
mod report;

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
}

const FULL: Size = Size { events: 20_000, rounds: 9 };
const SMALL: Size = Size { events: 200, rounds: 1 };

const TASKS: usize = 64;
const CONNECTIONS: usize = 8;

async fn measure(server: &PostgresServer, size: &Size) {
    let pool = Pool::builder(Manager::new(server.url().parse().unwrap(), NoTls));
    let pool = pool.max_size(CONNECTIONS).build().unwrap();
    let client = pool.get().await.unwrap();
    client.batch_execute(PostgresInbox::migration()).await.unwrap();
    client.batch_execute(TABLES).await.unwrap();
    drop(client);

    let inbox = PostgresInbox::new(InboxSettings::new(&verifier()));
    let (prepared, unprepared) = (inbox.on(pool.clone()), inbox.with_pooler().on(pool.clone()));
    let (mut ours, mut reference, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut pooler_mode = Vec::new();
    for round in 0..size.rounds {
        let events = |kind| events(&format!("{kind}_{round}"), size.events);
        let hand_written = per_second(size.events, by_hand(&pool, events("hand"))).await;
        let measured = per_second(size.events, by_inbox(&prepared, events("inbox"))).await;
        ratios.push(measured / hand_written);
        reference.push(hand_written);
        ours.push(measured);
        let unprepared = by_inbox(&unprepared, events("pooler"));
        pooler_mode.push(per_second(size.events, unprepared).await);
    }

    println!("| what | measured | budget | |");
    println!("| --- | ---: | ---: | --- |");
    let ratio = median(&mut ratios);
    let events = size.events;
    let what = format!("begin + claim + effect + commit, {TASKS} tasks, {events} events");
    note(&what, &rate(median(&mut ours)));
    note(
        "the same, hand-written: `INSERT … ON CONFLICT DO NOTHING`",
        &rate(median(&mut reference)),
    );
    note("the inbox in pooler mode", &rate(median(&mut pooler_mode)));
    let rounds = size.rounds;
    let what = format!("the inbox against the hand-written one, median of {rounds} rounds");
    row(&what, &format!("{ratio:.2} ×"), "≥ 0.9 ×", ratio >= 0.9);
}

/// Creates the deliveries of each task, outside the measured time.
fn events(name: &str, events: usize) -> Vec<Vec<Verified>> {
    let mut lists: Vec<Vec<Verified>> = (0..TASKS).map(|_| Vec::new()).collect();
    for number in 0..events {
        lists[number % TASKS].push(SampleDelivery::of(format!("{name}_{number}")).verified());
    }
    lists
}

async fn by_inbox(inbox: &PostgresInboxPool, events: Vec<Vec<Verified>>) {
    let mut tasks = JoinSet::new();
    for events in events {
        let inbox = inbox.clone();
        tasks.spawn(async move {
            for verified in events {
                let run = inbox.run(&verified, async |tx, _| {
                    let effect = tx.prepare_cached(EFFECT).await.unwrap();
                    tx.execute(&effect, &[&verified.event_id()]).await.unwrap();
                    Ok::<_, Infallible>(())
                });
                let run = run.await;
                assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
            }
        });
    }
    tasks.join_all().await;
}

/// What a user would write.
async fn by_hand(pool: &Pool, events: Vec<Vec<Verified>>) {
    let mut tasks = JoinSet::new();
    for events in events {
        let pool = pool.clone();
        tasks.spawn(async move {
            for verified in events {
                let mut client = pool.get().await.unwrap();
                let tx = client.transaction().await.unwrap();
                let claim = tx.prepare_cached(CLAIM).await.unwrap();
                assert_eq!(tx.execute(&claim, &[&verified.event_id()]).await.unwrap(), 1);
                let effect = tx.prepare_cached(EFFECT).await.unwrap();
                tx.execute(&effect, &[&verified.event_id()]).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

fn verifier() -> Verifier {
    let scheme = Scheme::builder("sample").signature_header("X-Sample-Signature");
    let scheme = scheme.signed_payload("{body}").event_id("body:/id").build().unwrap();
    Verifier::new(scheme, Secret::new("sample secret").unwrap()).unwrap()
}

const TABLES: &str = "CREATE TABLE by_hand (event text PRIMARY KEY, at timestamptz NOT NULL);
     CREATE TABLE ledger (event text NOT NULL)";
const CLAIM: &str = "INSERT INTO by_hand VALUES ($1, now()) ON CONFLICT DO NOTHING";
const EFFECT: &str = "INSERT INTO ledger VALUES ($1)";

fn rate(per_second: f64) -> String {
    format!("{per_second:.0}/s")
}
