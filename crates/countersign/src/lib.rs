//! Receive webhooks: verify the signature and the timestamp of a delivery, reject
//! duplicates of handled events, and only then run the handler.
//!
//! ```
//! use countersign::{Secret, Verified, Verifier, schemes};
//!
//! // Can only be called with a verified delivery.
//! fn handle(verified: &Verified) {
//!     let kind = verified.event_type().map_or("event", |kind| kind.name);
//!     println!("{kind} {}: {} bytes", verified.event_id(), verified.body().len());
//! }
//!
//! // Once, at start-up: the provider's scheme, and the signing secret.
//! let verifier = Verifier::new(schemes::jupiter(), Secret::new("whsec_test")?)?;
//!
//! // For each delivery: its headers, and the unchanged bytes of its body.
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
//!     Err(rejected) => {
//!         eprintln!("rejected: {}: {rejected}", rejected.code());
//!         rejected.status()
//!     }
//! };
//! assert_eq!(status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Processing steps
//!
//! ```text
//! headers -> timestamp -> body -> MAC -> compare -> Verified -> claim -> handler -> complete | release
//! `------------------- receive --------------------------'   `claim'             `---- settle ----'
//! ```
//!
//! A delivery passes these types in this order:
//!
//! 1. [`Headers`] returns the *only* value of a header. [`RequestHead`] adds the method
//!    and the target for the schemes that sign them.
//! 2. [`Scheme`] defines which header has the signature, its format, and which
//!    bytes are signed. [`schemes`] has the built-in schemes,
//!    [`Scheme::builder`] builds a custom one. [`ProviderProfile`](scheme::ProviderProfile) describes the
//!    provider's retries and time limits.
//! 3. [`Tolerance`] and [`Clock`] check the signed timestamp.
//! 4. [`HeadSource`](adapter::HeadSource) and [`BodySource`](adapter::BodySource): the request in an adapter's types. The body is
//!    read after the head was checked, and hashed as it arrives.
//! 5. [`Secrets`]: the current [`Secret`] and those that are still active during
//!    a rotation. Any of them may have signed the delivery.
//! 6. [`Verified`], the result: the signed bytes, the event's id and type, the
//!    signed timestamp, and which secret matched. Only verification creates it.
//! 7. [`EventKey`] and [`Claim`]: the event is claimed in an
//!    [`IdempotencyStore`](store::IdempotencyStore), so that only one attempt at a time handles it.
//! 8. [`Verdict`](outcome::Verdict) is the meaning of the handler's status for the event.
//!    [`EarlyResponse`] is a response that is sent instead of calling the handler.
//!
//! [`Verifier`] has the configuration of an endpoint and performs the steps:
//! [`Verifier::verify`] for a complete body, and [`Verifier::receive`] for a body that
//! has not arrived yet. A
//! rejection is a [`VerifyError`] with a [`VerifyErrorKind`], a stable code for
//! the log, and the status of the response. A [`ConfigError`] reports errors at
//! start-up.
//!
//! [`Receiver`] is a verifier with a store and performs all steps:
//! [`Receiver::receive`], [`Receiver::claim`], [`Receiver::settle`].
//!
//! [`Signer`] signs deliveries as a provider would, for tests.
//!
//! # Framework support
//!
//! | framework | API |
//! | --- | --- |
//! | a function, a worker, any framework | [`Verifier::verify`], [`Verifier::receive`] |
//! | axum | the extractors `Webhook` and `WebhookJson` of the module `axum`; `ClaimedWebhookJson` and `ClaimedWebhook`, with the claim |
//! | actix-web | the extractors of the same names and the middleware `VerifyMiddleware` and `WebhookMiddleware` of the module `actix` |
//! | tower, hyper, axum | the layers `VerifyLayer` and, with deduplication, `WebhookLayer` of the module `tower` |
//! | HTTP server for tower and axum | `Serve` of the module `serve`, with [timeouts and connection limits](guide::hostile) |
//!
//! # Features
//!
//! None is on by default. A feature adds API and never changes behaviour.
//!
//! | feature | adds |
//! | --- | --- |
//! | `http` | [`Headers`] for `http::HeaderMap`, [`RequestHead`] from `http::request::Parts` |
//! | `tokio` | `TokioRuntime`: the time of tokio, for a [`Receiver`] without an adapter |
//! | `tower` | the module `tower`; implies `http` and `tokio` |
//! | `serve` | the module `serve`: a server for tower services and axum, with [timeouts and limits](guide::hostile); implies `tower` |
//! | `axum` | the module `axum`; implies `tower` |
//! | `actix` | the module `actix` |
//! | `redis` | the module `redis`: claims on Redis or Valkey |
//! | `redis-cluster` | `redis+cluster://` |
//! | `redis-sentinel` | `redis+sentinel://` |
//! | `redis-tls` | `rediss://`, with rustls |
//! | `serde` | `Scheme::from_toml` |
//! | `compression` | bodies whose decoded bytes are signed: [`BodyView::Decoded`](scheme::BodyView::Decoded) |
//! | `asymmetric` | public keys: Ed25519, ECDSA, RSA, and JWTs signed with them |
//! | `diagnose` | the module `diagnose`: finds out offline [why a delivery does not verify](guide::troubleshooting); implies `compression` |
//! | `metrics` | [metrics](guide::observability) through the facade `metrics`; the module `metrics` lists them |
//! | `tracing` | [spans and events](guide::observability) with `tracing` |
//! | `full` | all of these |
//! | `sqlite` | the module `sqlite`: claims in a SQLite file, and in [your own transactions](guide::inbox); not part of `full`, because a build has [one version of SQLite](guide::production) |
//! | `postgres` | the module `postgres`: claims in a Postgres database, and in [your own transactions](guide::inbox); not part of `full`, because it needs many more crates |
//! | `postgres-tls` | `sslmode=require` in the URL, with rustls |
//! | `testing` | the module `testing`: attacks on your own endpoint, and sample deliveries, for its tests; not part of `full` |
//!
//! # Limitations
//!
//! - **An effect can happen more than once.** After a crash between effect and
//!   record, an expired lease, or the loss of the store's data, an event is
//!   handled again. [`Grant`] has the information about earlier attempts. If the effect is in your
//!   own database, an [`inbox`] makes it happen exactly once.
//! - **Duplicates are not detected if no signed field identifies the event**
//!   ([`Identity`](scheme::Identity)): they are handled again, and flagged.
//! - **Bodies that a proxy has rewritten do not verify**, because they are not
//!   the signed bytes.
//! - **Timestamp checks need a correct clock.** The tolerance is relative to the
//!   receiver's clock. If a scheme signs no timestamp, there is no check.
//! - **Nothing is verified about what a scheme does not sign**: for most schemes,
//!   the URL, the method and all other headers. [`EventType`] says whether it was
//!   signed.
//!
//! The [`guide`] has the reasons.

