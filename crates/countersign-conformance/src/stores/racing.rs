//! Concurrent tasks.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, EventKey, IdempotencyStore, ReleaseOutcome,
};
use tokio::sync::Barrier;
use tokio::task::{JoinSet, yield_now};

use super::StoreUnderTest;
use super::context::{
    Failure, TestContext, TestResult, body, event, granted, in_flight, same, wrong,
};
use countersign_testing::SampleDelivery;

pub(super) async fn one_of_64_tasks_wins_each_of_10_000_events<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let events = events(10_000);
    let wins = Arc::new(counters(events.len()));
    at_once(|mut together| {
        let (store, events, wins) = (scene.store.clone(), events.clone(), wins.clone());
        async move {
            for (event, wins) in events.iter().zip(wins.iter()) {
                together.step().await;
                let outcome = store.claim(event, &lasting()?).await?;
                if outcome == granted(1) {
                    wins.fetch_add(1, Ordering::Relaxed);
                } else {
                    in_flight(outcome)?;
                }
            }
            Ok(())
        }
    })
    .await?;
    each_is_one(&wins)
}

pub(super) async fn one_of_64_tasks_reclaims_each_of_1_000_events<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let events = events(1000);
    for event in events.iter() {
        same(scene.claim(event, &scene.attempt()?).await?, granted(1))?;
    }
    scene.lapse().await;
    let wins = Arc::new(counters(events.len()));
    at_once(|mut together| {
        let (store, events, wins) = (scene.store.clone(), events.clone(), wins.clone());
        async move {
            for (event, wins) in events.iter().zip(wins.iter()) {
                together.step().await;
                match store.claim(event, &lasting()?).await? {
                    ClaimOutcome::Granted { attempt: 2, reclaimed: true } => {
                        wins.fetch_add(1, Ordering::Relaxed);
                    }
                    outcome => drop(in_flight(outcome)?),
                }
            }
            Ok(())
        }
    })
    .await?;
    each_is_one(&wins)
}

pub(super) async fn one_attempt_sent_by_64_tasks_at_once_is_one_grant<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let attempt = lasting()?;
    at_once(|mut together| {
        let (store, attempt) = (scene.store.clone(), attempt.clone());
        async move {
            for event in events(20).iter() {
                together.step().await;
                same(store.claim(event, &attempt).await?, granted(1))?;
            }
            Ok(())
        }
    })
    .await
}

pub(super) async fn at_most_one_of_64_tasks_holds_an_event_at_a_time<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let events = events(20);
    let held: Arc<Vec<_>> = Arc::new((0..events.len()).map(|_| AtomicBool::new(false)).collect());
    at_once(|mut together| {
        let (store, events, held) = (scene.store.clone(), events.clone(), held.clone());
        async move {
            for _ in 0..10 {
                for (event, held) in events.iter().zip(held.iter()) {
                    together.step().await;
                    let attempt = lasting()?;
                    match store.claim(event, &attempt).await? {
                        ClaimOutcome::Granted { .. } => {}
                        outcome => {
                            in_flight(outcome)?;
                            continue;
                        }
                    }
                    if held.swap(true, Ordering::SeqCst) {
                        return Err(wrong(&"two holders", "one holder at a time"));
                    }
                    yield_now().await;
                    held.store(false, Ordering::SeqCst);
                    same(store.release(event, &attempt).await?, ReleaseOutcome::Released)?;
                }
            }
            Ok(())
        }
    })
    .await
}

pub(super) async fn an_event_claimed_by_64_tasks_succeeds_once<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let events = events(200);
    let handled = Arc::new(counters(events.len()));
    at_once(|mut together| {
        let (store, events, handled) = (scene.store.clone(), events.clone(), handled.clone());
        async move {
            for (event, handled) in events.iter().zip(handled.iter()) {
                together.step().await;
                let attempt = lasting()?;
                loop {
                    match store.claim(event, &attempt).await? {
                        ClaimOutcome::Granted { .. } => {
                            handled.fetch_add(1, Ordering::Relaxed);
                            yield_now().await;
                            let outcome = store.complete(event, &attempt).await?;
                            same(outcome, CompleteOutcome::Recorded)?;
                        }
                        ClaimOutcome::Done { .. } => break,
                        outcome => drop(in_flight(outcome)?),
                    }
                    yield_now().await;
                }
            }
            Ok(())
        }
    })
    .await?;
    each_is_one(&handled)
}

pub(super) async fn successes_of_64_tasks_at_once_are_one_success<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let events = events(200);
    let recorded = Arc::new(counters(events.len()));
    at_once(|mut together| {
        let (store, events, recorded) = (scene.store.clone(), events.clone(), recorded.clone());
        async move {
            for (event, recorded) in events.iter().zip(recorded.iter()) {
                together.step().await;
                match store.complete(event, &lasting()?).await? {
                    CompleteOutcome::RecordedUnclaimed => {
                        recorded.fetch_add(1, Ordering::Relaxed);
                    }
                    outcome => same(outcome, CompleteOutcome::AlreadyDone)?,
                }
            }
            Ok(())
        }
    })
    .await?;
    each_is_one(&recorded)
}

pub(super) async fn a_probe_answers_while_64_tasks_claim<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    at_once(|mut together| {
        let (store, event) = (scene.store.clone(), event.clone());
        async move {
            together.step().await;
            store.claim(&event, &lasting()?).await?;
            store.probe().await?;
            Ok(())
        }
    })
    .await?;
    scene.store.probe().await?;
    Ok(())
}

/// Runs 64 tasks, which can wait for one another, and returns the first
/// failure.
async fn at_once<F>(task: impl Fn(Together) -> F) -> TestResult
where
    F: Future<Output = TestResult> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        tasks.spawn(task(Together { barrier: Arc::clone(&barrier), steps: 0 }));
    }
    while let Some(task) = tasks.join_next().await {
        task.map_err(|error| wrong(&error, "a store that does not panic"))??;
    }
    Ok(())
}

/// Keeps tasks at the same step, so that they really compete and do not run one
/// after another.
struct Together {
    barrier: Arc<Barrier>,
    steps: usize,
}

impl Together {
    /// Waits for the others every [`STEPS_ALONE`] steps.
    async fn step(&mut self) {
        if self.steps.is_multiple_of(STEPS_ALONE) {
            self.barrier.wait().await;
        }
        self.steps += 1;
    }
}

fn events(count: usize) -> Arc<[EventKey]> {
    (0..count).map(|i| SampleDelivery::of(format!("event-{i}")).event_key()).collect()
}

/// An attempt whose lease outlasts the race, even with a slow store.
fn lasting() -> Result<Attempt, Failure> {
    Ok(Attempt::new(body(), Duration::from_secs(60 * 60), Duration::from_secs(24 * 60 * 60))?)
}

fn counters(count: usize) -> Vec<AtomicU32> {
    (0..count).map(|_| AtomicU32::new(0)).collect()
}

fn each_is_one(counters: &[AtomicU32]) -> TestResult {
    let mut counts = counters.iter().map(|count| count.load(Ordering::Relaxed));
    counts.find(|count| *count != 1).map_or(Ok(()), |count| same(count, 1))
}

const TASKS: usize = 64;

const STEPS_ALONE: usize = 20;
