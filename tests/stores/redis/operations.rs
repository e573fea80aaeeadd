//! What each operation does, and its cost.

use countersign_test_servers::FaultProxy;

use super::*;

#[tokio::test]
async fn an_event_is_granted_once_and_then_done() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder, other) = (event("evt_1"), attempt(), attempt());

    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let outcome = store.claim(&key, &other).await.unwrap();
    let ClaimOutcome::InFlight { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(retry_after <= HOUR && retry_after > HOUR / 2, "{retry_after:?}");
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert_eq!(store.release(&key, &other).await.unwrap(), ReleaseOutcome::NotHeld);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    let outcome = store.claim(&key, &other).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { fingerprint_matches: true, .. }), "{outcome:?}");
}

#[tokio::test]
async fn two_stores_on_one_server_share_their_events() {
    let server = RedisServer::start(&[]);
    let (here, there) = (store(&server).await, store(&server).await);
    assert_eq!(here.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
    let outcome = there.claim(&event("evt_1"), &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
}

#[tokio::test]
async fn stores_of_different_prefixes_share_nothing() {
    let server = RedisServer::start(&[]);
    let config =
        RedisConfig::new(&server.url()).unwrap().with_prefix("other").with_deadline(PATIENT);
    let other = RedisStore::connect_with(config).await.unwrap();
    assert_eq!(store(&server).await.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
    assert_eq!(other.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn a_forgotten_event_can_be_handled_again() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let key = event("evt_1");
    let first = attempt();
    assert_eq!(store.claim(&key, &first).await.unwrap(), FIRST);
    assert_eq!(store.complete(&key, &first).await.unwrap(), CompleteOutcome::Recorded);
    assert!(store.forget(&key).await.unwrap());
    assert!(!store.forget(&key).await.unwrap());
    assert_eq!(store.claim(&key, &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn the_scripts_are_loaded_again_after_a_script_flush() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let _ = server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let _ = server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
}

#[tokio::test]
async fn each_operation_is_one_round_trip() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    every_operation_once(&store, "to learn the scripts").await;

    let _ = server.cli(&["CONFIG", "RESETSTAT"]);
    for round in 0..10 {
        every_operation_once(&store, &round.to_string()).await;
    }
    // The three scripts call `get` and `set`, and a claim is one more `set`.
    let calls = [("del", 10), ("evalsha", 30), ("get", 30), ("set", 40)];
    assert_calls(&server, &calls);
}

#[tokio::test]
async fn a_duplicate_of_a_done_event_is_one_round_trip_without_a_script() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&key, &holder).await.unwrap();
    store.complete(&key, &holder).await.unwrap();
    let _ = server.cli(&["CONFIG", "RESETSTAT"]);
    let outcome = store.claim(&key, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    assert_calls(&server, &[("set", 1)]);
}

/// The script has to read the rest of the lease.
#[tokio::test]
async fn a_duplicate_of_an_event_in_flight_is_two_round_trips() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let key = event("evt_1");
    store.claim(&key, &attempt()).await.unwrap();
    let _ = server.cli(&["CONFIG", "RESETSTAT"]);
    let outcome = store.claim(&key, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
    assert_calls(&server, &[("evalsha", 1), ("get", 1), ("pttl", 1), ("set", 1)]);
}

#[track_caller]
fn assert_calls(server: &RedisServer, expected: &[(&str, u32)]) {
    let stats = server.cli(&["INFO", "commandstats"]);
    let mut calls: Vec<_> = stats.lines().filter_map(calls).collect();
    // Sent by redis-cli.
    calls.retain(|(name, _)| *name != "config|resetstat");
    calls.sort_unstable();
    assert_eq!(calls, expected);
}

async fn every_operation_once(store: &RedisStore, id: &str) {
    let (key, holder) = (event(id), attempt());
    store.claim(&key, &holder).await.unwrap();
    store.renew(&key, &holder).await.unwrap();
    store.release(&key, &holder).await.unwrap();
    store.complete(&key, &holder).await.unwrap();
    store.forget(&key).await.unwrap();
}

/// `cmdstat_get:calls=1,usec=…`
fn calls(line: &str) -> Option<(&str, u32)> {
    let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
    Some((name, rest.split_once(',')?.0.parse().ok()?))
}

#[tokio::test]
async fn a_burst_shares_one_connection() {
    let server = RedisServer::start(&[]);
    let proxy = FaultProxy::start(server.address()).await;
    let store = store_at(&format!("redis://{}", proxy.address()), PATIENT).await;
    let claims: Vec<_> = (0..500)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await })
        })
        .collect();
    for claim in claims {
        assert_eq!(claim.await.unwrap().unwrap(), FIRST);
    }
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn an_existing_connection_of_the_caller_works_as_well() {
    let server = RedisServer::start(&[]);
    let client = ::redis::Client::open(server.url()).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    let config = RedisConfig::from_connection(connection).with_deadline(PATIENT);
    let store = RedisStore::connect_with(config).await.unwrap();
    every_operation_once(&store, "evt_1").await;
}

#[test]
fn a_store_outlives_the_runtime_on_which_it_was_made() {
    let server = RedisServer::start(&[]);
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let first = runtime().unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    let store = first.block_on(async {
        let store = store(&server).await;
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        store
    });
    drop(first);
    runtime().unwrap().block_on(async {
        assert_eq!(recovered(&store, &key, &holder).await, FIRST);
    });
}
