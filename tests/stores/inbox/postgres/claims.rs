//! Claims in the application's own transactions.

use super::*;

fn inbox() -> PostgresInbox {
    PostgresInbox::new(settings())
}

/// Waits until this session waits for the lock of another one.
async fn waits_for_a_lock(client: &Client, pid: i32) {
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = $1";
    loop {
        if client.query_one(waiting, &[&pid]).await.unwrap().get::<_, i64>(0) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn same_body(inbox: &PostgresInbox, tx: &impl OpenTransaction, verified: &Verified) -> bool {
    match inbox.claim(tx, verified).await.unwrap() {
        InboxClaim::Duplicate { same_body, at_unix_ms } => {
            assert!(at_unix_ms > 1_700_000_000_000, "{at_unix_ms}");
            same_body
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_event_is_first_once_and_then_a_duplicate() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let mut client = database.client().await;
    let tx = client.transaction().await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
    tx.commit().await.unwrap();

    // The same through a pool.
    let mut client = database.pool(1).get().await.unwrap();
    let tx = client.transaction().await.unwrap();
    assert!(same_body(&inbox, &tx, &delivery("a")).await);
    let changed = SampleDelivery::of("a").with_content("changed").verified();
    assert!(!same_body(&inbox, &tx, &changed).await);
    assert_eq!(inbox.claim(&tx, &delivery("b")).await.unwrap(), InboxClaim::First);
    assert!(same_body(&inbox, &tx, &delivery("b")).await, "of its own row");
}

#[tokio::test]
async fn endpoints_do_not_share_events() {
    let database = Postgres::new().await;
    let mut client = database.client().await;
    let tx = client.transaction().await.unwrap();
    for endpoint in ["one", "two"] {
        let inbox = PostgresInbox::new(&verifier().with_endpoint(endpoint));
        assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
        assert!(is_duplicate(&inbox.claim(&tx, &delivery("a")).await.unwrap()));
    }
}

#[tokio::test]
async fn a_rollback_gives_the_event_back_also_to_a_savepoint() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, mut other) = (database.client().await, database.client().await);
    for _ in 0..2 {
        let tx = client.transaction().await.unwrap();
        assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
        tx.rollback().await.unwrap();
    }
    let mut tx = client.transaction().await.unwrap();
    let savepoint = tx.savepoint("before").await.unwrap();
    assert_eq!(inbox.claim(&savepoint, &delivery("a")).await.unwrap(), InboxClaim::First);
    savepoint.rollback().await.unwrap();
    // The lock is free again, too.
    let others = other.transaction().await.unwrap();
    assert_eq!(inbox.claim(&others, &delivery("a")).await.unwrap(), InboxClaim::First);
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::InFlight);
    others.rollback().await.unwrap();
    let savepoint = tx.savepoint("again").await.unwrap();
    assert_eq!(inbox.claim(&savepoint, &delivery("a")).await.unwrap(), InboxClaim::First);
    savepoint.commit().await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(database.counts().await, [1, 0, 0]);
}

#[tokio::test]
async fn a_transaction_of_another_connection_is_in_flight_and_nothing_waits() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut one, pool) = (database.client().await, database.pool(1));
    let tx = one.transaction().await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);

    let run = inbox.run(&pool, &delivery("a"), async |_, _| Ok::<_, ()>(())).await;
    let InboxRun::Early(early) = run else { panic!("{run:?}") };
    assert_eq!((early.code(), early.status(), early.retry_after_s()), ("in_flight", 503, Some(1)));
    // Another event does not meet it.
    let run = inbox.run(&pool, &delivery("b"), async |_, _| Ok::<_, ()>(())).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
    tx.commit().await.unwrap();
    let run = inbox.run(&pool, &delivery("a"), async |_, _| Ok::<_, ()>(())).await;
    assert!(matches!(run, InboxRun::Early(EarlyResponse::Duplicate { .. })), "{run:?}");
}

