//! The receiver's half of webhooks: prove that a delivery is authentic, fresh
//! and not yet handled, and only then run the handler.
//!
//! ```
//! use countersign::{Scheme, Secret, Verified, Verifier};
//!
//! // Can be reached with a proof only.
//! fn handle(verified: &Verified) {
//!     let kind = verified.event_type().map_or("event", |kind| kind.name);
//!     println!("{kind} {}: {} bytes", verified.event_id(), verified.body().len());
//! }
//!
//! // Once, at start-up: a provider's way of signing, and the secret that it shows.
//! let verifier = Verifier::new(Scheme::named("jupiter")?, Secret::new("whsec_test")?)?;
//!
//! // For each delivery: its headers, and its body as it arrived.
//! let headers = [(
//!     "x-jup-signature",
//!     "47a958b1262f6322e6f1e4d59e208cda1355c69ba772dbee2021ccc94300ca2f",
//! )];
//! let body = r#"{"event_id":"evt_1","type":"swap.completed"}"#;
//! let status = match verifier.verify(&headers, body) {
//!     Ok(verified) => {
//!         handle(&verified);
//!         200
//!     }
//!     // The reason is for the log. The sender gets the status, and an empty body.
//!     Err(refused) => {
//!         eprintln!("refused: {}: {refused}", refused.code());
//!         refused.status()
//!     }
//! };
//! assert_eq!(status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The path
//!
//! ```text
//! headers -> timestamp -> body -> MAC -> compare -> proof -> claim -> handler -> complete | release
//! `------ begin -------'  `push'  `----- verify ------'      `claim'             `---- settle ----'
//! ```
//!
//! In this order a delivery meets
//!
//! 1. [`Headers`], which give the *only* value of a name, and [`Head`], with the
//!    method and the target for the schemes that sign them;
//! 2. [`Scheme`]: which header holds the signature, how it is written, which
//!    bytes are signed. [`Scheme::named`] knows the built-in ones,
//!    [`Scheme::builder`] takes one of your own, and both say in their
//!    [`Profile`] what the provider does around a delivery;
//! 3. [`Tolerance`] and [`Clock`], by which a signed timestamp is judged;
//! 4. [`Begun`]: the headers are in order, and nothing of the body has been read.
//!    The body is given to it in the pieces in which it arrives;
//! 5. [`Secrets`]: the current one and those that a rotation leaves live, each a
//!    [`Secret`]. Any of them may have signed;
//! 6. [`Verified`], the proof: the bytes that were signed, the event's id and
//!    type, when it was signed, and which secret matched. Only verification makes
//!    one;
//! 7. [`EventKey`] and [`Claim`]: the event is claimed in an
//!    [`IdempotencyStore`], so that one attempt at a time has it in hand;
//! 8. [`Verdict`], which the handler's status means for the event, or [`Answer`],
//!    which the sender gets in the handler's place.
//!
//! [`Verifier`] holds what all deliveries of an endpoint share, and makes the
//! steps: [`Verifier::verify`] all at once, for a body that is at hand, and
//! [`Verifier::begin`] the first, for a body that is still to come. A refusal is
//! a [`VerifyError`], with its [`VerifyErrorKind`], a stable code for the log and
//! the status to answer with. What is wrong at start-up is a [`ConfigError`].
//!
//! [`Receiver`] is a verifier with a store, and makes the whole path:
//! [`Receiver::begin`], [`Receiver::admit`], [`Receiver::settle`].
//!
//! [`Signer`] goes the other way, for tests: it signs as a provider would.
//!
//! # Doors
//!
//! | for | there is |
//! | --- | --- |
//! | a function, a worker, any framework | [`Verifier::verify`], [`Verifier::begin`] |
//! | axum | the extractors `Webhook` and `WebhookJson` of the module `axum`; `Delivery` and `Claimed`, with the claim |
//! | actix-web | the extractors of the same names and the middleware `VerifyMiddleware` and `WebhookMiddleware` of the module `actix` |
//! | tower, hyper, axum | the layers `VerifyLayer` and, for the whole path, `WebhookLayer` of the module `tower` |
//! | serving any of them | `Serve` of the module `serve`, which [no client can keep waiting](guide::hostile) |
//!
//! # Features
//!
//! None is on by default. A feature adds API and never changes behaviour.
//!
//! | feature | adds |
//! | --- | --- |
//! | `http` | [`Headers`] for `http::HeaderMap`, [`Head`] from `http::request::Parts` |
//! | `tower` | the module `tower`; implies `http` |
//! | `serve` | the module `serve`: a server for tower services and axum, with [every limit set](guide::hostile); implies `tower` |
//! | `axum` | the module `axum`; implies `tower` |
//! | `actix` | the module `actix` |
//! | `redis` | the module `redis`: claims on Redis or Valkey |
//! | `redis-cluster` | `redis+cluster://` |
//! | `redis-sentinel` | `redis+sentinel://` |
//! | `redis-tls` | `rediss://`, by rustls |
//! | `serde` | `Scheme::from_toml` |
//! | `compression` | bodies that are signed as they decode: [`BodyView::Decoded`] |
//! | `asymmetric` | public keys: Ed25519, ECDSA, RSA, and JWTs that are signed with them |
//! | `diagnose` | why a delivery does not verify, [found out by trying](guide::troubleshooting), offline: the module `diagnose`; implies `compression` |
//! | `metrics` | [metrics](guide::observability) by the facade `metrics`; the module `metrics` lists them |
//! | `tracing` | [spans and events](guide::observability) of `tracing` |
//! | `full` | all of these |
//! | `testing` | the module `testing`: attacks on your own endpoint, for its tests; not part of `full` |
//!
//! # What is not promised
//!
//! - **That an effect happens no more than once.** A crash between effect and
//!   record, an overrun lease, or a store that loses its data lets an event be
//!   handled again; the handler is told what is known of it ([`Grant`]).
//! - **That a repeat is recognised if nothing signed names its event**
//!   ([`Identity`]): it is handled again, and flagged.
//! - **Verification behind a proxy that rewrites bodies.** Other bytes than were
//!   signed do not verify.
//! - **Freshness with a clock that drifts.** The tolerance is measured from the
//!   receiver's clock; and where a scheme signs no timestamp, there is none.
//! - **Anything about what a scheme does not sign**: for most, the URL, the method
//!   and all other headers. [`EventType`] says of itself whether it was signed.
//!
//! The reasons for all of this are in the [`guide`].

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(doc, doctest))]
pub mod guide;

