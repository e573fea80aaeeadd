use std::time::Duration;

use super::*;
use crate::idempotency::Fingerprint;
use crate::idempotency::key::sample::keys;

const NOW_MS: i64 = 1_760_000_000_000;
const LEASE: Duration = Duration::from_secs(30);
/// How long a claim is held here without a renewal.
const HOLD: Duration = Duration::from_secs(10 * 30);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const GRANTED: ClaimOutcome = ClaimOutcome::Granted { attempt: 1, reclaimed: false };

#[test]
fn successes_are_sent_before_claims_and_releases_are_sent_last() {
    let keys = keys(5);
    let mut pending = Pending::new(10);
    pending.push_release(&keys[0], &attempt(), NOW_MS, &mut Vec::new());
    claim(&mut pending, &keys[1], &attempt());
    succeed(&mut pending, &keys[2]);
    pending.push_release(&keys[3], &attempt(), NOW_MS, &mut Vec::new());
    succeed(&mut pending, &keys[4]);
    let taken: Vec<_> = std::iter::from_fn(|| take(&mut pending, NOW_MS)).collect();
    let actions: Vec<_> = taken.iter().map(|step| step.action).collect();
    let (complete, release) = (Action::Complete, Action::Release);
    assert_eq!(actions, [complete, complete, Action::HandOver, release, release]);
    let keys = [2, 4, 1, 0, 3].map(|at: usize| &keys[at]);
    assert!(taken.iter().map(|step| &step.key).eq(keys));
}

#[test]
fn a_step_that_was_put_back_is_queued_after_others_of_its_kind() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    for key in &keys {
        let _ = succeed(&mut pending, key);
    }
    let first = take(&mut pending, NOW_MS).unwrap();
    assert_eq!(pending.requeue(&first, NOW_MS), None);
    let taken = std::iter::from_fn(|| take(&mut pending, NOW_MS));
    assert!(taken.map(|step| step.key).eq([keys[1].clone(), keys[0].clone()]));
}

#[test]
fn a_success_is_retried_until_its_retention_ends_with_the_remaining_retention() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = succeed(&mut pending, key);
    for hours in [0, 1, 23] {
        let now_ms = NOW_MS + millis(DAY / 24 * hours);
        let step = take(&mut pending, now_ms).unwrap();
        assert_eq!(step.attempt.retention, DAY / 24 * (24 - hours));
        assert_eq!(step.attempt.token, attempt.token);
        assert_eq!(pending.requeue(&step, now_ms), None);
    }
    let end_ms = NOW_MS + millis(DAY);
    let step = take(&mut pending, end_ms).unwrap();
    assert_eq!(pending.requeue(&step, end_ms), Some(Ended::RecordLost));
    assert_eq!((pending.len(), pending.has_steps()), (0, false));
}

#[test]
fn a_release_is_retried_until_its_lease_ends() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    pending.push_release(key, &attempt(), NOW_MS, &mut Vec::new());
    let step = take(&mut pending, NOW_MS).unwrap();
    assert_eq!(pending.requeue(&step, NOW_MS + millis(LEASE) - 1), None);
    let step = take(&mut pending, NOW_MS).unwrap();
    assert_eq!(pending.requeue(&step, NOW_MS + millis(LEASE)), Some(Ended::ReleaseLost));
    assert!(pending.is_settled());
}

#[test]
fn events_and_releases_share_one_limit_and_the_least_costly_is_dropped() {
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
fn a_claim_that_moved_to_the_store_is_known_here_until_its_hold_ends() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let step = take(&mut pending, NOW_MS).unwrap();
    assert!(pending.apply_outcome(&step, StepOutcome::HandOver(GRANTED), NOW_MS, &mut Vec::new()));
    assert_eq!((pending.is_here(key, NOW_MS), pending.is_settled()), (false, true));
    let repeat = self::attempt();
    let look = pending.look(key, &repeat, NOW_MS);
    assert!(matches!(look, Some(ClaimOutcome::InFlight { .. })), "{look:?}");
    let outcome = pending.claim(key, &repeat, false, NOW_MS, &mut Vec::new());
    assert!(matches!(outcome, ClaimOutcome::InFlight { .. }), "{outcome:?}");
    let renewed_ms = NOW_MS + millis(HOLD) - 1;
    assert_eq!(pending.hold(key, &attempt, 1, true, i64::MAX, renewed_ms), None);
    assert!(pending.look(key, &repeat, NOW_MS + millis(HOLD)).is_some());
    assert_eq!(pending.look(key, &repeat, renewed_ms + millis(HOLD)), None);
}

