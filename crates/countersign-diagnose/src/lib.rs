//! Finds out why a webhook delivery does not verify, by experiments. For tools and
//! offline use, never for handling requests.
//!
//! [`Diagnose`] verifies a [`CapturedRequest`] again and again with one or two
//! things changed. A change with which it verifies is a [`Cause`], with a fix.
//!
//! The crate `countersign` re-exports all of this as its module `diagnose`, with
//! the feature `diagnose`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `diagnose.rs` | diagnoses one delivery |
//! | `request.rs` | a captured request |
//! | `cause.rs` | the kinds of causes |
//! | `fix.rs` | how to fix a cause, for each audience |
//! | `diagnosis.rs` | the result |
//! | `strategy.rs` | which changes are tried, and in which order |
//! | `experiment.rs` | one experiment: a request, a scheme, secrets |
//! | `handshake.rs` | handshakes, which are not deliveries |
//! | `secrets.rs`, `headers.rs`, `digests.rs`, `url.rs`, `url_escapes.rs`, `time.rs`, `schemes.rs` | changes for experiments |
//! | `body.rs`, `compression.rs`, `charset.rs`, `stringified.rs`, `form.rs`, `json.rs` | changes of the body |
//! | `framework_quirks.rs` | how frameworks and providers serialize JSON |
//! | `rejected_form.rs` | what a scheme rejects although the signature is right |
//! | `heuristics.rs`, `secret_heuristics.rs` | heuristics: causes that no experiment can verify |
//! | `hints.rs` | what else to check |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod cause;
mod charset;
mod compression;
mod diagnose;
mod diagnosis;
mod digests;
mod experiment;
mod fix;
mod form;
mod framework_quirks;
mod handshake;
mod headers;
mod heuristics;
mod hints;
mod json;
mod rejected_form;
mod request;
mod schemes;
mod secret_heuristics;
mod secrets;
mod strategy;
mod stringified;
mod time;
mod url;
mod url_escapes;

pub use cause::{Cause, CauseKind};
pub use diagnose::Diagnose;
pub use diagnosis::Diagnosis;
pub use fix::Audience;
pub use request::CapturedRequest;
