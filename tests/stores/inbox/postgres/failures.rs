//! What happens to an effect if the connection, the server or the client fails.

use std::future::Future;
use std::sync::Arc;

use countersign::inbox::{InboxDatabase, InboxReceiver, TransactionSlot};
use countersign::tower::InboxLayer;
use countersign_test_servers::{Fault, FaultProxy, PostgresServer};
use tower::{Layer, ServiceExt, service_fn};

use super::super::database::{deliver_until_settled, handle};
use super::super::layer::{Body, code, deliver, disconnect, request, status};
use super::*;

fn layer(inbox: PostgresInboxPool) -> InboxLayer<PostgresInboxPool> {
    InboxLayer::new(InboxReceiver::new(verifier(), inbox))
}

/// Books the event, and lets something happen before the response.
async fn booked_and<F: Future>(request: Request, then: impl FnOnce(i32) -> F) {
    let slot = request.extensions().get::<TransactionSlot<PostgresTransaction>>().unwrap();
    let event = request.extensions().get::<Verified>().unwrap().event_id().to_owned();
    let mut tx = slot.take().unwrap();
    Postgres::book(&mut tx, &event).await;
    let row = tx.query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
    then(row.get(0)).await;
}

type Request = http::Request<Body>;

#[tokio::test]
async fn a_connection_that_is_terminated_in_mid_handler_leaves_nothing() {
    let database = Arc::new(Postgres::new().await);
    let layer = layer(database.inbox_on(1));
    let terminated = Arc::clone(&database);
    let response = deliver(&layer, "a", move |request| {
        let database = Arc::clone(&terminated);
        async move {
            booked_and(request, async |pid| {
                let client = database.client().await;
                let ended = client.query("SELECT pg_terminate_backend($1)", &[&pid]).await;
                ended.unwrap();
                let is_there = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
                while !client.query(is_there, &[&pid]).await.unwrap().is_empty() {}
            })
            .await;
            // The handler does not notice.
            status(204)
        }
    });
    let response = response.await;
    assert_eq!((response.status().as_u16(), code(&response)), (503, Some("store_unavailable")));
    assert_eq!(database.counts().await, [0, 0, 0]);
    // On the only connection of the pool, which is a new one.
    let retry = deliver(&layer, "a", async |request| {
        booked_and(request, async |_| ()).await;
        status(204)
    });
    assert_eq!(retry.await.status(), 204);
    assert_eq!(database.counts().await, [1, 1, 1]);
}

#[tokio::test]
async fn a_statement_that_failed_is_not_committed_even_if_the_handler_succeeds() {
    let database = Postgres::new().await;
    let layer = layer(database.inbox_on(1));
    for ends in ["SELECT 1 / 0", "ROLLBACK"] {
        let response = deliver(&layer, "a", move |request: Request| async move {
            let slot = request.extensions().get::<TransactionSlot<PostgresTransaction>>().unwrap();
            let mut tx = slot.take().unwrap();
            Postgres::book(&mut tx, "a").await;
            let _ = tx.batch_execute(ends).await;
            drop(tx);
            status(204)
        });
        let response = response.await;
        assert_eq!((response.status().as_u16(), code(&response)), (503, Some("store_unavailable")));
        assert_eq!(database.counts().await, [0, 0, 0], "{ends}");
    }
    let inbox = database.inbox_on(1);
    assert!(matches!(handle::<Postgres>(&inbox, &delivery("a")).await, InboxRun::Handled(())));
    assert_eq!(database.counts().await, [1, 1, 1]);
}

#[tokio::test]
async fn a_commit_that_the_server_rejects_is_rolled_back() {
    let database = Postgres::new().await;
    let client = database.client().await;
    let deferred = "CREATE TABLE one (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)";
    client.batch_execute(deferred).await.unwrap();
    let inbox = database.inbox_on(1);
    let verified = delivery("a");
    let run = inbox
        .run(&verified, async |tx, _| tx.batch_execute("INSERT INTO one VALUES (1), (1)").await);
    let InboxRun::Database(error) = run.await else { panic!("the rows are equal") };
    assert_eq!(error.kind(), InboxErrorKind::Database);
    assert_eq!(database.counts().await, [0, 0, 0]);
    assert!(matches!(handle::<Postgres>(&inbox, &delivery("a")).await, InboxRun::Handled(())));
}

