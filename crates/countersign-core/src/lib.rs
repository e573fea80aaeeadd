//! The path of a webhook delivery, from raw bytes to proof.
//!
//! ```text
//! headers -> timestamp -> body -> MAC -> compare -> Verified
//! `----- Verifier::begin -----'  `--- Begun::push, verify ---'
//! ```
//!
//! This crate knows no web framework and no async runtime. Most users want the
//! crate `countersign`, which re-exports it together with the adapters.
//!
//! | file | what it is |
//! | --- | --- |
//! | `headers.rs` | what is read from a request before its body |
//! | `scheme.rs`, `scheme/` | a provider's way of signing, as data; the built-ins |
//! | `secret.rs`, `validity.rs`, `keyring.rs` | signing secrets; prepared for a scheme |
//! | `tenants.rs`, `tenants/` | secrets that are found for each request |
//! | `presented.rs` | the interpreter: what a request presents |
//! | `rule.rs`, `rule/` | ways of signing that are code; what such rules share |
//! | `signature_key.rs`, `signature_key/` | public and private keys, as text |
//! | `timestamp.rs`, `clock.rs` | when it was signed, and what time it is |
//! | `body.rs` | the body as it arrives |
//! | `decoding.rs`, `decoding/` | undoes a content encoding, where that is what is signed |
//! | `mac.rs` | the MAC, and the one comparison of tags |
//! | `verifier.rs`, `verifier/` | `Verifier`, `Begun`, `Verified` |
//! | `event.rs`, `signed_pieces.rs`, `json.rs` | which event a delivery is about |
//! | `malformed.rs` | what is wrong with a genuine body |
//! | `handshake.rs` | how a provider tries an endpoint, and the answer |
//! | `error.rs` | what can be wrong |
//! | `observe.rs`, `observe/` | what is told of all this: spans, events, metrics |
//! | `sign.rs` | the other half, for tests and tools |
//! | `diagnose.rs`, `diagnose/` | why a delivery does not verify, for tools |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "asymmetric")]
mod asymmetric;
mod body;
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
mod json;
mod keyring;
mod mac;
mod malformed;
mod name;
mod observe;
mod outcome;
mod pace;
mod presented;
mod receiver;
mod rule;
mod scheme;
mod secret;
mod short;
mod sign;
mod signature_key;
mod signed_pieces;
mod tenants;
mod timestamp;
mod url;
mod validity;
mod verifier;

pub use budget::{BudgetExceeded, BufferBudget, Reserved};
pub use clock::{Clock, ManualClock, SystemClock};
#[cfg(feature = "diagnose")]
pub use diagnose::{Audience, CapturedRequest, Cause, CauseKind, Diagnose, Diagnosis};
pub use error::{ConfigError, SecretProblem, VerifyError, VerifyErrorKind};
pub use event::{EventIdFrom, Signed};
pub use handshake::HandshakeAnswer;
pub use headers::{Head, Headers, RepeatedHeader, Wanted};
pub use idempotency::{
    Applied, Attempt, Claim, ClaimOutcome, CompleteOutcome, Counters, Degraded, Endpoint, EventKey,
    Fingerprint, Grant, Health, IdempotencyStore, MemoryStore, ReleaseOutcome, RenewOutcome,
    StoreError, StoreWarning, Timer, Token,
};
/// The protocol of the stores, as pure functions: for whoever writes a store.
pub mod protocol {
    pub use crate::idempotency::{Record, State, claim, complete, release, renew};
}
pub use malformed::{JsonProblem, MalformedJson};
pub use observe::{DeliverySpan, Handling};
#[cfg(feature = "metrics")]
pub use observe::{METRICS, Metric, MetricKind, describe_metrics};
pub use outcome::{Answer, OutagePolicy, OutcomeRule, SuccessCompletes, Verdict};
pub use receiver::{DeadLetters, Delivery, Receiver, Repeats, Settled};
pub use rule::{
    Candidates, Covers, KeyResolver, LiveKey, LiveKeys, LookedUp, MacKey, Pending, RuleRequest,
    SignedBy, SignedRequest, SigningRule, ToSign,
};
pub use scheme::{
    Algorithm, BodyView, Cell, Encoding, EventIdSource, EventTypeSource, Evidence, Handshake,
    HandshakeBuilder, HandshakeRule, Identity, Interactive, Profile, Retries, RetrySignature,
    Scheme, SchemeBuilder, SecretFormat, TimestampUnit, Tolerance,
};
pub use secret::{Secret, SecretWarning, SecretWarningKind, Secrets};
pub use sign::Signer;
pub use tenants::{ResolverObserver, SecretResolver, TenantFrom, Tenants};
pub use url::PublicUrl;
pub use verifier::{
    Arrived, Arriving, AskedHandshake, Begun, EventType, Resolving, SecretKeeper, SecretsHandle,
    Verified, Verifier,
};
