use super::*;

fn parse(url: &str) -> (Target, UrlSettings) {
    Target::parse(url).unwrap()
}

#[test]
fn the_server_is_shown_without_credentials() {
    for (url, server) in [
        ("postgres://u:hunter2@a.example/shop", "postgres://a.example:5432"),
        ("postgresql://u:hunter%402@a:1,b:2/shop", "postgres://a:1,b:2"),
        ("postgres://u:hun%3Fter2@[::1]:6/shop?schema=x", "postgres://[::1]:6"),
        ("postgres://a?user=u&password=hunter2", "postgres://a:5432"),
    ] {
        let config = crate::PostgresConfig::new(url).unwrap();
        assert_eq!(config.target.server(), server);
        assert!(!format!("{config:?}").contains("hun"), "{config:?}");
    }
}

#[test]
fn the_settings_are_taken_out_of_the_url() {
    let url = "postgres://a/b?schema=my%20shop&deadline_ms=250&application_name=x&connections=3\
               &pooler=true&sslmode=disable";
    let (target, settings) = parse(url);
    assert_eq!(settings.schema.as_deref(), Some("my shop"));
    assert_eq!(settings.deadline, Some(Duration::from_millis(250)));
    assert_eq!((settings.connections, settings.has_pooler), (Some(3), true));
    assert_eq!(target.config.get_application_name(), Some("x"));
    assert_eq!(target.config.get_dbname(), Some("b"));
    assert_eq!(target.config.get_ssl_mode(), SslMode::Disable);
}

#[test]
fn tls_is_preferred_except_on_this_machine() {
    let elsewhere = if cfg!(feature = "tls") { SslMode::Prefer } else { SslMode::Disable };
    for (host, mode) in [
        ("localhost", SslMode::Disable),
        ("127.0.0.1", SslMode::Disable),
        ("%2Frun%2Fpostgresql", SslMode::Disable),
        ("10.0.0.1", elsewhere),
        ("localhost,db.example", elsewhere),
    ] {
        let (target, _) = parse(&format!("postgres://{host}/shop"));
        assert_eq!(target.config.get_ssl_mode(), mode, "{host}");
    }
    let required = Target::parse("postgres://localhost/shop?sslmode=verify-full");
    match required {
        Ok((target, _)) => assert_eq!(target.config.get_ssl_mode(), SslMode::Require),
        Err(error) => assert!(matches!(error, ConnectError::FeatureRequired { .. }), "{error}"),
    }
}

#[test]
fn a_url_that_names_no_database_server_is_an_error_and_is_not_shown() {
    for url in [
        "hunter2",
        "redis://hunter2",
        "postgres://",
        "postgres:///shop",
        "postgres://u:hunter2@/shop",
        "postgres://u:p@a:hunter2/shop",
        "postgres://u:p@a:1,b:2,c/shop?port=hunter2",
        "postgres://u:p@[hunter2/shop",
        "postgres://a/shop?hunter2",
        "postgres://a/shop?hunter2=hunter2",
        "postgres://a/shop?deadline_ms=hunter2",
        "postgres://a/shop?connections=-1",
        "postgres://a/shop?pooler=hunter2",
        "postgres://a/shop?sslmode=hunter2",
        "postgres://a/shop?schema=%ff",
        "postgres://a/shop?hostaddr=127.0.0.1,127.0.0.2",
    ] {
        let Err(error) = Target::parse(url) else { panic!("{url}") };
        assert!(matches!(error, ConnectError::Url { .. }), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{url}: {error:?}");
    }
}

#[test]
fn a_password_that_is_not_encoded_is_no_host() {
    for url in [
        "postgres://u:x@hunter2@a/shop",
        "postgres://u:x@hunter2/y@a/shop",
        "postgres://u:x@hunter2?y@a/shop",
        "postgres://u:hun?ter2@[::1]:6/shop?schema=x",
        "postgres://u:hun/ter2@a/shop",
        "postgres://a/shop?user=u&password=x@hunter2",
        "postgres://a/shop@hunter2",
        "postgres://hunter2%40x/shop",
        "postgres://hunter2%25x/shop",
        "postgres://[hunter2]x/shop",
        "postgres://[hunter2:x]/shop",
        "postgres://hun ter2/shop",
        "postgres://a/shop?host=hunter2%3Fx",
        "postgres://u:x@hunter2&y/shop",
        "postgres://u:x@hunter2=/shop",
        "postgres://u:x@hun%0Ater2/shop",
    ] {
        let Err(error) = Target::parse(url) else { panic!("{url}") };
        assert!(matches!(error, ConnectError::Url { .. }), "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("ter2"), "{url}: {error:?}");
    }
}

#[test]
fn a_parameter_can_be_empty() {
    for url in ["postgres://a/b?", "postgres://a/b?&schema=x&"] {
        let (target, _) = parse(url);
        assert_eq!(target.config.get_dbname(), Some("b"), "{url}");
    }
}

#[test]
fn root_certificates_require_tls() {
    let mode = |url| Target::parse(url).map(|(target, _)| target.config.get_ssl_mode());
    match mode("postgres://localhost/shop?sslrootcert=ca.pem") {
        Ok(mode) => assert_eq!(mode, SslMode::Require),
        Err(error) => assert!(matches!(error, ConnectError::FeatureRequired { .. }), "{error}"),
    }
    let url = "postgres://a/shop?sslrootcert=ca.pem&sslmode=prefer";
    assert_eq!(mode(url).unwrap(), SslMode::Prefer);
}
