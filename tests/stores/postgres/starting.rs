//! Connecting, and the servers that are unsuitable.

use super::*;

async fn error(config: PostgresConfig) -> ConnectError {
    PostgresStore::connect_with(config).await.expect_err("the store must not connect")
}

async fn error_of(url: &str) -> ConnectError {
    match PostgresConfig::new(url) {
        Ok(config) => error(config).await,
        Err(error) => error,
    }
}

/// Creates a user that needs the password `s3cret`.
fn user(name: &str) -> String {
    let create = format!("CREATE ROLE {name} LOGIN PASSWORD 's3cret' IN ROLE secret");
    let _ = server().psql(&create);
    name.to_owned()
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    let user = user("with_password");
    let url = server().url_of(&format!("{user}:hunter2"));
    let error = error_of(&url).await;
    assert!(matches!(error, ConnectError::Authentication { .. }), "{error:?}");
    assert!(error.to_string().contains(&server().address()), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let error = error_of(&server().url_of("missing_role")).await;
    assert!(matches!(error, ConnectError::Authentication { .. }), "{error:?}");
}

#[tokio::test]
async fn a_missing_password_is_a_problem_of_the_url() {
    let user = user("without_password");
    let error = error_of(&server().url_of(&user)).await;
    assert!(matches!(error, ConnectError::Setting { .. }), "{error:?}");
    assert!(error.to_string().contains("requires a password"), "{error}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_named() {
    let url = format!("postgres://postgres@{}/missing", server().address());
    let error = error_of(&url).await;
    assert!(matches!(error, ConnectError::MissingDatabase { .. }), "{error:?}");
    assert!(format!("{error:?}").contains("\"missing\""), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    // The port is free: the listener has been dropped.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = error_of(&format!("postgres://u:hunter2@{address}/shop")).await;
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("postgres://{address}")), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

/// The tables can be created by another user, with the statements of the migration.
#[tokio::test]
async fn a_user_without_rights_is_an_error_that_names_them() {
    let (schema, user) = (Schema::new(), user("without_rights"));
    let url = server().url_of(&format!("{user}:s3cret"));
    let config = || PostgresConfig::new(&url).unwrap().with_schema(&schema.0);
    let config = || config().with_deadline(PATIENT);
    let missing_schema = error(config()).await;
    assert!(matches!(missing_schema, ConnectError::NotPermitted { .. }), "{missing_schema:?}");
    let _ = server().psql(&format!("CREATE SCHEMA \"{}\"", schema.0));
    let no_create = error(config()).await;
    assert!(matches!(no_create, ConnectError::NotPermitted { .. }), "{no_create:?}");
    assert!(no_create.to_string().contains("grant `CREATE`"), "{no_create}");

    let name = &schema.0;
    let _ = server().psql(&config().migration());
    let _ = server().psql(&config().migration());
    let _ = server().psql(&format!(
        "GRANT USAGE ON SCHEMA \"{name}\" TO {user};
         GRANT SELECT ON \"{name}\".countersign_version TO {user};
         GRANT SELECT, INSERT, UPDATE ON \"{name}\".countersign_event TO {user}"
    ));
    let no_delete = error(config()).await;
    assert!(matches!(no_delete, ConnectError::NotPermitted { .. }), "{no_delete:?}");
    let _ = server().psql(&format!("GRANT DELETE ON \"{name}\".countersign_event TO {user}"));
    let store = PostgresStore::connect_with(config()).await.unwrap();
    assert_eq!(store.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);

    let _ = server().psql(&format!("REVOKE ALL ON \"{name}\".countersign_event FROM {user}"));
    let error = store.claim(&event("evt_2"), &attempt()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), PostgresStoreError::NotPermitted { .. }), "{error:?}");
    assert!(!store.breaker_is_open());
}

#[tokio::test]
async fn tables_of_a_later_version_are_left_alone() {
    let schema = Schema::new();
    drop(schema.store().await);
    let _ = server().psql(&format!("UPDATE \"{}\".countersign_version SET version = 2", schema.0));
    let error = error(schema.config()).await;
    assert!(matches!(error, ConnectError::NewerSchema { found: 2, supported: 1, .. }), "{error}");
}

#[tokio::test]
async fn tables_of_another_application_are_left_alone() {
    let schema = Schema::new();
    let name = &schema.0;
    let _ = server().psql(&format!(
        "CREATE SCHEMA \"{name}\"; CREATE TABLE \"{name}\".countersign_event (id int)"
    ));
    let error = error(schema.config()).await;
    assert!(matches!(error, ConnectError::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn tables_that_disappear_are_an_error() {
    let schema = Schema::new();
    let store = schema.store().await;
    let _ = server().psql(&format!("DROP SCHEMA \"{}\" CASCADE", schema.0));
    let error = store.claim(&event("evt_1"), &attempt()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), PostgresStoreError::Schema { .. }), "{error:?}");
}

#[tokio::test]
async fn a_search_path_without_a_schema_is_an_error() {
    let url = format!("{}?options=-c%20search_path%3Dnowhere", server().url());
    let error = error_of(&url).await;
    assert!(matches!(error, ConnectError::NoSchema { .. }), "{error:?}");
}

/// As on a standby.
#[tokio::test]
async fn a_server_that_is_read_only_is_an_error_until_it_is_not() {
    let schema = Schema::new();
    let url = format!("{}?options=-c%20default_transaction_read_only%3Don", server().url());
    let error = error_of(&url).await;
    assert!(matches!(error, ConnectError::ReadOnly { .. }), "{error:?}");

    let user = user("read_only");
    let _ = server().psql(&format!("ALTER ROLE {user} SUPERUSER"));
    let config = PostgresConfig::new(&server().url_of(&format!("{user}:s3cret"))).unwrap();
    let config = config.with_schema(&schema.0).with_deadline(PATIENT);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let _ = server().psql(&format!("ALTER ROLE {user} SET default_transaction_read_only = on"));
    // The setting applies to new connections.
    terminate(&schema).await;
    // This may find a connection that has just been terminated.
    let _ = store.claim(&event("evt_1"), &attempt()).await;
    let error = store.claim(&event("evt_1"), &attempt()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), PostgresStoreError::ReadOnly { .. }), "{error:?}");
    let _ = server().psql(&format!("ALTER ROLE {user} RESET default_transaction_read_only"));
    assert_eq!(store.claim(&event("evt_2"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn settings_that_cannot_work_are_errors() {
    let schema = Schema::new();
    for config in [
        schema.config().with_deadline(Duration::ZERO),
        schema.config().with_connections(0),
        schema.config().with_schema(""),
        schema.config().with_schema("x".repeat(64)),
        schema.config().with_schema("a\0b"),
    ] {
        let error = error(config).await;
        assert!(matches!(error, ConnectError::Setting { .. }), "{error:?}");
    }
    let config = schema.config().with_deadline(Duration::MAX).with_purge_interval(Duration::MAX);
    let store = PostgresStore::connect_with(config.with_connections(usize::MAX)).await.unwrap();
    assert_eq!(store.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn stores_that_create_the_tables_at_the_same_time_all_connect() {
    let schema = Schema::new();
    let mut stores = tokio::task::JoinSet::new();
    for _ in 0..8 {
        stores.spawn(PostgresStore::connect_with(schema.config()));
    }
    for store in stores.join_all().await {
        store.unwrap();
    }
}

#[tokio::test]
async fn a_name_of_a_schema_cannot_be_a_statement() {
    let store =
        PostgresStore::connect_with(Schema::new().config().with_schema(r#"a"; DROP TABLE "b"#));
    assert_eq!(store.await.unwrap().claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
}