#![cfg_attr(docsrs, feature(doc_cfg))]

// Its blocks of code use all features.
#[cfg(any(all(doc, not(doctest)), all(doctest, feature = "full")))]
pub mod guide;

pub use countersign_core::{
    BufferBudget, Claim, Clock, ConfigError, EarlyResponse, Endpoint, EventIdFrom, EventKey,
    EventType, Grant, Headers, JsonProblem, MalformedJson, ManualClock, MemoryStore, OutagePolicy,
    PublicUrl, Receiver, Repeats, RequestHead, Scheme, Secret, Secrets, Signer, SystemClock,
    Tolerance, Verified, Verifier, VerifyError, VerifyErrorKind,
};

pub use countersign_core::custom;
pub use countersign_schemes as schemes;

/// The receive loop for a framework that has no adapter yet.
pub mod adapter {
    #[cfg(any(feature = "axum", feature = "actix"))]
    pub use countersign_core::MissingLayer;
    pub use countersign_core::{
        BodySource, BudgetExceeded, BufferPermit, ClaimFuture, DeliverySpan, Detached,
        HandlerGuard, HeadSource, HeaderLookup, Panicked, ReceiveFuture, ReceivedDelivery,
        RepeatedHeader, ResolveFuture, Runtime, TaskOutcome, run_detached,
    };
}

