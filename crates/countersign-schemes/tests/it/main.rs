//! What holds for built-in schemes, by the crate's public interface.

#[cfg(not(feature = "asymmetric"))]
mod no_public_keys;
mod toml;
mod warnings;
