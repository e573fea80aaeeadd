//! actix-web middleware and extractors for webhook deliveries.
//!
//! | middleware | the service behind it |
//! | --- | --- |
//! | [`VerifyMiddleware`] | is called with verified deliveries only, and handles duplicates itself |
//! | [`WebhookMiddleware`] | is called once for each event, and settles the event by the status of its response |
//! | [`ShadowMiddleware`] | is called with every request; what would have been rejected is logged and counted |
//!
//! | extractor | the handler runs for | it gets |
//! | --- | --- | --- |
//! | [`Webhook`], [`WebhookJson`] | verified deliveries | the verified delivery |
//! | [`ClaimedWebhook`], [`ClaimedWebhookJson`] | verified deliveries whose event it has claimed | the verified delivery, and the claim, which it settles |
//!
//! The second of each pair of extractors also parses the body as JSON. A
//! rejected request gets a status and an empty body.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim -> handler -> settle -> response
//!            `-- countersign_core: Verifier::receive --'    `-- countersign_core: Receiver::handle
//! VerifyMiddleware:  `- service.rs ------------------------------- call
//! WebhookMiddleware: `- webhook/service.rs
//! the extractors:    `- extract/webhook.rs, extract/delivery.rs
//! ```
//!
//! # Verify
//!
//! With an extractor: The verifier comes from the app data, stored either
//! directly or as `web::Data`. It can be the data of the resource, of a scope, or
//! of the app, so several providers can have one each. Without a verifier, the
//! response is 503 `misconfigured`.
//!
//! ```
//! use actix_web::{HttpResponse, Responder, web};
//! use countersign_actix::Webhook;
//! use countersign_core::{ConfigError, Secret, Verifier};
//! use countersign_schemes as schemes;
//!
//! async fn on_event(Webhook(verified): Webhook) -> impl Responder {
//!     println!("{:?} {}", verified.event_type(), verified.event_id());
//!     HttpResponse::NoContent()
//! }
//!
//! fn app(config: &mut web::ServiceConfig, verifier: Verifier) {
//!     config.service(
//!         web::resource("/hooks/stripe").app_data(verifier).route(web::post().to(on_event)),
//!     );
//! }
//! # use actix_web::{App, test};
//! # use countersign_core::Signer;
//! #
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = || Secret::new("whsec_test");
//! # let verifier = Verifier::new(schemes::stripe(), secret()?)?;
//! # let app = test::init_service(App::new().configure(|config| app(config, verifier))).await;
//! # let mut request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 401);
//! # request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # for header in Signer::new(schemes::stripe(), secret()?)?.sign(b"{}")? {
//! #     request = request.insert_header(header);
//! # }
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! With a middleware: The handler takes the [`Verified`](countersign_core::Verified),
//! and finds the body as it was sent. If the route is not behind a middleware, the
//! response is 500 with an empty body, and the log names the route:
//!
//! ```
//! use actix_web::{HttpResponse, Responder, web};
//! use countersign_actix::VerifyMiddleware;
//! use countersign_core::{Verified, Verifier};
//! use countersign_schemes as schemes;
//!
//! async fn on_event(verified: Verified, body: web::Bytes) -> impl Responder {
//!     println!("{}: {} bytes", verified.event_id(), body.len());
//!     HttpResponse::NoContent()
//! }
//!
//! fn app(config: &mut web::ServiceConfig, verifier: Verifier) {
//!     config.service(
//!         web::resource("/hooks/stripe")
//!             .wrap(VerifyMiddleware::new(verifier))
//!             .route(web::post().to(on_event)),
//!     );
//! }
//! # use actix_web::{App, test};
//! # use countersign_core::{Scheme, Secret, Signer};
//! #
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = || Secret::new("whsec_test");
//! # let verifier = Verifier::new(schemes::stripe(), secret()?)?;
//! # let app = test::init_service(App::new().configure(|config| app(config, verifier))).await;
//! # let mut request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # for header in Signer::new(schemes::stripe(), secret()?)?.sign(b"{}")? {
//! #     request = request.insert_header(header);
//! # }
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! # Idempotency
//!
//! ```
//! use actix_web::{App, HttpResponse, Responder, test, web};
//! use countersign_actix::WebhookMiddleware;
//! use countersign_core::{EarlyResponse, Grant, MemoryStore, Receiver, Secret, Signer, Verifier};
//! use countersign_schemes as schemes;
//!
//! async fn on_event(grant: web::ReqData<Grant>) -> impl Responder {
//!     HttpResponse::Ok().body(format!("attempt {}", grant.attempt))
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheme = schemes::jupiter();
//! let verifier = Verifier::new(scheme.clone(), Secret::new("whsec_demo")?)?;
//! let receiver = Receiver::new(verifier, MemoryStore::new());
//! let middleware = WebhookMiddleware::new(receiver);
//!
//! let app = App::new().service(
//!     web::resource("/hooks/jupiter").wrap(middleware.clone()).route(web::post().to(on_event)),
//! );
//! # let app = test::init_service(app).await;
//! # let body = r#"{"event_id":"evt_1"}"#;
//! # let headers = Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(body.as_bytes())?;
//! # let delivery = || {
//! #     let mut request = test::TestRequest::post().uri("/hooks/jupiter").set_payload(body);
//! #     for (name, value) in &headers {
//! #         request = request.insert_header((name.as_str(), value.as_str()));
//! #     }
//! #     request.to_request()
//! # };
//!
//! // The same delivery, twice.
//! let first = test::call_service(&app, delivery()).await;
//! assert_eq!(test::read_body(first).await, "attempt 1");
//!
//! let second = test::call_service(&app, delivery()).await;
//! assert_eq!(second.status(), 200);
//! assert_eq!(second.response().extensions().get::<EarlyResponse>().map(EarlyResponse::code), Some("duplicate"));
//! assert_eq!(test::read_body(second).await, "");
//!
//! // At shutdown, after the server has stopped accepting connections.
//! middleware.drain().await;
//! # Ok(())
//! # }
//! ```
//!
//! A client that disconnects does not stop the handler: it continues in its own
//! task, on the same worker. It need not be `Send`. The status of its response settles the event: 2xx,
//! unless the receiver has another rule, records it as done; any other status
//! releases it, so that the sender can retry. A panic releases it, too. The
//! sender gets the handler's response in any case, recorded or not, unless it
//! is late. Then the sender gets 503, and the handler still finishes. Streaming
//! the response's body does not affect how the event is settled.
//!
//! With [`ClaimedWebhook`] and [`ClaimedWebhookJson`] the handler settles the claim itself, and
//! a broken connection cancels it. A client that only closes its half of the
//! connection does not cancel it: actix-web allows that, unless you set
//! `HttpServer::h1_allow_half_closed(false)`.
//!
//! # The request body
//!
//! Behind a middleware, any extractor can read the body, byte for byte as it
//! was signed. actix-web's own extractors have their own limit, 256 KiB unless
//! `web::PayloadConfig` or `web::JsonConfig` sets another. They also decompress
//! the body if the request declares an encoding that actix-web supports.
//! `Verified::body` does neither: the verifier sets the maximum body size.
//! Trailers are dropped.
//!
//! Outer middleware must not read the body. If the body is gone and the request
//! had announced its length, the response is
//! [`BodyIncomplete`](countersign_core::VerifyErrorKind::BodyIncomplete). If a
//! chunked body is gone, this cannot be detected. An empty body is verified,
//! and the signature does not match. The same happens if a handler has two
//! extractors of the body.
//!
//! Outer middleware must not keep a clone of the `HttpRequest` either:
//! actix-web's own routing would panic.
//!
//! # The signed URL
//!
//! The URL is used as it was sent. If a scheme signs it, run `NormalizePath`
//! inside of the middleware, or give the full URL with `PublicUrl::new`.
//!
//! # Server settings
//!
//! - `HttpServer::client_request_timeout`, 5 s by default, disconnects a client
//!   that never finishes its headers, but only for the first request of its
//!   connection. With `keep_alive(KeepAlive::Disabled)` every request is the
//!   first. Webhook senders gain little from reusing a connection.
//! - actix-web never disconnects a client that does not read its response. With
//!   `HttpServer::on_connect` and [`limit_unsent`] the kernel does.
//! - If a response is sent before the end of the body, the rest of the body is
//!   discarded for up to `HttpServer::client_disconnect_timeout`, 1 s by
//!   default, so that the sender receives the response.
//! - actix-web answers `Expect: 100-continue` before the headers are checked.
//!   An unsigned delivery is still rejected before its body is read.
//! - To shut down without losing a handler, call `ServerHandle::pause` to stop
//!   new connections, wait for [`WebhookMiddleware::drain`], and only then call
//!   `ServerHandle::stop`: a worker that stops also stops its handlers. The
//!   events of stopped handlers are released, at the latest when their leases
//!   end.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
mod body;
mod extract;
mod headers;
mod limit;
mod middleware;
mod ready;
mod response;
mod service;
mod shadow;
mod webhook;

pub use body::receive;
pub use extract::{
    ClaimedWebhook, ClaimedWebhookJson, ExtractError, Rejection, Webhook, WebhookJson,
};
pub use headers::RequestHeaders;
pub use limit::limit_unsent;
pub use middleware::VerifyMiddleware;
pub use response::into_response;
pub use service::VerifyService;
pub use shadow::{ShadowMiddleware, ShadowService};
pub use webhook::{WebhookMiddleware, WebhookService};
