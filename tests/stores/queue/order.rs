//! Jobs with an order key.

use super::*;

on_each_table! {
    jobs_of_a_key_are_taken_one_after_the_other_and_others_are_not_delayed,
    jobs_of_a_key_are_in_order_for_all_interleavings_of_two_processes,
    a_discarded_job_lets_the_next_one_of_its_key_pass,
    keys_of_different_targets_are_independent,
    accepting_and_settling_at_once_leaves_no_job_behind,
}

async fn jobs_of_a_key_are_taken_one_after_the_other_and_others_are_not_delayed<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for (id, key) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
        process.accept_in_order(id, key).await;
    }
    process.accept_event("c").await;
    let jobs = process.take_up_to(10).await.jobs;
    assert_eq!(jobs.iter().map(event).collect::<Vec<_>>(), ["a1", "b1", "c"]);
    for job in &jobs[1..] {
        process.settle(job, DONE).await;
    }
    // A retry keeps the key.
    process.settle(&jobs[0], retry(MINUTE)).await;
    assert_eq!(process.take_events().await, [""; 0]);
    table.advance(MINUTE).await;
    let first = process.take_one().await;
    assert_eq!(event(&first), "a1");
    assert_eq!(process.settle(&first, DONE).await, SettleOutcome::settled(true));
    let next = process.take_one().await;
    assert_eq!(event(&next), "a2");
    // A dead letter does not block its key.
    assert_eq!(process.settle(&next, dead()).await, SettleOutcome::settled(true));
    let next = process.take_one().await;
    assert_eq!(event(&next), "a3");
    // The dead letter is retried while another one is in progress: it waits.
    assert_eq!(process.retry(&JobFilter::of_states([JobState::Dead])).await, Ok(1));
    assert_eq!(process.take_events().await, [""; 0]);
    assert_eq!(process.settle(&next, DONE).await, SettleOutcome::settled(true));
    assert_eq!(process.take_events().await, ["a2"]);
}

async fn jobs_of_a_key_are_in_order_for_all_interleavings_of_two_processes<T: Table>() {
    let table = T::new().await;
    let processes = [table.open().await, table.open().await];
    for id in 0..20 {
        processes[0].accept_in_order(&format!("e{id:02}"), ["x", "y"][id % 2]).await;
    }
    let mut seen = Vec::new();
    for turn in 0.. {
        let process = &processes[turn % 2];
        let jobs = process.take_up_to(5).await.jobs;
        if jobs.is_empty() {
            break;
        }
        for job in jobs {
            seen.push(event(&job));
            process.settle(&job, DONE).await;
        }
    }
    assert_eq!(seen.len(), 20);
    for parity in 0..2 {
        let is_of_key = |id: &&String| id[1..].parse::<usize>().unwrap() % 2 == parity;
        let of_key: Vec<_> = seen.iter().filter(is_of_key).collect();
        assert!(of_key.is_sorted(), "{of_key:?}");
    }
}

async fn a_discarded_job_lets_the_next_one_of_its_key_pass<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for id in ["a1", "a2", "a3", "a4"] {
        process.accept_in_order(id, "a").await;
    }
    let ids: Vec<i64> =
        process.list(&JobFilter::default()).await.iter().map(|job| job.id).collect();
    // The first of the key, and one that waits.
    assert_eq!(process.discard(&JobFilter::of_ids([ids[0], ids[2]])).await, Ok(2));
    let next = process.take_one().await;
    assert_eq!(event(&next), "a2");
    assert_eq!(process.take_events().await, [""; 0]);
    assert_eq!(process.settle(&next, DONE).await, SettleOutcome::settled(true));
    let last = process.take_one().await;
    assert_eq!(event(&last), "a4");
    assert_eq!(process.settle(&last, DONE).await, SettleOutcome::settled(false));
    // Both at once: one is due, and the other one waits for it.
    assert_eq!(process.retry(&JobFilter::of_states([JobState::Discarded])).await, Ok(2));
    let first = process.take_one().await;
    assert_eq!(event(&first), "a1");
    assert_eq!(process.take_events().await, [""; 0]);
    process.settle(&first, DONE).await;
    assert_eq!(process.take_events().await, ["a3"]);
}

async fn keys_of_different_targets_are_independent<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_in_order("a1", "a").await;
    let mut other = accepting("a2").with_order_key(Some("a".to_owned()));
    other.target = "/hooks/other".to_owned();
    process.accept(other).await;
    assert_eq!(process.take_events().await, ["a1"]);
    let take = Take::new("/hooks/other", Token::random().unwrap(), 10);
    assert_eq!(events(&process.take(take).await), ["a2"]);
    assert_eq!(process.targets().await, ["/hooks/acme", "/hooks/other"]);
}

/// A job that is accepted while the one before it ends must neither pass it nor wait for ever.
async fn accepting_and_settling_at_once_leaves_no_job_behind<T: Table>() {
    const JOBS: usize = 40;
    let table = T::new().await;
    let (accepts, forwards) = (table.open().await, table.open().await);
    let accept_all = async {
        for id in 0..JOBS {
            accepts.accept_in_order(&format!("e{id:02}"), "a").await;
        }
    };
    let forward_all = async {
        let mut seen = Vec::new();
        while seen.len() < JOBS {
            let jobs = forwards.take_up_to(5).await.jobs;
            assert!(jobs.len() <= 1, "two jobs of one key: {jobs:?}");
            for job in jobs {
                seen.push(event(&job));
                assert!(is_settled(forwards.settle(&job, DONE).await));
            }
            tokio::task::yield_now().await;
        }
        seen
    };
    let both = async { tokio::join!(accept_all, forward_all).1 };
    let seen = tokio::time::timeout(2 * MINUTE, both).await.unwrap();
    let expected: Vec<String> = (0..JOBS).map(|id| format!("e{id:02}")).collect();
    assert_eq!(seen, expected);
}