#[test]
fn a_claim_that_moved_to_the_store_is_dropped_when_it_is_settled() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    pending.let_go(key, &attempt);
    assert_eq!(pending.len(), 1, "it is not in the store yet");
    let step = take(&mut pending, NOW_MS).unwrap();
    assert!(pending.apply_outcome(&step, StepOutcome::HandOver(GRANTED), NOW_MS, &mut Vec::new()));
    pending.let_go(key, &attempt);
    assert_eq!(pending.len(), 0);
}

#[test]
fn deferred_steps_do_not_block_others_and_are_queued_after_them() {
    let keys = keys(3);
    let mut pending = Pending::new(10);
    succeed(&mut pending, &keys[0]);
    let rejected = take(&mut pending, NOW_MS).unwrap();
    let place = pending.defer(&rejected, NOW_MS, &mut Vec::new()).unwrap();
    assert!(!pending.has_steps() && pending.is_busy());
    assert!(take(&mut pending, NOW_MS).is_none());
    pending.push_release(&keys[1], &attempt(), NOW_MS, &mut Vec::new());
    succeed(&mut pending, &keys[2]);
    pending.retry(place);
    let taken: Vec<_> = std::iter::from_fn(|| take(&mut pending, NOW_MS)).collect();
    assert!(taken.iter().map(|step| &step.key).eq([&keys[2], &keys[0], &keys[1]]));
    assert_eq!(taken[1].tries, 1);
    for step in &taken {
        let _place = pending.defer(step, NOW_MS, &mut Vec::new()).unwrap();
    }
    assert_eq!((pending.has_steps(), pending.is_settled()), (false, false));
    pending.retry_all();
    assert_eq!(std::iter::from_fn(|| take(&mut pending, NOW_MS)).count(), 3);
}

#[test]
fn the_kind_with_the_fewest_steps_in_progress_is_next() {
    let keys = keys(7);
    let mut pending = Pending::new(10);
    for key in &keys[..3] {
        succeed(&mut pending, key);
    }
    for key in &keys[3..5] {
        claim(&mut pending, key, &attempt());
    }
    for key in &keys[5..] {
        pending.push_release(key, &attempt(), NOW_MS, &mut Vec::new());
    }
    let mut in_progress = StepsInProgress::default();
    let mut actions = Vec::new();
    while let Some(step) = pending.take(&in_progress, NOW_MS) {
        in_progress.begin(step.action);
        actions.push(step.action);
    }
    let (complete, hand_over, release) = (Action::Complete, Action::HandOver, Action::Release);
    let turns = [complete, hand_over, release, complete, hand_over, release, complete];
    assert_eq!(actions, turns);
}

#[test]
fn a_step_taken_over_from_a_stalled_task_is_counted_once() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    succeed(&mut pending, key);
    let stalled = take(&mut pending, NOW_MS).unwrap();
    assert!(take(&mut pending, NOW_MS).is_none());
    let mut ended = Vec::new();
    pending.take_over(NOW_MS, &mut ended);
    let again = take(&mut pending, NOW_MS).unwrap();
    assert_eq!(again.attempt.token, stalled.attempt.token);
    let recorded = StepOutcome::Complete(CompleteOutcome::Recorded);
    assert!(pending.apply_outcome(&again, recorded, NOW_MS, &mut ended));
    assert!(pending.apply_outcome(&stalled, recorded, NOW_MS, &mut ended));
    assert_eq!(pending.requeue(&stalled, NOW_MS), None);
    assert!(matches!(ended[..], [Ended::Recorded { .. }]), "{ended:?}");
    assert!(pending.is_settled() && !pending.is_busy());
}

