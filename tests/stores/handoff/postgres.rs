//! A table of the application in Postgres, in the transaction of the claim.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign::queue::HandoffErrorKind;
use countersign_postgres::deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use countersign_postgres::tokio_postgres::{Client, Config, NoTls};
use countersign_postgres::{EnqueueFuture, PostgresHandoff, PostgresInbox, PostgresTransaction};
use countersign_test_servers::{Fault, FaultProxy, PostgresServer};

use super::queue::Queue;
use super::*;
use crate::postgres::server;

/// A schema of the shared server that no other test uses.
pub(super) struct Postgres {
    /// With the schema as the search path.
    pub(super) url: String,
}

const JOBS: &str = "CREATE TABLE jobs (id bigserial PRIMARY KEY, message bytea NOT NULL)";

impl Postgres {
    async fn client(&self) -> Client {
        client_at(&self.url).await
    }

    /// A queue whose connections are those of this proxy.
    fn behind(&self, proxy: &FaultProxy) -> String {
        self.url.replace(&server().address(), &proxy.address().to_string())
    }
}

impl Queue for Postgres {
    type Handoff = PostgresHandoff;

    async fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let schema = format!("handoff_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = format!("{}?options=-csearch_path%3D{schema}", server().url());
        let queue = Self { url };
        let client = queue.client().await;
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
        migrate(&client).await;
        queue
    }

    async fn open(&self) -> PostgresHandoff {
        queue_at(&self.url, 8, PATIENT)
    }

    async fn messages(&self) -> Vec<Message> {
        messages(&self.client().await).await
    }
}

