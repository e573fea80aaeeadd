//! Every adapter passes all attacks, and its handler runs for genuine deliveries only.

use std::time::Duration;

use axum::body::Body;
use countersign::testing::{AttackAnswer, AttackList, AttackRequest, Attacks};
use countersign::{MemoryStore, Receiver, Secret, Verifier, schemes};
use http::StatusCode;
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::actix::server::Server;
use crate::harness::axum::claiming;
use crate::harness::{Handler, actix};

/// Their timestamps are, in this order: in the signature's header, in a separate header, in the
/// body, absent.
const SCHEMES: [&str; 4] = ["venum", "standardwebhooks", "perps-tracker", "github"];

#[tokio::test(start_paused = true)]
async fn the_tower_layer_and_the_axum_extractor_pass_every_attack() {
    for open in claiming() {
        for scheme in SCHEMES {
            let adapter = open(&receiver(scheme), &Handler::answering(StatusCode::NO_CONTENT));
            let deliver = async |attack: &AttackRequest| {
                let request = attack.to_http().map(Body::new);
                adapter.app.clone().oneshot(request).await.unwrap().status().into()
            };
            let card = attacks(scheme).run_counted(deliver, || adapter.handled()).await;
            assert!(card.is_clean(), "{adapter}, {scheme}: {card}");
        }
    }
}

/// Over a connection, because actix-web has its own request type.
#[tokio::test]
async fn the_actix_adapters_pass_every_attack() {
    for adapter in [actix::Adapter::WebhookMiddleware, actix::Adapter::ClaimedWebhook] {
        for scheme in SCHEMES {
            let handler = Handler::answering(StatusCode::NO_CONTENT);
            let (receiver, called) = (receiver(scheme), handler.clone());
            let server = Server::start_guarded(move |config| {
                adapter.configure(config, &receiver, &called);
            });
            let deliver =
                async |attack: &AttackRequest| match TcpStream::connect(server.address).await {
                    Ok(stream) => attack.deliver(stream).await,
                    Err(_) => AttackAnswer::Unreachable,
                };
            let card = attacks(scheme).run_counted(deliver, || handler.calls()).await;
            assert!(card.is_clean(), "{adapter:?}, {scheme}: {card}");
        }
    }
}

fn attacks(scheme: &str) -> AttackList {
    let attacks = Attacks::new(schemes::named(scheme).unwrap(), SECRET).unwrap();
    let attacks = attacks.to("/hooks".parse().unwrap()).with_body_limit(LIMIT);
    attacks.prepare().unwrap()
}

fn receiver(scheme: &str) -> Receiver<MemoryStore> {
    let secret = Secret::new(SECRET).unwrap();
    let verifier = Verifier::new(schemes::named(scheme).unwrap(), secret).unwrap();
    let verifier = verifier.with_body_limit(LIMIT).with_body_timeout(Duration::from_secs(2));
    Receiver::new(verifier.with_endpoint(scheme), MemoryStore::new())
}

/// Valid both as text and as base64.
const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const LIMIT: usize = 64 * 1024;