#[test]
fn a_success_taken_over_is_counted_once_if_the_first_call_is_answered_first() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    succeed(&mut pending, key);
    let slow = take(&mut pending, NOW_MS).unwrap();
    let mut ended = Vec::new();
    pending.take_over(NOW_MS, &mut ended);
    let again = take(&mut pending, NOW_MS).unwrap();
    let recorded = StepOutcome::Complete(CompleteOutcome::Recorded);
    assert!(pending.apply_outcome(&slow, recorded, NOW_MS, &mut ended));
    assert!(pending.is_settled(), "the second call is not waited for");
    assert!(pending.apply_outcome(&again, recorded, NOW_MS, &mut ended));
    assert!(matches!(ended[..], [Ended::Recorded { .. }]), "{ended:?}");
    assert!(pending.is_settled() && !pending.is_busy());
}

#[test]
fn a_success_is_known_while_its_holder_waits_and_queued_if_the_call_fails() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    let attempts = [attempt(), attempt()];
    for (key, attempt) in keys.iter().zip(&attempts) {
        pending.await_record(key, attempt, NOW_MS);
        let look = pending.look(key, &self::attempt(), NOW_MS);
        assert!(matches!(look, Some(ClaimOutcome::Done { .. })), "{look:?}");
    }
    assert_eq!((pending.is_busy(), pending.is_settled()), (false, false));
    assert_eq!(pending.unrecorded().count(), 2);
    pending.recorded_by_holder(&keys[0], &attempts[0], false, NOW_MS);
    let outcome = pending.complete(&keys[1], &attempts[1], false, NOW_MS, &mut Vec::new());
    assert_eq!(outcome, Ok(CompleteOutcome::Recorded));
    let step = take(&mut pending, NOW_MS).unwrap();
    assert_eq!((&step.key, step.action), (&keys[1], Action::Complete));
    assert!(take(&mut pending, NOW_MS).is_none());
    pending.recorded_by_holder(&keys[1], &attempts[1], false, NOW_MS);
    assert_eq!(pending.len(), 1, "its holder stopped waiting");
}

#[test]
fn an_event_claimed_locally_is_not_held_for_a_claim_of_the_store() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let here = attempt();
    claim(&mut pending, key, &here);
    let outcome = pending.hold(key, &attempt(), 1, true, i64::MAX, NOW_MS);
    assert!(matches!(outcome, Some(ClaimOutcome::InFlight { .. })), "{outcome:?}");
    complete(&mut pending, key, &here);
    let outcome = pending.hold(key, &attempt(), 1, true, i64::MAX, NOW_MS);
    assert!(matches!(outcome, Some(ClaimOutcome::Done { .. })), "{outcome:?}");
    assert_eq!(take(&mut pending, NOW_MS).unwrap().action, Action::Complete);
}

#[test]
fn a_success_while_its_claim_moves_to_the_store_is_sent_afterwards() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let handing_over = take(&mut pending, NOW_MS).unwrap();
    complete(&mut pending, key, &attempt);
    assert!(pending.apply_outcome(
        &handing_over,
        StepOutcome::HandOver(GRANTED),
        NOW_MS,
        &mut Vec::new()
    ));
    assert!(matches!(pending.look(key, &self::attempt(), NOW_MS), Some(ClaimOutcome::Done { .. })));
    assert_eq!(take(&mut pending, NOW_MS).unwrap().action, Action::Complete);
}

#[test]
fn a_failure_while_its_claim_moves_to_the_store_is_sent_too() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    let handing_over = take(&mut pending, NOW_MS).unwrap();
    let released = pending.release(key, &attempt, NOW_MS, &mut Vec::new());
    assert_eq!(released, ReleaseOutcome::Released);
    assert_eq!(pending.requeue(&handing_over, NOW_MS), None);
    let step = take(&mut pending, NOW_MS).unwrap();
    assert_eq!((step.action, step.attempt.token), (Action::Release, attempt.token));
    assert!(take(&mut pending, NOW_MS).is_none());
    assert!(take(&mut pending, NOW_MS + millis(LEASE)).is_none());
    assert_eq!(pending.len(), 0);
}

#[test]
fn a_claim_that_the_store_never_received_is_released_locally() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let attempt = attempt();
    claim(&mut pending, key, &attempt);
    pending.release(key, &attempt, NOW_MS, &mut Vec::new());
    assert!(!pending.has_steps());
}

