//! axum extractors for webhook deliveries.
//!
//! | extractor | the handler runs for | it gets |
//! | --- | --- | --- |
//! | [`Webhook`], [`WebhookJson`] | verified deliveries | the verified delivery |
//! | [`ClaimedWebhook`], [`ClaimedWebhookJson`] | verified deliveries whose event it has claimed | the verified delivery, and the claim, which it settles |
//!
//! The second of each pair also parses the body as JSON. The verifier and the
//! receiver come from the app's state, so a route without them does not
//! compile.
//!
//! # Verify
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_axum::Webhook;
//! use countersign_core::{ConfigError, Secret, Verifier};
//! use countersign_schemes as schemes;
//!
//! async fn on_event(Webhook(verified): Webhook) -> StatusCode {
//!     println!("{:?} {}", verified.event_type(), verified.event_id());
//!     StatusCode::NO_CONTENT
//! }
//!
//! fn app(secret: Secret) -> Result<Router, ConfigError> {
//!     let verifier = Verifier::new(schemes::stripe(), secret)?;
//!     Ok(Router::new().route("/hooks/stripe", post(on_event)).with_state(verifier))
//! }
//! # app(Secret::new("whsec_test")?)?;
//! # Ok::<(), ConfigError>(())
//! ```
//!
//! # Idempotency
//!
//! Once a delivery's claim is completed, a duplicate of the delivery gets 200 and
//! does not reach the handler.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_axum::ClaimedWebhook;
//! use countersign_core::{ConfigError, MemoryStore, Receiver, Secret, Verifier};
//! use countersign_schemes as schemes;
//!
//! async fn on_event(ClaimedWebhook { verified, claim, .. }: ClaimedWebhook) -> StatusCode {
//!     println!("{}, attempt {}", verified.event_id(), claim.grant().attempt);
//!     // The work is done. If it cannot be recorded now, recording is retried.
//!     let _ = claim.complete().await;
//!     StatusCode::NO_CONTENT
//! }
//!
//! fn app(secret: Secret) -> Result<Router, ConfigError> {
//!     let verifier = Verifier::new(schemes::stripe(), secret)?;
//!     let receiver = Receiver::new(verifier, MemoryStore::new());
//!     Ok(Router::new().route("/hooks/stripe", post(on_event)).with_state(receiver))
//! }
//! # app(Secret::new("whsec_test")?)?;
//! # Ok::<(), ConfigError>(())
//! ```
//!
//! If a handler settles by its status alone and must not be stopped when the client
//! disconnects, use `countersign_tower::WebhookLayer` instead.
//!
//! # App state
//!
//! The extractors accept any state that a `Verifier`, or a `Receiver`, can be made
//! from. A larger state provides it with axum's `#[derive(FromRef)]` or with its
//! own `FromRef` implementation:
//!
//! ```
//! use axum::extract::FromRef;
//! use countersign_core::Verifier;
//!
//! #[derive(Clone)]
//! struct App {
//!     stripe: Verifier,
//! }
//!
//! impl FromRef<App> for Verifier {
//!     fn from_ref(app: &App) -> Self {
//!         app.stripe.clone()
//!     }
//! }
//! ```
//!
//! If one app receives from several providers, each has its own verifier. Give
//! the route its own state:
//! `.route("/hooks/github", post(on_push).with_state(github))`.
//!
//! Without a verifier, the function is not a handler:
//!
//! ```compile_fail,E0277
//! # use axum::{Router, routing::post};
//! # use countersign_axum::Webhook;
//! async fn on_event(Webhook(_): Webhook) {}
//!
//! let app: Router = Router::new().route("/hooks/stripe", post(on_event)).with_state(());
//! ```
//!
//! # Combined with a tower layer
//!
//! If `countersign_tower::VerifyLayer` or `WebhookLayer` wraps the routes, a
//! handler takes the `Verified` (with `WebhookLayer` also `Extension<Grant>`):
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_core::{MemoryStore, Receiver, Verified};
//! use countersign_tower::WebhookLayer;
//!
//! async fn on_event(verified: Verified) -> StatusCode {
//!     println!("{}: {} bytes", verified.event_id(), verified.body().len());
//!     StatusCode::NO_CONTENT
//! }
//!
//! fn app(receiver: Receiver<MemoryStore>) -> Router {
//!     let hooks = WebhookLayer::new(receiver);
//!     Router::new().route("/hooks/stripe", post(on_event).layer(hooks))
//! }
//! # let _ = app;
//! ```
//!
//! If the route is not behind a layer, the response is 500 with an empty body, and the
//! log names the path. The handler can use any extractor for the body, because the layer
//! puts the body back into the request. The layers also have a setting for how
//! long a body may take to arrive. The extractors use the verifier's setting.
//!
//! # What the extractors ignore
//!
//! They ignore `Content-Type`, which no scheme signs, and axum's
//! `DefaultBodyLimit`: the verifier sets the maximum body size.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod delivery;
mod json;
mod rejection;
mod webhook;

pub use delivery::{ClaimedWebhook, ClaimedWebhookJson};
pub use json::WebhookJson;
pub use rejection::Rejection;
pub use webhook::Webhook;
