use super::*;

const STEPS: [Step; 4] = [Step::Landed, Step::Processed, Step::Confirmed, Step::Finalized];

#[test]
fn steps_in_any_order_lead_to_the_same_final_state() {
    for order in orders(&STEPS) {
        let mut tracker = Tracker::with_room(10);
        for step in &order {
            tracker.note(event("tx", *step));
        }
        let transaction = tracker.transaction("tx").unwrap();
        assert_eq!(transaction.reached, Step::Finalized, "{order:?}");
        assert_eq!(transaction.slots.len(), 4, "{order:?}");
    }
}

#[test]
fn a_late_step_does_not_revert_the_transaction() {
    let mut tracker = Tracker::with_room(10);
    assert_eq!(tracker.note(event("tx", Step::Confirmed)), Recorded::Further);
    assert_eq!(tracker.note(event("tx", Step::Processed)), Recorded::Late);
    assert_eq!(tracker.note(event("tx", Step::Processed)), Recorded::Again);
    assert_eq!(tracker.transaction("tx").unwrap().reached, Step::Confirmed);
}

#[test]
fn a_transaction_that_failed_after_it_landed_says_why() {
    let mut tracker = Tracker::with_room(10);
    tracker.note(event("tx", Step::Landed));
    tracker.note(Event { err: Some("out of funds".to_owned()), ..event("tx", Step::Failed) });
    let transaction = tracker.transaction("tx").unwrap();
    assert_eq!(
        (transaction.reached, transaction.err.as_deref()),
        (Step::Failed, Some("out of funds"))
    );
    // A late step does not change the reason.
    tracker.note(event("tx", Step::Processed));
    assert_eq!(tracker.transaction("tx").unwrap().err.as_deref(), Some("out of funds"));
}

#[test]
fn the_first_of_two_final_steps_is_kept() {
    for (first, second) in [(Step::Finalized, Step::Failed), (Step::Failed, Step::Finalized)] {
        let mut tracker = Tracker::with_room(10);
        tracker.note(event("tx", first));
        assert_eq!(tracker.note(event("tx", second)), Recorded::Contradiction);
        assert_eq!(tracker.transaction("tx").unwrap().reached, first);
    }
}

#[test]
fn the_oldest_transactions_are_replaced_by_new_ones() {
    let mut tracker = Tracker::with_room(2);
    for signature in ["1", "2", "3"] {
        tracker.note(event(signature, Step::Landed));
    }
    assert!(tracker.transaction("1").is_none());
    assert!(tracker.transaction("2").is_some() && tracker.transaction("3").is_some());
}

fn event(signature: &str, step: Step) -> Event {
    Event { step, signature: signature.to_owned(), slot: 7, err: None }
}

fn orders(steps: &[Step]) -> Vec<Vec<Step>> {
    if steps.is_empty() {
        return vec![Vec::new()];
    }
    let first = |index: usize| {
        let mut others = steps.to_vec();
        let step = others.remove(index);
        orders(&others).into_iter().map(move |rest| [vec![step], rest].concat())
    };
    (0..steps.len()).flat_map(first).collect()
}