/// The server executes the commit, and its reply is lost: by a reset, and without a trace.
#[tokio::test]
async fn after_a_commit_whose_reply_is_lost_the_retry_is_a_duplicate() {
    let database = Postgres::new().await;
    let proxy = Arc::new(FaultProxy::start(server().address()).await);
    let own = database.url.replace(&server().address(), &proxy.address().to_string());
    for (id, fault) in [("a", Fault::ResetAfter(0)), ("b", Fault::HalfOpen)] {
        let deadline = if fault == Fault::HalfOpen { Duration::from_secs(1) } else { PATIENT };
        let layer = layer(inbox_at(&own, 1).with_deadline(deadline));
        let losing = Arc::clone(&proxy);
        let response = deliver(&layer, id, move |request| {
            let proxy = Arc::clone(&losing);
            async move {
                booked_and(request, async |_| proxy.set(fault)).await;
                status(204)
            }
        });
        let response = response.await;
        let got = (response.status().as_u16(), code(&response));
        assert_eq!(got, (503, Some("store_unavailable")), "{fault:?}");
        assert!(response.headers().contains_key("retry-after"));
        let retry = deliver(&layer, id, async |_| panic!("it was handled")).await;
        assert_eq!((retry.status().as_u16(), code(&retry)), (200, Some("duplicate")), "{fault:?}");
    }
    assert_eq!(database.counts().await, [2, 2, 2]);
}

/// Whatever is lost, after the retries there is one effect of each event.
#[tokio::test]
async fn a_reply_that_is_lost_anywhere_costs_a_retry_and_no_effect() {
    let database = Postgres::new().await;
    let proxy = FaultProxy::start(server().address()).await;
    let own = database.url.replace(&server().address(), &proxy.address().to_string());
    let inbox = inbox_at(&own, 2);
    // A delivery on a prepared connection has some 300 bytes of replies.
    let mut events = 0;
    for bytes in (0..600).step_by(20) {
        let id = format!("after {bytes}");
        proxy.set(Fault::ResetAfter(bytes));
        let verified = delivery(&id);
        let first = inbox.run(&verified, async |tx, _| {
            tx.execute("INSERT INTO ledger VALUES ($1)", &[&id]).await
        });
        let first = first.await;
        proxy.set(Fault::None);
        let retry = deliver_until_settled::<Postgres>(&inbox, &delivery(&id)).await;
        match retry {
            InboxRun::Handled(()) => assert!(!matches!(first, InboxRun::Handled(_))),
            InboxRun::Early(EarlyResponse::Duplicate { .. }) => {}
            other => panic!("{bytes}: {other:?} after {first:?}"),
        }
        events += 1;
        assert_eq!(database.counts().await, [events; 3], "{bytes}");
    }
}

/// One server for all of it, because each start takes a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_or_is_killed_costs_a_retry_and_no_effect() {
    let mut server = PostgresServer::start(&["-c", "fsync=on"]);
    migrate(&client_at(&server.url()).await).await;
    let brief = Duration::from_secs(2);
    let inbox = inbox_at(&server.url(), 4).with_deadline(brief);
    let is_unavailable = |run: &InboxRun<(), std::convert::Infallible>| matches!(run, InboxRun::Database(error) if error.kind() == InboxErrorKind::Unavailable);
    assert!(matches!(handle::<Postgres>(&inbox, &delivery("a")).await, InboxRun::Handled(())));

    // Stopped before the transaction begins.
    server.stop();
    let run = handle::<Postgres>(&inbox, &delivery("b")).await;
    assert!(is_unavailable(&run), "{run:?}");
    server.cont();
    let run = deliver_until_settled::<Postgres>(&inbox, &delivery("b")).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");

    // Stopped before the commit, which the server has received when it continues.
    let verified = delivery("c");
    let run = inbox.run(&verified, async |tx, _| {
        Postgres::book(tx, "c").await;
        server.stop();
        Ok::<_, ()>(())
    });
    let InboxRun::Database(error) = run.await else { panic!("the server does not reply") };
    assert_eq!(error.kind(), InboxErrorKind::CommitUnknown);
    server.cont();
    let run = deliver_until_settled::<Postgres>(&inbox, &delivery("c")).await;
    let is_settled = matches!(run, InboxRun::Handled(()) | InboxRun::Early(_));
    assert!(is_settled, "{run:?}");
    assert_eq!(counts(&client_at(&server.url()).await).await, [3, 3, 3]);

    // Killed in mid-handler, with other connections that are idle.
    let mut tx = inbox.begin().await.unwrap();
    let event = settings().event(&delivery("d"));
    inbox.claim(&mut tx, &event).await.unwrap();
    Postgres::book(&mut tx, "d").await;
    server.kill9();
    let error = inbox.commit(tx).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::CommitUnknown);
    let run = handle::<Postgres>(&inbox, &delivery("d")).await;
    assert!(is_unavailable(&run), "{run:?}");
    server.restart();
    let run = deliver_until_settled::<Postgres>(&inbox, &delivery("d")).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
    let run = handle::<Postgres>(&inbox, &delivery("a")).await;
    assert!(matches!(run, InboxRun::Early(EarlyResponse::Duplicate { .. })), "{run:?}");

    // The connections of the pool are those to the killed server.
    server.restart();
    let run = handle::<Postgres>(&inbox, &delivery("e")).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
    assert_eq!(counts(&client_at(&server.url()).await).await, [5, 5, 5]);
}

/// Every connection of a pool of two is probed after each disconnect.
#[tokio::test]
async fn a_thousand_disconnects_during_begin_leave_no_connection_inside_of_a_transaction() {
    let database = Postgres::new().await;
    let inbox = database.inbox_on(2);
    let layer = layer(inbox.clone());
    for round in 0..1_000 {
        let service = layer.layer(service_fn(|_: Request| async { status(204) }));
        disconnect(service.oneshot(request(&round.to_string())), 1 + round % 7).await;
        let client = inbox.pool().get().await.unwrap();
        assert!(is_outside(&client).await, "round {round}");
    }
    layer.drain().await;
    // A disconnect before the detached task has begun leaves nothing.
    let [rows, effects, _] = database.counts().await;
    assert!(rows > 0 && effects == 0, "{rows}");
}

#[tokio::test]
async fn a_begin_that_is_dropped_closes_its_connection() {
    let database = Postgres::new().await;
    let inbox = database.inbox_on(2);
    for round in 0..1_000 {
        disconnect(inbox.begin(), 1 + round % 5).await;
        let client = inbox.pool().get().await.unwrap();
        assert!(is_outside(&client).await, "round {round}");
    }
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unavailable() {
    let database = Postgres::new().await;
    let inbox = database.inbox_on(1).with_deadline(Duration::from_millis(50));
    let held = inbox.begin().await.unwrap();
    let run = handle::<Postgres>(&inbox, &delivery("a")).await;
    let InboxRun::Database(error) = run else { panic!("{run:?}") };
    assert_eq!(error.kind(), InboxErrorKind::Unavailable);
    inbox.roll_back(held).await;
    let inbox = inbox.with_deadline(PATIENT);
    assert!(matches!(handle::<Postgres>(&inbox, &delivery("a")).await, InboxRun::Handled(())));
}

/// A process that is stopped, or whose machine has lost its network, keeps its connection open.
#[tokio::test]
async fn the_event_of_a_client_that_has_vanished_can_be_handled_again() {
    let database = Postgres::new().await;
    let vanished = database.inbox_on(1).with_idle_timeout(Duration::from_millis(200));
    let mut tx = vanished.begin().await.unwrap();
    vanished.claim(&mut tx, &settings().event(&delivery("a"))).await.unwrap();
    let inbox = database.inbox_on(1);
    let run = handle::<Postgres>(&inbox, &delivery("a")).await;
    assert!(matches!(run, InboxRun::Early(EarlyResponse::InFlight { .. })), "{run:?}");
    let run = deliver_until_settled::<Postgres>(&inbox, &delivery("a")).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
    assert_eq!(vanished.commit(tx).await.unwrap_err().kind(), InboxErrorKind::CommitUnknown);
    assert_eq!(database.counts().await, [1, 1, 1]);
}

#[tokio::test]
async fn a_read_only_transaction_is_unavailable() {
    let database = Postgres::new().await;
    let client = database.client().await;
    client.batch_execute("SET default_transaction_read_only = on").await.unwrap();
    let mut client = client;
    let tx = client.transaction().await.unwrap();
    let inbox = PostgresInbox::new(settings());
    let error = inbox.claim(&tx, &delivery("a")).await.unwrap_err();
    assert_eq!(error.kind(), InboxErrorKind::Unavailable);
}
