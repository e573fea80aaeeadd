//! Leases use the server's clock, and that clock may jump.

use super::*;

/// Moves the expiry of the only record, and with it the end of the lease. This is
/// what a clock that jumps by this amount does.
fn move_lease(server: &RedisServer, by_ms: i64) {
    let key = only_record(server);
    let left: i64 = server.cli(&["PTTL", &key]).parse().unwrap();
    assert_eq!(server.cli(&["PEXPIRE", &key, &(left + by_ms).to_string()]), "1");
}

const JUMP: Duration = Duration::from_secs(10 * 60 * 60);
const JUMP_MS: i64 = 10 * 60 * 60 * 1_000;

#[tokio::test]
async fn a_clock_that_jumps_ahead_fences_the_attempt_with_the_expired_lease() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder, rival) = (event("evt_1"), attempt(), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    move_lease(&server, -JUMP_MS);
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(store.claim(&key, &rival).await.unwrap(), reclaimed);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Lost);
    assert_eq!(store.release(&key, &holder).await.unwrap(), ReleaseOutcome::NotHeld);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::RecordedLate);
    assert_eq!(store.complete(&key, &rival).await.unwrap(), CompleteOutcome::AlreadyDone);
}

#[tokio::test]
async fn a_holder_whose_lease_expired_by_a_clock_jump_keeps_its_event_by_renewing() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    move_lease(&server, -JUMP_MS);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    let outcome = store.claim(&key, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
}

/// If a holder has crashed, the event becomes available later by the length of
/// the jump.
#[tokio::test]
async fn a_clock_that_jumps_back_grants_nothing_twice_and_a_renewal_corrects_the_lease() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    move_lease(&server, JUMP_MS);
    let left = async || match store.claim(&key, &attempt()).await.unwrap() {
        ClaimOutcome::InFlight { retry_after } => retry_after,
        outcome => panic!("{outcome:?}"),
    };
    assert!(left().await > JUMP);
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    assert!(left().await <= HOUR);
    assert_eq!(store.complete(&key, &holder).await.unwrap(), CompleteOutcome::Recorded);
    let outcome = store.claim(&key, &attempt()).await.unwrap();
    assert!(matches!(outcome, ClaimOutcome::Done { .. }), "{outcome:?}");
}

/// Another program has removed it, for example a tool that copies keys. The holder
/// may be alive, so its lease starts again. If it has crashed, it ends.
#[tokio::test]
async fn a_record_without_an_expiry_gets_one_again_and_its_holder_a_lease() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder) = (event("evt_1"), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    let record = only_record(&server);
    assert_eq!(server.cli(&["PERSIST", &record]), "1");
    for _ in 0..2 {
        let outcome = store.claim(&key, &attempt()).await.unwrap();
        let ClaimOutcome::InFlight { retry_after } = outcome else { panic!("{outcome:?}") };
        assert!(retry_after <= HOUR && retry_after > HOUR / 2, "{retry_after:?}");
        assert_ne!(server.cli(&["PTTL", &record]), "-1");
    }
    assert_eq!(store.renew(&key, &holder).await.unwrap(), RenewOutcome::Renewed);
    move_lease(&server, -JUMP_MS);
    let reclaimed = ClaimOutcome::Granted { attempt: 2, reclaimed: true };
    assert_eq!(store.claim(&key, &attempt()).await.unwrap(), reclaimed);
}
