//! Every adapter passes all attacks, and its handler runs for genuine deliveries only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, web};
use axum::Router;
use axum::body::Body;
use axum::routing::post;
use countersign::actix::WebhookMiddleware;
use countersign::axum::ClaimedWebhook;
use countersign::testing::{AttackAnswer, AttackList, AttackRequest, Attacks};
use countersign::tower::WebhookLayer;
use countersign::{MemoryStore, Receiver, Secret, Verifier, schemes};
use http::StatusCode;
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::actix::server::Server;

/// Their timestamps are, in this order: in the signature's header, in a separate header, in the
/// body, absent.
const SCHEMES: [&str; 4] = ["venum", "standardwebhooks", "perps-tracker", "github"];

#[tokio::test(start_paused = true)]
async fn the_tower_layer_passes_every_attack() {
    for scheme in SCHEMES {
        let handled = Handled::default();
        let counted = handled.clone();
        let on_event = move || {
            counted.count();
            async { StatusCode::NO_CONTENT }
        };
        let layer = WebhookLayer::new(receiver(scheme));
        let app = Router::new().route("/hooks", post(on_event)).layer(layer);
        is_clean(scheme, &handled, app).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_axum_extractor_passes_every_attack() {
    for scheme in SCHEMES {
        let handled = Handled::default();
        let counted = handled.clone();
        let on_event = move |ClaimedWebhook { claim, .. }: ClaimedWebhook| {
            counted.count();
            async move { claim.complete().await.map(|_| StatusCode::NO_CONTENT).unwrap() }
        };
        let app = Router::new().route("/hooks", post(on_event)).with_state(receiver(scheme));
        is_clean(scheme, &handled, app).await;
    }
}

/// Over a connection, because actix-web has its own request type.
#[tokio::test]
async fn the_actix_middleware_passes_every_attack() {
    for scheme in SCHEMES {
        let handled = Handled::default();
        let counted = handled.clone();
        let middleware = WebhookMiddleware::new(receiver(scheme));
        let server = Server::start_guarded(move |config| {
            let counted = counted.clone();
            let on_event = move || {
                counted.count();
                async { HttpResponse::NoContent().finish() }
            };
            let hook = web::resource("/hooks").route(web::post().to(on_event));
            config.service(hook.wrap(middleware.clone()));
        });
        let deliver = async |attack: &AttackRequest| match TcpStream::connect(server.address).await
        {
            Ok(stream) => attack.deliver(stream).await,
            Err(_) => AttackAnswer::Unreachable,
        };
        let card = attacks(scheme).run_counted(deliver, || handled.times()).await;
        assert!(card.is_clean(), "{scheme}: {card}");
    }
}

async fn is_clean(scheme: &str, handled: &Handled, app: Router) {
    let deliver = async |attack: &AttackRequest| {
        let request = attack.to_http().map(Body::new);
        app.clone().oneshot(request).await.unwrap().status().into()
    };
    let card = attacks(scheme).run_counted(deliver, || handled.times()).await;
    assert!(card.is_clean(), "{scheme}: {card}");
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

/// How often a handler was called.
#[derive(Clone, Default)]
struct Handled(Arc<AtomicUsize>);

impl Handled {
    fn count(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Valid both as text and as base64.
const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const LIMIT: usize = 64 * 1024;
