//! `SqliteInbox` on real files.

use std::convert::Infallible;
use std::path::PathBuf;

use countersign::ManualClock;
use countersign_sqlite::{SqliteInbox, SqliteInboxConnection, SqliteTransaction};
use rusqlite::{Connection, TransactionBehavior};
use tempfile::TempDir;

use super::database::{COUNTS, Database, LEDGER, PATIENT};
use super::*;

/// A database in a new folder.
pub(super) struct Sqlite {
    _folder: TempDir,
    pub(super) path: PathBuf,
}

impl Sqlite {
    pub(super) fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Self { path: folder.path().join("shop.db"), _folder: folder };
        let connection = database.connect();
        connection.execute_batch(SqliteInbox::migration()).unwrap();
        connection.execute_batch(LEDGER).unwrap();
        database
    }

    pub(super) fn connect(&self) -> Connection {
        connect(&self.path)
    }

    fn count(&self) -> [usize; 3] {
        let count = |row: &rusqlite::Row<'_>, at| row.get(at).map(|count: u32| count as usize);
        let counts = self
            .connect()
            .query_row(COUNTS, [], |row| Ok([count(row, 0)?, count(row, 1)?, count(row, 2)?]));
        counts.unwrap()
    }
}

impl Database for Sqlite {
    type Inbox = SqliteInboxConnection;

    async fn new() -> Self {
        Self::create()
    }

    fn inbox(&self) -> SqliteInboxConnection {
        inbox_at(&self.path)
    }

    async fn book(tx: &mut SqliteTransaction, event: &str) {
        tx.execute("INSERT INTO ledger VALUES (?1)", [event]).unwrap();
    }

    async fn counts(&self) -> [usize; 3] {
        self.count()
    }
}

pub(super) fn inbox_at(path: &std::path::Path) -> SqliteInboxConnection {
    SqliteInbox::new(settings()).on(connect(path)).with_wait(PATIENT)
}

/// Without syncs: no test loses the operating system, and a slow disk would be most of the time.
pub(super) fn connect(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(PATIENT).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
    connection
}

#[test]
fn an_event_is_first_once_and_then_a_duplicate() {
    let database = Sqlite::create();
    let inbox = SqliteInbox::new(settings()).with_clock(ManualClock::at_unix_ms(5_000));
    let mut connection = database.connect();
    let tx = connection.transaction().unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).unwrap(), InboxClaim::First);
    tx.commit().unwrap();

    let tx = connection.transaction().unwrap();
    let same = InboxClaim::Duplicate { same_body: true, at_unix_ms: 5_000 };
    assert_eq!(inbox.claim(&tx, &delivery("a")).unwrap(), same);
    let changed = SampleDelivery::of("a").with_content("changed").verified();
    let changed_body = InboxClaim::Duplicate { same_body: false, at_unix_ms: 5_000 };
    assert_eq!(inbox.claim(&tx, &changed).unwrap(), changed_body);
    assert_eq!(inbox.claim(&tx, &delivery("b")).unwrap(), InboxClaim::First);
    assert_eq!(inbox.claim(&tx, &delivery("b")).unwrap(), same, "of its own row");
}

#[test]
fn endpoints_do_not_share_events() {
    let database = Sqlite::create();
    let connection = database.connect();
    connection.execute_batch("BEGIN").unwrap();
    for endpoint in ["one", "two"] {
        let inbox = SqliteInbox::new(&verifier().with_endpoint(endpoint));
        assert_eq!(inbox.claim(&connection, &delivery("a")).unwrap(), InboxClaim::First);
        assert!(is_duplicate(&inbox.claim(&connection, &delivery("a")).unwrap()));
    }
}

#[test]
fn a_rollback_gives_the_event_back() {
    let database = Sqlite::create();
    let inbox = SqliteInbox::new(settings());
    let mut connection = database.connect();
    for _ in 0..2 {
        let tx = connection.transaction().unwrap();
        assert_eq!(inbox.claim(&tx, &delivery("a")).unwrap(), InboxClaim::First);
        drop(tx);
    }
    let mut tx = connection.transaction().unwrap();
    let savepoint = tx.savepoint().unwrap();
    assert_eq!(inbox.claim(&savepoint, &delivery("a")).unwrap(), InboxClaim::First);
    drop(savepoint);
    let savepoint = tx.savepoint().unwrap();
    assert_eq!(inbox.claim(&savepoint, &delivery("a")).unwrap(), InboxClaim::First);
    savepoint.commit().unwrap();
    tx.commit().unwrap();
    assert_eq!(database.count(), [1, 0, 0]);
}

