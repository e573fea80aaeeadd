//! A primary, its replica, and three sentinels.

use super::*;

#[tokio::test]
async fn the_store_follows_the_sentinels_to_the_new_primary() {
    let mut primary = RedisServer::start(&[]);
    let port = primary.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]);
    wait_for(|| primary.cli(&["INFO", "replication"]).contains("state=online"));
    let down_after = Duration::from_millis(500);
    let sentinels: Vec<_> =
        (0..3).map(|_| RedisServer::start_sentinel(&primary, "main", 2, down_after)).collect();
    for sentinel in &sentinels {
        wait_for(|| {
            let known = sentinel.cli(&["INFO", "sentinel"]);
            known.contains("slaves=1,sentinels=3")
        });
    }
    let addresses: Vec<_> = sentinels.iter().map(RedisServer::address).collect();
    let url = format!("redis+sentinel://{}/main", addresses.join(","));
    let store = RedisStore::connect(&url).await.unwrap();
    let (done, held, holder) = (event("done"), event("held"), attempt());
    store.claim(&done, &holder).await.unwrap();
    store.complete(&done, &holder).await.unwrap();
    assert_eq!(store.claim(&held, &holder).await.unwrap(), FIRST);

    replicas_have_caught_up(&primary);
    primary.kill9();
    // A sentinel that hangs must not keep the store from the others.
    sentinels[1].stop();
    let outcome = recovered(&store, &held, &attempt()).await;
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
    assert_eq!(store.complete(&held, &holder).await.unwrap(), CompleteOutcome::Recorded);
    let outcome = store.claim(&done, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    assert!(replica.cli(&["INFO", "replication"]).contains("role:master"));
}

#[tokio::test]
async fn a_primary_that_no_sentinel_knows_is_an_error() {
    let primary = RedisServer::start(&[]);
    let sentinel = RedisServer::start_sentinel(&primary, "main", 1, Duration::from_secs(60));
    let url = format!("redis+sentinel://{}/other", sentinel.address());
    let error = RedisStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.to_lowercase().contains("master"), "{source}");
}
