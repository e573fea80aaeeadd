//! A cluster of three primaries and three replicas.

use tokio::task::JoinSet;

use super::*;

/// Replication is asynchronous, and writes that a replica has not received are
/// lost with its primary. So the test kills the primary once its replica has
/// caught up. Claims that are made during the failover stay valid after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_continue_during_a_failover_and_no_event_is_granted_twice() {
    let mut cluster = Cluster::start();
    let store = store_at(&cluster.url(), PATIENT).await;
    let (before, holder) = (events("before"), attempt());
    for key in &before {
        assert_eq!(store.claim(key, &holder).await.unwrap(), FIRST);
    }
    let done = &before[..50];
    for key in done {
        store.complete(key, &holder).await.unwrap();
    }

    cluster.kill_a_primary().await;
    let mut rivals = JoinSet::new();
    for key in events("during") {
        for _ in 0..2 {
            let (store, key) = (store.clone(), key.clone());
            rivals.spawn(async move { recovered(&store, &key, &attempt()).await });
        }
    }
    let outcomes = rivals.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == FIRST).count(), EVENTS);
    let in_flight = |outcome: &&_| matches!(outcome, ClaimOutcome::InFlight { .. });
    assert_eq!(outcomes.iter().filter(in_flight).count(), EVENTS);

    for key in done {
        let outcome = recovered(&store, key, &attempt()).await;
        assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    }
    for key in &before[50..] {
        let outcome = recovered(&store, key, &attempt()).await;
        assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
        let outcome = store.complete(key, &holder).await.unwrap();
        assert_eq!(outcome, CompleteOutcome::Recorded);
    }
}

/// Before the other nodes notice the failure. Once they do, all of them reject
/// commands until there is a new primary, unless they are configured otherwise.
#[tokio::test]
async fn while_one_primary_is_down_the_others_answer() {
    let mut cluster = Cluster::start_with_timeout(Duration::from_secs(60));
    let store = store_at(&cluster.url(), 8 * HASTY).await;
    let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
    for key in events("evt") {
        let size = cluster.nodes[0].cli(&["DBSIZE"]);
        store.claim(&key, &attempt()).await.unwrap();
        let is_here = cluster.nodes[0].cli(&["DBSIZE"]) != size;
        if is_here { &mut here } else { &mut elsewhere }.push(key);
    }
    let others_answer = async || {
        for (here, elsewhere) in here.iter().zip(&elsewhere).take(3) {
            assert!(store.claim(here, &attempt()).await.is_err());
            let outcome = store.claim(elsewhere, &attempt()).await.unwrap();
            assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
        }
    };
    cluster.nodes[0].stop();
    others_answer().await;
    cluster.nodes[0].kill9();
    others_answer().await;
}

#[tokio::test]
async fn every_operation_finds_its_server_in_a_cluster() {
    let cluster = Cluster::start();
    let store = store_at(&cluster.url(), PATIENT).await;
    assert_eq!(store.probe().await.unwrap().warnings, [StoreWarning::NotPersistent]);
    for key in events("evt") {
        let holder = attempt();
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
        assert_eq!(store.release(&key, &holder).await.unwrap(), ReleaseOutcome::Released);
        let retry = attempt();
        assert_eq!(store.claim(&key, &retry).await.unwrap(), granted(2));
        assert_eq!(store.complete(&key, &retry).await.unwrap(), CompleteOutcome::Recorded);
        assert!(store.forget(&key).await.unwrap());
    }
    let _ = cluster.nodes[1].cli(&["SCRIPT", "FLUSH"]);
    for key in events("flushed") {
        assert_eq!(store.claim(&key, &attempt()).await.unwrap(), FIRST);
    }
    let _ = cluster.nodes[2].cli(&["FLUSHALL"]);
    let warnings = store.probe().await.unwrap().warnings;
    assert_eq!(warnings, [StoreWarning::MemoryLost, StoreWarning::NotPersistent]);
}

#[tokio::test]
async fn an_unreachable_cluster_costs_the_deadline_once_and_then_fails_fast() {
    let cluster = Cluster::start();
    let store = store_at(&cluster.url(), HASTY).await;
    recovered(&store, &event("evt_1"), &attempt()).await;
    cluster.nodes.iter().for_each(RedisServer::stop);
    for id in 0..5 {
        let key = event(&id.to_string());
        assert!(store.claim(&key, &attempt()).await.is_err());
    }
    faults::fails_at_once(&store).await;
    cluster.nodes.iter().for_each(RedisServer::cont);
    assert_eq!(recovered(&store, &event("evt_2"), &attempt()).await, FIRST);
}

const EVENTS: usize = 150;

fn events(name: &str) -> Vec<EventKey> {
    (0..EVENTS).map(|id| event(&format!("{name}_{id}"))).collect()
}

struct Cluster {
    /// Primaries first.
    nodes: Vec<RedisServer>,
}

impl Cluster {
    fn start() -> Self {
        Self::start_with_timeout(Duration::from_secs(1))
    }

    /// After this much silence a node is considered down.
    fn start_with_timeout(silence: Duration) -> Self {
        let silence = silence.as_millis().to_string();
        let args = ["--cluster-enabled", "yes", "--cluster-node-timeout", &silence];
        let nodes: Vec<_> = (0..6).map(|_| RedisServer::start(&args)).collect();
        let addresses: Vec<_> = nodes.iter().map(RedisServer::address).collect();
        let mut create = vec!["--cluster", "create"];
        create.extend(addresses.iter().map(String::as_str));
        create.extend(["--cluster-replicas", "1", "--cluster-yes"]);
        let _ = nodes[0].cli(&create);
        for node in &nodes {
            wait_for(|| {
                node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
                    && !node.cli(&["INFO", "replication"]).contains("link_status:down")
            });
        }
        Self { nodes }
    }

    fn url(&self) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(RedisServer::address).collect();
        format!("redis+cluster://{}", addresses.join(","))
    }

    /// Kills the first primary after its replica has received all writes.
    async fn kill_a_primary(&mut self) {
        replicas_have_caught_up(&self.nodes[0]);
        self.nodes[0].kill9();
    }
}
