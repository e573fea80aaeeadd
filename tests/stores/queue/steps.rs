//! The steps of a job.

use super::*;

on_each_table! {
    an_accepted_event_is_done_and_has_one_job,
    a_claim_without_an_accept_is_no_claim,
    a_repeat_that_is_handled_gets_a_job_of_its_own,
    what_was_accepted_is_seen_by_another_process,
    a_retry_is_due_after_its_time_and_keeps_the_result_of_the_last_attempt,
    an_attempt_whose_lease_has_ended_is_fenced_by_its_token,
    only_attempts_that_the_process_has_are_renewed,
    a_process_that_was_stopped_does_not_take_its_own_running_jobs,
    a_late_success_is_recorded_if_no_other_attempt_has_the_job,
    a_released_job_is_due_at_once,
    limits_of_jobs_bytes_and_running_jobs_hold,
    two_processes_never_have_one_job,
    an_event_is_accepted_again_after_its_retention,
}

async fn an_accepted_event_is_done_and_has_one_job<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    let accepted = process.accept_event("evt_1").await;
    let AcceptOutcome::Accepted { job, possible_duplicate: false, .. } = accepted else {
        panic!("{accepted:?}")
    };
    assert_eq!(process.accept_event("evt_1").await, AcceptOutcome::Duplicate);
    let accepting = accepting("evt_1");
    let claimed = process.claim(&accepting.event, &accepting.attempt).await.unwrap();
    assert!(matches!(claimed, ClaimOutcome::Done { fingerprint_matches: true, .. }), "{claimed:?}");
    let taken = process.take_up_to(10).await;
    assert_eq!(events(&taken), ["evt_1"]);
    assert_eq!((taken.jobs[0].id, taken.jobs[0].attempt), (job, 1));
    assert!(taken.jobs[0].accepted_at_ms <= taken.now_ms);
    assert_eq!(process.take_events().await, [""; 0]);
    // After the job is done, too.
    assert!(is_settled(process.settle(&taken.jobs[0], DONE).await));
    assert_eq!(process.accept_event("evt_1").await, AcceptOutcome::Duplicate);
    assert_eq!(process.states().await, [("evt_1".to_owned(), JobState::Done)]);
}

async fn a_claim_without_an_accept_is_no_claim<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    let accepting = accepting("evt_1");
    for _ in 0..2 {
        let claimed = process.claim(&accepting.event, &accepting.attempt).await.unwrap();
        assert_eq!(claimed, ClaimOutcome::Granted { attempt: 1, reclaimed: false });
    }
    // An event that is handled without a job.
    for _ in 0..2 {
        let complete = process.complete(&accepting.event, &accepting.attempt).await;
        assert_eq!(complete.unwrap(), CompleteOutcome::Recorded);
    }
    assert_eq!(process.accept_event("evt_1").await, AcceptOutcome::Duplicate);
    assert!(process.forget(&accepting.event).await.unwrap());
    assert!(!process.forget(&accepting.event).await.unwrap());
    assert!(matches!(process.accept_event("evt_1").await, AcceptOutcome::Accepted { .. }));
    assert_eq!(process.probe().await.unwrap().warnings, []);
}

async fn a_repeat_that_is_handled_gets_a_job_of_its_own<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for _ in 0..3 {
        let accepting = accepting("evt_1").with_repeats(Repeats::Handle);
        let accepted = process.accept(accepting).await;
        assert!(matches!(accepted, AcceptOutcome::Accepted { .. }), "{accepted:?}");
    }
    let jobs = process.take_up_to(10).await.jobs;
    let are_duplicates: Vec<bool> = jobs.iter().map(|job| job.possible_duplicate).collect();
    assert_eq!(are_duplicates, [false, true, true]);
}

async fn what_was_accepted_is_seen_by_another_process<T: Table>() {
    let table = T::new().await;
    let first = table.open().await;
    first.accept_event("evt_1").await;
    drop(first);
    let second = table.open().await;
    assert_eq!(second.accept_event("evt_1").await, AcceptOutcome::Duplicate);
    assert_eq!(table.open().await.take_events().await, ["evt_1"]);
}

async fn a_retry_is_due_after_its_time_and_keeps_the_result_of_the_last_attempt<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    let job = process.take_one().await;
    process.settle(&job, retry(HOUR)).await;
    let taken = process.take_up_to(1).await;
    let left_ms = taken.next_at_ms.unwrap() - taken.now_ms;
    assert!(taken.jobs.is_empty() && (3_500_000..=3_600_000).contains(&left_ms), "{taken:?}");
    let summary = process.list(&JobFilter::default()).await.remove(0);
    assert_eq!((summary.attempts, summary.last_status), (1, Some(500)));
    assert_eq!(summary.last_error.as_deref(), Some("status 500"));
    table.advance(HOUR).await;
    let job = process.take_one().await;
    assert_eq!(job.attempt, 2);
    process.settle(&job, dead()).await;
    table.advance(12 * HOUR).await;
    assert_eq!(process.take_events().await, [""; 0]);
    assert_eq!(process.states().await, [("evt_1".to_owned(), JobState::Dead)]);
    let summary = process.list(&JobFilter::default()).await.remove(0);
    assert_eq!((summary.attempts, summary.last_status), (2, None));
    assert_eq!(summary.last_error.as_deref(), Some("no connection"));
}

