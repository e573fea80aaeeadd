//! actix-web middleware and extractors for webhook deliveries.
//!
//! | middleware | stands in front of a service that |
//! | --- | --- |
//! | [`VerifyMiddleware`] | is called with proved deliveries only, and takes it upon itself that one event comes twice |
//! | [`WebhookMiddleware`] | is called once for each event, and whose answer says whether that is done |
//!
//! | extractor | the handler runs for | it gets |
//! | --- | --- | --- |
//! | [`Webhook`], [`WebhookJson`] | deliveries that are proved | the proof |
//! | [`Claimed`], [`Delivery`] | deliveries that are proved and whose event it alone has in hand | the proof, and the claim to be settled |
//!
//! The second of each pair of extractors also parses the body as JSON. What is
//! not let through is answered with a status and an empty body.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim -> handler -> settle -> response
//!            `---------------- body.rs ----------------'
//! VerifyMiddleware:  `- service.rs ------------------------------- call
//! WebhookMiddleware: `- webhook/service.rs               `------- webhook/task.rs
//! Webhook, Claimed:  `- extract/webhook.rs, extract/delivery.rs
//! ```
//!
//! # Verify
//!
//! By an extractor. The verifier comes out of the app's data, as it is or else as
//! `web::Data`: of the resource, of a scope, or of the app, so that several
//! providers have one each. Without one, the answer is 503 `misconfigured`.
//!
//! ```
//! use actix_web::{HttpResponse, Responder, web};
//! use countersign_actix::Webhook;
//! use countersign_core::{ConfigError, Scheme, Secret, Verifier};
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
//! # let verifier = Verifier::new(Scheme::named("stripe")?, secret()?)?;
//! # let app = test::init_service(App::new().configure(|config| app(config, verifier))).await;
//! # let mut request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 401);
//! # request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # for header in Signer::new(Scheme::named("stripe")?, secret()?)?.sign(&[("", ""); 0], b"{}")? {
//! #     request = request.insert_header(header);
//! # }
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! By a middleware, whose handler finds the [`Verified`](countersign_core::Verified)
//! in `web::ReqData`, and the body as it was sent:
//!
//! ```
//! use actix_web::{HttpResponse, Responder, web};
//! use countersign_actix::VerifyMiddleware;
//! use countersign_core::{Verified, Verifier};
//!
//! async fn on_event(verified: web::ReqData<Verified>, body: web::Bytes) -> impl Responder {
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
//! # let verifier = Verifier::new(Scheme::named("stripe")?, secret()?)?;
//! # let app = test::init_service(App::new().configure(|config| app(config, verifier))).await;
//! # let mut request = test::TestRequest::post().uri("/hooks/stripe").set_payload("{}");
//! # for header in Signer::new(Scheme::named("stripe")?, secret()?)?.sign(&[("", ""); 0], b"{}")? {
//! #     request = request.insert_header(header);
//! # }
//! # assert_eq!(test::call_service(&app, request.to_request()).await.status(), 204);
//! # Ok(())
//! # }
//! ```
//!
//! # Verify, claim, handle, settle
//!
//! ```
//! use actix_web::{App, HttpResponse, Responder, test, web};
//! use countersign_actix::WebhookMiddleware;
//! use countersign_core::{
//!     Answer, Endpoint, Grant, MemoryStore, Receiver, Scheme, Secret, Signer, Verifier,
//! };
//!
//! async fn on_event(grant: web::ReqData<Grant>) -> impl Responder {
//!     HttpResponse::Ok().body(format!("attempt {}", grant.epoch))
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheme = Scheme::named("jupiter")?;
//! let verifier = Verifier::new(scheme.clone(), Secret::new("whsec_demo")?)?;
//! let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("jupiter"));
//! let middleware = WebhookMiddleware::new(receiver);
//!
//! let app = App::new().service(
//!     web::resource("/hooks/jupiter").wrap(middleware.clone()).route(web::post().to(on_event)),
//! );
//! # let app = test::init_service(app).await;
//! # let body = r#"{"event_id":"evt_1"}"#;
//! # let headers = Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(&[("", ""); 0], body.as_bytes())?;
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
//! assert_eq!(second.response().extensions().get::<Answer>().map(Answer::code), Some("duplicate"));
//! assert_eq!(test::read_body(second).await, "");
//!
//! // At the end, once the server takes no more connections.
//! middleware.drain().await;
//! # Ok(())
//! # }
//! ```
//!
//! A handler that does not answer at once goes on in a task of its own, which a
//! sender that leaves does not stop, and it need not be `Send`. By the status of its answer the event is recorded
//! as done (2xx, unless the receiver has another rule) or given back to be sent
//! again; a panic gives it back. The sender gets the answer of the handler in any
//! case, recorded or not, unless that is late: then it gets 503, and the handler
//! still finishes. What is streamed as the answer's body no longer counts.
//!
//! Behind [`Claimed`] and [`Delivery`] the handler settles the claim itself, and
//! a connection that breaks cancels it. A sender that only closes its half of the
//! connection does not: actix-web allows that, unless
//! `HttpServer::h1_allow_half_closed(false)` says otherwise.
//!
//! # The body that the handler gets
//!
//! Behind a middleware it is there again, byte for byte as it was signed, for any
//! extractor. Those of actix-web have a limit of their own, 256 KiB where
//! `web::PayloadConfig` and `web::JsonConfig` say nothing else, and decompress
//! where the request says so and actix-web can. `Verified::body` has neither:
//! how large a body may be is for the verifier to say. Trailers are dropped.
//!
//! What stands in front must leave the body alone. Where it is gone, and the
//! request had announced its length, the answer is
//! [`BodyIncomplete`](countersign_core::VerifyErrorKind::BodyIncomplete). Of a
//! chunked body nobody can tell that it is gone; it is judged as an empty one,
//! which nobody has signed. So it is, too, where a handler has two extractors of
//! the body.
//!
//! And it must not keep a clone of the `HttpRequest`: actix-web's own routing
//! panics then.
//!
//! # The URL that was signed
//!
//! It is taken as it was sent. Where a scheme signs it, `NormalizePath` has to
//! stand behind the middleware, or the whole URL be given with `PublicUrl::new`.
//!
//! # The server around it
//!
//! - A sender that never finishes its headers is cut off by
//!   `HttpServer::client_request_timeout`, 5 s by default, at the first request of
//!   its connection only. `keep_alive(KeepAlive::Disabled)` makes every request
//!   the first. Senders of webhooks gain little from the same connection.
//! - A client that does not take its answer is never cut off by actix-web.
//!   `HttpServer::on_connect` with [`limit_unsent`] has the kernel do so.
//! - An answer before the end of a body is followed by up to
//!   `HttpServer::client_disconnect_timeout`, 1 s by default, in which what still
//!   comes is discarded, so that the sender sees the answer.
//! - actix-web answers `Expect: 100-continue` before anybody has looked at the
//!   headers. An unsigned delivery is still refused before its body is read.
//! - To stop without losing a handler, let `ServerHandle::pause` keep new
//!   connections out, wait for [`WebhookMiddleware::drain`], and only then call
//!   `ServerHandle::stop`: a worker that stops takes its handlers with it. The
//!   events of those that it takes are given back, at the latest when their
//!   leases end.

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
mod webhook;

pub use body::read_body;
pub use extract::{Claimed, Delivery, Rejected, Rejection, Webhook, WebhookJson};
pub use headers::RequestHeaders;
pub use limit::limit_unsent;
pub use middleware::VerifyMiddleware;
pub use response::{answer, refusal};
pub use service::VerifyService;
pub use webhook::{WebhookMiddleware, WebhookService};