/// How providers check an endpoint before they send events.
pub mod handshake {
    pub use countersign_core::{
        Handshake, HandshakeAnswer, HandshakeBuilder, HandshakeRule, HandshakeSecretStore,
        UnsignedHandshake,
    };
}

/// The inbox: the claim of an event is a row in the database transaction of its effect, so that
/// the effect happens exactly once in that database.
///
/// The modules of the databases have the inboxes: `sqlite::SqliteInbox`, `postgres::PostgresInbox`.
/// `tower::InboxLayer` begins the transaction, lends it to the handler as an
/// [`InboxTransaction`](inbox::InboxTransaction), and commits it if the response is a 2xx. The guide
/// [compares the tiers](guide::inbox). This module has what all databases share.
pub mod inbox {
    pub use countersign_core::{
        InboxClaim, InboxDatabase, InboxError, InboxErrorKind, InboxEvent, InboxReceiver, InboxRow,
        InboxRun, InboxSettings, InboxTransaction, Order, TransactionSlot, run_in_transaction,
    };
}

/// What the status of a handler means for its event.
pub mod outcome {
    pub use countersign_core::{DeadLetters, OutcomeRule, Settled, SuccessCompletes, Verdict};
}

/// How a provider signs and delivers: the parts of a [`Scheme`], and the builder of your own.
pub mod scheme {
    pub use countersign_core::{
        Algorithm, BodyView, Encoding, EventIdSource, EventTypeSource, Evidence, HeaderSet,
        Identity, Interactive, ProviderProfile, Retries, RetrySignature, SchemeBuilder,
        SchemeField, SecretFormat, SignatureFormat, SignatureLayout, TimestampSource,
        TimestampUnit,
    };
}

/// A queue between the receiver and the handler: the [`Message`](queue::Message) of a delivery, and
/// how it is handed off.
///
/// A [`Handoff`](queue::Handoff) records the event and stores the message in one atomic step.
/// `tower::HandoffLayer` then responds with 202. The modules of the databases have the queues:
/// `sqlite::SqliteHandoff`, `postgres::PostgresHandoff`, `redis::RedisStreamHandoff`. The guide
/// [compares them](guide::queue).
pub mod queue {
    pub use countersign_core::{
        HandedOff, Handoff, HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome,
        HandoffReceiver, MalformedMessage, Message,
    };

    /// The jobs of a table of accepted deliveries: what `sqlite::queue` and `postgres::queue` have in
    /// common.
    pub use countersign_core::jobs;
}

/// Secrets: warnings, what is wrong with one, replacing them at run time, and keys that are looked up.
pub mod secrets {
    pub use countersign_core::{
        KeyIdentity, KeyResolver, SecretProblem, SecretWarning, SecretWarningKind, SecretsHandle,
    };
}

/// Implementing an [`IdempotencyStore`](store::IdempotencyStore), and what a store reports.
pub mod store {
    pub use countersign_core::{
        Attempt, ClaimOutcome, CompleteOutcome, Counters, Degraded, Effect, Fingerprint, Health,
        IdempotencyStore, LeaseLost, ReleaseOutcome, RenewOutcome, StoreError, StoreWarning, Token,
        protocol,
    };
}

/// Secrets of tenants, looked up for each delivery.
pub mod tenants {
    pub use countersign_core::{ResolverObserver, SecretResolver, TenantId, Tenants};
}

#[cfg(feature = "tokio")]
pub use countersign_core::TokioRuntime;

#[cfg(feature = "tower")]
pub mod tower {
    #![doc = include_str!("pages/tower.md")]

    pub use countersign_tower::{
        HandoffLayer, HandoffService, HttpBody, InboxLayer, InboxService, NotInteractive,
        ResponseBody, ResponseFuture, ShadowBody, ShadowLayer, ShadowService, VerifyLayer,
        VerifyService, WebhookLayer, WebhookService, into_response,
    };
}

/// HTTP server with timeouts and connection limits, for tower services and axum.
#[cfg(feature = "serve")]
pub mod serve {
    pub use countersign_tower::{RequestBody, RequestBodyError, Serve, shutdown_signal};
}

#[cfg(feature = "axum")]
pub mod axum {
    #![doc = include_str!("pages/axum.md")]

    pub use countersign_axum::{
        ClaimedWebhook, ClaimedWebhookJson, Rejection, Webhook, WebhookJson,
    };
}

