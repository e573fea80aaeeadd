//! Tower layers that receive webhook deliveries.
//!
//! | layer | the service behind it |
//! | --- | --- |
//! | [`VerifyLayer`] | is called with verified deliveries only, and handles duplicates itself |
//! | [`WebhookLayer`] | is called once for each event, and settles the event by the status of its response |
//! | [`InboxLayer`] | is called once for each event, with an open transaction in which the event is claimed |
//! | [`HandoffLayer`] | is called with interactive deliveries only: the others are stored in a queue and answered 202 |
//! | [`ShadowLayer`] | is called with every request; what would have been rejected is logged and counted |
//!
//! If a layer does not pass a request on, it responds itself, with a status and
//! an empty body. A handshake gets the response that the provider expects. A
//! request that is passed on keeps its body byte for byte as it was signed, and
//! has the [`Verified`](countersign_core::Verified) in its extensions.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> service -> response
//!            `-- countersign_core: Verifier::receive --'
//! VerifyLayer:  `- service.rs                               `- future.rs
//!
//! request -> ............. the same ............. -> claim -> service -> settle -> response
//! WebhookLayer: `- webhook/service.rs                `-- countersign_core: Receiver::handle
//! ```
//!
//! # Verify
//!
//! ```
//! use bytes::Bytes;
//! use countersign_core::{Secret, Signer, Verified, Verifier};
//! use countersign_schemes as schemes;
//! use countersign_tower::VerifyLayer;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use std::convert::Infallible;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let scheme = schemes::jupiter();
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
//! for (name, value) in Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(body.as_bytes())? {
//!     request = request.header(name, value);
//! }
//! let response = service.oneshot(request.body(Full::<Bytes>::from(body))?).await?;
//! assert_eq!(response.into_body().into_inner().flatten().as_deref(), Some("evt_1"));
//! # Ok(())
//! # }
//! ```
//!
//! # Idempotency
//!
//! ```
//! # use bytes::Bytes;
//! # use http::Request;
//! # use http_body_util::Full;
//! # use std::convert::Infallible;
//! use countersign_core::{EarlyResponse, Grant, MemoryStore, Receiver, Secret, Signer, Verifier};
//! use countersign_schemes as schemes;
//! use countersign_tower::WebhookLayer;
//! use http::Response;
//! use tower::{ServiceBuilder, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let scheme = schemes::jupiter();
//! let verifier = Verifier::new(scheme.clone(), Secret::new("whsec_demo")?)?;
//! let receiver = Receiver::new(verifier, MemoryStore::new());
//! let layer = WebhookLayer::new(receiver);
//!
//! let service = ServiceBuilder::new().layer(layer.clone()).service_fn(
//!     |request: Request<Full<Bytes>>| async move {
//!         let attempt = request.extensions().get::<Grant>().map(|grant| grant.attempt);
//!         Ok::<_, Infallible>(Response::new(attempt))
//!     },
//! );
//!
//! # let body = r#"{"event_id":"evt_1"}"#;
//! # let headers = Signer::new(scheme, Secret::new("whsec_demo")?)?.sign(body.as_bytes())?;
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
//! assert_eq!(second.extensions().get::<EarlyResponse>().map(EarlyResponse::code), Some("duplicate"));
//! assert!(second.into_body().into_inner().is_none());
//!
//! // At shutdown, after the server has stopped accepting requests.
//! layer.drain().await;
//! # Ok(())
//! # }
//! ```
//!
//! A client that disconnects does not stop the service: it continues in its own
//! task.
//! The status of its response settles the event: 2xx, unless the receiver has
//! another rule, records it as done; any other status releases it, so that the
//! sender can retry. A panic and an error release it, too. The sender gets the
//! service's response in any case, recorded or not, unless it is late. Then the
//! sender gets 503, and the service still finishes.
//!
//! # The request body
//!
//! The service gets the body as `Full<Bytes>`, because it is already in memory.
//! axum's `Router`, its handlers and most of tower-http accept any body, so
//! `router.layer(VerifyLayer::new(verifier))` or
//! `router.layer(WebhookLayer::new(receiver))` is enough. If a service requires
//! another type, as axum's `middleware::from_fn` does inside of one
//! `ServiceBuilder`, convert in between:
//! `.map_request(|request: Request<Full<Bytes>>| request.map(Body::new))`.
//!
//! Trailers are dropped. No scheme signs them.
//!
//! # The response body
//!
//! It is a [`ResponseBody`]: the service's own body, or the layer's, which is
//! empty except for a handshake.
//!
//! # Troubleshooting: the body was already read
//!
//! Outer layers must not read the body. If the body is gone and the request had
//! announced its length, the response is
//! [`BodyIncomplete`](countersign_core::VerifyErrorKind::BodyIncomplete): the
//! body was cut off, or another layer read it. If a chunked body is gone, the
//! layer cannot detect it. It verifies an empty body, and the signature does
//! not match.
//!
//! # The signed URL
//!
//! axum strips the prefix from the URL of a nested router. For a scheme that
//! signs the URL, give the full URL with `PublicUrl::new`, or put the layer
//! around the outermost router.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod detached;
mod future;
mod handoff;
mod inbox;
mod layer;
mod response;
#[cfg(feature = "serve")]
mod serve;
mod service;
mod shadow;
mod webhook;

pub use body::HttpBody;
pub use future::ResponseFuture;
pub use handoff::{HandoffLayer, HandoffService, NotInteractive};
pub use inbox::{InboxLayer, InboxService};
pub use layer::VerifyLayer;
pub use response::{ResponseBody, into_response};
#[cfg(feature = "serve")]
pub use serve::{RequestBody, RequestBodyError, Serve, shutdown_signal};
pub use service::VerifyService;
pub use shadow::{ShadowBody, ShadowLayer, ShadowService};
pub use webhook::{WebhookLayer, WebhookService};
