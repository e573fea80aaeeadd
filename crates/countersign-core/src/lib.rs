//! Verifies webhook deliveries and deduplicates their events.
//!
//! ```text
//! request -> secrets -> headers, timestamp -> body (limit, deadline, budget) -> MAC -> compare -> Verified
//! `---------------- Verifier::receive; Verifier::verify for a body at hand -----------------'
//!         -> claim -> handler -> settle -> response
//!            `----- Receiver::handle ----'
//! ```
//!
//! This crate depends on no web framework and no async runtime. Most users want
//! the crate `countersign`, which re-exports it together with the adapters.
//!
//! | file | what it is |
//! | --- | --- |
//! | `headers.rs` | the request head: method, target and headers |
//! | `scheme.rs`, `scheme/` | how a provider signs, as data; the built-in schemes |
//! | `secret.rs`, `validity.rs`, `keyring.rs` | signing secrets; keys prepared for a scheme |
//! | `tenants.rs`, `tenants/` | secrets that are looked up for each request |
//! | `signature_headers.rs` | parses the signature, id and timestamp headers |
//! | `rule.rs`, `rule/` | schemes that are implemented in code; what they share |
//! | `signature_key.rs`, `signature_key/` | public and private keys, parsed from text |
//! | `timestamp.rs`, `clock.rs` | the signed timestamp; the current time |
//! | `body.rs` | buffers the body as it arrives |
//! | `decoding.rs`, `decoding/` | decodes a content encoding, if the decoded body is signed |
//! | `mac.rs` | computes MACs; the only comparison of tags |
//! | `verifier.rs`, `verifier/` | `Verifier`, `Verified` |
//! | `receive.rs`, `receive/` | the receive loop; claim, handle, settle |
//! | `receiver.rs` | `Receiver`: a verifier with a store |
//! | `runtime.rs` | the time of an async runtime |
//! | `event.rs`, `signed_pieces.rs`, `json.rs` | event id and event type |
//! | `malformed.rs` | errors in the JSON of a verified body |
//! | `handshake.rs` | handshakes and their responses |
//! | `error.rs` | configuration errors and verification errors |
//! | `telemetry.rs`, `telemetry/` | metrics and tracing |
//! | `sign.rs` | signs deliveries, for tests and tools |
//! | `diagnose.rs`, `diagnose/` | finds out why a delivery fails verification, for tools |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "asymmetric")]
mod asymmetric;
mod body;
mod body_deadline;
mod budget;
mod clock;
mod decoding;
#[cfg(feature = "diagnose")]
mod diagnose;
mod error;
mod event;
mod handshake;
mod headers;
mod idempotency;
mod inline_buf;
mod json;
mod keyring;
mod mac;
mod malformed;
mod name;
mod outcome;
mod receive;
mod receiver;
mod rule;
mod runtime;
mod scheme;
mod secret;
mod sign;
mod signature_headers;
mod signature_key;
mod signed_pieces;
mod telemetry;
mod tenants;
mod timestamp;
mod url;
mod validity;
mod verifier;

pub use budget::{BudgetExceeded, BufferBudget, BufferPermit};
pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "diagnose")]
pub use diagnose::{Audience, CapturedRequest, Cause, CauseKind, Diagnose, Diagnosis};
pub use error::{ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
pub use event::{EventIdFrom, Signed};
pub use handshake::HandshakeAnswer;
pub use headers::{HeaderLookup, Headers, RepeatedHeader, RequestHead};
pub use idempotency::{
    Attempt, Claim, ClaimOutcome, CompleteOutcome, Counters, Degraded, Effect, Endpoint, EventKey,
    Fingerprint, Grant, Health, IdempotencyStore, MemoryStore, ReleaseOutcome, RenewOutcome,
    StoreError, StoreWarning, Token,
};
/// The protocol of the stores, as pure functions, for store implementers.
pub mod protocol {
    pub use crate::idempotency::{Record, State, claim, complete, release, renew};
}
pub use malformed::{JsonProblem, MalformedJson};
pub use outcome::{EarlyResponse, OutagePolicy, OutcomeRule, SuccessCompletes, Verdict};
pub use receive::{
    BodySource, ClaimFuture, Detached, HeadSource, Panicked, ReceiveFuture, TaskOutcome,
    run_detached,
};
pub use receiver::{DeadLetters, Receiver, Repeats, Settled};
pub use rule::{
    BodyCheck, CustomScheme, KeyMatch, KeyResolver, LiveKey, LiveKeys, LookedUp, MacKey,
    PresentedSignatures, SignRequest, SignatureCoverage, SignedRequest, VerifyRequest,
};
pub use runtime::Runtime;
#[cfg(feature = "tokio")]
pub use runtime::TokioRuntime;
pub use scheme::{
    Algorithm, BodyView, Encoding, EventIdSource, EventTypeSource, Evidence, Handshake,
    HandshakeBuilder, HandshakeRule, Identity, Interactive, ProviderProfile, Retries,
    RetrySignature, Scheme, SchemeBuilder, SchemeField, SecretFormat, TimestampUnit, Tolerance,
};
pub use secret::{Secret, SecretWarning, SecretWarningKind, Secrets};
pub use sign::Signer;
pub use telemetry::{DeliverySpan, HandlerGuard};
#[cfg(feature = "metrics")]
pub use telemetry::{METRICS, Metric, MetricKind, describe_metrics};
pub use tenants::{ResolverObserver, SecretResolver, TenantId, Tenants};
pub use url::PublicUrl;
pub use verifier::{
    EventType, HandshakeSecretStore, ReceivedDelivery, ResolveFuture, SecretsHandle,
    UnsignedHandshake, Verified, Verifier,
};
