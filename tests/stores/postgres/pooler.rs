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
async fn without_the_pooler_mode_the_error_names_it() {
    let (schema, bouncer) = (Schema::new(), PgBouncer::start(server(), 3));
    let config = PostgresConfig::new(&bouncer.url()).unwrap().with_schema(&schema.0);
    let error = PostgresStore::connect_with(config).await.expect_err("statements are prepared");
    assert!(matches!(error, ConnectError::Pooler { .. }), "{error:?}");
    assert!(error.to_string().contains("pooler=true"), "{error}");
}