async fn an_attempt_whose_lease_has_ended_is_fenced_by_its_token<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    let first = process.take_one().await;
    table.advance(8 * MINUTE).await;
    assert_eq!(process.take_events().await, [""; 0]);
    // A renewal starts the lease again.
    process.renew_held(vec![(first.id, first.token)], LEASE).await;
    table.advance(8 * MINUTE).await;
    assert_eq!(process.take_events().await, [""; 0]);
    table.advance(2 * MINUTE).await;
    let taken = process.take_up_to(1).await;
    assert_eq!((taken.expired, taken.jobs.len()), (1, 1));
    let second = &taken.jobs[0];
    assert_eq!(second.attempt, 2);
    for settlement in [retry(MINUTE), dead(), DONE, Settlement::Release] {
        assert_eq!(process.settle(&first, settlement).await, SettleOutcome::Lost);
    }
    for _ in 0..2 {
        // The second time, as after a lost reply.
        assert!(is_settled(process.settle(second, DONE).await));
    }
    assert_eq!(process.settle(second, retry(MINUTE)).await, SettleOutcome::Lost);
}

async fn only_attempts_that_the_process_has_are_renewed<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    process.accept_event("evt_2").await;
    let jobs = process.take_up_to(2).await.jobs;
    // The process knows nothing of the second, as after a lost reply.
    table.advance(8 * MINUTE).await;
    process.renew_held(vec![(jobs[0].id, jobs[0].token)], LEASE).await;
    process.renew_held(Vec::new(), LEASE).await;
    table.advance(3 * MINUTE).await;
    let taken = process.take_up_to(2).await;
    assert_eq!((taken.expired, taken.jobs.len()), (1, 1));
    assert_eq!(taken.jobs[0].id, jobs[1].id);
}

async fn a_process_that_was_stopped_does_not_take_its_own_running_jobs<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    process.accept_event("evt_2").await;
    let first = process.take_one().await;
    let held = vec![(first.id, first.token)];
    for _ in 0..2 {
        table.advance(HOUR).await;
        let owner = Token::random().unwrap();
        let take = Take::new(TARGET, owner, 10).with_lease(LEASE).with_held(held.clone());
        let taken = process.take(take).await;
        assert_eq!(taken.expired, 0);
        assert!(taken.jobs.iter().all(|job| job.id != first.id));
        for job in taken.jobs {
            process.settle(&job, DONE).await;
        }
    }
    assert!(is_settled(process.settle(&first, DONE).await));
    // It is not renewed after it was settled.
    process.renew_held(held, HOUR).await;
    let expected = ["evt_1", "evt_2"].map(|id| (id.to_owned(), JobState::Done));
    assert_eq!(process.states().await, expected);
}

async fn a_late_success_is_recorded_if_no_other_attempt_has_the_job<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    process.accept_event("evt_2").await;
    let jobs = process.take_up_to(2).await.jobs;
    table.advance(11 * MINUTE).await;
    // Both are due again, and one of them is taken.
    let taken = process.take_one().await;
    let (again, other) = match taken.id == jobs[0].id {
        true => (&jobs[0], &jobs[1]),
        false => (&jobs[1], &jobs[0]),
    };
    assert_eq!(process.settle(again, DONE).await, SettleOutcome::Lost);
    assert!(is_settled(process.settle(other, DONE).await));
    assert_eq!(process.take_events().await, [""; 0]);
}

async fn a_released_job_is_due_at_once<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_in_order("evt_1", "a").await;
    process.accept_in_order("evt_2", "a").await;
    let job = process.take_one().await;
    assert!(is_settled(process.settle(&job, Settlement::Release).await));
    let again = process.take_one().await;
    assert_eq!((again.id, again.attempt), (job.id, 2));
}

async fn limits_of_jobs_bytes_and_running_jobs_hold<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for id in 0..6 {
        process.accept_event(&format!("evt_{id}")).await;
    }
    let take = |jobs| Take::new(TARGET, Token::random().unwrap(), jobs);
    assert_eq!(process.take(take(2)).await.jobs.len(), 2);
    assert_eq!(process.take(take(10).with_max_bytes(1)).await.jobs.len(), 1);
    let running = take(10).with_max_running(4);
    assert_eq!(process.take(running.clone()).await.jobs.len(), 1);
    // The next one is due already, and cannot be taken.
    let taken = process.take(running).await;
    assert!(taken.jobs.is_empty() && taken.next_at_ms.unwrap() <= taken.now_ms, "{taken:?}");
    let other = Take::new("/another", Token::random().unwrap(), 10);
    assert_eq!(process.take(other).await.jobs.len(), 0);
    assert_eq!(process.take_events().await, ["evt_4", "evt_5"]);
}

async fn two_processes_never_have_one_job<T: Table>() {
    const JOBS: usize = 60;
    let table = T::new().await;
    let processes = [table.open().await, table.open().await];
    for id in 0..JOBS {
        processes[id % 2].accept_event(&format!("evt_{id:02}")).await;
    }
    let take_all = async |process: &T::Process| {
        let mut taken = Vec::new();
        loop {
            let jobs = process.take_up_to(3).await.jobs;
            if jobs.is_empty() {
                return taken;
            }
            for job in &jobs {
                assert!(is_settled(process.settle(job, DONE).await));
            }
            taken.extend(jobs.iter().map(event));
        }
    };
    let [first, second] = &processes;
    let (first, second) = tokio::join!(take_all(first), take_all(second));
    let mut taken = [first, second].concat();
    taken.sort_unstable();
    let expected: Vec<String> = (0..JOBS).map(|id| format!("evt_{id:02}")).collect();
    assert_eq!(taken, expected);
}

async fn an_event_is_accepted_again_after_its_retention<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    table.advance(23 * HOUR).await;
    assert_eq!(process.accept_event("evt_1").await, AcceptOutcome::Duplicate);
    table.advance(2 * HOUR).await;
    let accepted = process.accept_event("evt_1").await;
    let is_new = matches!(accepted, AcceptOutcome::Accepted { possible_duplicate: false, .. });
    assert!(is_new, "{accepted:?}");
}
