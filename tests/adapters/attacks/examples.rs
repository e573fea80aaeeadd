//! The servers of all examples pass all attacks, over connections, as in the program.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use countersign::serve::Serve;
use countersign::testing::{AttackAnswer, AttackRequest, Attacks};
use countersign_test_servers::{NatsServer, PostgresServer, RedisServer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::actix::server::Server;
use crate::slow_clients::example::{Example, SECRET, Sender};

#[tokio::test]
async fn the_axum_extractor_example_passes_every_attack() {
    is_clean(Example::axum_extractor()).await;
}

#[tokio::test]
async fn the_tower_layer_example_passes_every_attack() {
    is_clean(Example::tower_layer()).await;
}

#[tokio::test]
async fn the_custom_store_example_passes_every_attack() {
    is_clean(Example::custom_store()).await;
}

#[tokio::test]
async fn the_worker_handoff_example_passes_every_attack() {
    is_clean(Example::worker_handoff()).await;
}

#[tokio::test]
async fn the_multi_tenant_example_passes_every_attack() {
    is_clean(Example::multi_tenant()).await;
}

#[tokio::test]
async fn the_observability_example_passes_every_attack() {
    is_clean(Example::observability()).await;
}

#[tokio::test]
async fn the_opentelemetry_example_passes_every_attack() {
    is_clean(Example::opentelemetry()).await;
}

#[tokio::test]
async fn the_venum_tracker_example_passes_every_attack() {
    is_clean(Example::venum_tracker()).await;
}

#[tokio::test]
async fn the_perps_discord_example_passes_every_attack() {
    is_clean(Example::perps_discord()).await;
}

#[tokio::test]
async fn the_redis_example_passes_every_attack() {
    let redis = RedisServer::start(&[]);
    is_clean(Example::redis(&redis).await).await;
}

#[tokio::test]
async fn the_inbox_axum_sqlite_example_passes_every_attack() {
    let folder = tempfile::tempdir().unwrap();
    is_clean(Example::inbox_axum_sqlite(folder.path())).await;
}

#[tokio::test]
async fn the_inbox_axum_postgres_example_passes_every_attack() {
    let server = PostgresServer::start(&[]);
    is_clean(Example::inbox_axum_postgres(&server).await).await;
}

#[tokio::test]
async fn the_queue_postgres_example_passes_every_attack() {
    let server = PostgresServer::start(&[]);
    is_clean(Example::queue_postgres(&server).await).await;
}

#[tokio::test]
async fn the_queue_redis_streams_example_passes_every_attack() {
    let redis = RedisServer::start(&[]);
    is_clean(Example::queue_redis_streams(&redis).await).await;
}

#[tokio::test]
async fn the_queue_nats_example_passes_every_attack() {
    let (nats, folder) = (NatsServer::start(), tempfile::tempdir().unwrap());
    is_clean(Example::queue_nats(&nats, folder.path()).await).await;
}

#[tokio::test]
async fn the_actix_extractor_example_passes_every_attack() {
    let verifier = example_actix_extractor::verifier(SECRET).unwrap();
    let server = Server::of(|listener| {
        example_actix_extractor::serve(listener, verifier, std::future::pending())
    });
    withstand(server.address, &Sender::new("stripe", "/raw")).await;
}

#[tokio::test]
async fn the_actix_middleware_example_passes_every_attack() {
    let middleware = example_actix_middleware::middleware(SECRET).unwrap();
    let server = Server::of(|listener| example_actix_middleware::serve(listener, middleware));
    withstand(server.address, &Sender::new("stripe", "/")).await;
}

#[test]
fn every_example_server_is_listed_in_the_page_and_its_script() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut serving = Vec::new();
    for example in fs::read_dir(examples).unwrap() {
        let example = example.unwrap();
        let program = fs::read_to_string(example.path().join("src/main.rs"));
        if program.is_ok_and(|program| program.contains("127.0.0.1:3000")) {
            serving.push(example.file_name().into_string().unwrap());
        }
    }
    assert_eq!(serving.len(), 17, "{serving:?}: each has a test above");
    for name in serving {
        assert!(PAGE.contains(&format!("| `{name}` |")), "{name}");
        assert!(SCRIPT.contains(&format!("SECRET {name}\n")), "{name}");
    }
}

async fn is_clean(example: Example) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    server.spawn(Serve::new(listener, example.app).into_future());
    withstand(address, &example.sender).await;
}

async fn withstand(address: SocketAddr, sender: &Sender) {
    let attacks = Attacks::new(sender.scheme.clone(), SECRET).unwrap();
    let attacks = attacks.to(sender.path.parse().unwrap()).with_body(EVENT);
    let deliver = async |attack: &AttackRequest| match TcpStream::connect(address).await {
        Ok(stream) => attack.deliver(stream).await,
        Err(_) => AttackAnswer::Unreachable,
    };
    let card = attacks.prepare().unwrap().run(deliver).await;
    assert!(card.is_clean(), "{card}");
}

/// All fields that the examples read from a body. The event is neither a trade nor a step of a
/// transaction, so the examples call no other service.
const EVENT: &str = r#"{"id":"evt_1","event_id":"evt_1","type":"test","created":0,"data":{}}"#;
const PAGE: &str = include_str!("../../../docs/ATTACKS.md");
const SCRIPT: &str = include_str!("../../../docs/attacks/run-examples");
