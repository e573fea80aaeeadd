//! A server that is gone or does not answer, and a network that loses answers.

use countersign_conformance::{Fault, FaultProxy};

use super::*;

/// The deadline of an operation, and what a busy machine adds.
pub(super) const AT_MOST: Duration = Duration::from_millis(300);
/// What an operation takes while the breaker is open.
const AT_ONCE: Duration = Duration::from_millis(5);

async fn behind_proxy(server: &RedisServer) -> (FaultProxy, RedisStore) {
    let proxy = FaultProxy::start(server.address()).await;
    let store = RedisStore::connect(&format!("redis://{}", proxy.address())).await.unwrap();
    (proxy, store)
}

/// That operations fail at once. The median counts: others run beside this.
pub(super) async fn fails_at_once(store: &RedisStore) {
    assert!(store.breaker_is_open());
    let mut times = Vec::new();
    for id in 0..51 {
        let (result, took) = timed(store.claim(&event(&id.to_string()), &attempt())).await;
        let error = result.unwrap_err();
        assert!(matches!(cause(&error), RedisStoreError::BreakerOpen), "{error:?}");
        assert_eq!(error.applied(), Applied::No);
        times.push(took);
    }
    times.sort_unstable();
    assert!(times[25] <= AT_ONCE, "{:?}", times[25]);
}

#[tokio::test]
async fn a_stopped_server_costs_the_deadline_and_then_nothing() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    server.stop();

    let (result, took) = timed(store.claim(&key, &holder)).await;
    let error = result.unwrap_err();
    assert_eq!(error.applied(), Applied::Maybe);
    assert!(matches!(cause(&error), RedisStoreError::Deadline { .. }), "{error:?}");
    assert!(took <= AT_MOST, "{took:?}");
    fails_at_once(&store).await;

    server.cont();
    // What was sent and not answered is carried out now, and is the same grant.
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    assert!(!store.breaker_is_open());
}

#[tokio::test]
async fn a_burst_on_a_stopped_server_waits_no_longer_than_one_request() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    server.stop();
    let burst = async {
        let claims: Vec<_> = (0..100)
            .map(|id| {
                let store = store.clone();
                tokio::spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await })
            })
            .collect();
        for claim in claims {
            assert!(claim.await.unwrap().is_err());
        }
    };
    let ((), took) = timed(burst).await;
    assert!(took <= 2 * AT_MOST, "{took:?}");
    fails_at_once(&store).await;
}

#[tokio::test]
async fn a_dead_server_costs_the_deadline_at_most() {
    let mut server = RedisServer::start(&[]);
    let store = store(&server).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    server.kill9();
    for _ in 0..3 {
        let (result, took) = timed(store.claim(&event("evt_1"), &attempt())).await;
        assert!(result.is_err());
        assert!(took <= AT_MOST, "{took:?}");
    }
    fails_at_once(&store).await;
    server.restart();
    assert_eq!(recovered(&store, &event("evt_2"), &attempt()).await, FIRST);
}

#[tokio::test]
async fn a_broken_connection_is_mended_within_the_operation() {
    let mut server = RedisServer::start(&["--appendonly", "yes"]);
    let store = store(&server).await;
    store.claim(&event("evt_1"), &attempt()).await.unwrap();
    server.restart();
    assert_eq!(store.claim(&event("evt_2"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn a_connection_managers_breaks_are_mended_too() {
    let mut server = RedisServer::start(&["--appendonly", "yes"]);
    let client = ::redis::Client::open(server.url()).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    let store = RedisStore::connect_with(RedisConfig::from_connection(connection)).await.unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    server.restart();
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    server.kill9();
    for _ in 0..5 {
        let (result, took) = timed(store.claim(&key, &holder)).await;
        assert!(result.is_err());
        assert!(took <= AT_MOST, "{took:?}");
    }
    server.restart();
    recovered(&store, &key, &holder).await;
}

/// Wherever the answer is cut, the claim was executed.
#[tokio::test]
async fn a_claim_whose_answer_is_cut_is_the_same_grant_when_it_is_sent_again() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    for cut in 0..16 {
        let (key, holder) = (event(&cut.to_string()), attempt());
        let connections = proxy.accepted();
        // `*3`, `:0`, `:1`, `:0`: 16 bytes.
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
async fn a_success_whose_answer_is_cut_is_recorded_once() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&key, &holder).await.unwrap();
    proxy.set(Fault::ResetAfter(0));
    let outcome = store.complete(&key, &holder).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::Recorded);
}

#[tokio::test]
async fn a_half_open_connection_is_given_up_within_the_operation() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    proxy.set(Fault::HalfOpen);
    let (result, took) = timed(store.claim(&key, &holder)).await;
    assert_eq!(result.unwrap(), FIRST);
    assert!(took <= AT_MOST, "{took:?}");
    assert_eq!(proxy.accepted(), 2);
}

#[tokio::test]
async fn a_slow_network_is_an_error_and_then_none() {
    let server = RedisServer::start(&[]);
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    proxy.set(Fault::Delay(Duration::from_secs(1)));
    let (result, took) = timed(store.claim(&key, &holder)).await;
    assert_eq!(result.unwrap_err().applied(), Applied::Maybe);
    assert!(took <= AT_MOST, "{took:?}");
    proxy.set(Fault::None);
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
}

#[tokio::test]
async fn a_server_that_becomes_a_replica_is_dialled_once_a_second_at_most() {
    let (primary, server) = (RedisServer::start(&[]), RedisServer::start(&[]));
    let (proxy, store) = behind_proxy(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&event("other"), &holder).await.unwrap();
    let _ = server.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    let start = Instant::now();
    for _ in 0..200 {
        let error = store.claim(&key, &holder).await.unwrap_err();
        assert_eq!(error.applied(), Applied::No);
        let cause = cause(&error);
        assert!(
            matches!(cause, RedisStoreError::NotServing { .. } | RedisStoreError::BreakerOpen),
            "{cause:?}"
        );
    }
    let connections = 2 + start.elapsed().as_secs() as usize;
    assert!(proxy.accepted() <= connections, "{}", proxy.accepted());
    let _ = server.cli(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(recovered(&store, &key, &holder).await, FIRST);
}

#[tokio::test]
async fn requests_that_are_given_up_leave_the_connection_sound() {
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
