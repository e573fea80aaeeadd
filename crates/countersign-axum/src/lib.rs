//! axum extractors for verified webhook deliveries.
//!
//! A handler that takes a [`Webhook`], or a [`WebhookJson`], runs only for
//! deliveries that are proved. The verifier comes out of the app's state, so a
//! route without one does not compile.
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
//! # Where the verifier comes from
//!
//! From any state that `Verifier` can be made of. A larger state says how, with
//! axum's `#[derive(FromRef)]` or by hand:
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
//! # Behind the layer
//!
//! Where `countersign_tower::VerifyLayer` stands in front of the routes, a
//! handler takes `axum::Extension<Verified>`, and whichever extractor it likes
//! for the body, which has been put back. The layer also has a setting for how
//! long a body may take to arrive; the extractors keep to the layer's default.
//!
//! # What they leave alone
//!
//! `Content-Type`, which no scheme signs; and axum's `DefaultBodyLimit`: how
//! large a body may be is for the verifier to say.

mod delivery;
mod json;
mod rejection;
mod webhook;

pub use delivery::{Claimed, Delivery};
pub use json::WebhookJson;
pub use rejection::{JsonProblem, MalformedJson, Rejection};
pub use webhook::Webhook;