#[test]
fn a_retry_of_a_failure_that_the_store_may_have_recorded_is_not_a_duplicate() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let (failing, retry) = (attempt(), attempt());
    pending.claim(key, &failing, true, NOW_MS, &mut Vec::new());
    pending.release(key, &failing, NOW_MS, &mut Vec::new());
    assert_eq!(pending.look(key, &retry, NOW_MS), None);
    pending.claim(key, &retry, false, NOW_MS, &mut Vec::new());
    complete(&mut pending, key, &retry);
    let step = take(&mut pending, NOW_MS).unwrap();
    let mut ended = Vec::new();
    pending.apply_outcome(
        &step,
        StepOutcome::Complete(CompleteOutcome::RecordedLate),
        NOW_MS,
        &mut ended,
    );
    assert!(matches!(ended[..], [Ended::Recorded { was_retried: true, .. }]), "{ended:?}");
    assert_eq!(take(&mut pending, NOW_MS).unwrap().action, Action::Release);
}

#[test]
fn a_claim_whose_hold_has_ended_is_not_moved_to_the_store_and_counts_as_a_crash() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    claim(&mut pending, key, &attempt());
    let late_ms = NOW_MS + millis(HOLD);
    assert!(take(&mut pending, late_ms).is_none());
    assert!(!pending.has_steps());
    let outcome = pending.claim(key, &attempt(), false, late_ms, &mut Vec::new());
    assert_eq!(outcome, ClaimOutcome::Granted { attempt: 2, reclaimed: true });
    assert_eq!(take(&mut pending, late_ms).unwrap().action, Action::HandOver);
}

#[test]
fn an_abandoned_claim_is_forgotten_at_the_end_of_its_retention() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    claim(&mut pending, &keys[0], &attempt());
    assert!(take(&mut pending, NOW_MS + millis(HOLD)).is_none());
    assert_eq!(pending.len(), 1);
    assert!(take(&mut pending, NOW_MS + millis(DAY)).is_none());
    assert_eq!(pending.len(), 0);
}

#[test]
fn a_claim_of_the_store_is_known_until_it_is_settled_or_its_hold_ends() {
    let keys = keys(2);
    let mut pending = Pending::new(2);
    let attempts = [attempt(), attempt()];
    for (key, attempt) in keys.iter().zip(&attempts) {
        assert_eq!(pending.hold(key, attempt, 1, false, i64::MAX, NOW_MS), None);
        assert!(pending.look(key, &self::attempt(), NOW_MS).is_some());
    }
    assert!(!pending.has_steps() && pending.is_settled());
    pending.let_go(&keys[0], &attempts[1]);
    assert_eq!(pending.len(), 2, "only by its own attempt");
    pending.let_go(&keys[0], &attempts[0]);
    assert_eq!(pending.len(), 1);
    let renewed_ms = NOW_MS + millis(HOLD) - 1;
    assert_eq!(pending.hold(&keys[1], &attempts[1], 1, false, i64::MAX, renewed_ms), None);
    assert!(pending.look(&keys[1], &attempt(), NOW_MS + millis(HOLD)).is_some());
    assert_eq!(pending.look(&keys[1], &attempt(), renewed_ms + millis(HOLD)), None);
}

/// Its handler blocks its thread, so that its lease is not renewed.
#[test]
fn a_claim_is_held_until_its_hold_ends_even_after_its_lease_expires() {
    let keys = keys(2);
    let mut pending = Pending::new(10);
    let (in_store, here) = (attempt(), attempt());
    assert_eq!(pending.hold(&keys[0], &in_store, 1, false, i64::MAX, NOW_MS), None);
    claim(&mut pending, &keys[1], &here);
    let in_flight = |retry_after| Some(ClaimOutcome::InFlight { retry_after });
    for (after, retry_after) in
        [(LEASE, LEASE), (HOLD - LEASE, LEASE), (HOLD - LEASE / 2, LEASE / 2)]
    {
        let now_ms = NOW_MS + millis(after);
        for key in &keys {
            assert_eq!(pending.look(key, &attempt(), now_ms), in_flight(retry_after));
            let outcome = pending.claim(key, &attempt(), false, now_ms, &mut Vec::new());
            assert_eq!(Some(outcome), in_flight(retry_after));
        }
    }
    // The store gets the lease of the attempt.
    assert_eq!(take(&mut pending, NOW_MS).unwrap().attempt.lease, LEASE);
    let now_ms = NOW_MS + millis(LEASE);
    pending.let_go(&keys[0], &in_store);
    assert_eq!(pending.look(&keys[0], &attempt(), now_ms), None);
    pending.release(&keys[1], &here, now_ms, &mut Vec::new());
    assert_eq!(pending.look(&keys[1], &attempt(), now_ms), None);
}

