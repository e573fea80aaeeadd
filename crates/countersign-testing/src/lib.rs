//! Attacks on an endpoint and sample deliveries, for tests of code that receives
//! webhooks with Countersign.
//!
//! `Attacks`, with the feature `attacks`, creates forged, expired, duplicate and
//! malformed deliveries for any scheme, and the response of a correct endpoint to
//! each. It runs them against a service in the same process, or over a connection
//! against a server of any kind, and reports the responses.
//!
//! [`SampleDelivery`] is a verified delivery, for tests of a handler or of a
//! store.
//!
//! To sign a single delivery, use [`Signer`](countersign_core::Signer). To set the
//! time, use [`ManualClock`](countersign_core::ManualClock).
//!
//! The crate `countersign` re-exports all of this as its module `testing`, with
//! the feature `testing`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "attacks")]
mod attacks;
mod sample;

#[cfg(feature = "attacks")]
pub use attacks::{
    Attack, AttackAnswer, AttackBody, AttackKind, AttackList, AttackReport, AttackRequest,
    AttackResult, AttackUnavailable, Attacks, Expected, Pace,
};
pub use sample::SampleDelivery;