pub use countersign_core::{
    Algorithm, Answer, Applied, Arrived, Arriving, AskedHandshake, Attempt, Begun, BodyView,
    BudgetExceeded, BufferBudget, Candidates, Cell, Claim, ClaimOutcome, Clock, CompleteOutcome,
    ConfigError, Counters, Covers, DeadLetters, Degraded, Delivery, DeliverySpan, Encoding,
    Endpoint, EventIdFrom, EventIdSource, EventKey, EventType, EventTypeSource, Evidence,
    Fingerprint, Grant, Handling, Handshake, HandshakeAnswer, HandshakeBuilder, HandshakeRule,
    Head, Headers, Health, IdempotencyStore, Identity, Interactive, JsonProblem, KeyResolver,
    LiveKey, LiveKeys, LookedUp, MacKey, MalformedJson, ManualClock, MemoryStore, OutagePolicy,
    OutcomeRule, Pending, Profile, PublicUrl, Receiver, ReleaseOutcome, RenewOutcome,
    RepeatedHeader, Repeats, Reserved, ResolverObserver, Resolving, Retries, RetrySignature,
    RuleRequest, Scheme, SchemeBuilder, Secret, SecretFormat, SecretKeeper, SecretProblem,
    SecretResolver, SecretWarning, SecretWarningKind, Secrets, SecretsHandle, Settled, Signed,
    SignedBy, SignedRequest, Signer, SigningRule, StoreError, StoreWarning, SuccessCompletes,
    SystemClock, TenantFrom, Tenants, Timer, TimestampUnit, ToSign, Token, Tolerance, Verdict,
    Verified, Verifier, VerifyError, VerifyErrorKind, Wanted, protocol,
};

