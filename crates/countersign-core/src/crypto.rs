//! Cryptography: MACs, signatures by public keys, and the only comparison of tags.

pub(crate) mod algorithm;
#[cfg(feature = "asymmetric")]
pub(crate) mod asymmetric;
pub(crate) mod blank;
pub(crate) mod inline_buf;
pub(crate) mod key_identity;
pub(crate) mod mac;
pub(crate) mod signature_key;
