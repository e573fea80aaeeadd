//! Test vectors and test suites for code that receives webhooks with
//! Countersign.
//!
//! The test [`vectors`] are deliveries of about eighty schemes with a known
//! result. They are plain data and need no scheme of this project. You can check
//! a custom scheme, or another verifier, against them:
//!
//! ```
//! use countersign_conformance::vectors;
//! use countersign_schemes as schemes;
//!
//! let stripe = schemes::stripe();
//! for vector in vectors().iter().filter(|vector| vector.provider == "stripe") {
//!     vector.check(&stripe)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The [`handshake_vectors`] are the requests that providers send to check an
//! endpoint, and the responses that they expect. The files, and a description of
//! their fields, are in the folder `vectors`.
//!
//! For idempotency stores there are the [`store_cases`]. Implement
//! [`StoreUnderTest`] for your store and run them all.
//!
//! For HTTP adapters there is `http_suite`, with the feature `http-suite`.
//! Implement `AdapterUnderTest` for your adapter. Its transcript must be the same,
//! byte for byte, as that of any other adapter.
//!
//! Attacks on an endpoint, and sample deliveries, are in the crate
//! `countersign-testing`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod frozen_time;
mod handshakes;
#[cfg(feature = "http-suite")]
mod http;
mod stores;
mod vectors;

#[doc(hidden)]
pub use frozen_time::FrozenTime;
pub use handshakes::{HandshakeRequest, HandshakeResponse, HandshakeVector, handshake_vectors};
#[cfg(feature = "http-suite")]
pub use http::{
    AdapterLevel, AdapterUnderTest, CODE_HEADER, Difference, HandlerAnswer, HandlerScript,
    HttpCase, HttpEndpoint, HttpFailure, HttpReport, RunningServer, TestStore, Transcript,
    Upstream, http_cases, http_suite,
};
pub use stores::{StoreCase, StoreFailure, StoreUnderTest, store_cases};
pub use vectors::{Disagreement, Expect, Reason, Vector, VectorSecret, vectors};
