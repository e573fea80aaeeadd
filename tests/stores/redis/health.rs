//! What a store reports about its server.

use std::sync::{Arc, Mutex};

use countersign::store::StoreWarning::*;

use super::*;

const SAFE: [&str; 2] = ["--appendonly", "yes"];

async fn warnings(store: &RedisStore) -> Vec<StoreWarning> {
    store.probe().await.unwrap().warnings
}

#[tokio::test]
async fn a_persistent_server_without_eviction_is_healthy() {
    let server = RedisServer::start(&SAFE);
    assert_eq!(warnings(&store(&server).await).await, []);
}

#[tokio::test]
async fn a_server_without_persistence_is_reported() {
    let server = RedisServer::start(&[]);
    assert_eq!(warnings(&store(&server).await).await, [NotPersistent]);
}

#[tokio::test]
async fn snapshots_count_as_persistence() {
    let server = RedisServer::start(&["--save", "60 1"]);
    assert_eq!(warnings(&store(&server).await).await, []);
}

#[tokio::test]
async fn a_server_that_evicts_is_reported() {
    let server = RedisServer::start(&SAFE);
    let store = store(&server).await;
    let _ = server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert_eq!(warnings(&store).await, [], "without a limit nothing is evicted");
    let _ = server.cli(&["CONFIG", "SET", "maxmemory", "100mb"]);
    assert_eq!(warnings(&store).await, [Evicts { policy: "allkeys-lru".to_owned() }]);
}

#[tokio::test]
async fn an_evicted_record_is_detected_by_the_canary() {
    let server = RedisServer::start(&SAFE);
    let store = store(&server).await;
    let _ = server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]);
    let _ = server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    // A write evicts as many keys as possible.
    let _ = server.cli(&["SET", "anything", "1"]);
    let _ = server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(warnings(&store).await, [MemoryLost]);
}

#[tokio::test]
async fn a_replica_is_reported() {
    let (primary, replica) = (RedisServer::start(&SAFE), RedisServer::start(&SAFE));
    let store = store(&replica).await;
    let _ = replica.cli(&["REPLICAOF", "127.0.0.1", &primary.port().to_string()]);
    assert!(warnings(&store).await.contains(&Replica));
}

#[tokio::test]
async fn a_crash_of_a_server_without_persistence_is_reported_once() {
    let mut server = RedisServer::start(&[]);
    let store = store(&server).await;
    server.restart();
    recovered(&store, &event("evt_1"), &attempt()).await;
    assert_eq!(warnings(&store).await, [MemoryLost, NotPersistent]);
    assert_eq!(warnings(&store).await, [NotPersistent]);
}

#[tokio::test]
async fn every_store_detects_that_the_memory_was_lost() {
    let server = RedisServer::start(&SAFE);
    let (here, there) = (store(&server).await, store(&server).await);
    let _ = server.cli(&["FLUSHALL"]);
    assert_eq!(warnings(&here).await, [MemoryLost]);
    assert_eq!(warnings(&there).await, [MemoryLost]);
    assert_eq!(warnings(&here).await, []);
}

#[tokio::test]
async fn a_user_with_the_documented_rights_can_do_everything() {
    let server = RedisServer::start(&SAFE);
    let rights = "+eval +evalsha +get +set +pttl +del +exists +info +config|get";
    let user = ["ACL", "SETUSER", "webhooks", "on", ">s3cret", "~cs:*"];
    let user: Vec<_> = user.into_iter().chain(rights.split(' ')).collect();
    assert_eq!(server.cli(&user), "OK");
    let url = format!("redis://webhooks:s3cret@{}", server.address());
    let store = store_at(&url, PATIENT).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    store.renew(&key, &holder).await.unwrap();
    store.release(&key, &holder).await.unwrap();
    store.complete(&key, &holder).await.unwrap();
    assert!(store.forget(&key).await.unwrap());
    assert_eq!(warnings(&store).await, []);
}

#[tokio::test]
async fn settings_that_the_server_does_not_show_are_named() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let _ = server.cli(&["ACL", "SETUSER", "default", "-config"]);
    assert_eq!(warnings(&store).await, [Unreadable { what: "persistence".to_owned() }]);
    let _ = server.cli(&["ACL", "SETUSER", "default", "-info"]);
    let [Unreadable { what }] = &warnings(&store).await[..] else { panic!() };
    assert!(what.contains("eviction policy"), "{what}");
    let again = super::store(&server).await;
    assert_eq!(again.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn a_watched_store_is_probed_repeatedly() {
    let server = RedisServer::start(&SAFE);
    let store = store(&server).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&reports);
    let watch = store.watch(Duration::from_millis(5), move |health| {
        kept.lock().unwrap().push(health.unwrap().warnings);
    });
    let watch = tokio::spawn(watch);
    let has = |wanted: Vec<StoreWarning>| reports.lock().unwrap().contains(&wanted);
    eventually(|| has(vec![])).await;
    let _ = server.cli(&["FLUSHALL"]);
    eventually(|| has(vec![MemoryLost])).await;
    watch.abort();
}

#[tokio::test]
async fn a_watch_reports_the_first_error_of_an_outage_at_once_and_with_its_cause() {
    let mut server = RedisServer::start(&SAFE);
    let store = store(&server).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&reports);
    // The next probe never happens.
    let watch = store.watch(Duration::MAX, move |health| kept.lock().unwrap().push(health));
    let watch = tokio::spawn(watch);
    eventually(|| reports.lock().unwrap().len() == 1).await;
    server.kill9();
    while store.claim(&event("evt_1"), &attempt()).await.is_ok() {}
    eventually(|| reports.lock().unwrap().len() == 2).await;
    let reports = reports.lock().unwrap();
    let error = reports[1].as_ref().unwrap_err();
    assert!(!matches!(cause(error), RedisStoreError::Deadline { .. }), "{error:?}");
    watch.abort();
}
