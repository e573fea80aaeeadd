//! An actix-web handler that runs only for verified deliveries.
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
use countersign::{ConfigError, Secret, Verifier, schemes};
use serde::Deserialize;

/// Creates a verifier for Stripe.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn verifier(secret: &str) -> Result<Verifier, ConfigError> {
    Verifier::new(schemes::stripe(), Secret::new(secret)?)
}

/// Configures two ways to extract a delivery.
pub fn app(config: &mut ServiceConfig, verifier: &Verifier) {
    config
        .app_data(verifier.clone())
        .route("/raw", post().to(raw))
        .route("/typed", post().to(typed));
}

/// Extracts the signed bytes.
async fn raw(Webhook(verified): Webhook) -> impl Responder {
    println!("{}: {} bytes", verified.event_id(), verified.body().len());
    HttpResponse::NoContent()
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
}

/// Extracts parsed JSON. The body is parsed after verification.
async fn typed(WebhookJson { verified, event }: WebhookJson<Event>) -> impl Responder {
    println!("{}: {}", verified.event_id(), event.kind);
    HttpResponse::NoContent()
}

/// Serves the app until `end` completes, and then finishes the requests in progress.
///
/// # Errors
///
/// If the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    verifier: Verifier,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(|config| app(config, &verifier)))
        // The timeout for the headers. It applies only to the first request of a connection, so
        // each connection is limited to one request.
        .client_request_timeout(Duration::from_secs(5))
        .keep_alive(KeepAlive::Disabled)
        .max_connections(512)
        // The timeout for clients that do not read their responses.
        .on_connect(|connection, _| limit_unsent(connection))
        .shutdown_signal(end)
        .listen(listener)?;
    Ok(server.run())
}

#[cfg(test)]
mod tests;
