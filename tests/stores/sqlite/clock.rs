//! Leases use the machine's wall clock, and that clock may jump.

use countersign::{Clock, ManualClock};

use super::*;

const START_MS: i64 = 1_760_000_000_000;
const JUMP: Duration = Duration::from_secs(10 * 60 * 60);

fn store(file: &File) -> (SqliteStore, ManualClock) {
    let clock = ManualClock::at_unix_ms(START_MS);
    (SqliteStore::open_with(file.config().with_clock(clock.clone())).unwrap(), clock)
}

fn jump_back(clock: &ManualClock) {
    let jump_ms = i64::try_from(JUMP.as_millis()).unwrap();
    clock.set_unix_ms(clock.now_unix_ms() - jump_ms);
}

async fn time_left(store: &SqliteStore, key: &EventKey) -> Duration {
    match store.claim(key, &attempt()).await.unwrap() {
        ClaimOutcome::InFlight { retry_after } => retry_after,
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_fences_the_attempt_whose_lease_it_ends() {
    let file = File::new();
    let (store, clock) = store(&file);
    let (key, holder, rival) = (event("evt_1"), attempt(), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    clock.advance(JUMP);
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(store.claim(&key, &rival).await.unwrap(), reclaimed);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Lost);
    assert_eq!(store.release(&key, &holder).await.unwrap(), ReleaseOutcome::NotHeld);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::RecordedLate);
    assert_eq!(store.complete(&key, &rival).await.unwrap(), CompleteOutcome::AlreadyDone);
}

#[tokio::test]
async fn a_holder_whose_lease_a_clock_ends_keeps_its_event_by_its_next_renewal() {
    let file = File::new();
    let (store, clock) = store(&file);
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    clock.advance(JUMP);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert_eq!(time_left(&store, &key).await, HOUR);
}

#[tokio::test]
async fn after_a_clock_has_jumped_back_a_lease_ends_one_lease_later() {
    let file = File::new();
    let (store, clock) = store(&file);
    let (key, crashed) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &crashed).await.unwrap(), FIRST);
    jump_back(&clock);
    assert_eq!(time_left(&store, &key).await, HOUR);
    // The lease started at the first step after the jump, and does not start again.
    clock.advance(HOUR / 4);
    assert_eq!(time_left(&store, &key).await, HOUR * 3 / 4);
    assert_eq!(time_left(&store, &key).await, HOUR * 3 / 4);
    clock.advance(HOUR * 3 / 4);
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(store.claim(&key, &attempt()).await.unwrap(), reclaimed);
}

#[tokio::test]
async fn a_clock_that_jumps_back_grants_nothing_twice() {
    let file = File::new();
    let (store, clock) = store(&file);
    let (held, done, holder) = (event("held"), event("done"), attempt());
    assert_eq!(store.claim(&held, &holder).await.unwrap(), FIRST);
    assert_eq!(store.complete(&done, &holder).await.unwrap(), CompleteOutcome::RecordedUnclaimed);
    jump_back(&clock);
    assert!(is_in_flight(&store.claim(&held, &attempt()).await.unwrap()));
    assert!(is_done(&store.claim(&done, &attempt()).await.unwrap()));
    assert_eq!(store.complete(&held, &holder).await.unwrap(), CompleteOutcome::Recorded);
    // The retention of the second event counts from the time before the jump.
    clock.advance(DAY - Duration::from_secs(1));
    assert!(is_done(&store.claim(&held, &attempt()).await.unwrap()));
    clock.advance(Duration::from_secs(1));
    assert_eq!(store.claim(&held, &attempt()).await.unwrap(), FIRST);
    assert!(is_done(&store.claim(&done, &attempt()).await.unwrap()));
    clock.advance(JUMP);
    assert_eq!(store.claim(&done, &attempt()).await.unwrap(), FIRST);
}

/// The clock of a device without a battery starts at an old time.
#[tokio::test]
async fn records_survive_a_restart_with_a_clock_that_is_behind() {
    let file = File::new();
    let (here, _) = store(&file);
    let (done, held, holder) = (event("done"), event("held"), attempt());
    assert_eq!(here.claim(&held, &holder).await.unwrap(), FIRST);
    assert_eq!(here.complete(&done, &holder).await.unwrap(), CompleteOutcome::RecordedUnclaimed);
    drop(here);
    file.closed().await;

    let clock = ManualClock::at_unix_ms(0);
    let there = SqliteStore::open_with(file.config().with_clock(clock.clone())).unwrap();
    assert!(is_done(&there.claim(&done, &attempt()).await.unwrap()));
    assert_eq!(time_left(&there, &held).await, HOUR);
    clock.advance(HOUR);
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(there.claim(&held, &attempt()).await.unwrap(), reclaimed);
    clock.set_unix_ms(START_MS + 1);
    assert!(is_done(&there.claim(&done, &attempt()).await.unwrap()));
}
