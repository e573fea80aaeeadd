//! Opening a file, and the files that cannot be opened.

use std::fs;
use std::thread;

use super::*;

fn error(config: SqliteConfig) -> OpenError {
    SqliteStore::open_with(config).expect_err("the store must not open")
}

#[test]
fn a_missing_folder_is_named() {
    let file = File::new();
    let folder = file.path.with_file_name("missing");
    let error = error(SqliteConfig::new(folder.join("events.db")));
    assert!(matches!(error, OpenError::MissingFolder { .. }), "{error}");
    assert!(error.to_string().contains("missing` does not exist: create it"), "{error}");
    assert!(!folder.exists());
}

#[test]
fn a_folder_and_a_database_in_memory_are_no_files() {
    let file = File::new();
    for path in [file.path.parent().unwrap(), ":memory:".as_ref(), "".as_ref()] {
        let error = error(SqliteConfig::new(path));
        assert!(matches!(error, OpenError::Path { .. }), "{error}");
    }
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let file = File::new();
    let text = "a letter ".repeat(1_000);
    fs::write(&file.path, &text).unwrap();
    let error = error(file.config());
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read_to_string(&file.path).unwrap(), text);
}

#[test]
fn a_database_of_another_application_is_left_alone() {
    let file = File::new();
    file.connect().execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY)").unwrap();
    let before = fs::read(&file.path).unwrap();
    let error = error(file.config());
    assert!(matches!(error, OpenError::Foreign), "{error}");
    assert_eq!(fs::read(&file.path).unwrap(), before);
}

#[tokio::test]
async fn a_file_of_a_later_version_is_left_alone() {
    let file = File::new();
    drop(file.open());
    file.closed().await;
    file.connect().execute_batch("PRAGMA user_version = 2").unwrap();
    let error = error(file.config());
    assert!(matches!(error, OpenError::NewerSchema { found: 2, supported: 1, .. }), "{error}");
}

#[test]
fn a_file_that_another_connection_has_locked_is_an_error() {
    let file = File::new();
    let other = file.connect();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = error(file.config().with_lock_timeout(Duration::from_millis(50)));
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(file.open());
}

#[test]
fn a_deadline_of_zero_is_an_error() {
    let error = error(File::new().config().with_deadline(Duration::ZERO));
    assert!(matches!(error, OpenError::Setting { .. }), "{error}");
}

#[test]
fn stores_that_create_the_file_at_the_same_time_all_open() {
    let file = File::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| drop(file.open()));
        }
    });
}

#[tokio::test]
async fn the_settings_of_the_file_are_those_of_the_documentation() {
    let file = File::new();
    let store = file.open();
    store.claim(&event("evt_1"), &attempt()).await.unwrap();
    let other = file.connect();
    let pragma = |name: &str| {
        let value = other.query_row(&format!("PRAGMA {name}"), [], |row| {
            row.get::<_, rusqlite::types::Value>(0)
        });
        format!("{:?}", value.unwrap())
    };
    assert_eq!(pragma("journal_mode"), r#"Text("wal")"#);
    assert_eq!(pragma("user_version"), "Integer(1)");
    assert_eq!(pragma("integrity_check"), r#"Text("ok")"#);
}
