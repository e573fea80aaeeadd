//! What each operation does, and what is kept.

use countersign::ManualClock;
use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn an_event_is_granted_once_and_then_done() {
    let file = File::new();
    let store = file.open();
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
    assert!(store.forget(&key).await.unwrap());
    assert!(!store.forget(&key).await.unwrap());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    assert_eq!(store.probe().await.unwrap().warnings, []);
}

#[tokio::test]
async fn what_was_recorded_survives_a_restart() {
    for synchronous in [Synchronous::Normal, Synchronous::Full] {
        let file = File::new();
        let open = || SqliteStore::open_with(file.config().with_synchronous(synchronous)).unwrap();
        let store = open();
        let (done, held, holder) = (event("done"), event("held"), attempt());
        assert_eq!(store.claim(&done, &holder).await.unwrap(), FIRST);
        assert_eq!(store.complete(&done, &holder).await.unwrap(), CompleteOutcome::Recorded);
        assert_eq!(store.claim(&held, &holder).await.unwrap(), FIRST);
        drop(store);
        file.closed().await;
        let store = open();
        assert!(is_done(&store.claim(&done, &attempt()).await.unwrap()));
        assert!(is_in_flight(&store.claim(&held, &attempt()).await.unwrap()));
        assert_eq!(store.renew(&held, &holder).await.unwrap(), RenewOutcome::Renewed);
    }
}

#[tokio::test]
async fn two_stores_on_one_file_share_their_events() {
    let file = File::new();
    let (here, there) = (file.open(), file.open());
    assert_eq!(here.claim(&event("evt_1"), &attempt()).await.unwrap(), FIRST);
    assert!(is_in_flight(&there.claim(&event("evt_1"), &attempt()).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_on_one_file_grant_each_event_once() {
    let file = File::new();
    let stores = [file.open(), file.open()];
    let mut claims = JoinSet::new();
    for task in 0..16 {
        let store = stores[task % 2].clone();
        claims.spawn(async move {
            let mut granted = 0;
            for id in 0..200 {
                let outcome = store.claim(&event(&id.to_string()), &attempt()).await.unwrap();
                granted += usize::from(outcome == FIRST);
            }
            granted
        });
    }
    assert_eq!(claims.join_all().await.into_iter().sum::<usize>(), 200);
}

#[tokio::test]
async fn expired_rows_are_deleted_while_the_store_is_idle() {
    let file = File::new();
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let store = SqliteStore::open_with(file.config().with_clock(clock.clone())).unwrap();
    let holder = attempt();
    for id in 0..20 {
        let key = event(&id.to_string());
        store.complete(&key, &holder).await.unwrap();
    }
    clock.advance(DAY / 2);
    store.complete(&event("kept"), &holder).await.unwrap();
    clock.advance(DAY / 2);
    let other = file.connect();
    let rows = || {
        let count = "SELECT count(*) FROM event";
        other.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    eventually(|| rows() == 1).await;
    assert!(is_done(&store.claim(&event("kept"), &attempt()).await.unwrap()));
}

#[tokio::test]
async fn a_full_file_rejects_new_events_and_forgets_none() {
    let file = File::new();
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let config = file.config().with_max_bytes(64 * 1024).with_clock(clock.clone());
    let store = SqliteStore::open_with(config).unwrap();
    let holder = attempt();
    let mut held = Vec::new();
    for id in 0.. {
        let key = event(&id.to_string());
        match store.claim(&key, &holder).await.unwrap() {
            ClaimOutcome::AtCapacity => break,
            outcome => assert_eq!(outcome, FIRST),
        }
        held.push(key);
    }
    assert!(held.len() > 100, "{}", held.len());
    assert_eq!(store.probe().await.unwrap().warnings, [StoreWarning::Full]);
    assert_eq!(store.renew(&held[0], &holder).await.unwrap(), RenewOutcome::Renewed);
    for key in &held {
        assert_eq!(store.complete(key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    }
    let unheard_of = event("claimed while the store was unavailable");
    let outcome = store.complete(&unheard_of, &holder).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::RecordedUnclaimed);
    for key in &held {
        assert!(is_done(&store.claim(key, &attempt()).await.unwrap()));
    }
    assert_eq!(store.claim(&event("new"), &holder).await.unwrap(), ClaimOutcome::AtCapacity);

    clock.advance(DAY);
    // Replaces an expired row, which needs no room. The purge follows.
    assert_eq!(store.claim(&held[0], &holder).await.unwrap(), FIRST);
    for _ in 0..4_000 {
        match store.claim(&event("new"), &holder).await.unwrap() {
            ClaimOutcome::AtCapacity => tokio::time::sleep(Duration::from_millis(5)).await,
            outcome => return assert_eq!(outcome, FIRST),
        }
    }
    panic!("the expired rows were not deleted");
}

/// Under this load the writer is paused for checkpoints several times.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks_handle_each_event_once_and_the_log_is_short_afterwards() {
    let file = File::new();
    let store = file.open();
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            for id in 0..100 {
                let (key, holder) = (event(&format!("{task}-{id}")), attempt());
                assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
                let outcome = store.complete(&key, &holder).await.unwrap();
                assert_eq!(outcome, CompleteOutcome::Recorded);
            }
        });
    }
    tasks.join_all().await;
    let log = file.path.with_extension("db-wal");
    eventually(|| std::fs::metadata(&log).unwrap().len() <= 16 * 1024 * 1024).await;
}

#[tokio::test]
async fn no_text_shows_more_than_the_path() {
    let file = File::new();
    let store = file.open();
    let shown = format!("{store:?} {:?}", file.config());
    assert!(shown.contains("events.db"), "{shown}");
    assert!(!shown.contains("SELECT"), "{shown}");
}