#[test]
fn an_event_is_forgotten_in_any_state() {
    let keys = keys(5);
    let mut pending = Pending::new(10);
    assert_eq!(pending.hold(&keys[0], &attempt(), 1, true, i64::MAX, NOW_MS), None);
    claim(&mut pending, &keys[1], &attempt());
    succeed(&mut pending, &keys[2]);
    let done = attempt();
    pending.hold(&keys[3], &done, 1, true, i64::MAX, NOW_MS);
    pending.recorded_by_holder(&keys[3], &done, true, NOW_MS);
    let mut ended = Vec::new();
    for (key, is_known) in keys.iter().zip([true, true, true, true, false]) {
        assert_eq!(pending.forget_event(key), is_known);
        assert!(!pending.forget_event(key));
        assert_eq!(pending.look(key, &attempt(), NOW_MS), None);
        assert!(take(&mut pending, NOW_MS).is_none_or(|step| step.key != *key));
        let outcome = pending.claim(key, &attempt(), false, NOW_MS, &mut ended);
        assert_eq!(outcome, GRANTED);
        pending.forget_event(key);
    }
    assert!(pending.is_settled() && ended.is_empty());
}

#[test]
fn a_success_that_is_being_sent_is_forgotten_and_not_sent_again() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    succeed(&mut pending, key);
    let step = take(&mut pending, NOW_MS).unwrap();
    assert!(pending.forget_event(key));
    assert!(pending.is_settled());
    assert_eq!(pending.requeue(&step, NOW_MS), None);
    let mut ended = Vec::new();
    assert!(pending.apply_outcome(
        &step,
        StepOutcome::Complete(CompleteOutcome::Recorded),
        NOW_MS,
        &mut ended
    ));
    assert!(ended.is_empty() && !pending.is_busy());
}

#[test]
fn an_expired_hold_is_restored_by_the_next_renewal_of_its_attempt() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let holder = attempt();
    assert_eq!(pending.hold(key, &holder, 1, false, i64::MAX, NOW_MS), None);
    let late_ms = NOW_MS + millis(HOLD);
    assert_eq!(pending.look(key, &attempt(), late_ms), None);
    assert_eq!(pending.hold(key, &holder, 1, false, i64::MAX, late_ms), None);
    let outcome = pending.hold(key, &attempt(), 2, false, i64::MAX, late_ms);
    assert!(matches!(outcome, Some(ClaimOutcome::InFlight { .. })), "{outcome:?}");
}

#[test]
fn holds_are_unlimited_and_evict_nothing() {
    let keys = keys(6);
    let mut pending = Pending::new(2);
    succeed(&mut pending, &keys[0]);
    succeed(&mut pending, &keys[1]);
    for key in &keys[2..5] {
        assert_eq!(pending.hold(key, &attempt(), 1, false, i64::MAX, NOW_MS), None);
    }
    assert_eq!((pending.len(), pending.unrecorded().count()), (5, 2));
    // Leaked claims are removed in the end.
    let late_ms = NOW_MS + millis(HOLD);
    pending.purge_at = pending.len();
    assert_eq!(pending.hold(&keys[5], &attempt(), 1, false, i64::MAX, late_ms), None);
    assert_eq!((pending.len(), pending.unrecorded().count()), (3, 2));
}

#[test]
fn successes_of_held_claims_do_not_exceed_the_limit() {
    let keys = keys(4);
    let mut pending = Pending::new(2);
    let mut lost = Vec::new();
    for key in &keys {
        let attempt = attempt();
        assert_eq!(pending.hold(key, &attempt, 1, false, i64::MAX, NOW_MS), None);
        let outcome = pending.complete(key, &attempt, false, NOW_MS, &mut lost);
        assert_eq!(outcome, Ok(CompleteOutcome::Recorded));
    }
    assert_eq!((pending.len(), lost), (2, vec![Ended::RecordLost; 2]));
    assert!(pending.look(&keys[3], &attempt(), NOW_MS).is_some(), "the oldest are lost");
}