async fn client_at(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn migrate(client: &Client) {
    client.batch_execute(PostgresInbox::migration()).await.unwrap();
    client.batch_execute(JOBS).await.unwrap();
}

async fn messages(client: &Client) -> Vec<Message> {
    let rows = client.query("SELECT message FROM jobs ORDER BY id", &[]).await.unwrap();
    rows.iter().map(|row| Message::parse(row.get::<_, Vec<u8>>(0)).unwrap()).collect()
}

pub(super) fn queue_at(url: &str, connections: usize, deadline: Duration) -> PostgresHandoff {
    queue_with(url, connections, deadline, enqueue)
}

fn queue_with(
    url: &str,
    connections: usize,
    deadline: Duration,
    enqueue: impl for<'a> Fn(&'a PostgresTransaction, &'a Message) -> EnqueueFuture<'a>
    + Send
    + Sync
    + 'static,
) -> PostgresHandoff {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(Config::from_str(url).unwrap(), NoTls, recycling);
    let pool = Pool::builder(manager).max_size(connections).build().unwrap();
    PostgresInbox::new(&verifier()).on(pool).with_deadline(deadline).hand_off(enqueue)
}

fn enqueue<'a>(tx: &'a PostgresTransaction, message: &'a Message) -> EnqueueFuture<'a> {
    Box::pin(async move {
        let insert = tx.prepare_cached("INSERT INTO jobs (message) VALUES ($1)").await?;
        tx.execute(&insert, &[&message.to_bytes()]).await?;
        Ok(())
    })
}

/// The number of rows of the inbox.
async fn events(client: &Client) -> i64 {
    client.query_one("SELECT count(*) FROM countersign_inbox", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_message_that_cannot_be_enqueued_leaves_no_event_and_the_retry_is_stored() {
    let queue = Postgres::new().await;
    let client = queue.client().await;
    let layer = layer(queue.open().await);
    // A failing statement, and an error without one.
    client.batch_execute("ALTER TABLE jobs RENAME TO moved").await.unwrap();
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("store_unavailable")));
    client.batch_execute("ALTER TABLE moved RENAME TO jobs").await.unwrap();
    let failing = queue_with(&queue.url, 1, PATIENT, |_, _| {
        Box::pin(async { Err("there is no room in the application's queue".into()) })
    });
    assert_eq!(result(&deliver(&super::layer(failing), "evt_1").await).0, 503);
    assert_eq!((events(&client).await, queue.messages().await.len()), (0, 0));
    assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
    assert_eq!(events(&client).await, 1);
}

#[tokio::test]
async fn an_error_of_the_enqueuing_statement_is_named_without_the_values_of_its_row() {
    let queue = Postgres::new().await;
    let client = queue.client().await;
    client.batch_execute("ALTER TABLE jobs ADD UNIQUE (message)").await.unwrap();
    let twice = queue_with(&queue.url, 1, PATIENT, |tx, message| {
        Box::pin(async move {
            enqueue(tx, message).await?;
            enqueue(tx, message).await
        })
    });
    let error = hand_off(twice).await.unwrap_err();
    assert_eq!(error.kind(), HandoffErrorKind::NotAccepted);
    let text = format!("{error:?}");
    assert!(text.contains("duplicate key") && text.contains("23505"), "{text}");
    assert!(!text.contains("\\x") && !text.contains("evt_1"), "{text}");
    assert_eq!((events(&client).await, queue.messages().await.len()), (0, 0));
}

#[tokio::test]
async fn missing_tables_are_an_error_that_says_so() {
    let queue = Postgres::new().await;
    let drop = "DROP TABLE countersign_inbox";
    queue.client().await.batch_execute(drop).await.unwrap();
    let error = hand_off(queue.open().await).await.unwrap_err();
    assert_eq!(error.kind(), HandoffErrorKind::NotAccepted);
    assert!(format!("{error:?}").contains("migration()"), "{error:?}");
}

#[tokio::test]
async fn while_another_transaction_has_the_event_it_is_in_flight() {
    let queue = Postgres::new().await;
    let (begun, proceed) = (Arc::new(tokio::sync::Notify::new()), Arc::default());
    let signals: (Arc<tokio::sync::Notify>, Arc<tokio::sync::Notify>) =
        (Arc::clone(&begun), Arc::clone(&proceed));
    let slow = queue_with(&queue.url, 1, PATIENT, move |tx, message| {
        let (begun, proceed) = signals.clone();
        Box::pin(async move {
            begun.notify_one();
            proceed.notified().await;
            enqueue(tx, message).await
        })
    });
    let slow = layer(slow);
    let first = tokio::spawn(async move { deliver(&slow, "evt_1").await.status() });
    begun.notified().await;
    let other = layer(queue.open().await);
    assert_eq!(result(&deliver(&other, "evt_1").await), (503, Some("in_flight")));
    proceed.notify_one();
    assert_eq!(first.await.unwrap(), 202);
    assert_eq!(result(&deliver(&other, "evt_1").await), (200, Some("duplicate")));
    assert_eq!(queue.messages().await.len(), 1);
}

#[tokio::test]
async fn a_connection_that_is_terminated_before_the_commit_leaves_nothing() {
    let queue = Postgres::new().await;
    let url = queue.url.clone();
    let terminated = queue_with(&queue.url, 1, PATIENT, move |tx, message| {
        let url = url.clone();
        Box::pin(async move {
            enqueue(tx, message).await?;
            let row = tx.query_one("SELECT pg_backend_pid()", &[]).await?;
            let pid: i32 = row.get(0);
            let client = client_at(&url).await;
            client.query("SELECT pg_terminate_backend($1)", &[&pid]).await?;
            let is_there = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
            while !client.query(is_there, &[&pid]).await?.is_empty() {}
            Ok(())
        })
    });
    let response = deliver(&layer(terminated), "evt_1").await;
    assert_eq!(result(&response), (503, Some("store_unavailable")));
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!((events(&queue.client().await).await, queue.messages().await.len()), (0, 0));
    assert_eq!(result(&deliver(&layer(queue.open().await), "evt_1").await), (202, None));
    assert_eq!(ids(&queue.messages().await), ["evt_1"]);
}

/// The server executes the commit, and its reply is lost: by a reset, and without a trace.
#[tokio::test]
async fn after_a_commit_whose_reply_is_lost_the_response_is_503_and_the_retry_a_duplicate() {
    let queue = Postgres::new().await;
    let proxy = Arc::new(FaultProxy::start(server().address()).await);
    for (id, fault) in [("evt_1", Fault::ResetAfter(0)), ("evt_2", Fault::HalfOpen)] {
        let deadline = if fault == Fault::HalfOpen { Duration::from_secs(1) } else { PATIENT };
        let losing = Arc::clone(&proxy);
        let lossy = queue_with(&queue.behind(&proxy), 1, deadline, move |tx, message| {
            let proxy = Arc::clone(&losing);
            Box::pin(async move {
                enqueue(tx, message).await?;
                proxy.set(fault);
                Ok(())
            })
        });
        let response = deliver(&layer(lossy), id).await;
        assert_eq!(result(&response), (503, Some("store_unavailable")), "{fault:?}");
        assert!(response.headers().contains_key("retry-after"));
        let retry = deliver(&layer(queue.open().await), id).await;
        assert_eq!(result(&retry), (200, Some("duplicate")), "{fault:?}");
    }
    assert_eq!(ids(&queue.messages().await), ["evt_1", "evt_2"]);
}

/// Whatever is lost, after the retries there is one message of each event.
#[tokio::test]
async fn a_reply_that_is_lost_anywhere_costs_a_retry_and_no_message() {
    let queue = Postgres::new().await;
    let proxy = FaultProxy::start(server().address()).await;
    let layer = layer(queue_at(&queue.behind(&proxy), 2, PATIENT));
    let mut stored = 0;
    // A delivery on a prepared connection has some 300 bytes of replies.
    for bytes in (0..600).step_by(20) {
        let id = format!("evt_{bytes}");
        proxy.set(Fault::ResetAfter(bytes));
        let first = deliver(&layer, &id).await;
        proxy.set(Fault::None);
        assert!(matches!(first.status().as_u16(), 202 | 503), "{bytes}: {:?}", result(&first));
        match deliver_until_accepted(&layer, &id).await {
            202 => assert_ne!(first.status(), 202),
            status => assert_eq!(status, 200),
        }
        stored += 1;
        assert_eq!(queue.messages().await.len(), stored, "{bytes}");
    }
}

/// One server for all of it, because each start takes a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_202_survives_a_kill_of_the_server() {
    let mut server = PostgresServer::start(&["-c", "fsync=on"]);
    migrate(&client_at(&server.url()).await).await;
    let brief = Duration::from_secs(2);
    let layer = layer(queue_at(&server.url(), 4, brief));
    let accepted = accepted_during_kills(&layer, (2, 10), || server.restart()).await;
    let stored = messages(&client_at(&server.url()).await).await;
    let mut stored = ids(&stored);
    stored.sort_unstable();
    assert_eq!(stored, accepted);
}
