//! Stricter isolation levels: no second effect, and conflicts that end with a retry.

use countersign_postgres::tokio_postgres::IsolationLevel;

use super::super::effects::race;
use super::*;

#[tokio::test]
async fn an_event_that_was_handled_since_the_snapshot_is_a_conflict() {
    let (database, inbox) = (Postgres::new().await, PostgresInbox::new(settings()));
    let (mut client, mut other) = (database.client().await, database.client().await);
    for (id, level) in [("a", IsolationLevel::RepeatableRead), ("b", IsolationLevel::Serializable)]
    {
        let tx = client.build_transaction().isolation_level(level).start().await.unwrap();
        tx.query_one("SELECT count(*) FROM ledger", &[]).await.unwrap();
        let first = other.transaction().await.unwrap();
        assert_eq!(inbox.claim(&first, &delivery(id)).await.unwrap(), InboxClaim::First);
        first.commit().await.unwrap();

        let error = inbox.claim(&tx, &delivery(id)).await.unwrap_err();
        assert_eq!(error.kind(), InboxErrorKind::Conflict);
        assert!(error.to_string().contains("let the sender retry"), "{error}");
        let early = EarlyResponse::from(error);
        assert_eq!((early.status(), early.code()), (503, "in_flight"));
        tx.rollback().await.unwrap();
        let tx = client.build_transaction().isolation_level(level).start().await.unwrap();
        assert!(is_duplicate(&inbox.claim(&tx, &delivery(id)).await.unwrap()));
    }
}

/// A retry of the sender follows each conflict.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_stricter_isolation_level_one_of_32_senders_has_its_effect() {
    for level in ["repeatable%5C%20read", "serializable"] {
        let (database, events) = (Postgres::new().await, race_events());
        let url = format!("{}%20-cdefault_transaction_isolation%3D{level}", database.url);
        let inboxes = [inbox_at(&url, 8), inbox_at(&url, 8)];
        assert_eq!(race::<Postgres>(&inboxes, 32, events).await, (events, 31 * events));
        assert_eq!(database.counts().await, [events; 3]);
    }
}
