//! PgBouncer in transaction mode.

use countersign_test_servers::PgBouncer;
use tokio::task::JoinSet;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_pooler_mode_works_behind_a_transaction_pooler() {
    let (schema, bouncer) = (Schema::new(), PgBouncer::start(server(), 3));
    let config = PostgresConfig::new(&format!("{}?pooler=true", bouncer.url())).unwrap();
    let config = config.with_schema(&schema.0).with_deadline(PATIENT);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut granted = 0;
            for id in 0..40 {
                let (key, holder) = (event(&format!("{}", (id + task) % 40)), attempt());
                if store.claim(&key, &holder).await.unwrap() == FIRST {
                    granted += 1;
                    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
                    let outcome = store.complete(&key, &holder).await.unwrap();
                    assert_eq!(outcome, CompleteOutcome::Recorded);
                }
            }
            granted
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 40);
    assert_eq!(store.probe().await.unwrap().warnings, []);
}

#[tokio::test]
#[ignore = "the statement still waits on the server: the pooler does not forward the cancel request"]
async fn a_statement_that_exceeds_its_deadline_does_not_keep_waiting() {
    let (schema, bouncer) = (Schema::new(), PgBouncer::start(server(), 3));
    let config = PostgresConfig::new(&format!("{}?pooler=true", bouncer.url())).unwrap();
    let config = config.with_schema(&schema.0).with_deadline(Duration::from_secs(2));
    let store = PostgresStore::connect_with(config).await.unwrap();
    let other = client().await;
    other.batch_execute(&format!("BEGIN; LOCK TABLE {}", schema.table())).await.unwrap();
    let claimed = tokio::join!(
        async { store.claim(&event("evt_1"), &attempt()).await },
        waits_for_a_lock(&schema)
    );
    let error = claimed.0.unwrap_err();
    assert!(matches!(cause(&error), PostgresStoreError::Deadline { .. }), "{error:?}");
    let observer = client().await;
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{}%'",
        schema.0
    );
    eventually(async || observer.query_one(&waiting, &[]).await.unwrap().get::<_, i64>(0) == 0)
        .await;
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(recovered(&store, &event("evt_2"), &attempt()).await, FIRST);
}

#[tokio::test]
async fn without_the_pooler_mode_the_error_names_it() {
    let (schema, bouncer) = (Schema::new(), PgBouncer::start(server(), 3));
    let config = PostgresConfig::new(&bouncer.url()).unwrap().with_schema(&schema.0);
    let error = PostgresStore::connect_with(config).await.expect_err("statements are prepared");
    assert!(matches!(error, ConnectError::Pooler { .. }), "{error:?}");
    assert!(error.to_string().contains("pooler=true"), "{error}");
}
