//! Servers that respond but cannot hold the records.

use super::*;

/// The reason why a server is unsuitable, and the error message.
fn unsuitable(error: &ConnectError) -> (Unsuitable, String) {
    let ConnectError::Unsuitable { reason, .. } = error else { panic!("{error:?}") };
    (*reason, error.to_string())
}

/// Creates a user with these rights, and returns the server's URL for it.
fn user(server: &RedisServer, name: &str, rights: &str) -> String {
    let command = ["ACL", "SETUSER", name, "reset", "on", ">s3cret", "~cs:*"];
    let command: Vec<_> = command.into_iter().chain(rights.split(' ')).collect();
    assert_eq!(server.cli(&command), "OK");
    format!("redis://{name}:s3cret@{}", server.address())
}

const RIGHTS: [&str; 7] = ["+eval", "+evalsha", "+get", "+set", "+pttl", "+del", "+exists"];

#[tokio::test]
async fn a_user_without_a_required_right_is_an_error_when_the_store_connects() {
    let server = RedisServer::start(&[]);
    store_at(&user(&server, "able", &RIGHTS.join(" ")), PATIENT).await;
    // Without `exists` there is no canary, and everything else works.
    for missing in &RIGHTS[..6] {
        let rights: Vec<_> = RIGHTS.into_iter().filter(|right| right != missing).collect();
        let error =
            connect(&user(&server, "unable", &rights.join(" ")), PATIENT).await.unwrap_err();
        let (reason, text) = unsuitable(&error);
        assert_eq!(reason, Unsuitable::NotPermitted, "{missing}: {error:?}");
        assert!(text.contains(missing), "{text}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_user_without_access_to_the_keys_is_an_error_when_the_store_connects() {
    let server = RedisServer::start(&[]);
    let url = user(&server, "elsewhere", "resetkeys ~shop:* +@all");
    let (reason, text) = unsuitable(&connect(&url, PATIENT).await.unwrap_err());
    assert_eq!(reason, Unsuitable::NotPermitted);
    assert!(text.contains("~cs:*"), "{text}");
    let config = RedisConfig::new(&url).unwrap().with_prefix("shop").with_deadline(PATIENT);
    RedisStore::connect_with(config).await.unwrap();
}

#[tokio::test]
async fn a_user_that_may_not_select_the_database_of_the_url_is_an_error() {
    let server = RedisServer::start(&[]);
    let url = format!("{}/3", user(&server, "fixed", &RIGHTS.join(" ")));
    let error = connect(&url, PATIENT).await.unwrap_err();
    assert!(matches!(error, ConnectError::Database { database: 3, .. }), "{error:?}");
    assert!(error.to_string().contains("`+select`"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    let rights = format!("{} +select", RIGHTS.join(" "));
    store_at(&format!("{}/3", user(&server, "free", &rights)), PATIENT).await;
}

#[tokio::test]
async fn a_server_without_scripts_is_an_error() {
    let server = RedisServer::start(&["--rename-command", "EVAL", ""]);
    let (reason, text) = unsuitable(&connect(&server.url(), PATIENT).await.unwrap_err());
    assert_eq!(reason, Unsuitable::NoScripts);
    assert!(text.contains("`EVAL`"), "{text}");
}

#[tokio::test]
async fn one_node_of_a_cluster_is_an_error() {
    let nodes = [RedisServer::start(&CLUSTER), RedisServer::start(&CLUSTER)];
    assert_eq!(nodes[0].cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "8191"]), "OK");
    assert_eq!(nodes[1].cli(&["CLUSTER", "ADDSLOTSRANGE", "8192", "16383"]), "OK");
    let [port, bus] = [nodes[1].port(), nodes[1].port() + 10_000].map(|port| port.to_string());
    let _ = nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
    for node in &nodes {
        wait_for(|| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    }
    let (reason, text) = unsuitable(&connect(&nodes[0].url(), PATIENT).await.unwrap_err());
    assert_eq!(reason, Unsuitable::ClusterNode);
    assert!(text.contains("redis+cluster://"), "{text}");
    let url = format!("redis+cluster://{}", nodes[0].address());
    store_at(&url, PATIENT).await;
}

#[tokio::test]
async fn a_cluster_of_one_node_works() {
    let node = RedisServer::start(&CLUSTER);
    assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK");
    wait_for(|| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let store = store(&node).await;
    assert_eq!(store.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
}

const CLUSTER: [&str; 2] = ["--cluster-enabled", "yes"];

#[tokio::test]
async fn a_plain_url_of_a_sentinel_is_an_error() {
    let primary = RedisServer::start(&[]);
    let sentinel = RedisServer::start_sentinel(&primary, "main", 1, Duration::from_secs(60));
    let (reason, text) = unsuitable(&connect(&sentinel.url(), PATIENT).await.unwrap_err());
    assert_eq!(reason, Unsuitable::Sentinel);
    assert!(text.contains("redis+sentinel://"), "{text}");
}

#[tokio::test]
async fn a_replica_is_an_error() {
    let primary = RedisServer::start(&[]);
    let port = primary.port().to_string();
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port]);
    wait_for(|| primary.cli(&["INFO", "replication"]).contains("state=online"));
    let (reason, text) = unsuitable(&connect(&replica.url(), PATIENT).await.unwrap_err());
    assert_eq!(reason, Unsuitable::Replica);
    assert!(text.contains("primary"), "{text}");
}

#[tokio::test]
async fn a_right_revoked_later_is_an_error_of_every_operation_and_the_probe() {
    let server = RedisServer::start(&[]);
    let url = user(&server, "webhooks", "+@all");
    let store = store_at(&url, PATIENT).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let _ = server.cli(&["ACL", "SETUSER", "webhooks", "-evalsha", "-eval", "-set"]);
    let claim = store.claim(&event("evt_2"), &attempt()).await.unwrap_err();
    let completion = store.complete(&key, &holder).await.unwrap_err();
    let probe = store.probe().await.unwrap_err();
    for error in [claim, completion, probe] {
        assert_eq!(error.effect(), Effect::NotApplied);
        let RedisStoreError::Unsuitable { reason, .. } = cause(&error) else { panic!("{error:?}") };
        assert_eq!(*reason, Unsuitable::NotPermitted);
    }
    assert!(!store.breaker_is_open());
}

#[tokio::test]
async fn the_startup_check_leaves_no_keys_behind() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    store.probe().await.unwrap();
    let keys = server.cli(&["--scan"]);
    assert!(keys.lines().all(|key| key.contains(":canary:")), "{keys}");
}
