use std::time::Duration;

use super::*;
use crate::idempotency::Fingerprint;
use crate::idempotency::key::sample::keys;

const NOW_MS: i64 = 1_760_000_000_000;
const LEASE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn successes_are_told_before_claims_and_releases_come_last() {
    let keys = keys(5);
    let mut pending = Pending::new(10);
    pending.push_release(&keys[0], &attempt(), NOW_MS, &mut Vec::new());
    claim(&mut pending, &keys[1], &attempt());
    succeed(&mut pending, &keys[2]);
    pending.push_release(&keys[3], &attempt(), NOW_MS, &mut Vec::new());
    succeed(&mut pending, &keys[4]);
    let told: Vec<_> = std::iter::from_fn(|| pending.take(NOW_MS)).collect();
    let actions: Vec<_> = told.iter().map(|step| step.action).collect();
    let (complete, release) = (Action::Complete, Action::Release);
    assert_eq!(actions, [complete, complete, Action::HandOver, release, release]);
    let keys = [2, 4, 1, 0, 3].map(|at: usize| &keys[at]);
    assert!(told.iter().map(|step| &step.key).eq(keys));
}

#[test]
fn a_step_that_failed_comes_behind_its_like() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    for key in &keys {
        let _ = succeed(&mut pending, key);
    }
    let first = pending.take(NOW_MS).unwrap();
    assert_eq!(pending.failed(&first, NOW_MS), None);
    let told = std::iter::from_fn(|| pending.take(NOW_MS));
    assert!(told.map(|step| step.key).eq([keys[1].clone(), keys[0].clone()]));
}

#[test]
fn a_success_is_told_until_its_retention_ends_and_for_what_is_left_of_it() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = succeed(&mut pending, key);
    for hours in [0, 1, 23] {
        let now_ms = NOW_MS + millis(DAY / 24 * hours);
        let step = pending.take(now_ms).unwrap();
        assert_eq!(step.attempt.retention, DAY / 24 * (24 - hours));
        assert_eq!(step.attempt.token, attempt.token);
        assert_eq!(pending.failed(&step, now_ms), None);
    }
    let end_ms = NOW_MS + millis(DAY);
    let step = pending.take(end_ms).unwrap();
    assert_eq!(pending.failed(&step, end_ms), Some(Ended::RecordLost));
    assert_eq!((pending.len(), pending.has_steps()), (0, false));
}

#[test]
fn a_release_is_told_until_its_lease_ends() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    pending.push_release(key, &attempt(), NOW_MS, &mut Vec::new());
    let step = pending.take(NOW_MS).unwrap();
    assert_eq!(pending.failed(&step, NOW_MS + millis(LEASE) - 1), None);
    let step = pending.take(NOW_MS).unwrap();
    assert_eq!(pending.failed(&step, NOW_MS + millis(LEASE)), Some(Ended::ReleaseLost));
    assert!(pending.is_settled());
}

#[test]
fn one_bound_holds_for_events_and_releases_and_gives_up_what_costs_least() {
    let keys = keys(8);
    let mut pending = Pending::new(4);
    let mut lost = Vec::new();
    pending.push_release(&keys[0], &attempt(), NOW_MS, &mut lost);
    succeed(&mut pending, &keys[1]);
    succeed(&mut pending, &keys[2]);
    claim(&mut pending, &keys[3], &attempt());
    assert_eq!(lost, []);

    let mut claim_of = |pending: &mut Pending, key: usize| {
        let attempt = attempt();
        let outcome = pending.claim(&keys[key], &attempt, false, NOW_MS, &mut lost);
        (matches!(outcome, ClaimOutcome::Granted { .. }), std::mem::take(&mut lost))
    };
    assert_eq!(claim_of(&mut pending, 4), (true, vec![Ended::ReleaseLost]));
    assert_eq!(claim_of(&mut pending, 5), (true, vec![Ended::RecordLost]), "the oldest");
    assert_eq!(claim_of(&mut pending, 6), (true, vec![Ended::RecordLost]));
    assert_eq!(claim_of(&mut pending, 7), (false, vec![]), "all others are held");
    assert_eq!(pending.len(), 4);
    assert!(pending.look(&keys[3], &attempt(), NOW_MS).is_some());
}

#[test]
fn a_claim_that_was_handed_over_is_the_stores() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let step = pending.take(NOW_MS).unwrap();
    let granted = ClaimOutcome::Granted { epoch: 1, reclaimed: false };
    assert!(pending.told(&step, Told::HandOver(granted), NOW_MS, &mut Vec::new()));
    assert_eq!((pending.knows(key, NOW_MS), pending.is_settled()), (false, true));
}

#[test]
fn a_success_during_the_hand_over_is_told_after_it() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let handing_over = pending.take(NOW_MS).unwrap();
    complete(&mut pending, key, &attempt);
    let granted = ClaimOutcome::Granted { epoch: 1, reclaimed: false };
    assert!(pending.told(&handing_over, Told::HandOver(granted), NOW_MS, &mut Vec::new()));
    assert!(matches!(pending.look(key, &self::attempt(), NOW_MS), Some(ClaimOutcome::Done { .. })));
    assert_eq!(pending.take(NOW_MS).unwrap().action, Action::Complete);
}

