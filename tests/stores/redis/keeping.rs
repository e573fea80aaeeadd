//! The size of a record, and how long it is kept.

use super::*;

#[tokio::test]
async fn a_record_takes_at_most_160_bytes() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let long = SampleDelivery::of("evt_1").with_endpoint("/hooks/".repeat(20)).event_key();
    let holder = attempt();
    store.claim(&long, &holder).await.unwrap();
    let record = only_record(&server);
    let bytes = || server.cli(&["MEMORY", "USAGE", &record]).parse::<usize>().unwrap();

    assert!(bytes() <= 160, "held: {}", bytes());
    store.release(&long, &holder).await.unwrap();
    assert!(bytes() <= 160, "given back: {}", bytes());
    store.complete(&long, &holder).await.unwrap();
    assert!(bytes() <= 160, "done: {}", bytes());
}

#[tokio::test]
async fn the_key_shows_the_endpoint_and_no_id() {
    let server = RedisServer::start(&[]);
    let key = SampleDelivery::of("evt_1").with_endpoint("/hooks/*{venum}").event_key();
    store(&server).await.claim(&key, &attempt()).await.unwrap();
    let record = only_record(&server);
    assert!(record.starts_with("cs:2:/hooks/__venum_:"), "{record}");
    assert!(!record.contains("evt_1"), "{record}");
}

/// The remaining time of a record, in whole hours, rounded up.
fn hours_left(server: &RedisServer, record: &str) -> u128 {
    let left = server.cli(&["PTTL", record]).parse::<u128>().unwrap();
    left.div_ceil(HOUR.as_millis())
}

#[tokio::test]
async fn the_retention_starts_at_the_success_and_is_never_prolonged() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&key, &holder).await.unwrap();
    let record = only_record(&server);
    assert_eq!(hours_left(&server, &record), 24);
    let nearly_over = || server.cli(&["PEXPIRE", &record, "3600000"]);

    // The first attempt fails late, and the retry succeeds.
    assert_eq!(nearly_over(), "1");
    store.release(&key, &holder).await.unwrap();
    assert_eq!(hours_left(&server, &record), 24);
    let retry = attempt();
    assert_eq!(nearly_over(), "1");
    assert_eq!(store.claim(&key, &retry).await.unwrap(), granted(2));
    assert_eq!(nearly_over(), "1");
    assert_eq!(store.complete(&key, &retry).await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(hours_left(&server, &record), 24);

    assert_eq!(nearly_over(), "1");
    store.claim(&key, &attempt()).await.unwrap();
    store.complete(&key, &retry).await.unwrap();
    store.complete(&key, &attempt()).await.unwrap();
    store.renew(&key, &retry).await.unwrap();
    store.release(&key, &retry).await.unwrap();
    assert_eq!(hours_left(&server, &record), 1);
}

#[tokio::test]
async fn a_claimed_event_is_kept_after_its_retention() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, mut holder) = (event("evt_1"), attempt());
    (holder.lease, holder.retention) = (2 * HOUR, HOUR);
    store.claim(&key, &holder).await.unwrap();
    let record = only_record(&server);
    assert_eq!(hours_left(&server, &record), 2);

    assert_eq!(server.cli(&["PEXPIRE", &record, "60000"]), "1");
    store.renew(&key, &holder).await.unwrap();
    assert_eq!(hours_left(&server, &record), 2);
    store.complete(&key, &holder).await.unwrap();
    assert_eq!(hours_left(&server, &record), 1);
}

#[tokio::test]
async fn a_claim_that_arrives_after_its_own_release_grants_nothing() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, gone) = (event("evt_1"), attempt());
    store.release(&key, &gone).await.unwrap();
    assert_eq!(hours_left(&server, &only_record(&server)), 1, "as long as the lease");
    let outcome = store.claim(&key, &gone).await.unwrap();
    assert_eq!(outcome, ClaimOutcome::AlreadyReleased);
    assert_eq!(store.claim(&key, &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn a_record_with_another_layout_is_not_changed() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    store.claim(&key, &holder).await.unwrap();
    let record = only_record(&server);
    let later = format!("1{}", "x".repeat(35));
    for foreign in ["", "short", &later] {
        let _ = server.cli(&["SET", &record, foreign]);
        let errors = [
            store.claim(&key, &holder).await.unwrap_err(),
            store.complete(&key, &holder).await.unwrap_err(),
            store.renew(&key, &holder).await.unwrap_err(),
            store.release(&key, &holder).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.effect(), Effect::NotApplied);
            let cause = cause(&error);
            assert!(matches!(cause, RedisStoreError::Server { .. }), "{cause:?}");
            let text = std::error::Error::source(cause).unwrap().to_string();
            assert!(text.contains("layout"), "{text}");
        }
        assert_eq!(server.cli(&["GET", &record]), foreign);
    }
}

#[tokio::test]
async fn done_events_survive_a_crash_of_a_server_with_an_append_only_file() {
    for sync in ["everysec", "always"] {
        let args = ["--appendonly", "yes", "--appendfsync", sync];
        let mut server = RedisServer::start(&args);
        let store = store(&server).await;
        let (key, holder) = (event("evt_1"), attempt());
        assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
        assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
        // While the disk is busy, a server that syncs each second delays even the write, which
        // then does not survive a kill.
        while !server.cli(&["INFO", "persistence"]).contains("aof_buffer_length:0") {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        server.restart();
        let outcome = recovered(&store, &key, &attempt()).await;
        assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{sync}: {outcome:?}");
        let warnings = store.probe().await.unwrap().warnings;
        assert_eq!(warnings, [], "{sync}");
    }
}

#[tokio::test]
async fn a_full_server_rejects_new_events_and_forgets_none() {
    let server = RedisServer::start(&["--appendonly", "yes"]);
    let store = store(&server).await;
    let (done, held, released) = (event("done"), event("held"), event("released"));
    let holder = attempt();
    for key in [&done, &held, &released] {
        assert_eq!(store.claim(key, &holder).await.unwrap(), FIRST);
    }
    store.complete(&done, &holder).await.unwrap();
    // The scripts must be loaded before that, too.
    store.release(&released, &holder).await.unwrap();
    let retry = attempt();
    assert_eq!(store.claim(&released, &retry).await.unwrap(), granted(2));
    store.renew(&held, &holder).await.unwrap();
    let _ = server.cli(&["CONFIG", "SET", "maxmemory", "1mb"]);

    assert_eq!(store.claim(&event("new"), &attempt()).await.unwrap(), ClaimOutcome::AtCapacity);
    let outcome = store.claim(&done, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
    assert_eq!(store.renew(&held, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert_eq!(store.complete(&held, &holder).await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(store.release(&released, &retry).await.unwrap(), ReleaseOutcome::Released);
    let unheard_of = event("claimed while the store was away");
    let outcome = store.complete(&unheard_of, &holder).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::RecordedUnclaimed);
    assert_eq!(store.probe().await.unwrap().warnings, [StoreWarning::Full]);
    let again = super::store(&server).await;
    assert_eq!(again.claim(&event("new"), &attempt()).await.unwrap(), ClaimOutcome::AtCapacity);

    let _ = server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert_eq!(store.claim(&event("new"), &attempt()).await.unwrap(), FIRST);
    let outcome = store.claim(&held, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
}
