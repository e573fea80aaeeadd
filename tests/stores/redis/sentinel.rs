//! A primary, its replica, and sentinels.

use countersign_redis::DeposedRecords;
use countersign_test_servers::{Fault, FaultProxy};

use super::*;

#[tokio::test]
async fn the_store_follows_the_sentinels_to_the_new_primary() {
    let mut primary = RedisServer::start(&[]);
    let replica = replica_of(&primary);
    let sentinels: Vec<_> = (0..3).map(|_| sentinel(&primary, 2)).collect();
    for sentinel in &sentinels {
        wait_for(|| {
            let known = sentinel.cli(&["INFO", "sentinel"]);
            known.contains("slaves=1,sentinels=3")
        });
    }
    let addresses: Vec<_> = sentinels.iter().map(RedisServer::address).collect();
    let store = store_at(&format!("redis+sentinel://{}/main", addresses.join(",")), PATIENT).await;
    let (done, held, holder) = (event("done"), event("held"), attempt());
    store.claim(&done, &holder).await.unwrap();
    store.complete(&done, &holder).await.unwrap();
    assert_eq!(store.claim(&held, &holder).await.unwrap(), FIRST);

    replicas_have_caught_up(&primary);
    primary.kill9();
    // A sentinel that hangs must not prevent the store from using the others.
    sentinels[1].stop();
    let outcome = recovered(&store, &held, &attempt()).await;
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
    assert_eq!(store.complete(&held, &holder).await.unwrap(), CompleteOutcome::Recorded);
    let outcome = store.claim(&done, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    assert!(replica.cli(&["INFO", "replication"]).contains("role:master"));
}

/// The old primary stays up and does not learn of the failover, because it has
/// no command that makes it a replica. So all later writes to it are lost.
#[tokio::test]
async fn successes_on_a_primary_that_was_deposed_are_recorded_again_on_its_successor() {
    let primary = RedisServer::start(&DEAF);
    let replica = replica_of(&primary);
    let sentinel = sentinel(&primary, 1);
    wait_for(|| sentinel.cli(&["INFO", "sentinel"]).contains("slaves=1,sentinels=1"));
    // Cuts the store off from its sentinel, so that it does not learn of the
    // failover.
    let proxy = FaultProxy::start(sentinel.address()).await;
    let store = store_at(&format!("redis+sentinel://{}/main", proxy.address()), PATIENT).await;
    let (holder, held) = (attempt(), (0..20).map(|id| event(&id.to_string())).collect::<Vec<_>>());
    for key in &held {
        store.claim(key, &holder).await.unwrap();
    }
    replicas_have_caught_up(&primary);
    proxy.set(Fault::HalfOpen);
    depose(&sentinel, &primary);
    let elsewhere = store_when_primary(&replica).await;

    for key in &held {
        assert_eq!(store.complete(key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    }
    // An event that is delivered to both.
    let twice = event("twice");
    assert_eq!(store.claim(&twice, &holder).await.unwrap(), FIRST);
    store.complete(&twice, &holder).await.unwrap();
    let rival = attempt();
    assert_eq!(elsewhere.claim(&twice, &rival).await.unwrap(), FIRST);
    elsewhere.complete(&twice, &rival).await.unwrap();
    assert_eq!(store.deposed_records(), DeposedRecords::default());

    proxy.set(Fault::None);
    eventually(|| store.deposed_records().recorded_again == 21).await;
    assert_eq!((store.deposed_records().repeated, store.deposed_records().lost), (1, 0));
    for key in held.iter().chain([&twice]) {
        let outcome = elsewhere.claim(key, &attempt()).await.unwrap();
        assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    }
    let is_reported = |warning: &_| {
        matches!(warning, StoreWarning::Deposed { recorded_again: 21, repeated: 1, lost: 0 })
    };
    assert!(store.probe().await.unwrap().warnings.iter().any(is_reported));
    assert!(!store.probe().await.unwrap().warnings.iter().any(is_reported));
}

/// Of the sentinels that respond, the store uses the one with the latest
/// failover.
#[tokio::test]
async fn a_store_leaves_a_deposed_primary_that_still_answers() {
    let primary = RedisServer::start(&DEAF);
    let replica = replica_of(&primary);
    let (knowing, left_behind) = (sentinel(&primary, 1), sentinel(&primary, 1));
    for sentinel in [&knowing, &left_behind] {
        wait_for(|| sentinel.cli(&["INFO", "sentinel"]).contains("slaves=1,sentinels=2"));
    }
    let addresses = format!("{},{}", left_behind.address(), knowing.address());
    let store = store_at(&format!("redis+sentinel://{addresses}/main"), PATIENT).await;
    store.claim(&event("other"), &attempt()).await.unwrap();
    left_behind.stop();
    depose(&knowing, &primary);
    let elsewhere = store_when_primary(&replica).await;
    let mut seen = 0;
    for id in 0.. {
        let (key, holder) = (event(&format!("evt_{id}")), attempt());
        store.claim(&key, &holder).await.unwrap();
        let outcome = elsewhere.claim(&key, &attempt()).await.unwrap();
        seen += u32::from(matches!(outcome, ClaimOutcome::InFlight { .. }));
        if seen == 3 {
            break;
        }
        assert!(id < 6_000, "the store still uses the old primary");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(primary.cli(&["INFO", "replication"]).contains("role:master"));
}

/// So that no sentinel makes it a replica.
const DEAF: [&str; 6] = ["--rename-command", "REPLICAOF", "", "--rename-command", "SLAVEOF", ""];

fn replica_of(primary: &RedisServer) -> RedisServer {
    let port = primary.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]);
    wait_for(|| primary.cli(&["INFO", "replication"]).contains("state=online"));
    replica
}

fn sentinel(primary: &RedisServer, quorum: u32) -> RedisServer {
    RedisServer::start_sentinel(primary, "main", quorum, Duration::from_millis(500))
}

/// Makes the sentinel promote its replica to primary.
fn depose(sentinel: &RedisServer, primary: &RedisServer) {
    // Until the sentinel considers the replica healthy, it rejects the command.
    wait_for(|| sentinel.cli(&["SENTINEL", "FAILOVER", "main"]) == "OK");
    let old = primary.port().to_string();
    wait_for(|| !sentinel.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"]).contains(&old));
}

#[tokio::test]
async fn a_primary_that_no_sentinel_knows_is_an_error() {
    let primary = RedisServer::start(&[]);
    let sentinel = RedisServer::start_sentinel(&primary, "main", 1, Duration::from_secs(60));
    let url = format!("redis+sentinel://{}/other", sentinel.address());
    let error = connect(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.to_lowercase().contains("master"), "{source}");
}
