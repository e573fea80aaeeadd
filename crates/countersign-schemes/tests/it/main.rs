//! What holds for built-in schemes, by the crate's public interface.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(not(feature = "asymmetric"))]
mod no_public_keys;
mod samples;
mod toml;
mod warnings;
