//! The cryptography under TLS.

use rustls::crypto::{CryptoProvider, ring};

/// Sees to it that rustls has one: where an application's dependencies switch
/// several on, rustls leaves the choice open and panics at the first
/// connection. A choice that the application has made stays.
pub(super) fn ensure_provider() {
    if CryptoProvider::get_default().is_none() {
        // It fails where somebody else was faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}
