//! Verifies webhook deliveries and deduplicates their events.
//!
//! ```text
//! request -> secrets -> headers, timestamp -> body (limit, deadline, budget) -> MAC -> compare -> Verified
//! `---------------- Verifier::receive; Verifier::verify for a body at hand -----------------'
//!         -> claim -> handler -> settle -> response
//!            `----- Receiver::handle ----'
//! ```
//!
//! Without features, this crate depends on no web framework and no async runtime. Most users want
//! the crate `countersign`, which re-exports it together with the adapters.
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | configuration errors, verification errors, errors in the JSON of a verified body |
//! | `time` | clocks, the time of an async runtime, signed timestamps, validity of secrets |
//! | `crypto` | MACs, public and private keys, the only comparison of tags |
//! | `json` | reads JSON that is not verified yet, within bounds |
//! | `request` | the request head: method, target, headers, URL |
//! | `telemetry` | metrics and tracing |
//! | `secret` | signing secrets and their formats, secrets of tenants |
//! | `scheme` | how a provider signs, as data |
//! | `signature_headers` | the signature, id and timestamp headers of a request, and what they sign |
//! | `custom` | schemes that are implemented in code; what they share |
//! | `body` | buffers and decodes the body as it arrives, within a budget |
//! | `handshake` | handshakes and their responses |
//! | `verify` | `Verifier`, its prepared keys, `Verified`, event id and event type, `Signer` |
//! | `idempotency` | event keys, claims, the protocol of the stores, `MemoryStore`, the types of an inbox |
//! | `queue` | a queue before the handler: the message of an accepted delivery, `Handoff`, and the jobs of a table |
//! | `extract` | `Verified` as an extractor of axum and actix-web, behind their features |
//! | `receive` | the receive loop, `Receiver`, early responses |
//!
//! A room uses only the rooms above it in this table. The only exception is a trait and its type:
//! a [`Scheme`] holds a [`CustomScheme`](custom::CustomScheme), whose methods get the scheme. `tests/core/rooms.rs` checks
//! this.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod crypto;
pub mod custom;
mod error;
#[cfg(any(feature = "axum", feature = "actix"))]
mod extract;
mod handshake;
mod idempotency;
mod json;
mod queue;
mod receive;
mod request;
mod scheme;
mod secret;
mod signature_headers;
mod telemetry;
mod time;
mod verify;

pub use body::budget::{BudgetExceeded, BufferBudget, BufferPermit};
pub use error::{Causes, ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
#[cfg(any(feature = "axum", feature = "actix"))]
pub use extract::MissingLayer;
pub use handshake::{HandshakeAnswer, HandshakeSecretStore};
pub use idempotency::{
    Attempt, Claim, ClaimOutcome, CompleteOutcome, Counters, Degraded, Effect, EventKey,
    Fingerprint, Grant, Health, IdempotencyStore, InboxClaim, InboxDatabase, InboxError,
    InboxErrorKind, InboxEvent, InboxRow, InboxTransaction, LeaseLost, MemoryStore, Order, Outage,
    ReleaseOutcome, RenewOutcome, Repeats, StoreError, StoreWarning, Token, TransactionSlot,
};
pub use request::headers::{HeaderLookup, Headers, RepeatedHeader, RequestHead};
pub use time::clock::{Clock, ManualClock, SystemClock};
pub use verify::event::EventIdFrom;
/// The protocol of the stores, as pure functions, for store implementers.
pub mod protocol {
    pub use crate::idempotency::{Record, State, claim, complete, release, renew};
}
/// Changed schemes that no builder has checked, for tools that find out how a delivery was signed.
/// Never for receiving: their results are not [`Verified`].
pub mod unchecked {
    pub use crate::scheme::UncheckedScheme;
    pub use crate::verify::{SignatureMatch, UncheckedVerifier};
}
pub use crypto::algorithm::Algorithm;
pub use crypto::algorithm::Encoding;
pub use crypto::key_identity::KeyIdentity;
pub use error::malformed::{JsonProblem, MalformedJson};
/// The jobs of a table of accepted deliveries, for implementers of such a table and its workers.
pub mod jobs {
    pub use crate::queue::jobs::{
        AcceptOutcome, Accepting, JobFilter, JobState, JobSummary, SettleOutcome, Settlement, Take,
        Taken, TakenJob, TargetCounts,
    };
}
pub use queue::{
    Handoff, HandoffDelivery, HandoffError, HandoffErrorKind, HandoffOutcome, MalformedMessage,
    Message,
};
pub use receive::{
    BodySource, ClaimFuture, DeadLetters, Detached, EarlyResponse, HandedOff, HandoffReceiver,
    HeadSource, InboxReceiver, InboxRun, InboxSettings, OutagePolicy, OutcomeRule, Panicked,
    ReceiveFuture, ReceivedDelivery, Receiver, Settled, SuccessCompletes, TaskOutcome, Verdict,
    run_detached, run_in_transaction,
};
pub use request::url::PublicUrl;
pub use scheme::{
    BodyView, EventIdSource, EventTypeSource, Evidence, Handshake, HandshakeBuilder, HandshakeRule,
    HeaderSet, Identity, Interactive, ProviderProfile, Retries, RetrySignature, Scheme,
    SchemeBuilder, SchemeField, SignatureFormat, SignatureLayout, TimestampSource,
};
pub use secret::resolver::KeyResolver;
pub use secret::secret_format::SecretFormat;
pub use secret::tenants::{ResolverObserver, SecretResolver, TenantId, Tenants};
pub use secret::{Secret, SecretWarning, SecretWarningKind, Secrets};
pub use telemetry::{DeliverySpan, HandlerGuard};
#[cfg(feature = "metrics")]
pub use telemetry::{METRICS, Metric, MetricKind, describe_metrics};
pub use time::runtime::Runtime;
#[cfg(feature = "tokio")]
pub use time::runtime::TokioRuntime;
pub use time::tolerance::Tolerance;
pub use time::unit::TimestampUnit;
pub use verify::sign::Signer;
pub use verify::{
    Endpoint, EventType, ResolveFuture, SecretsHandle, UnsignedHandshake, Verified, Verifier,
};
