//! Tower layers that receive webhook deliveries.
//!
//! | layer | stands in front of a service that |
//! | --- | --- |
//! | [`VerifyLayer`] | is called with proved deliveries only, and takes it upon itself that one event comes twice |
//! | [`WebhookLayer`] | is called once for each event, and whose answer says whether that is done |
//!
//! What a layer does not let through it answers itself, with a status and an
//! empty body; a handshake, with what the provider expects. What it lets through reaches the service with its body byte for
//! byte as it was signed, and with the [`Verified`](countersign_core::Verified)
//! in the request's extensions.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> service -> response
//!            `---------------- body.rs ----------------'
//! VerifyLayer:  `- service.rs                               `- future.rs
//!
//! request -> ............. the same ............. -> claim -> service -> settle -> response
//! WebhookLayer: `- webhook/service.rs                `------- webhook/task.rs
//! ```
//!
//! # Verify
//!
//! ```
//! use bytes::Bytes;
//! use countersign_core::{Scheme, Secret, Signer, Verified, Verifier};
//! use countersign_tower::VerifyLayer;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use std::convert::Infallible;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheme = Scheme::named("jupiter")?;
//! let verifier = Verifier::new(scheme.clone(), Secret::new("whsec_demo")?)?;
//!
//! let service = ServiceBuilder::new().layer(VerifyLayer::new(verifier)).service_fn(
//!     |request: Request<Full<Bytes>>| async move {
//!         let id = request.extensions().get::<Verified>().map(|verified| verified.event_id().to_owned());
//!         Ok::<_, Infallible>(Response::new(id))
//!     },
//! );
//!
//! let body = r#"{"event_id":"evt_1"}"#;
//! let mut request = Request::post("/hooks/jupiter");
//! for (name, value) in Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(&[("", ""); 0], body.as_bytes())? {
//!     request = request.header(name, value);
//! }
//! let response = service.oneshot(request.body(Full::<Bytes>::from(body))?).await?;
//! assert_eq!(response.into_body().into_inner().flatten().as_deref(), Some("evt_1"));
//! # Ok(())
//! # }
//! ```
//!
//! # Verify, claim, handle, settle
//!
//! ```
//! # use bytes::Bytes;
//! # use http::Request;
//! # use http_body_util::Full;
//! # use std::convert::Infallible;
//! use countersign_core::{
//!     Answer, Endpoint, Grant, MemoryStore, Receiver, Scheme, Secret, Signer, Verifier,
//! };
//! use countersign_tower::WebhookLayer;
//! use http::Response;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scheme = Scheme::named("jupiter")?;
//! let verifier = Verifier::new(scheme.clone(), Secret::new("whsec_demo")?)?;
//! let receiver = Receiver::new(verifier, MemoryStore::new(), Endpoint::new("jupiter"));
//! let layer = WebhookLayer::new(receiver);
//!
//! let service = ServiceBuilder::new().layer(layer.clone()).service_fn(
//!     |request: Request<Full<Bytes>>| async move {
//!         let attempt = request.extensions().get::<Grant>().map(|grant| grant.epoch);
//!         Ok::<_, Infallible>(Response::new(attempt))
//!     },
//! );
//!
//! # let body = r#"{"event_id":"evt_1"}"#;
//! # let headers = Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(&[("", ""); 0], body.as_bytes())?;
//! # let delivery = || {
//! #     let mut request = Request::post("/hooks/jupiter");
//! #     for (name, value) in &headers {
//! #         request = request.header(name, value);
//! #     }
//! #     request.body(Full::<Bytes>::from(body))
//! # };
//! // The same delivery, twice.
//! let first = service.clone().oneshot(delivery()?).await?;
//! assert_eq!(first.into_body().into_inner().flatten(), Some(1));
//!
//! let second = service.oneshot(delivery()?).await?;
//! assert_eq!(second.status(), 200);
//! assert_eq!(second.extensions().get::<Answer>().map(Answer::code), Some("duplicate"));
//! assert!(second.into_body().into_inner().is_none());
//!
//! // At the end, once the server takes no more requests.
//! layer.drain().await;
//! # Ok(())
//! # }
//! ```
//!
//! A service that does not answer at once goes on in a task of its own, which a
//! sender that leaves does not stop. By the status of its answer the event is recorded as done (2xx, unless
//! the receiver has another rule) or given back to be sent again; a panic and an
//! error give it back. The sender gets the answer of the service in any case,
//! recorded or not, unless that is late: then it gets 503, and the service still
//! finishes.
//!
//! # The body that the service gets
//!
//! It is a `Full<Bytes>`, since it is at hand. axum's `Router`, its handlers and
//! most of tower-http take any body, so that `router.layer(VerifyLayer::new(verifier))`,
//! or `router.layer(WebhookLayer::new(receiver))`, is all there is to it. Where a
//! service insists on another type, as axum's `middleware::from_fn` does inside
//! of one `ServiceBuilder`, convert in between:
//! `.map_request(|request: Request<Full<Bytes>>| request.map(Body::new))`.
//!
//! Trailers are no part of a delivery that any scheme signs, and are dropped.
//!
//! # The body of an answer
//!
//! It is a [`ResponseBody`]: the service's own, or the layer's, which is empty
//! but for a handshake.
//!
//! # A body that somebody else has read
//!
//! What stands in front of the layer must leave the body alone. Where it is
//! gone, and the request had announced its length, the answer is
//! [`BodyIncomplete`](countersign_core::VerifyErrorKind::BodyIncomplete): the
//! body was cut off, or read by somebody else. Of a chunked body nobody can tell
//! that it is gone; it is judged as an empty one, which nobody has signed.
//!
//! # The URL that was signed
//!
//! axum strips the prefix from the URL of a nested router. For a scheme that
//! signs the URL, give the whole of it with `PublicUrl::new`, or put the layer
//! around the outermost router.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod future;
mod layer;
mod response;
#[cfg(feature = "serve")]
mod serve;
mod service;
mod webhook;

pub use body::ReadBody;
pub use future::ResponseFuture;
pub use layer::VerifyLayer;
pub use response::{ResponseBody, answer, refusal};
#[cfg(feature = "serve")]
pub use serve::{Serve, terminated};
pub use service::Verify;
pub use webhook::{Webhook, WebhookLayer};