/// A statement does not see a row that is committed after it has begun, not even if it meets it.
#[tokio::test]
async fn a_row_that_is_committed_during_the_claim_is_a_duplicate_with_its_fingerprint() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, mut writer) = (database.client().await, database.client().await);
    let observer = database.client().await;
    let tx = client.transaction().await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
    tx.commit().await.unwrap();

    // First a row that is new, then one that replaces an expired row.
    for before in [
        "CREATE TABLE copy AS TABLE countersign_inbox; TRUNCATE countersign_inbox",
        "UPDATE countersign_inbox SET forget = now() - interval '1 s', fingerprint = 0",
    ] {
        observer.batch_execute(before).await.unwrap();
        let writing = writer.transaction().await.unwrap();
        writing
            .batch_execute(
                "INSERT INTO countersign_inbox SELECT * FROM copy ON CONFLICT (key)
                 DO UPDATE SET fingerprint = excluded.fingerprint, forget = excluded.forget",
            )
            .await
            .unwrap();
        let tx = client.transaction().await.unwrap();
        let pid: i32 = tx.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        let verified = delivery("a");
        let claiming = inbox.claim(&tx, &verified);
        let committing = async {
            waits_for_a_lock(&observer, pid).await;
            writing.commit().await.unwrap();
        };
        let (claimed, ()) = tokio::join!(claiming, committing);
        let claimed = claimed.unwrap();
        assert!(matches!(claimed, InboxClaim::Duplicate { same_body: true, .. }), "{claimed:?}");
    }
}

#[tokio::test]
async fn a_row_that_another_program_locks_is_in_flight_after_the_lock_timeout() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, mut other) = (database.client().await, database.client().await);
    let writing = other.transaction().await.unwrap();
    writing.batch_execute("LOCK TABLE countersign_inbox").await.unwrap();
    let tx = client.transaction().await.unwrap();
    tx.batch_execute("SET LOCAL lock_timeout = '20ms'").await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::InFlight);
    let error = inbox.claim(&tx, &delivery("a")).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::Aborted);
    assert!(error.to_string().contains("to a savepoint"), "{error}");
}

#[tokio::test]
async fn an_expired_row_is_replaced_or_purged() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, other) = (database.client().await, database.client().await);
    let mut claim = async |id: &str| {
        let tx = client.transaction().await.unwrap();
        let claim = inbox.claim(&tx, &delivery(id)).await.unwrap();
        inbox.in_order(&tx, id, 1).await.unwrap();
        tx.commit().await.unwrap();
        claim
    };
    let expire = async |by: &str| {
        for table in ["countersign_inbox", "countersign_inbox_stream"] {
            let update = format!("UPDATE {table} SET forget = forget - interval '{by}'");
            other.batch_execute(&update).await.unwrap();
        }
    };
    for id in ["a", "b", "c"] {
        assert_eq!(claim(id).await, InboxClaim::First);
    }
    expire("23 h").await;
    assert!(is_duplicate(&claim("a").await));
    assert_eq!(inbox.purge(&other, 10).await.unwrap(), 0);
    expire("1 h").await;
    assert_eq!(claim("a").await, InboxClaim::First);
    assert!(is_duplicate(&claim("a").await));
    // Two events and three streams have expired.
    assert_eq!(inbox.purge(&other, 1).await.unwrap(), 2);
    assert_eq!(inbox.purge(&other, 10).await.unwrap(), 3);
    assert_eq!(inbox.purge(&other, 10).await.unwrap(), 0);
    assert_eq!(database.counts().await, [1, 0, 0]);
}