#[cfg(feature = "actix")]
pub mod actix {
    #![doc = include_str!("pages/actix.md")]

    pub use countersign_actix::{
        ClaimedWebhook, ClaimedWebhookJson, ExtractError, Rejection, RequestHeaders,
        ShadowMiddleware, ShadowService, VerifyMiddleware, VerifyService, Webhook, WebhookJson,
        WebhookMiddleware, WebhookService, into_response, limit_unsent, receive,
    };
}

#[cfg(feature = "redis")]
pub mod redis {
    #![doc = include_str!("pages/redis.md")]

    pub use countersign_redis::{
        ConnectError, DeposedRecords, RedisConfig, RedisStore, RedisStoreError, RedisStreamHandoff,
        Unsuitable,
    };
}

#[cfg(feature = "postgres")]
pub mod postgres {
    #![doc = include_str!("pages/postgres.md")]

    /// The table of jobs: accepted deliveries, until a worker has handled them.
    pub use countersign_postgres::queue;
    pub use countersign_postgres::{
        ConnectError, EnqueueFuture, OpenTransaction, PostgresConfig, PostgresHandoff,
        PostgresInbox, PostgresInboxPool, PostgresStore, PostgresStoreError, PostgresTransaction,
        deadpool_postgres, tokio_postgres,
    };
}

#[cfg(feature = "sqlite")]
pub mod sqlite {
    #![doc = include_str!("pages/sqlite.md")]

    /// The table of jobs: accepted deliveries, until a worker has handled them.
    pub use countersign_sqlite::queue;
    pub use countersign_sqlite::queue::SqliteHandoff;
    pub use countersign_sqlite::{
        OpenError, SqliteConfig, SqliteInbox, SqliteInboxConnection, SqliteStore, SqliteStoreError,
        SqliteTransaction, Synchronous, rusqlite,
    };
}

/// Attacks on an endpoint, and sample deliveries, for your own tests.
///
/// [`Attacks`](testing::Attacks) creates forged, expired, duplicate and malformed
/// deliveries for any scheme, and the response that each must get:
///
/// ```
/// # use axum::{Router, body::Body, http::StatusCode, routing::post};
/// # use countersign::{Scheme, Secret, Verifier, schemes, tower::VerifyLayer};
/// # fn app() -> Result<Router, countersign::ConfigError> {
/// #     let verifier = Verifier::new(schemes::github(), Secret::new("secret")?)?;
/// #     let on_event = async || StatusCode::NO_CONTENT;
/// #     Ok(Router::new().route("/hooks", post(on_event)).layer(VerifyLayer::new(verifier)))
/// # }
/// use countersign::testing::Attacks;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = app()?; // yours
/// let attacks = Attacks::new(schemes::github(), "secret")?.to("/hooks".parse()?);
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
/// To attack a running server, including one of actix-web, over a connection, use
/// [`AttackRequest::deliver`](testing::AttackRequest::deliver). To get the parts of
/// a request, use [`AttackRequest::request`](testing::AttackRequest::request).
///
/// [`SampleDelivery`](testing::SampleDelivery) is a verified delivery, for tests of a
/// handler or of a store. Use [`Signer`] to sign single deliveries, and
/// [`ManualClock`] to set the time.
#[cfg(feature = "testing")]
pub mod testing {
    pub use countersign_testing::{
        Attack, AttackAnswer, AttackBody, AttackKind, AttackList, AttackReport, AttackRequest,
        AttackResult, AttackUnavailable, Attacks, Expected, Pace, SampleDelivery,
    };
}

/// Diagnosis of deliveries that do not verify: for tools, never for handling requests.
#[cfg(feature = "diagnose")]
pub mod diagnose {
    pub use countersign_diagnose::{
        Audience, CapturedRequest, Cause, CauseKind, Diagnose, Diagnosis,
    };
}

/// The list of metrics, as data.
#[cfg(feature = "metrics")]
pub mod metrics {
    pub use countersign_core::{METRICS, Metric, MetricKind, describe_metrics};
}

#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../README.md")]
mod readme {}

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
mod package_readme {}

#[cfg(test)]
mod words;
