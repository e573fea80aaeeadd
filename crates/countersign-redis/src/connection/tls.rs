//! The cryptography provider for TLS.

use rustls::crypto::{CryptoProvider, ring};

/// Installs a provider for rustls if there is none.
///
/// If an application's dependencies enable several providers, rustls does not
/// choose one and panics at the first connection. A provider that the
/// application has installed is kept.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // Fails if another thread has just installed one, which is fine.
        let _ = ring::default_provider().install_default();
    }
}
