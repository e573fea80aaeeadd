//! axum extractors for webhook deliveries.
//!
//! | extractor | the handler runs for | it gets |
//! | --- | --- | --- |
//! | [`Webhook`], [`WebhookJson`] | deliveries that are proved | the proof |
//! | [`Claimed`], [`Delivery`] | deliveries that are proved and whose event it alone has in hand | the proof, and the claim to be settled |
//!
//! The second of each pair also parses the body as JSON. What sets them up comes
//! out of the app's state, so a route without it does not compile.
//!
//! # Verify
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_axum::Webhook;
//! use countersign_core::{ConfigError, Scheme, Secret, Verifier};
//!
//! async fn on_event(Webhook(verified): Webhook) -> StatusCode {
//!     println!("{:?} {}", verified.event_type(), verified.event_id());
//!     StatusCode::NO_CONTENT
//! }
//!
//! fn app(secret: Secret) -> Result<Router, ConfigError> {
//!     let verifier = Verifier::new(Scheme::named("stripe")?, secret)?;
//!     Ok(Router::new().route("/hooks/stripe", post(on_event)).with_state(verifier))
//! }
//! # app(Secret::new("whsec_test")?)?;
//! # Ok::<(), ConfigError>(())
//! ```
//!
//! # Verify, claim, handle, settle
//!
//! A delivery that comes twice is answered 200 the second time and does not reach
//! the handler, once the first has completed its claim.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use countersign_axum::Claimed;
//! use countersign_core::{ConfigError, Endpoint, MemoryStore, Receiver, Scheme, Secret, Verifier};
//!
//! async fn on_event(Claimed { verified, claim, .. }: Claimed) -> StatusCode {
//!     println!("{}, attempt {}", verified.event_id(), claim.grant().epoch);
//!     // It has happened: where this cannot be recorded now, that is tried again.
//!     let _ = claim.complete().await;
//!     StatusCode::NO_CONTENT
//! }
//!
//! fn app(secret: Secret) -> Result<Router, ConfigError> {
//!     let verifier = Verifier::new(Scheme::named("stripe")?, secret)?;
//!     let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("stripe"));
//!     Ok(Router::new().route("/hooks/stripe", post(on_event)).with_state(receiver))
//! }
//! # app(Secret::new("whsec_test")?)?;
//! # Ok::<(), ConfigError>(())
//! ```
//!
//! A handler that settles by nothing but its status, and that must not be stopped
//! by a sender that leaves, is better off behind `countersign_tower::WebhookLayer`.
//!
//! # Where the verifier and the receiver come from
//!
//! From any state that a `Verifier`, or a `Receiver`, can be made of. A larger
//! state says how, with axum's `#[derive(FromRef)]` or by hand:
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
//! Several providers in one app have a verifier each: give the route its own
//! state, `.route("/hooks/github", post(on_push).with_state(github))`.
//!
//! Without a verifier the handler is none:
//!
//! ```compile_fail,E0277
//! # use axum::{Router, routing::post};
//! # use countersign_axum::Webhook;
//! async fn on_event(Webhook(_): Webhook) {}
//!
//! let app: Router = Router::new().route("/hooks/stripe", post(on_event)).with_state(());
//! ```
//!
//! # Behind a layer
//!
//! Where `countersign_tower::VerifyLayer` or `WebhookLayer` stands in front of
//! the routes, a handler takes `axum::Extension<Verified>` (behind the latter
//! also `Extension<Grant>`), and whichever extractor it likes for the body, which
//! has been put back. The layers also have a setting for how long a body may take
//! to arrive; the extractors keep to what the verifier says.
//!
//! # What they leave alone
//!
//! `Content-Type`, which no scheme signs; and axum's `DefaultBodyLimit`: how
//! large a body may be is for the verifier to say.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod delivery;
mod json;
mod rejection;
mod webhook;

pub use delivery::{Claimed, Delivery};
pub use json::WebhookJson;
pub use rejection::Rejection;
pub use webhook::Webhook;
