//! A server that is down or does not respond, and a network that loses
//! responses.

use countersign_test_servers::{Fault, FaultProxy};

use super::*;

async fn behind_proxy(server: &RedisServer) -> (FaultProxy, RedisStore) {
    let proxy = FaultProxy::start(server.address()).await;
    let store = store_at(&format!("redis://{}", proxy.address()), PATIENT).await;
    (proxy, store)
}

/// A store with a short timeout, on a server that has responded to it.
async fn hasty_store(server: &RedisServer) -> RedisStore {
    let store = store_at(&server.url(), HASTY).await;
    recovered(&store, &event("other"), &attempt()).await;
    store
}

/// Checks that operations fail without a try.
pub(super) async fn fails_at_once(store: &RedisStore) {
    assert!(store.breaker_is_open());
    for id in 0..51 {
        let error = store.claim(&event(&id.to_string()), &attempt()).await.unwrap_err();
        assert!(matches!(cause(&error), RedisStoreError::BreakerOpen { .. }), "{error:?}");
        assert_eq!(error.effect(), Effect::NotApplied);
    }
}

#[tokio::test]
async fn a_stopped_server_costs_the_deadline_once_and_then_fails_fast() {
    let server = RedisServer::start(&[]);
    let store = hasty_store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    server.stop();

    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    let RedisStoreError::Deadline { deadline, .. } = cause(&error) else { panic!("{error:?}") };
    assert_eq!(*deadline, HASTY);
    fails_at_once(&store).await;

    server.cont();
    // The command that was sent without a response is now executed, and returns
    // the same grant.
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    assert!(!store.breaker_is_open());
}

/// As in a program that starts a second runtime and keeps the first, on which
/// the store was connected.
#[test]
fn a_store_recovers_if_its_first_runtime_is_idle() {
    let server = RedisServer::start(&[]);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let store = first.block_on(async {
        let store = hasty_store(&server).await;
        // From here on, its connection is reconnected.
        server.stop();
        store.claim(&event("stopped"), &attempt()).await.unwrap_err();
        server.cont();
        recovered(&store, &event("again"), &attempt()).await;
        store
    });
    let outcome = second.block_on(recovered(&store, &event("evt_1"), &attempt()));
    assert_eq!(outcome, FIRST);
    drop(first);
}

#[tokio::test]
async fn a_burst_on_a_stopped_server_fails_together() {
    let server = RedisServer::start(&[]);
    let store = hasty_store(&server).await;
    server.stop();
    let claims: Vec<_> = (0..100)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await })
        })
        .collect();
    for claim in claims {
        assert!(claim.await.unwrap().is_err());
    }
    fails_at_once(&store).await;
}

#[tokio::test]
async fn a_dead_server_is_detected_before_the_deadline() {
    let mut server = RedisServer::start(&[]);
    let store = store(&server).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    server.kill9();
    for _ in 0..3 {
        let error = store.claim(&event("evt_1"), &attempt()).await.unwrap_err();
        assert!(!matches!(cause(&error), RedisStoreError::Deadline { .. }), "{error:?}");
    }
    fails_at_once(&store).await;
    server.restart();
    assert_eq!(recovered(&store, &event("evt_2"), &attempt()).await, FIRST);
}

