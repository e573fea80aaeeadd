//! TLS to an untrusted server.

use std::net::TcpListener;

use super::*;

/// Its certificate is self-signed.
#[tokio::test]
async fn an_untrusted_certificate_is_an_error_that_says_so() {
    let file = |name| format!("{}/../core/rules/{name}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, key) = (file("rsa_certificate.pem"), file("rsa_private.pem"));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let _server = RedisServer::start(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &certificate,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
        "--tls-ca-cert-file",
        &certificate,
    ]);
    let url = format!("rediss://127.0.0.1:{port}");
    let error = connect(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, ConnectError::Certificate { .. }), "{error:?}");
    assert!(error.to_string().contains("root certificates"), "{error}");
}