#[test]
fn a_failure_during_the_hand_over_is_told_too() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let handing_over = pending.take(NOW_MS).unwrap();
    let released = pending.release(key, &attempt, NOW_MS, &mut Vec::new());
    assert_eq!(released, ReleaseOutcome::Released);
    assert_eq!(pending.failed(&handing_over, NOW_MS), None);
    let step = pending.take(NOW_MS).unwrap();
    assert_eq!((step.action, step.attempt.token), (Action::Release, attempt.token));
    assert!(pending.take(NOW_MS).is_none());
    assert!(pending.take(NOW_MS + millis(LEASE)).is_none());
    assert_eq!(pending.len(), 0);
}

#[test]
fn a_claim_of_which_the_store_never_heard_is_given_back_without_it() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    pending.release(key, &attempt, NOW_MS, &mut Vec::new());
    assert!(!pending.has_steps());
}

#[test]
fn a_retry_of_a_failure_that_the_store_may_know_of_is_no_repeat() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let (failing, retry) = (attempt(), attempt());
    pending.claim(key, &failing, true, NOW_MS, &mut Vec::new());
    pending.release(key, &failing, NOW_MS, &mut Vec::new());
    assert_eq!(pending.look(key, &retry, NOW_MS), None);
    pending.claim(key, &retry, false, NOW_MS, &mut Vec::new());
    complete(&mut pending, key, &retry);
    let step = pending.take(NOW_MS).unwrap();
    let mut ended = Vec::new();
    pending.told(&step, Told::Complete(CompleteOutcome::RecordedLate), NOW_MS, &mut ended);
    assert!(matches!(ended[..], [Ended::Recorded { was_retried: true, .. }]), "{ended:?}");
    assert_eq!(pending.take(NOW_MS).unwrap().action, Action::Release);
}

#[test]
fn a_claim_that_lost_its_lease_is_not_handed_over_and_counts_as_a_crash() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    claim(&mut pending, key, &attempt());
    let late_ms = NOW_MS + millis(LEASE);
    assert!(pending.take(late_ms).is_none());
    assert!(!pending.has_steps());
    let outcome = pending.claim(key, &attempt(), false, late_ms, &mut Vec::new());
    assert_eq!(outcome, ClaimOutcome::Granted { epoch: 2, reclaimed: true });
    assert_eq!(pending.take(late_ms).unwrap().action, Action::HandOver);
}

#[test]
fn an_abandoned_claim_is_forgotten_when_a_store_would_forget_it() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    claim(&mut pending, &keys[0], &attempt());
    assert!(pending.take(NOW_MS + millis(LEASE)).is_none());
    assert_eq!(pending.len(), 1);
    assert!(pending.take(NOW_MS + millis(DAY)).is_none());
    assert_eq!(pending.len(), 0);
}

#[test]
fn a_claim_of_the_store_is_known_until_it_is_settled_or_its_lease_ends() {
    let keys = keys(2);
    let mut pending = Pending::new(2);
    let attempts = [attempt(), attempt()];
    for (key, attempt) in keys.iter().zip(&attempts) {
        pending.hold(key, attempt, 1, NOW_MS);
        assert!(pending.look(key, &self::attempt(), NOW_MS).is_some());
    }
    assert!(!pending.has_steps() && pending.is_settled());
    pending.let_go(&keys[0], &attempts[1]);
    assert_eq!(pending.len(), 2, "by its own attempt alone");
    pending.let_go(&keys[0], &attempts[0]);
    assert_eq!(pending.len(), 1);
    let renewed_ms = NOW_MS + millis(LEASE) - 1;
    pending.renew(&keys[1], &attempts[1], renewed_ms);
    assert!(pending.take(NOW_MS + millis(LEASE)).is_none());
    assert_eq!(pending.len(), 1);
    assert!(pending.take(renewed_ms + millis(LEASE)).is_none());
    assert_eq!(pending.len(), 0);
}

fn attempt() -> Attempt {
    Attempt::new(Fingerprint::from_u64(1), LEASE, DAY).unwrap()
}

fn claim(pending: &mut Pending, key: &EventKey, attempt: &Attempt) {
    let mut lost = Vec::new();
    let outcome = pending.claim(key, attempt, false, NOW_MS, &mut lost);
    assert!(matches!(outcome, ClaimOutcome::Granted { .. }), "{outcome:?}");
    assert_eq!(lost, []);
}

fn complete(pending: &mut Pending, key: &EventKey, attempt: &Attempt) {
    let outcome = pending.complete(key, attempt, true, NOW_MS, &mut Vec::new());
    assert_eq!(outcome, Ok(CompleteOutcome::Recorded));
}

/// An event that was claimed and handled here.
fn succeed(pending: &mut Pending, key: &EventKey) -> Attempt {
    let attempt = attempt();
    claim(pending, key, &attempt);
    complete(pending, key, &attempt);
    attempt
}
