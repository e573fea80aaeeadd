//! Failures of a store that is in use. Each is an error with a cause, and ends when
//! its cause ends.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::*;

const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_lock_that_does_not_end_fails_each_operation_and_applies_none() {
    let file = File::new();
    let store = SqliteStore::open_with(file.config().with_lock_timeout(SHORT)).unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let other = file.connect();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let errors = [
        store.claim(&event("evt_2"), &holder).await.unwrap_err(),
        store.complete(&key, &holder).await.unwrap_err(),
        store.renew(&key, &holder).await.unwrap_err(),
        store.release(&key, &holder).await.unwrap_err(),
        store.forget(&key).await.unwrap_err(),
        store.probe().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(matches!(cause(&error), SqliteStoreError::Locked { .. }), "{error:?}");
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    assert_eq!(store.claim(&event("evt_2"), &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn an_operation_ends_at_its_deadline_and_a_claim_is_not_executed_afterwards() {
    let file = File::new();
    let store = SqliteStore::open_with(file.config().with_deadline(SHORT)).unwrap();
    let other = file.connect();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (claimed, done) = (event("claimed"), event("done"));
    let error = store.claim(&claimed, &attempt()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(matches!(cause(&error), SqliteStoreError::Deadline { .. }), "{error:?}");
    let error = store.complete(&done, &attempt()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    other.execute_batch("COMMIT").unwrap();

    // Behind the two, in the queue or in a later group.
    let patient = file.open();
    let is_done = async || is_done(&patient.claim(&done, &attempt()).await.unwrap());
    for _ in 0..4_000 {
        if store.probe().await.is_ok() {
            break;
        }
    }
    assert!(is_done().await);
    assert_eq!(patient.claim(&claimed, &attempt()).await.unwrap(), FIRST);
}

#[tokio::test]
async fn operations_that_find_no_room_in_the_queue_are_not_applied() {
    let file = File::new();
    let store = SqliteStore::open_with(file.config().with_deadline(SHORT)).unwrap();
    let other = file.connect();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut claims = JoinSet::new();
    for id in 0..2_000 {
        let store = store.clone();
        claims.spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await });
    }
    let claims = claims.join_all().await;
    let errors: Vec<_> = claims.into_iter().map(Result::unwrap_err).collect();
    assert!(errors.iter().all(|error| matches!(cause(error), SqliteStoreError::Deadline { .. })));
    assert!(errors.iter().any(|error| error.effect() == Effect::NotApplied));
    assert!(errors.iter().any(|error| error.effect() == Effect::Unknown));
}

#[tokio::test]
async fn a_damaged_file_is_an_error() {
    let file = File::new();
    let store = file.open();
    let (key, holder) = (event("evt_1"), attempt());
    store.complete(&key, &holder).await.unwrap();
    drop(store);
    file.closed().await;
    // The first page has the schema: the file can be opened.
    let mut bytes = fs::read(&file.path).unwrap();
    bytes[4096..].fill(0xff);
    fs::write(&file.path, &bytes).unwrap();

    let store = file.open();
    let errors = [
        store.claim(&key, &holder).await.unwrap_err(),
        store.complete(&key, &holder).await.unwrap_err(),
        store.probe().await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(matches!(cause(&error), SqliteStoreError::Corrupt { .. }), "{error:?}");
    }
}

/// It contains what is not yet in the file, and no process can read it any more.
#[cfg(unix)]
#[tokio::test]
async fn nothing_is_acknowledged_after_the_log_beside_the_file_is_deleted() {
    let file = File::new();
    let store = file.open();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let mut log = file.path.clone().into_os_string();
    log.push("-wal");
    fs::remove_file(&log).unwrap();
    for error in [
        store.complete(&key, &holder).await.unwrap_err(),
        store.claim(&event("evt_2"), &attempt()).await.unwrap_err(),
        store.probe().await.unwrap_err(),
    ] {
        assert_eq!(error.effect(), Effect::NotApplied);
        assert!(matches!(cause(&error), SqliteStoreError::Replaced), "{error:?}");
    }
    // Another log with this name is another file.
    fs::write(&log, "").unwrap();
    assert!(store.probe().await.is_err());
}

/// Deleting an open file is impossible elsewhere.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_moved_away_is_an_error_until_it_is_back() {
    let file = File::new();
    let store = file.open();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let elsewhere = file.path.with_file_name("elsewhere.db");
    fs::rename(&file.path, &elsewhere).unwrap();
    let error = store.claim(&key, &holder).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(matches!(cause(&error), SqliteStoreError::Replaced), "{error:?}");
    fs::write(&file.path, "another file").unwrap();
    assert!(store.probe().await.is_err());

    fs::rename(&elsewhere, &file.path).unwrap();
    let outcome = loop {
        if let Ok(outcome) = store.complete(&key, &holder).await {
            break outcome;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(outcome, CompleteOutcome::Recorded);
}

#[tokio::test]
async fn a_writer_that_panics_is_an_error_of_every_operation() {
    let file = File::new();
    let panics = Arc::new(AtomicBool::new(false));
    let now_ms = 1_760_000_000_000;
    let clock = {
        let panics = Arc::clone(&panics);
        move || {
            assert!(!panics.load(Ordering::SeqCst), "the clock of this test panics");
            now_ms
        }
    };
    let store = SqliteStore::open_with(file.config().with_clock(clock)).unwrap();
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    panics.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let error = store.complete(&key, &holder).await.unwrap_err();
        assert!(matches!(cause(&error), SqliteStoreError::Stopped), "{error:?}");
    }
    let error = store.probe().await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    // Its connections are closed, too, and the file is intact.
    file.closed().await;
    let store = SqliteStore::open_with(file.config().with_clock(move || now_ms)).unwrap();
    assert!(is_in_flight(&store.claim(&key, &attempt()).await.unwrap()));
}

#[tokio::test]
async fn a_store_that_is_dropped_finishes_its_queue_and_closes_the_file() {
    let file = File::new();
    let store = file.open();
    let mut running = JoinSet::new();
    for id in 0..300 {
        let store = store.clone();
        running.spawn(async move { store.claim(&event(&id.to_string()), &attempt()).await });
    }
    drop(store);
    for outcome in running.join_all().await {
        assert_eq!(outcome.unwrap(), FIRST);
    }
    file.closed().await;
}
