//! A middleware in front of a handler, which is called once for each event, finds
//! the body as it was sent, and is waited for when the server ends.
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
use actix_web::web::{Bytes, ReqData, ServiceConfig, post, resource};
use actix_web::{App, Error, HttpResponse, HttpServer, Responder};
use countersign::actix::{Rejection, WebhookMiddleware, limit_unsent};
use countersign::{
    Answer, ConfigError, Endpoint, MemoryStore, Receiver, Scheme, Secret, Verified, Verifier,
};

/// Takes Stripe's deliveries, each event once. Made once, for all workers.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn middleware(secret: &str) -> Result<WebhookMiddleware<MemoryStore>, ConfigError> {
    let verifier = Verifier::new(Scheme::named("stripe")?, Secret::new(secret)?)?;
    let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("stripe"));
    Ok(WebhookMiddleware::new(receiver))
}

/// The middleware, its handler, and what stands in front of both.
pub fn app(config: &mut ServiceConfig, middleware: &WebhookMiddleware<MemoryStore>) {
    let hook = resource("/").route(post().to(on_event));
    config.service(hook.wrap(middleware.clone()).wrap(from_fn(log_answers)));
}

/// Runs for proved deliveries only, and for each event once.
async fn on_event(verified: ReqData<Verified>, body: Bytes) -> impl Responder {
    println!("{}: {} bytes", verified.event_id(), body.len());
    HttpResponse::NoContent()
}

/// The sender is told a status and no more. The reason is in the response's
/// extensions, or is the error where there is none yet, and for the log.
async fn log_answers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let answered = next.call(request).await;
    match &answered {
        Ok(response) => {
            if let Some(answer) = response.response().extensions().get::<Answer>() {
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

/// Serves it. What ends it is [`shut_down`].
///
/// # Errors
///
/// Where the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    middleware: WebhookMiddleware<MemoryStore>,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(|config| app(config, &middleware)))
        // For the headers, which nobody else waits for. It holds for the first request of a
        // connection only, so each connection has but one.
        .client_request_timeout(Duration::from_secs(5))
        .keep_alive(KeepAlive::Disabled)
        .max_connections(512)
        // For the answers, if nobody takes them.
        .on_connect(|connection, _| limit_unsent(connection))
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// Ends the server and leaves no handler half-way, not even one whose sender has
/// left: the server knows of connections only, and takes its handlers with it.
pub async fn shut_down(server: &ServerHandle, middleware: &WebhookMiddleware<MemoryStore>) {
    server.pause().await;
    if timeout(LONGEST_HANDLER, middleware.drain()).await.is_err() {
        eprintln!("some handlers are stopped; their events come again");
    }
    server.stop(true).await;
}

const LONGEST_HANDLER: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
