//! How about ninety providers sign their webhooks.
//!
//! Each provider has a function that returns its [`Scheme`](countersign_core::Scheme), such as
//! [`stripe`]; its documentation names the header, the signed payload, the place of the secret and the
//! common mistakes. [`named`] finds a scheme by the name in a configuration file, and [`samples`]
//! returns sample events of a provider.
//!
//! ```
//! use countersign_core::{Secret, Verifier};
//! use countersign_schemes as schemes;
//!
//! let verifier = Verifier::new(schemes::github(), Secret::new("It's a Secret to Everybody")?)?;
//! # Ok::<(), countersign_core::ConfigError>(())
//! ```
//!
//! | file | what it is |
//! | --- | --- |
//! | `providers/NAME.toml` | the facts of a provider with their sources, sample events, test vectors |
//! | `generated.rs` | the functions, written from these files by `cargo xtask schemes` |
//! | `code/NAME.rs` | the signature of a scheme that data cannot describe |
//! | `names.rs` | finds schemes by name |
//! | `samples.rs` | returns the sample events of a provider, with fresh ids and times |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod code;
#[rustfmt::skip]
mod generated;
mod names;
mod samples;

pub use generated::*;
pub use names::{aliases, all, named, names, secret_location};
pub use samples::{FreshValues, SampleEvent, samples};