#[tokio::test]
async fn an_open_breaker_reports_the_error_of_the_last_connect() {
    let mut server = RedisServer::start(&[]);
    let store = store(&server).await;
    server.kill9();
    for _ in 0..4_000 {
        let error = store.claim(&event("evt_1"), &attempt()).await.unwrap_err();
        if let RedisStoreError::BreakerOpen { source: Some(source), .. } = cause(&error) {
            assert!(source.to_string().contains("refused"), "{source}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no error had a source");
}

#[tokio::test]
async fn a_broken_connection_is_replaced_within_the_operation() {
    let mut server = RedisServer::start(&["--appendonly", "yes"]);
    let store = store(&server).await;
    store.claim(&event("evt_1"), &attempt()).await.unwrap();
    server.restart();
    assert_eq!(store.claim(&event("evt_2"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn a_broken_connection_of_a_connection_manager_is_replaced_too() {
    let mut server = RedisServer::start(&["--appendonly", "yes"]);
    let client = ::redis::Client::open(server.url()).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    let config = RedisConfig::from_connection(connection).with_deadline(8 * HASTY);
    let store = RedisStore::connect_with(config).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    server.restart();
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    server.kill9();
    for _ in 0..5 {
        assert!(store.claim(&key, &holder).await.is_err());
    }
    server.restart();
    recovered(&store, &key, &holder).await;
}

/// For every byte at which the response is cut off, the claim was executed.
#[tokio::test]
async fn a_claim_with_a_lost_reply_gets_the_same_grant_when_it_is_resent() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    for cut in 0..5 {
        let (key, holder) = (event(&cut.to_string()), attempt());
        let connections = proxy.accepted();
        // `$-1` and the end of the line: 5 bytes.
        proxy.set(Fault::ResetAfter(cut));
        let outcome = store.claim(&key, &holder).await.unwrap();
        assert_eq!(outcome, FIRST, "cut after {cut} bytes");
        assert_eq!(proxy.accepted(), connections + 1, "cut after {cut} bytes");
        let outcome = store.claim(&key, &attempt()).await.unwrap();
        assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
        store.release(&key, &holder).await.unwrap();
        assert_eq!(store.claim(&key, &attempt()).await.unwrap(), granted(2));
    }
}

#[tokio::test]
async fn a_success_with_a_lost_reply_is_recorded_once() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&key, &holder).await.unwrap();
    proxy.set(Fault::ResetAfter(0));
    let outcome = store.complete(&key, &holder).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::Recorded);
}

#[tokio::test]
async fn a_half_open_connection_is_abandoned_within_the_operation() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    let config = RedisConfig::new(&format!("redis://{}", proxy.address())).unwrap();
    let config = config.with_deadline(PATIENT).with_try_timeout(HASTY);
    let store = RedisStore::connect_with(config).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    let connections = proxy.accepted();
    proxy.set(Fault::HalfOpen);
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    assert!(proxy.accepted() > connections);
}

#[tokio::test]
async fn a_slow_network_is_an_error_until_it_recovers() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    let store = store_at(&format!("redis://{}", proxy.address()), HASTY).await;
    let (key, holder) = (event("evt_1"), attempt());
    recovered(&store, &event("other"), &holder).await;
    proxy.set(Fault::Delay(HASTY * 4));
    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    proxy.set(Fault::None);
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
}

#[tokio::test]
async fn a_server_that_becomes_a_replica_is_reconnected_at_most_once_per_second() {
    let (primary, server) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    let _ = server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let start = Instant::now();
    for _ in 0..200 {
        let error = store.claim(&key, &holder).await.unwrap_err();
        assert_eq!(error.effect(), Effect::NotApplied);
        let cause = cause(&error);
        assert!(
            matches!(
                cause,
                RedisStoreError::NotServing { .. } | RedisStoreError::BreakerOpen { .. }
            ),
            "{cause:?}"
        );
    }
    let connections = 2 + start.elapsed().as_secs() as usize;
    assert!(proxy.accepted() <= connections, "{}", proxy.accepted());
    let _ = server.cli(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
}

/// It may be an old primary after a failover.
#[tokio::test]
async fn a_server_that_lost_its_replicas_is_reconnected() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    let connections = proxy.accepted();
    let _ = server.cli(&["CONFIG", "SET", "min-replicas-to-write", "1"]);
    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), RedisStoreError::NotServing { .. }), "{error:?}");
    assert!(proxy.accepted() > connections);
    fails_at_once(&store).await;
    let _ = server.cli(&["CONFIG", "SET", "min-replicas-to-write", "0"]);
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
}

#[tokio::test]
async fn cancelled_requests_do_not_break_the_connection() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    for id in 0..200 {
        let (key, holder) = (event(&id.to_string()), attempt());
        let claim = store.claim(&key, &holder);
        let _ = tokio::time::timeout(Duration::from_micros(id % 50), claim).await;
    }
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(proxy.accepted(), 1);
}
