//! An axum server with a layer, for the tables that send over sockets.

use std::net::SocketAddr;
use std::thread;

use axum::Router;
use axum::routing::post;
use countersign_core::{MemoryStore, Receiver};
use countersign_tower::{Serve, WebhookLayer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use countersign_benches::verifier;

/// Serves `/hook` until the process ends.
pub(crate) fn start() -> SocketAddr {
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let receiver = Receiver::new(verifier("venum").with_endpoint("bench"), MemoryStore::new());
    let app = Router::new().route("/hook", post(async || ())).layer(WebhookLayer::new(receiver));
    thread::spawn(move || {
        runtime.block_on(async { Serve::new(listener, app).with_connections(20_000).await });
    });
    address
}
