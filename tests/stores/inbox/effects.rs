//! What every inbox promises of effects.

use std::sync::Arc;

use countersign::inbox::run_in_transaction;
use tokio::task::JoinSet;

use super::database::{Database, deliver_until_settled, handle};
use super::*;

on_each_database!(
    an_effect_that_fails_leaves_nothing,
    a_delivery_that_nothing_identifies_is_handled_again_and_marked,
    of_64_tasks_that_race_for_each_event_one_has_its_effect,
);

async fn an_effect_that_fails_leaves_nothing<D: Database>() {
    let database = D::new().await;
    let inbox = database.inbox();
    let effect = async |tx: &mut _, _| {
        D::book(tx, "a").await;
        Err::<(), _>("no such account")
    };
    let run = run_in_transaction(&inbox, &settings(), &delivery("a"), effect).await;
    assert!(matches!(run, InboxRun::Failed("no such account")), "{run:?}");
    assert_eq!(database.counts().await, [0, 0, 0]);
    let run = handle::<D>(&inbox, &delivery("a")).await;
    assert!(matches!(run, InboxRun::Handled(())), "{run:?}");
    assert_eq!(database.counts().await, [1, 1, 1]);
}

async fn a_delivery_that_nothing_identifies_is_handled_again_and_marked<D: Database>() {
    let database = D::new().await;
    let (verifier, verified) = unidentified("{}");
    let mut possible = Vec::new();
    for settings in [
        InboxSettings::new(&verifier),
        InboxSettings::new(&verifier),
        InboxSettings::new(&verifier).with_repeats(Repeats::Suppress),
    ] {
        let effect = async |tx: &mut _, grant: countersign::Grant| {
            D::book(tx, "it").await;
            possible.push(grant.possible_duplicate);
            Ok::<_, std::convert::Infallible>(())
        };
        let run = run_in_transaction(&database.inbox(), &settings, &verified, effect).await;
        if let InboxRun::Early(early) = run {
            assert_eq!(early.code(), "duplicate");
        }
    }
    assert_eq!(possible, [false, true]);
    assert_eq!(database.counts().await, [1, 2, 1]);
}

/// `COUNTERSIGN_INBOX_EVENTS=10000` is the whole run.
async fn of_64_tasks_that_race_for_each_event_one_has_its_effect<D: Database>() {
    let (database, events) = (D::new().await, race_events());
    // As of two processes.
    let inboxes = [database.inbox(), database.inbox()];
    assert_eq!(race::<D>(&inboxes, 64, events).await, (events, 63 * events));
    assert_eq!(database.counts().await, [events; 3]);
}

/// How many deliveries were handled, and how many were duplicates.
pub(super) async fn race<D: Database>(
    inboxes: &[D::Inbox],
    senders: usize,
    events: usize,
) -> (usize, usize) {
    let deliveries: Arc<[Verified]> = (1..=events).map(|id| delivery(&id.to_string())).collect();
    let mut tasks = JoinSet::new();
    for task in 0..senders {
        let (inbox, deliveries) = (inboxes[task % inboxes.len()].clone(), Arc::clone(&deliveries));
        tasks.spawn(async move {
            let (mut handled, mut duplicates) = (0, 0);
            for verified in &*deliveries {
                match deliver_until_settled::<D>(&inbox, verified).await {
                    InboxRun::Handled(()) => handled += 1,
                    InboxRun::Early(EarlyResponse::Duplicate { .. }) => duplicates += 1,
                    other => panic!("{other:?}"),
                }
            }
            (handled, duplicates)
        });
    }
    let counts = tasks.join_all().await;
    counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
}
