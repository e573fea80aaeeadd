//! Leases use the server's clock, and that clock may jump.

use super::*;

/// Moves the end of the lease in the only record. This has the same effect as a
/// clock that jumps by this amount.
async fn move_lease(server: &RedisServer, by_ms: i64) {
    let client = ::redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = only_record(server);
    let mut record: Vec<u8> =
        ::redis::cmd("GET").arg(&key).query_async(&mut connection).await.unwrap();
    let mut until = [0; 8];
    until[2..].copy_from_slice(&record[TIME]);
    let until = i64::from_be_bytes(until) + by_ms;
    record[TIME].copy_from_slice(&until.to_be_bytes()[2..]);
    let mut set = ::redis::cmd("SET");
    let () = set.arg(&key).arg(record).arg("KEEPTTL").query_async(&mut connection).await.unwrap();
}

/// The offset of the time in the record.
const TIME: std::ops::Range<usize> = 22..28;

const JUMP: Duration = Duration::from_secs(10 * 60 * 60);
const JUMP_MS: i64 = 10 * 60 * 60 * 1_000;

#[tokio::test]
async fn a_clock_that_jumps_ahead_fences_the_attempt_with_the_expired_lease() {
    let server = RedisServer::start(&[]);
    let store = store(&server).await;
    let (key, holder, rival) = (event("evt_1"), attempt(), attempt());
    assert_eq!(store.claim(&key, &holder).await.unwrap(), FIRST);
    move_lease(&server, -JUMP_MS).await;
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
    move_lease(&server, -JUMP_MS).await;
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
    move_lease(&server, JUMP_MS).await;
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
