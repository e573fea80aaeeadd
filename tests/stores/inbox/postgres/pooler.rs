//! PgBouncer in transaction mode.

use countersign_test_servers::{PgBouncer, PostgresServer};
use tokio::task::JoinSet;

use super::*;

/// PgBouncer accepts no search path, so the tables are in a server of their own.
async fn behind_a_pooler(connections: u32) -> (PostgresServer, PgBouncer) {
    let server = PostgresServer::start(&[]);
    migrate(&client_at(&server.url()).await).await;
    let bouncer = PgBouncer::start(&server, connections);
    (server, bouncer)
}

async fn book(tx: &PostgresTransaction, event: &str) {
    let insert = format!("INSERT INTO ledger VALUES ('{event}')");
    tx.batch_execute(&insert).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pooler_mode_works_behind_a_transaction_pooler() {
    let (server, bouncer) = behind_a_pooler(3).await;
    let inbox = PostgresInbox::new(settings()).with_pooler();
    let inbox = inbox.on(pool(&bouncer.url(), 8)).with_deadline(PATIENT);
    let mut senders = JoinSet::new();
    for _ in 0..16 {
        let inbox = inbox.clone();
        senders.spawn(async move {
            let mut handled = 0;
            for id in 1..=20 {
                let id = id.to_string();
                let verified = delivery(&id);
                loop {
                    let run = inbox.run(&verified, async |tx, _| {
                        book(tx, &id).await;
                        inbox.inbox().in_order(tx, &id, 1).await
                    });
                    match run.await {
                        InboxRun::Handled(Order::Fresh) => handled += 1,
                        InboxRun::Early(EarlyResponse::InFlight { .. }) => continue,
                        InboxRun::Early(EarlyResponse::Duplicate { .. }) => {}
                        other => panic!("{other:?}"),
                    }
                    break;
                }
            }
            handled
        });
    }
    assert_eq!(senders.join_all().await.into_iter().sum::<usize>(), 20);
    let client = client_at(&server.url()).await;
    assert_eq!(counts(&client).await, [20; 3]);
    // A transaction of tokio-postgres needs no setting.
    let mut client = client_at(&bouncer.url()).await;
    let inbox = PostgresInbox::new(settings());
    for _ in 0..3 {
        let tx = client.transaction().await.unwrap();
        assert!(is_duplicate(&inbox.claim(&tx, &delivery("1")).await.unwrap()));
        tx.rollback().await.unwrap();
    }
    assert_eq!(inbox.purge(&client, 10).await.unwrap(), 0);
    PostgresInbox::check(&client).await.unwrap();
}

/// The statement is prepared on the first connection to the server, and executed on the second.
#[tokio::test]
async fn without_the_pooler_mode_the_error_names_it() {
    let (_server, bouncer) = behind_a_pooler(2).await;
    let (inbox, pool) = (PostgresInbox::new(settings()), pool(&bouncer.url(), 1));
    let mut client = pool.get().await.unwrap();
    let tx = client.transaction().await.unwrap();
    assert_eq!(inbox.claim(&tx, &delivery("a")).await.unwrap(), InboxClaim::First);
    tx.commit().await.unwrap();

    let other = client_at(&bouncer.url()).await;
    other.batch_execute("BEGIN").await.unwrap();
    let tx = client.transaction().await.unwrap();
    let error = inbox.claim(&tx, &delivery("b")).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::Pooler);
    assert!(error.to_string().contains("with_pooler()"), "{error}");
    assert_eq!(EarlyResponse::from(error).status(), 503);
}
