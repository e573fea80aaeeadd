//! An actix-web handler that runs only for deliveries that are proved.
//!
//! ```toml
//! [dependencies]
//! actix-web = "4"
//! countersign = { version = "0.1", features = ["actix"] }
//! serde = { version = "1", features = ["derive"] }
//! ```

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::web::{ServiceConfig, post};
use actix_web::{App, HttpResponse, HttpServer, Responder};
use countersign::actix::{Webhook, WebhookJson, limit_unsent};
use countersign::{ConfigError, Scheme, Secret, Verifier};
use serde::Deserialize;

/// Proves the deliveries of Stripe.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn verifier(secret: &str) -> Result<Verifier, ConfigError> {
    Verifier::new(Scheme::named("stripe")?, Secret::new(secret)?)
}

/// Two ways to take a delivery.
pub fn app(config: &mut ServiceConfig, verifier: &Verifier) {
    config
        .app_data(verifier.clone())
        .route("/raw", post().to(raw))
        .route("/typed", post().to(typed));
}

/// Takes the bytes that were signed.
async fn raw(Webhook(verified): Webhook) -> impl Responder {
    println!("{}: {} bytes", verified.event_id(), verified.body().len());
    HttpResponse::NoContent()
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
}

/// Takes what they say; it is parsed once they are proved.
async fn typed(WebhookJson { verified, event }: WebhookJson<Event>) -> impl Responder {
    println!("{}: {}", verified.event_id(), event.kind);
    HttpResponse::NoContent()
}

/// Serves it until it is told to end, and then still answers what it has in hand.
///
/// # Errors
///
/// Where the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    verifier: Verifier,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(|config| app(config, &verifier)))
        // For the headers, which nobody else waits for. It holds for the first request of a
        // connection only, so each connection has but one.
        .client_request_timeout(Duration::from_secs(5))
        .keep_alive(KeepAlive::Disabled)
        .max_connections(512)
        // For the answers, if nobody takes them.
        .on_connect(|connection, _| limit_unsent(connection))
        .shutdown_signal(end)
        .listen(listener)?;
    Ok(server.run())
}

#[cfg(test)]
mod tests;
