//! Slow clients against the servers of all examples: none keeps its connection
//! longer than its deadline, and normal requests are still answered.

pub(crate) mod attack;
pub(crate) mod example;

use std::net::SocketAddr;
use std::time::Duration;

use countersign::serve::Serve;
use countersign_test_servers::RedisServer;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::attack::Attack;
use self::example::{Example, Sender};
use crate::actix::server::Server;

#[tokio::test]
async fn two_hundred_slow_clients_do_not_block_other_clients() {
    withstand(Example::axum_extractor(), 200).await;
}

#[tokio::test]
async fn the_tower_layer_example_withstands_slow_clients() {
    withstand(Example::tower_layer(), 16).await;
}

#[tokio::test]
async fn the_custom_store_example_withstands_slow_clients() {
    withstand(Example::custom_store(), 16).await;
}

#[tokio::test]
async fn the_worker_handoff_example_withstands_slow_clients() {
    withstand(Example::worker_handoff(), 16).await;
}

#[tokio::test]
async fn the_multi_tenant_example_withstands_slow_clients() {
    withstand(Example::multi_tenant(), 16).await;
}

#[tokio::test]
async fn the_observability_example_withstands_slow_clients() {
    withstand(Example::observability(), 16).await;
}

#[tokio::test]
async fn the_venum_tracker_example_withstands_slow_clients() {
    withstand(Example::venum_tracker(), 16).await;
}

#[tokio::test]
async fn the_perps_discord_example_withstands_slow_clients() {
    withstand(Example::perps_discord(), 16).await;
}

#[tokio::test]
async fn the_redis_example_withstands_slow_clients() {
    let redis = RedisServer::start(&[]);
    withstand(Example::redis(&redis).await, 16).await;
}

#[tokio::test]
async fn the_actix_extractor_example_withstands_slow_clients() {
    let verifier = example_actix_extractor::verifier(example::SECRET).unwrap();
    let server = Server::of(|listener| {
        example_actix_extractor::serve(listener, verifier, std::future::pending())
    });
    hold_out(server.address, &Sender::new("stripe", "/raw"), 16).await;
}

#[tokio::test]
async fn the_actix_middleware_example_withstands_slow_clients() {
    let middleware = example_actix_middleware::middleware(example::SECRET).unwrap();
    let server = Server::of(|listener| example_actix_middleware::serve(listener, middleware));
    hold_out(server.address, &Sender::new("stripe", "/"), 16).await;
}

/// Runs every attack at once, each with this many clients.
async fn withstand(example: Example, clients: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let Example { app, sender } = example;
    let serve = Serve::new(listener, app).with_header_timeout(SHORT).with_idle_timeout(SHORT);
    let mut server = JoinSet::new();
    server.spawn(serve.into_future());
    hold_out(address, &sender, clients).await;
}

async fn hold_out(address: SocketAddr, sender: &Sender, clients: usize) {
    let mut attackers = JoinSet::new();
    for attack in Attack::ALL.into_iter().cycle().take(clients) {
        let attacker = attack.begin(address, &sender.delivery("attack")).await;
        attackers.spawn(async move {
            let closed = timeout(PATIENCE, attacker.until_closed()).await;
            assert!(closed.is_ok(), "{attack:?} keeps its connection");
        });
    }
    let mut answered = 0;
    let honest = async {
        loop {
            let status = sender.delivery(&format!("honest-{answered}")).send(address).await;
            assert!((200..300).contains(&status), "{status}");
            answered += 1;
        }
    };
    let all_closed = async {
        while let Some(closed) = attackers.join_next().await {
            closed.unwrap();
        }
    };
    tokio::select! {
        () = all_closed => {}
        () = honest => {}
    }
    assert!(answered >= 5, "{answered} honest requests were answered meanwhile");
}

const SHORT: Duration = Duration::from_secs(2);
/// The maximum deadline here is that of actix-web's headers, 5 s.
const PATIENCE: Duration = Duration::from_secs(60);
