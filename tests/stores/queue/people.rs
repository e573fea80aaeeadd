//! What people do with jobs.

use super::*;

on_each_table! {
    a_paused_target_keeps_its_jobs_and_still_accepts,
    people_list_retry_and_discard_by_filter,
    states_that_an_operation_cannot_change_are_an_error_and_not_all_states,
    a_filter_has_all_of_its_conditions,
}

async fn a_paused_target_keeps_its_jobs_and_still_accepts<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    for name in [TARGET, "*"] {
        process.pause(name).await;
        process.pause(name).await;
        process.accept_event("evt_2").await;
        let taken = process.take_up_to(10).await;
        assert!(taken.jobs.is_empty() && taken.is_paused, "{name}");
        assert_eq!(taken.next_at_ms, None);
        assert!(process.counts(TARGET).await.is_paused);
        assert_eq!(process.paused().await, [name]);
        assert!(process.resume(name).await);
        assert!(!process.resume(name).await);
    }
    process.pause(TARGET).await;
    // All that are paused.
    assert!(process.resume("*").await);
    let taken = process.take_up_to(10).await;
    assert!(!taken.is_paused);
    assert_eq!(events(&taken), ["evt_1", "evt_2"]);
}

async fn people_list_retry_and_discard_by_filter<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for id in ["evt_1", "evt_2", "evt_3", "evt_4"] {
        process.accept_event(id).await;
        table.advance(MINUTE).await;
    }
    let jobs = process.take_up_to(3).await.jobs;
    process.settle(&jobs[0], DONE).await;
    process.settle(&jobs[1], dead()).await;
    let all = process.list(&JobFilter::default()).await;
    let [first, second, third, fourth] = [0, 1, 2, 3].map(|at| all[at].id);
    let ids = async |filter: &JobFilter| -> Vec<i64> {
        process.list(filter).await.iter().map(|job| job.id).collect()
    };
    assert_eq!(ids(&JobFilter::of_states([JobState::Dead])).await, [second]);
    let mut of_event = JobFilter::default();
    of_event.event_id = Some("evt_3".to_owned());
    assert_eq!(ids(&of_event).await, [third]);
    let mut range = JobFilter::default();
    (range.since_ms, range.until_ms) = (Some(all[1].accepted_ms), Some(all[3].accepted_ms));
    assert_eq!(ids(&range).await, [second, third]);
    assert_eq!(process.count(&range).await, 2);
    let counts = process.counts(TARGET).await;
    assert_eq!((counts.pending, counts.running, counts.dead), (1, 1, 1));
    assert_eq!(counts.oldest_ms, Some(all[2].accepted_ms));
    assert_eq!(process.targets().await, [TARGET]);

    // One that is running is neither retried nor discarded.
    assert_eq!(process.discard(&JobFilter::of_ids([third, fourth])).await, Ok(1));
    assert_eq!(ids(&JobFilter::of_states([JobState::Discarded])).await, [fourth]);
    let every = JobFilter::of_ids([first, second, third, fourth]);
    assert_eq!(process.retry(&every).await, Ok(3));
    process.settle(&jobs[2], DONE).await;
    let mut taken = process.take_events().await;
    taken.sort_unstable();
    assert_eq!(taken, ["evt_1", "evt_2", "evt_4"]);
    let (job, message) = process.show(second).await.unwrap();
    assert_eq!((job.attempts, message.attempt(), message.event_id()), (1, 1, "evt_2"));
    assert_eq!(job.bytes, message.to_bytes().len() as u64);
    assert!(process.show(fourth + 1).await.is_none());
    let asked = [fourth + 1, first, 99_999, fourth];
    assert_eq!(process.missing(&asked).await, [fourth + 1, 99_999]);
    assert_eq!(process.long_event_ids(4).await.len(), 4);
    assert_eq!(process.long_event_ids(5).await, [""; 0]);
}

async fn states_that_an_operation_cannot_change_are_an_error_and_not_all_states<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    process.accept_event("evt_1").await;
    process.accept_event("evt_2").await;
    let running = process.take_one().await;
    let before = process.states().await;
    let of = |states: &[JobState]| JobFilter::of_states(states);
    let error = process.discard(&of(&[JobState::Done, JobState::Running])).await.unwrap_err();
    assert!(error.ends_with(": due, dead, waiting"), "{error}");
    let error = process.retry(&of(&[JobState::Running])).await.unwrap_err();
    assert!(error.ends_with(": due, dead, done, discarded"), "{error}");
    assert_eq!(process.states().await, before);
    process.settle(&running, DONE).await;
    assert_eq!(process.discard(&of(&[JobState::Done, JobState::Due])).await, Ok(1));
    let expected = [("evt_1", JobState::Done), ("evt_2", JobState::Discarded)];
    assert_eq!(process.states().await, expected.map(|(id, state)| (id.to_owned(), state)));
}

async fn a_filter_has_all_of_its_conditions<T: Table>() {
    let table = T::new().await;
    let process = table.open().await;
    for id in ["evt_1", "evt_2"] {
        process.accept_event(id).await;
    }
    let all = process.list(&JobFilter::default()).await;
    let mut filter = JobFilter::of_ids([all[0].id, all[1].id]);
    filter.states = vec![JobState::Due, JobState::Dead];
    filter.target = Some(TARGET.to_owned());
    filter.since_ms = Some(i64::MIN);
    filter.until_ms = Some(i64::MAX);
    assert_eq!(process.count(&filter).await, 2);
    filter.event_id = Some("evt_2".to_owned());
    assert_eq!(process.list(&filter).await, all[1..]);
    for change in [
        |filter: &mut JobFilter| filter.target = Some("/another".to_owned()),
        |filter: &mut JobFilter| filter.event_type = Some("another".to_owned()),
        |filter: &mut JobFilter| filter.states = vec![JobState::Waiting],
        |filter: &mut JobFilter| filter.until_ms = Some(0),
        |filter: &mut JobFilter| filter.since_ms = Some(i64::MAX),
    ] {
        let mut filter = filter.clone();
        change(&mut filter);
        assert_eq!(process.count(&filter).await, 0, "{filter:?}");
    }
}