#[test]
fn a_recorded_success_is_known_without_the_store_until_its_retention_ends() {
    let keys = keys(3);
    let mut pending = Pending::new(10);
    // In an outage, and recorded after it.
    succeed(&mut pending, &keys[0]);
    let step = take(&mut pending, NOW_MS).unwrap();
    let recorded = StepOutcome::Complete(CompleteOutcome::RecordedUnclaimed);
    assert!(pending.apply_outcome(&step, recorded, NOW_MS, &mut Vec::new()));
    // In the store, with the local fallback and without it.
    for (key, is_remembered) in [(&keys[1], true), (&keys[2], false)] {
        let attempt = attempt();
        assert_eq!(pending.hold(key, &attempt, 1, is_remembered, i64::MAX, NOW_MS), None);
        pending.recorded_by_holder(key, &attempt, is_remembered, NOW_MS);
    }
    assert_eq!(pending.len(), 0);
    let last_ms = NOW_MS + millis(DAY) - 1;
    for (key, is_known) in keys.iter().zip([true, true, false]) {
        // If the store is available, it decides.
        assert_eq!(pending.look(key, &attempt(), NOW_MS), None);
        let outcome = pending.claim(key, &attempt(), false, last_ms, &mut Vec::new());
        assert_eq!(matches!(outcome, ClaimOutcome::Done { .. }), is_known, "{outcome:?}");
    }
    for key in &keys[..2] {
        let outcome = pending.claim(key, &attempt(), false, last_ms + 1, &mut Vec::new());
        assert_eq!(outcome, GRANTED);
    }
}

#[test]
fn a_recorded_success_that_the_store_has_forgotten_is_not_remembered() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let (first, second) = (attempt(), attempt());
    pending.hold(key, &first, 1, true, i64::MAX, NOW_MS);
    pending.recorded_by_holder(key, &first, true, NOW_MS);
    // The store grants it again.
    assert_eq!(pending.hold(key, &second, 1, true, i64::MAX, NOW_MS), None);
    pending.let_go(key, &second);
    assert_eq!(pending.claim(key, &attempt(), false, NOW_MS, &mut Vec::new()), GRANTED);
}

/// Found by the simulation: the store grants the event to an attempt, gets the success of another
/// attempt of this process, and both replies are read in the other order.
#[test]
fn a_success_that_is_recorded_before_a_grant_is_read_is_not_handled_again() {
    let key = &keys(1)[0];
    let mut pending = Pending::new(10);
    let sent_ms = NOW_MS;
    let first = attempt();
    pending.hold(key, &first, 1, true, i64::MAX, NOW_MS);
    pending.recorded_by_holder(key, &first, true, NOW_MS + 1);
    let outcome = pending.hold(key, &attempt(), 1, true, sent_ms, NOW_MS + 2);
    assert!(matches!(outcome, Some(ClaimOutcome::Done { .. })), "{outcome:?}");
    // A grant of a later claim means that the store has forgotten the event.
    assert_eq!(pending.hold(key, &attempt(), 1, true, NOW_MS + 2, NOW_MS + 2), None);
}

#[test]
fn the_most_recent_recorded_successes_are_remembered() {
    let keys = keys(4);
    let mut pending = Pending::new(4);
    for number in [0, 1, 2, 1, 3] {
        let (key, attempt) = (&keys[number], attempt());
        pending.hold(key, &attempt, 1, true, i64::MAX, NOW_MS);
        pending.recorded_by_holder(key, &attempt, true, NOW_MS);
    }
    let known = keys.iter().map(|key| {
        let outcome = pending.claim(key, &attempt(), false, NOW_MS, &mut Vec::new());
        matches!(outcome, ClaimOutcome::Done { .. })
    });
    assert_eq!(known.collect::<Vec<_>>(), [false, true, false, true]);
}

/// The next step, while no other step is being sent.
fn take(pending: &mut Pending, now_ms: i64) -> Option<PendingSettlement> {
    pending.take(&StepsInProgress::default(), now_ms)
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
