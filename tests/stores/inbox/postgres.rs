//! `PostgresInbox` on a real server.

mod claims;
mod failures;
mod isolation;
mod pooler;

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_postgres::deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use countersign_postgres::tokio_postgres::{Client, Config, NoTls};
use countersign_postgres::{
    OpenTransaction, PostgresInbox, PostgresInboxPool, PostgresTransaction,
};

use super::database::{COUNTS, Database, LEDGER, PATIENT};
use super::*;
use crate::postgres::server;

/// A schema of the shared server that no other test uses.
pub(super) struct Postgres {
    /// With the schema as the search path.
    pub(super) url: String,
}

impl Postgres {
    /// The inbox on this number of connections.
    fn inbox_on(&self, connections: usize) -> PostgresInboxPool {
        inbox_at(&self.url, connections)
    }

    fn pool(&self, connections: usize) -> Pool {
        pool(&self.url, connections)
    }

    /// A connection without a pool.
    async fn client(&self) -> Client {
        client_at(&self.url).await
    }
}

impl Database for Postgres {
    type Inbox = PostgresInboxPool;

    async fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let schema = format!("inbox_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let url = format!("{}?options=-csearch_path%3D{schema}", server().url());
        let database = Self { url };
        let client = database.client().await;
        client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
        migrate(&client).await;
        database
    }

    fn inbox(&self) -> PostgresInboxPool {
        self.inbox_on(8)
    }

    async fn book(tx: &mut PostgresTransaction, event: &str) {
        let insert = tx.prepare_cached("INSERT INTO ledger VALUES ($1)").await.unwrap();
        tx.execute(&insert, &[&event]).await.unwrap();
    }

    async fn counts(&self) -> [usize; 3] {
        counts(&self.client().await).await
    }
}

async fn migrate(client: &Client) {
    client.batch_execute(PostgresInbox::migration()).await.unwrap();
    client.batch_execute(LEDGER).await.unwrap();
}

async fn counts(client: &Client) -> [usize; 3] {
    let row = client.query_one(COUNTS, &[]).await.unwrap();
    [0, 1, 2].map(|at| usize::try_from(row.get::<_, i64>(at)).unwrap())
}

async fn client_at(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn pool(url: &str, connections: usize) -> Pool {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(Config::from_str(url).unwrap(), NoTls, recycling);
    Pool::builder(manager).max_size(connections).build().unwrap()
}

pub(super) fn inbox_at(url: &str, connections: usize) -> PostgresInboxPool {
    PostgresInbox::new(settings()).on(pool(url, connections)).with_deadline(PATIENT)
}

/// Whether the connection is outside of a transaction: inside of one, both have the same number.
async fn is_outside(client: &Client) -> bool {
    let number = async || {
        let row = client.query_one("SELECT txid_current()", &[]).await.unwrap();
        row.get::<_, i64>(0)
    };
    number().await != number().await
}
