//! The servers: bare handlers that take the body, and the same ones behind the
//! doors.

use std::net::SocketAddr;
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_core::{Endpoint, IdempotencyStore, MemoryStore, Receiver};
use countersign_redis::RedisStore;
use countersign_tower::{VerifyLayer, WebhookLayer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use countersign_benches::verifier;

/// A server on a runtime as `#[tokio::main]` makes it, until the process ends.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// The name of the one that it is compared with.
    pub(crate) bare: &'static str,
    pub(crate) has_budget: bool,
    pub(crate) address: SocketAddr,
}

const BARE_AXUM: &str = "axum, a bare handler that takes `Bytes`";

pub(crate) fn all(redis: &str) -> Vec<Server> {
    let axum = |name, has_budget, address| Server { name, bare: BARE_AXUM, has_budget, address };
    vec![
        axum(BARE_AXUM, false, serve(|| async { app() })),
        axum(
            "axum, `VerifyLayer`",
            false,
            serve(|| async { app().layer(VerifyLayer::new(verifier("venum"))) }),
        ),
        axum(
            "axum, `WebhookLayer`, memory store",
            true,
            serve(|| async { app().layer(layer(MemoryStore::new())) }),
        ),
        axum("axum, `WebhookLayer`, Redis store", false, {
            let redis = redis.to_owned();
            serve(|| async move { app().layer(layer(RedisStore::connect(&redis).await.unwrap())) })
        }),
    ]
}

fn app() -> Router {
    Router::new().route("/hook", post(handle))
}

async fn handle(body: Bytes) -> StatusCode {
    std::hint::black_box(body.len());
    StatusCode::OK
}

fn layer<S: IdempotencyStore>(store: S) -> WebhookLayer<S> {
    WebhookLayer::new(Receiver::new(verifier("venum"), store, Endpoint::new("bench")))
}

fn serve<F>(app: impl FnOnce() -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = Router>,
{
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        runtime.block_on(async { axum::serve(listener, app().await).await.unwrap() });
    });
    address
}