/// A tower layer that verifies deliveries in front of a service.
#[cfg(feature = "tower")]
pub mod tower {
    pub use countersign_tower::{
        ReadBody, ResponseBody, ResponseFuture, Verify, VerifyLayer, Webhook, WebhookLayer, answer,
        refusal,
    };
}

/// A server that no client can keep waiting, for tower services and axum.
#[cfg(feature = "serve")]
pub mod serve {
    pub use countersign_tower::{Serve, terminated};
}

/// axum extractors for verified deliveries.
#[cfg(feature = "axum")]
pub mod axum {
    pub use countersign_axum::{Claimed, Delivery, Rejection, Webhook, WebhookJson};
}

/// actix-web middleware and extractors for verified deliveries.
#[cfg(feature = "actix")]
pub mod actix {
    pub use countersign_actix::{
        Claimed, Delivery, Rejected, Rejection, RequestHeaders, VerifyMiddleware, VerifyService,
        Webhook, WebhookJson, WebhookMiddleware, WebhookService, answer, limit_unsent, read_body,
        refusal,
    };
}

/// The store on Redis and Valkey, for any number of processes.
#[cfg(feature = "redis")]
pub mod redis {
    pub use countersign_redis::{
        ConnectError, DeposedRecords, RedisConfig, RedisStore, RedisStoreError, Unsuitable,
    };
}

/// Attacks on an endpoint, for its own tests.
///
/// [`Attacks`](testing::Attacks) makes forged, stale, repeated and broken
/// deliveries of any scheme, and says what a sound endpoint answers to each:
///
/// ```
/// # use axum::{Router, body::Body, http::StatusCode, routing::post};
/// # use countersign::{Scheme, Secret, Verifier, tower::VerifyLayer};
/// # fn app() -> Result<Router, countersign::ConfigError> {
/// #     let verifier = Verifier::new(Scheme::named("github")?, Secret::new("secret")?)?;
/// #     let on_event = async || StatusCode::NO_CONTENT;
/// #     Ok(Router::new().route("/hooks", post(on_event)).layer(VerifyLayer::new(verifier)))
/// # }
/// use countersign::testing::Attacks;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = app()?; // yours
/// let attacks = Attacks::new(Scheme::named("github")?, "secret")?.to("/hooks".parse()?);
/// let deliver = async |attack: &countersign::testing::AttackRequest| {
///     let request = attack.to_http().map(Body::new);
///     app.clone().oneshot(request).await.unwrap().status().into()
/// };
/// let card = attacks.prepare()?.run(deliver).await;
/// assert!(card.is_clean(), "{card}");
/// # Ok(())
/// # }
/// ```
///
/// A server that listens is attacked over a connection, by
/// [`AttackRequest::deliver`](testing::AttackRequest::deliver); so is one of
/// actix-web. What takes requests in parts is given those of
/// [`AttackRequest::request`](testing::AttackRequest::request).
///
/// For single deliveries there is [`Signer`], for the time [`ManualClock`].
#[cfg(feature = "testing")]
pub mod testing {
    pub use countersign_conformance::{
        Attack, AttackAnswer, AttackBody, AttackKind, AttackList, AttackRequest, Attacks, Expected,
        Mark, NoAttack, Pace, ReportCard,
    };
}

/// Why a delivery does not verify: for tools, never for the path of a request.
#[cfg(feature = "diagnose")]
pub mod diagnose {
    pub use countersign_core::{Audience, CapturedRequest, Cause, CauseKind, Diagnose, Diagnosis};
}

/// What is counted and measured, as data.
#[cfg(feature = "metrics")]
pub mod metrics {
    pub use countersign_core::{METRICS, Metric, MetricKind, describe_metrics};
}

#[cfg(all(doctest, feature = "actix", feature = "axum", feature = "serve"))]
#[doc = include_str!("../../../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
mod package_readme {}

#[cfg(test)]
mod words;
