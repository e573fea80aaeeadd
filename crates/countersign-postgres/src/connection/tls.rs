//! TLS by rustls.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Cause, ConnectError};

/// Trusts the certificates of this file, or those of the system.
pub(super) fn connector(roots: Option<&Path>) -> Result<MakeRustlsConnect, ConnectError> {
    let trusted = match roots {
        Some(file) => from_file(file).map_err(|source| ConnectError::Certificates { source })?,
        None => from_system(),
    };
    // With an explicit provider, an application's dependencies may enable several.
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConnectError::Certificates { source: Arc::new(error) })?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn from_file(file: &Path) -> Result<RootCertStore, Cause> {
    let mut trusted = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| cause(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| cause(&error))?;
        trusted.add(certificate).map_err(|error| Arc::new(error) as Cause)?;
    }
    if trusted.is_empty() {
        return Err(Arc::new(io::Error::other("the file contains no certificate")));
    }
    Ok(trusted)
}

/// Certificates that cannot be read are left out: the handshake then fails, if one was needed.
fn from_system() -> RootCertStore {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    trusted
}

/// Without the text of the file.
fn cause(error: &rustls::pki_types::pem::Error) -> Cause {
    use rustls::pki_types::pem::Error;
    Arc::new(match error {
        Error::Io(error) => io::Error::new(error.kind(), error.to_string()),
        _ => io::Error::other("the file is not in PEM format"),
    })
}
