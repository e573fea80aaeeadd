//! TLS with a trusted and with an untrusted certificate.

use super::*;

async fn connect(schema: &Schema, parameters: &str) -> Result<PostgresStore, ConnectError> {
    let url = format!("postgres://postgres@localhost:{}/postgres?{parameters}", server().port());
    let config = PostgresConfig::new(&url)?.with_schema(&schema.0).with_deadline(PATIENT);
    PostgresStore::connect_with(config).await
}

#[tokio::test]
async fn a_certificate_is_verified_in_each_mode_that_uses_tls() {
    let schema = Schema::new();
    let error = connect(&schema, "sslmode=require").await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }), "{error:?}");
    connect(&schema, "sslmode=prefer").await.unwrap();

    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    server().write("server.crt", &certificate);
    server().write("server.key", &key);
    let _ = server().psql("ALTER SYSTEM SET ssl = on");
    let _ = server().psql("SELECT pg_reload_conf()");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, &certificate).unwrap();
    let trusted = format!("sslmode=verify-full&sslrootcert={}", file.path().display());
    eventually(async || connect(&schema, &trusted).await.is_ok()).await;
    let store = connect(&schema, &trusted).await.unwrap();
    assert_eq!(store.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
    let client = client().await;
    let encrypted = "SELECT count(*) FROM pg_stat_ssl WHERE ssl";
    assert!(client.query_one(encrypted, &[]).await.unwrap().get::<_, i64>(0) > 0);

    for mode in ["prefer", "require"] {
        let error = connect(&schema, &format!("sslmode={mode}")).await.unwrap_err();
        assert!(matches!(error, ConnectError::Tls { .. }), "{mode}: {error:?}");
        assert!(error.to_string().contains("sslrootcert"), "{error}");
    }
    for file in ["/missing", "/dev/null", "Cargo.toml"] {
        let error = connect(&schema, &format!("sslmode=require&sslrootcert={file}")).await;
        let error = error.unwrap_err();
        assert!(matches!(error, ConnectError::Certificates { .. }), "{file}: {error:?}");
    }
}