#[tokio::test]
async fn a_purge_skips_what_a_claim_is_replacing() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, other) = (database.client().await, database.client().await);
    for _ in 0..2 {
        let tx = client.transaction().await.unwrap();
        assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
        assert_eq!(inbox.purge(&other, 10).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let expire = "UPDATE countersign_inbox SET forget = now() - interval '1 s'";
        other.batch_execute(expire).await.unwrap();
    }
    assert_eq!(inbox.purge(&other, 10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_late_message_of_a_stream_is_stale() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let mut client = database.client().await;
    let tx = client.transaction().await.unwrap();
    let mut orders = Vec::new();
    for (stream, sequence) in [("order:1", 5), ("order:1", 5), ("order:1", 4), ("order:2", 4)] {
        orders.push(inbox.in_order(&tx, stream, sequence).await.unwrap());
    }
    assert_eq!(orders, [Order::Fresh, Order::Stale, Order::Stale, Order::Fresh]);
    assert_eq!(inbox.in_order(&tx, "order:1", i64::MAX).await.unwrap(), Order::Fresh);
    tx.rollback().await.unwrap();
    let tx = client.transaction().await.unwrap();
    assert_eq!(inbox.in_order(&tx, "order:1", -1).await.unwrap(), Order::Fresh);
    let error = inbox.in_order(&tx, "\0", 1).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::Database);
}

#[tokio::test]
async fn what_is_missing_is_a_typed_error() {
    let inbox = inbox();
    let mut client = client_at(&server().url()).await;
    let tx = client.transaction().await.unwrap();
    let error = inbox.claim(&tx, &delivery("a")).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::MissingTables);
    assert_eq!(EarlyResponse::from(error).status(), 503);
    tx.rollback().await.unwrap();
    let error = PostgresInbox::check(&client).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::MissingTables);
    assert!(error.to_string().contains("migration()"), "{error}");

    let client = Postgres::new().await.client().await;
    for _ in 0..2 {
        client.batch_execute(PostgresInbox::migration()).await.unwrap();
        PostgresInbox::check(&client).await.unwrap();
    }
    client.batch_execute("UPDATE countersign_inbox_version SET version = 9").await.unwrap();
    let error = PostgresInbox::check(&client).await.unwrap_err();
    let versions = "have version 9, and this build supports version 1";
    assert!(error.to_string().contains(versions), "{error}");
}

/// Each `CREATE TABLE IF NOT EXISTS` alone fails with a unique violation.
#[tokio::test]
async fn processes_that_migrate_at_the_same_time_all_succeed() {
    let schema = "inbox_at_once";
    let url = format!("{}?options=-csearch_path%3D{schema}", server().url());
    let (mut first, second) = (client_at(&url).await, client_at(&url).await);
    first.batch_execute(&format!("CREATE SCHEMA {schema}")).await.unwrap();
    let tx = first.transaction().await.unwrap();
    tx.batch_execute(PostgresInbox::migration()).await.unwrap();
    let pid: i32 = second.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let migrating = async { second.batch_execute(PostgresInbox::migration()).await };
    let commit = async {
        let waiting = "SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted";
        while tx.query_one(waiting, &[&pid]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await
    };
    let (migrated, committed) = tokio::join!(migrating, commit);
    committed.unwrap();
    migrated.unwrap();
    PostgresInbox::check(&second).await.unwrap();
}

/// As the documentation of `claim` says, for applications with locks of their own.
#[tokio::test]
async fn the_advisory_lock_has_the_documented_number() {
    let (database, inbox) = (Postgres::new().await, inbox());
    let (mut client, other) = (database.client().await, database.client().await);
    let tx = client.transaction().await.unwrap();
    let verified = delivery("a");
    let digest = *settings().event(&verified).key.digest();
    let oid = "SELECT 'countersign_inbox'::regclass::oid::int8";
    let oid: i64 = other.query_one(oid, &[]).await.unwrap().get(0);
    let number = i64::from_be_bytes(*digest.first_chunk().unwrap()) ^ 0x4353_696E_626F_7801 ^ oid;
    other.query("SELECT pg_advisory_lock($1)", &[&number]).await.unwrap();
    assert_eq!(inbox.claim(&tx, &verified).await.unwrap(), InboxClaim::InFlight);
    other.query("SELECT pg_advisory_unlock($1)", &[&number]).await.unwrap();
    assert_eq!(inbox.claim(&tx, &verified).await.unwrap(), InboxClaim::First);
}

#[tokio::test]
async fn a_retention_without_an_end_is_stored() {
    let settings = InboxSettings::new(&verifier()).dangerous_with_retention(Duration::MAX);
    let (database, inbox) = (Postgres::new().await, PostgresInbox::new(settings));
    let mut client = database.client().await;
    let tx = client.transaction().await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
}
