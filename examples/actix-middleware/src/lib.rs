//! A middleware that calls a handler once for each event, passes the original body
//! to it, and waits for it when the server shuts down.
//!
//! ```toml
//! [dependencies]
//! actix-web = "4"
//! countersign = { version = "0.1", features = ["actix"] }
//! tokio = { version = "1", features = ["macros", "signal"] }
//! ```

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::http::KeepAlive;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, ServiceConfig, post, resource};
use actix_web::{App, Error, HttpResponse, HttpServer, Responder};
use countersign::actix::{Rejection, WebhookMiddleware, limit_unsent};
use countersign::{
    ConfigError, EarlyResponse, MemoryStore, Receiver, Secret, Verified, Verifier, schemes,
};

/// Creates the middleware for Stripe, which deduplicates events. Create it once,
/// for all workers.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn middleware(secret: &str) -> Result<WebhookMiddleware<MemoryStore>, ConfigError> {
    let verifier = Verifier::new(schemes::stripe(), Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier.with_endpoint("stripe"), MemoryStore::new());
    Ok(WebhookMiddleware::new(receiver))
}

/// Configures the handler, the middleware, and the logging in front of both.
pub fn app(config: &mut ServiceConfig, middleware: &WebhookMiddleware<MemoryStore>) {
    let hook = resource("/").route(post().to(on_event));
    config.service(hook.wrap(middleware.clone()).wrap(from_fn(log_answers)));
}

/// Runs only for verified deliveries, and once for each event.
async fn on_event(verified: Verified, body: Bytes) -> impl Responder {
    println!("{}: {} bytes", verified.event_id(), body.len());
    HttpResponse::NoContent()
}

/// Logs the reason of an early response. The sender gets only the status. The
/// reason is in the extensions of the response, or in the error if there is no
/// response yet.
async fn log_answers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let answered = next.call(request).await;
    match &answered {
        Ok(response) => {
            if let Some(answer) = response.response().extensions().get::<EarlyResponse>() {
                eprintln!("answered: {}: {answer}", answer.code());
            }
        }
        Err(error) => {
            if let Some(rejection) = error.as_error::<Rejection>() {
                eprintln!("answered: {}: {rejection}", rejection.code());
            }
        }
    }
    answered
}

/// Serves the app until [`shut_down`] is called.
///
/// # Errors
///
/// If the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    middleware: WebhookMiddleware<MemoryStore>,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(|config| app(config, &middleware)))
        // The timeout for the headers. It applies only to the first request of a connection, so
        // each connection is limited to one request.
        .client_request_timeout(Duration::from_secs(5))
        .keep_alive(KeepAlive::Disabled)
        .max_connections(512)
        // The timeout for clients that do not read their responses.
        .on_connect(|connection, _| limit_unsent(connection))
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Stops the server after all handlers have finished, including handlers whose
/// client has disconnected. The server alone waits only for connections, and
/// cancels the handlers when it stops.
pub async fn shut_down(server: &ServerHandle, middleware: &WebhookMiddleware<MemoryStore>) {
    server.pause().await;
    if timeout(MAX_HANDLER, middleware.drain()).await.is_err() {
        eprintln!("some handlers were cancelled; their events are delivered again");
    }
    server.stop(true).await;
}

const MAX_HANDLER: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
