//! The examples that run a server, and deliveries to them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use countersign::redis::{RedisConfig, RedisStore};
use countersign::sqlite::SqliteStore;
use countersign::{Scheme, Secret, Signer, schemes};
use countersign_test_servers::{NatsServer, PostgresServer, RedisServer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::adapters::sockets::read;

pub(crate) struct Example {
    pub(crate) app: Router,
    pub(crate) sender: Sender,
}

/// The sender of an example's deliveries.
pub(crate) struct Sender {
    pub(crate) path: &'static str,
    pub(crate) scheme: Scheme,
}

impl Example {
    pub(crate) fn axum_extractor() -> Self {
        let app = example_axum_extractor::app(SECRET).unwrap();
        Self { app, sender: Sender::new("stripe", "/raw") }
    }

    pub(crate) fn tower_layer() -> Self {
        Self::of("github", example_tower_layer::app(SECRET).unwrap())
    }

    pub(crate) fn custom_store() -> Self {
        Self::of("jupiter", example_custom_store::app(SECRET).unwrap().0)
    }

    pub(crate) fn worker_handoff() -> Self {
        let (app, jobs) = example_worker_handoff::app(SECRET, 1000).unwrap();
        tokio::spawn(example_worker_handoff::work(jobs, async |_| Ok::<_, Infallible>(())));
        Self::of("jupiter", app)
    }

    pub(crate) async fn redis(redis: &RedisServer) -> Self {
        // The default deadline is too short on a busy machine.
        let config = RedisConfig::new(&redis.url()).unwrap();
        let config = config.with_deadline(Duration::from_secs(30));
        let store = RedisStore::connect_with(config).await.unwrap();
        Self::of("stripe", example_redis::app(example_redis::layer(SECRET, store).unwrap()))
    }

    pub(crate) async fn inbox_axum_postgres(server: &PostgresServer) -> Self {
        let ledger = example_inbox_axum_postgres::connect(&server.url()).await.unwrap();
        let verifier = example_inbox_axum_postgres::verifier(SECRET).unwrap();
        let layer = example_inbox_axum_postgres::layer(verifier, ledger);
        Self::of("stripe", example_inbox_axum_postgres::app(layer))
    }

    pub(crate) async fn queue_postgres(server: &PostgresServer) -> Self {
        let pool = example_queue_postgres::connect(&server.url()).await.unwrap();
        let layer =
            example_queue_postgres::layer(example_queue_postgres::verifier(SECRET).unwrap(), pool);
        Self::of("stripe", example_queue_postgres::app(&layer).unwrap())
    }

    pub(crate) async fn queue_redis_streams(redis: &RedisServer) -> Self {
        let config = RedisConfig::new(&redis.url()).unwrap();
        let config = config.with_deadline(Duration::from_secs(30));
        let store = RedisStore::connect_with(config).await.unwrap();
        let layer = example_queue_redis_streams::layer(SECRET, &store).unwrap();
        Self::of("jupiter", example_queue_redis_streams::app(&layer).unwrap())
    }

    pub(crate) async fn queue_nats(nats: &NatsServer, folder: &Path) -> Self {
        let (jetstream, _) = example_queue_nats::connect(&nats.url()).await.unwrap();
        let claims = SqliteStore::open(folder.join("claims.db")).unwrap();
        let layer = example_queue_nats::layer(SECRET, jetstream, claims).await.unwrap();
        Self::of("jupiter", example_queue_nats::app(&layer).unwrap())
    }

    pub(crate) fn inbox_axum_sqlite(folder: &Path) -> Self {
        let ledger = example_inbox_axum_sqlite::open(&folder.join("ledger.db")).unwrap();
        let verifier = example_inbox_axum_sqlite::verifier(SECRET).unwrap();
        let layer = example_inbox_axum_sqlite::layer(verifier, ledger);
        Self::of("stripe", example_inbox_axum_sqlite::app(layer))
    }

    pub(crate) fn multi_tenant() -> Self {
        let customers = example_multi_tenant::Customers::default();
        customers.add_secret("acme", SECRET);
        let app = example_multi_tenant::app(example_multi_tenant::verifier(customers).unwrap());
        Self { app, sender: Sender::new("jupiter", "/hooks/acme") }
    }

    pub(crate) fn observability() -> Self {
        let app = example_observability::app(Secret::new(SECRET).unwrap()).unwrap();
        Self { app, sender: Sender::new("venum", "/hooks/venum") }
    }

    pub(crate) fn opentelemetry() -> Self {
        let app = example_opentelemetry::app(Secret::new(SECRET).unwrap()).unwrap();
        Self { app, sender: Sender::new("stripe", "/hooks/stripe") }
    }

    pub(crate) fn venum_tracker() -> Self {
        let app = example_venum_tracker::app(SECRET, 1000).unwrap();
        Self { app, sender: Sender::new("venum", "/hooks/venum") }
    }

    pub(crate) fn perps_discord() -> Self {
        // The event is not a trade, so nothing is posted.
        let (app, _) = example_perps_discord::app(SECRET, 1000).unwrap();
        Self { app, sender: Sender::new("perps-tracker", "/webhook") }
    }

    fn of(scheme: &str, app: Router) -> Self {
        Self { app, sender: Sender::new(scheme, "/") }
    }
}

impl Sender {
    pub(crate) fn new(scheme: &str, path: &'static str) -> Self {
        Self { path, scheme: schemes::named(scheme).unwrap() }
    }

    /// A delivery that the app accepts, of the event with this id.
    pub(crate) fn delivery(&self, id: &str) -> Signed {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let body = format!(
            r#"{{"id":"{id}","event_id":"{id}","type":"test","created":{now},"data":{{}}}}"#
        );
        let signer = Signer::new(self.scheme.clone(), Secret::new(SECRET).unwrap()).unwrap();
        let headers = signer.sign(body.as_bytes()).unwrap();
        Signed { path: self.path, headers, body }
    }
}

/// A delivery that is signed now.
pub(crate) struct Signed {
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Signed {
    /// The head of an HTTP/1.1 request, without the empty line at its end.
    pub(crate) fn head(&self) -> String {
        let mut head = format!("POST {} HTTP/1.1\r\nhost: localhost\r\n", self.path);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head + &format!("content-length: {}\r\n", self.body.len())
    }

    /// The status of the response.
    pub(crate) async fn send(&self, to: SocketAddr) -> u16 {
        let mut client = TcpStream::connect(to).await.unwrap();
        let request = format!("{}connection: close\r\n\r\n{}", self.head(), self.body);
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut client).await;
        let status = answer.strip_prefix(b"HTTP/1.1 ").unwrap()[..3].to_vec();
        String::from_utf8(status).unwrap().parse().unwrap()
    }
}

pub(crate) const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiBhbiBleGFtcGxl";
