//! Failures of a server that is in use. Each is an error with a cause, and ends when its cause ends.

use countersign_test_servers::{Fault, FaultProxy};
use tokio::task::JoinSet;

use super::*;

/// For a server that does not respond. It is also enough for one that does, on a busy machine.
const BRIEF: Duration = Duration::from_secs(2);

async fn store_at(server: &PostgresServer, deadline: Duration) -> PostgresStore {
    let config = PostgresConfig::new(&server.url()).unwrap();
    PostgresStore::connect_with(config.with_deadline(deadline)).await.unwrap()
}

#[tokio::test]
async fn connections_that_the_server_terminates_are_replaced() {
    let schema = Schema::new();
    let store = schema.store().await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    // As many connections as the pool may have.
    let mut claims = JoinSet::new();
    for id in 0..64 {
        let store = store.clone();
        claims.spawn(async move { store.claim(&event(&format!("x{id}")), &attempt()).await });
    }
    claims.join_all().await;
    terminate(&schema).await;
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    assert!(is_done(&store.claim(&key, &attempt()).await.unwrap()));
}

/// A statement that waits for a lock is terminated, and then executed on another connection.
#[tokio::test]
async fn a_statement_that_is_terminated_is_tried_again() {
    let schema = Schema::new();
    let (store, other) = (schema.store().await, client().await);
    let lock = format!("BEGIN; LOCK TABLE {}", schema.table());
    other.batch_execute(&lock).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    let claim = store.claim(&key, &holder);
    let interrupt = async {
        waits_for_a_lock(&schema).await;
        terminate(&schema).await;
        waits_for_a_lock(&schema).await;
        other.batch_execute("COMMIT").await.unwrap();
    };
    let (claimed, ()) = tokio::join!(claim, interrupt);
    assert_eq!(claimed.unwrap(), FIRST);
}

#[tokio::test]
async fn a_lock_that_does_not_end_fails_each_operation_and_applies_none() {
    let schema = Schema::new();
    let store = PostgresStore::connect_with(schema.config().with_deadline(BRIEF)).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let other = client().await;
    other.batch_execute(&format!("BEGIN; LOCK TABLE {}", schema.table())).await.unwrap();
    let new = event("evt_2");
    let errors = tokio::join!(
        async { store.claim(&new, &holder).await.unwrap_err() },
        async { store.complete(&key, &holder).await.unwrap_err() },
        async { store.renew(&key, &holder).await.unwrap_err() },
        async { store.release(&key, &holder).await.unwrap_err() },
        async { store.forget(&key).await.unwrap_err() },
        async { store.probe().await.unwrap_err() },
    );
    for error in [errors.0, errors.1, errors.2, errors.3, errors.4, errors.5] {
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(matches!(cause(&error), PostgresStoreError::Locked { .. }), "{error:?}");
    }
    assert!(!store.breaker_is_open());
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(store.claim(&event("evt_2"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn an_operation_that_gets_no_connection_is_not_applied() {
    let schema = Schema::new();
    let config = schema.config().with_connections(1).with_deadline(BRIEF);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let other = client().await;
    other.batch_execute(&format!("BEGIN; LOCK TABLE {}", schema.table())).await.unwrap();
    let mut claims = JoinSet::new();
    for id in 0..8 {
        let store = store.clone();
        claims.spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await });
    }
    let errors = claims.join_all().await.into_iter().map(Result::unwrap_err).collect::<Vec<_>>();
    assert!(errors.iter().all(|error| error.effect() == Effect::NotApplied
        || matches!(cause(error), PostgresStoreError::Deadline { .. })));
    let is_exhausted = |error| matches!(cause(error), PostgresStoreError::Exhausted { .. });
    assert!(errors.iter().any(is_exhausted), "{errors:?}");
}

/// The server grants two connections, and the store may open eight.
#[tokio::test]
async fn operations_share_the_connections_that_the_server_grants() {
    let schema = Schema::new();
    let _ = server().psql(
        "CREATE ROLE two_connections LOGIN PASSWORD 's3cret' CONNECTION LIMIT 2 IN ROLE secret;
         GRANT CREATE ON DATABASE postgres TO two_connections",
    );
    let url = server().url_of("two_connections:s3cret");
    let config = PostgresConfig::new(&url).unwrap().with_schema(&schema.0);
    let store = PostgresStore::connect_with(config.with_deadline(BRIEF)).await.unwrap();
    let mut claims = JoinSet::new();
    for id in 0..32 {
        let store = store.clone();
        claims.spawn(async move { store.claim(&event(&format!("x{id}")), &attempt()).await });
    }
    for claimed in claims.join_all().await {
        assert_eq!(claimed.unwrap(), FIRST);
    }
}

#[tokio::test]
async fn a_trigger_that_prevents_writes_is_an_error() {
    let schema = Schema::new();
    let (store, table) = (schema.store().await, schema.table());
    let _ = server().psql(&format!(
        "CREATE FUNCTION \"{0}\".nothing() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RETURN NULL; END';
         CREATE TRIGGER nothing BEFORE INSERT ON {table}
             FOR EACH ROW EXECUTE FUNCTION \"{0}\".nothing()",
        schema.0
    ));
    let (key, holder) = (event("evt_1"), attempt());
    let errors = [
        store.claim(&key, &holder).await.unwrap_err(),
        store.complete(&key, &holder).await.unwrap_err(),
        store.probe().await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(cause(&error), PostgresStoreError::UnexpectedReply), "{error:?}");
    }
}

#[tokio::test]
async fn a_lost_reply_is_requested_again_with_the_same_token() {
    let schema = Schema::new();
    let proxy = FaultProxy::start(server().address()).await;
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let config = PostgresConfig::new(&url).unwrap().with_schema(&schema.0);
    let config = config.with_connections(1).with_deadline(PATIENT);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    for _ in 0..2 {
        proxy.set(Fault::ResetAfter(0));
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        assert_eq!(proxy.fault(), Fault::None);
    }
    proxy.set(Fault::ResetAfter(0));
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    proxy.set(Fault::ResetAfter(0));
    assert_eq!(store.complete(&key, &attempt()).await.unwrap(), CompleteOutcome::AlreadyDone);
}

#[tokio::test]
async fn a_reply_that_does_not_arrive_is_unknown_and_opens_the_breaker() {
    let schema = Schema::new();
    let proxy = FaultProxy::start(server().address()).await;
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let config = PostgresConfig::new(&url).unwrap().with_schema(&schema.0);
    let config = config.with_connections(1).with_deadline(BRIEF);
    let store = PostgresStore::connect_with(config).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    proxy.set(Fault::HalfOpen);
    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(matches!(cause(&error), PostgresStoreError::Deadline { .. }), "{error:?}");
    assert!(store.breaker_is_open());
    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), PostgresStoreError::BreakerOpen { .. }), "{error:?}");
    // The statement was executed, and the same attempt gets the same grant.
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    assert!(!store.breaker_is_open());
}

/// One server for the rest, because each start takes a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_or_is_killed_is_an_error_until_it_is_back() {
    let mut server = PostgresServer::start(&["-c", "fsync=on"]);
    let store = store_at(&server, BRIEF).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);

    server.stop();
    let error = store.complete(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(matches!(cause(&error), PostgresStoreError::Deadline { .. }), "{error:?}");
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    server.cont();
    // The stopped server had received it.
    eventually(async || is_done(&recovered(&store, &key, &attempt()).await)).await;

    for round in 0..2 {
        let writes = store.clone();
        let writing = tokio::spawn(async move { write(&writes, round).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        server.kill9();
        let acknowledged = writing.await.unwrap();
        eventually(async || store.claim(&event("unavailable"), &holder).await.is_err()).await;
        server.restart();
        let waited_for = recovered(&store, &event(&format!("after {round}")), &holder).await;
        assert_eq!(waited_for, FIRST);
        for (id, was_completed) in acknowledged {
            let outcome = store.claim(&event(&id), &attempt()).await.unwrap();
            let is_kept = is_done(&outcome) || (!was_completed && is_in_flight(&outcome));
            assert!(is_kept, "{id}, completed: {was_completed}: {outcome:?}");
        }
    }
}

/// Handles events until the first error. Returns those whose claim was acknowledged, and whether
/// their completion was.
async fn write(store: &PostgresStore, round: u32) -> Vec<(String, bool)> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let (id, holder) = (format!("{round}-{number}"), attempt());
        match store.claim(&event(&id), &holder).await {
            Ok(outcome) => assert_eq!(outcome, FIRST),
            Err(_) => break,
        }
        let is_completed = store.complete(&event(&id), &holder).await.is_ok();
        acknowledged.push((id, is_completed));
        if !is_completed {
            break;
        }
    }
    acknowledged
}
