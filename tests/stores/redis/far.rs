//! A server with a long round trip.

use countersign_test_servers::{Fault, FaultProxy};

use super::*;

/// Longer than the timeout of one try, and shorter than that of an operation.
const ROUND_TRIP: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_reply_after_the_attempt_timeout_still_completes_the_operation() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    let config = RedisConfig::new(&format!("redis://{}", proxy.address())).unwrap();
    let config = config.with_deadline(PATIENT).with_try_timeout(ROUND_TRIP / 10);
    let store = RedisStore::connect_with(config).await.unwrap();
    proxy.set(Fault::Delay(ROUND_TRIP));
    for id in 0..5 {
        let (key, holder) = (event(&id.to_string()), attempt());
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        let outcome = store.complete(&key, &holder).await.unwrap();
        assert_eq!(outcome, CompleteOutcome::Recorded);
        assert!(!store.breaker_is_open());
    }
}

/// With defaults: only the timeout of the operation is set.
#[tokio::test]
async fn a_server_with_high_latency_is_not_reconnected() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    proxy.set(Fault::Delay(ROUND_TRIP));
    // May fail on a busy machine, but even then the store does not reconnect.
    let store = store_at(&format!("redis://{}", proxy.address()), ROUND_TRIP * 19 / 10).await;
    for id in 0..5 {
        // It fails on a machine that is too busy, and even then nothing is dialled.
        let _ = store.claim(&event(&id.to_string()), &attempt()).await;
    }
    assert!(!store.breaker_is_open());
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn a_latency_above_the_deadline_is_an_error_when_the_store_connects() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    proxy.set(Fault::Delay(ROUND_TRIP));
    let config = RedisConfig::new(&format!("redis://{}", proxy.address())).unwrap();
    let config = config.with_deadline(ROUND_TRIP / 10);
    let error = RedisStore::connect_with(config).await.unwrap_err();
    let ConnectError::TooFar { round_trip, .. } = error else { panic!("{error:?}") };
    assert!(round_trip >= ROUND_TRIP, "{round_trip:?}");
    assert!(error.to_string().contains("longer deadline"), "{error}");
}

/// It would need two round trips otherwise if the event is in flight.
#[tokio::test]
async fn a_claim_at_a_distant_server_is_always_one_script() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    proxy.set(Fault::Delay(ROUND_TRIP));
    let store = store_at(&format!("redis://{}", proxy.address()), 4 * ROUND_TRIP).await;
    let (key, holder) = (event("evt_1"), attempt());
    recovered(&store, &key, &holder).await;
    let _ = server.cli(&["CONFIG", "RESETSTAT"]);
    let outcome = recovered(&store, &key, &attempt()).await;
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
    let stats = server.cli(&["INFO", "commandstats"]);
    assert!(!stats.contains("cmdstat_set:"), "{stats}");
}