#[test]
fn a_transaction_of_another_connection_is_in_flight_and_nothing_waits() {
    let database = Sqlite::create();
    let inbox = SqliteInbox::new(settings());
    let (mut one, mut other) = (database.connect(), database.connect());
    other.busy_timeout(Duration::ZERO).unwrap();
    let tx = one.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).unwrap(), InboxClaim::First);

    let deferred = other.transaction().unwrap();
    assert_eq!(inbox.claim(&deferred, &delivery("a")).unwrap(), InboxClaim::InFlight);
    drop(deferred);
    let run = inbox.run(&mut other, &delivery("a"), |_, _| Ok::<_, Infallible>(()));
    let InboxRun::Early(early) = run else { panic!("{run:?}") };
    assert_eq!((early.code(), early.status(), early.retry_after_s()), ("in_flight", 503, Some(1)));
    tx.commit().unwrap();
    let run = inbox.run(&mut other, &delivery("a"), |_, _| Ok::<_, Infallible>(()));
    assert!(matches!(run, InboxRun::Early(EarlyResponse::Duplicate { .. })), "{run:?}");
}

#[test]
fn an_expired_row_is_replaced_or_purged() {
    let database = Sqlite::create();
    let clock = ManualClock::at_unix_ms(0);
    let inbox = SqliteInbox::new(settings()).with_clock(clock.clone());
    let mut connection = database.connect();
    let mut claim = |id: &str| {
        let tx = connection.transaction().unwrap();
        let claim = inbox.claim(&tx, &delivery(id)).unwrap();
        inbox.in_order(&tx, id, 1).unwrap();
        tx.commit().unwrap();
        claim
    };
    for id in ["a", "b", "c"] {
        assert_eq!(claim(id), InboxClaim::First);
    }
    clock.advance(DAY - Duration::from_millis(1));
    assert!(is_duplicate(&claim("a")));
    clock.advance(Duration::from_millis(1));
    assert_eq!(claim("a"), InboxClaim::First);
    assert!(is_duplicate(&claim("a")));
    let other = database.connect();
    // Two events and three streams have expired.
    assert_eq!(inbox.purge(&other, 1).unwrap(), 2);
    assert_eq!(inbox.purge(&other, 10).unwrap(), 3);
    assert_eq!(inbox.purge(&other, 10).unwrap(), 0);
    assert_eq!(database.count(), [1, 0, 0]);
}

#[test]
fn a_late_message_of_a_stream_is_stale() {
    let database = Sqlite::create();
    let inbox = SqliteInbox::new(settings());
    let connection = database.connect();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut orders = Vec::new();
    for (stream, sequence) in [("order:1", 5), ("order:1", 5), ("order:1", 4), ("order:2", 4)] {
        orders.push(inbox.in_order(&connection, stream, sequence).unwrap());
    }
    assert_eq!(orders, [Order::Fresh, Order::Stale, Order::Stale, Order::Fresh]);
    assert_eq!(inbox.in_order(&connection, "order:1", i64::MAX).unwrap(), Order::Fresh);
    connection.execute_batch("ROLLBACK; BEGIN IMMEDIATE").unwrap();
    assert_eq!(inbox.in_order(&connection, "order:1", -1).unwrap(), Order::Fresh);
}

#[test]
fn what_is_missing_is_a_typed_error() {
    let folder = tempfile::tempdir().unwrap();
    let connection = connect(&folder.path().join("empty.db"));
    let inbox = SqliteInbox::new(settings());
    let claim = || inbox.claim(&connection, &delivery("a")).unwrap_err();
    let error = claim();
    assert_eq!(error.kind(), InboxErrorKind::NoTransaction);
    assert!(error.to_string().contains("begin one before the claim"), "{error}");
    connection.execute_batch("BEGIN").unwrap();
    assert_eq!(claim().kind(), InboxErrorKind::MissingTables);
    assert_eq!(EarlyResponse::from(claim()).status(), 503);
    connection.execute_batch("ROLLBACK").unwrap();
    let error = SqliteInbox::check(&connection).unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::MissingTables);
    assert!(error.to_string().contains("migration()"), "{error}");

    for _ in 0..2 {
        connection.execute_batch(SqliteInbox::migration()).unwrap();
        SqliteInbox::check(&connection).unwrap();
    }
    connection.execute_batch("UPDATE countersign_inbox_version SET version = 9").unwrap();
    let error = SqliteInbox::check(&connection).unwrap_err();
    assert!(
        error.to_string().contains("have version 9, and this build supports version 1"),
        "{error}"
    );
}

#[test]
fn a_retention_that_ends_before_the_retries_is_rejected() {
    let short = InboxSettings::new(&verifier()).with_retention(Duration::from_secs(60));
    assert!(short.unwrap_err().to_string().contains("the retention is too short"));
}
