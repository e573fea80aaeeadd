//! What everything that receives webhooks with Countersign is held to.
//!
//! First there are the test [`vectors`]: deliveries of 79 schemes whose verdict
//! is known. They are plain data and need no scheme of this project, so whoever
//! writes a scheme of their own, or a verifier in another way, can try it on
//! them:
//!
//! ```
//! use countersign_conformance::vectors;
//! use countersign_core::Scheme;
//!
//! let stripe = Scheme::named("stripe")?;
//! for vector in vectors().iter().filter(|vector| vector.provider == "stripe") {
//!     vector.check(&stripe)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The [`handshake_vectors`] are what providers ask an endpoint first, and what
//! they expect to hear. The files themselves, and what their fields mean, are in
//! the folder `vectors`.
//!
//! For stores of claims there are the [`store_cases`]: whoever writes a store
//! of their own makes it a [`StoreUnderTest`] and runs them all.
//!
//! For doors, that let deliveries in over HTTP, there is `http_suite`, behind the
//! feature `http-suite`: whoever writes an adapter of their own makes it a
//! `DoorUnderTest`. Its transcript is to be the same, byte for byte, as that of
//! any other door.
//!
//! For endpoints, whoever has built them, there are `Attacks`, behind the feature
//! `attacks`: forged, stale, repeated and broken deliveries, and what a sound
//! endpoint answers to each.
//!
//! For tests against a real server there are `RedisServer`, behind the feature
//! `redis-server`, and `FaultProxy`, behind `fault-proxy`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "attacks")]
mod attacks;
#[cfg(feature = "fault-proxy")]
mod fault_proxy;
mod handshakes;
#[cfg(feature = "http-suite")]
mod http;
#[cfg(all(feature = "redis-server", unix))]
mod redis_server;
mod sample;
mod stores;
mod vectors;

#[cfg(feature = "attacks")]
pub use attacks::{
    Attack, AttackAnswer, AttackBody, AttackKind, AttackList, AttackRequest, Attacks, Expected,
    Mark, NoAttack, Pace, ReportCard,
};
#[cfg(feature = "fault-proxy")]
pub use fault_proxy::{Fault, FaultProxy};
pub use handshakes::{HandshakeRequest, HandshakeResponse, HandshakeVector, handshake_vectors};
#[cfg(feature = "http-suite")]
pub use http::{
    CODE_HEADER, Difference, DoorReach, DoorStore, DoorUnderTest, HandlerAnswer, HttpCase,
    HttpEndpoint, HttpFailure, HttpReport, InFront, OpenDoor, Script, Transcript, http_cases,
    http_suite,
};
#[cfg(all(feature = "redis-server", unix))]
pub use redis_server::RedisServer;
pub use sample::SampleDelivery;
pub use stores::{StoreCase, StoreFailure, StoreUnderTest, store_cases};
pub use vectors::{Disagreement, Expect, Reason, Vector, VectorSecret, vectors};
