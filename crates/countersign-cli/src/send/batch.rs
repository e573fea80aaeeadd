//! Sends the same requests many times, with limits on concurrency and rate.

use std::sync::Arc;
use std::time::Duration;

use countersign::testing::{AttackAnswer, AttackRequest, Expected};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::progress::Progress;
use super::target::Target;

pub(super) struct Batch {
    pub(super) count: u32,
    pub(super) at_once: u32,
    /// The time between two starts.
    pub(super) pause: Duration,
}

/// The result of sending an attack, or another request, once.
#[derive(Default)]
pub(crate) struct Attempt {
    pub(super) expected: Vec<Expected>,
    pub(super) answers: Vec<(AttackAnswer, Duration)>,
}

impl Attempt {
    pub(crate) fn is_expected(&self) -> bool {
        self.answered().all(|(expected, answer, _)| expected.admits(answer))
    }

    /// Whether the receiver rejected a genuine delivery.
    pub(super) fn is_rejected(&self) -> bool {
        let is_rejection = |answer| Expected::Rejected.admits(answer);
        let mut answered = self.answered();
        answered.any(|(expected, answer, _)| !expected.admits(answer) && is_rejection(answer))
    }

    /// For each request: the expected response, the actual one, and its duration.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (Expected, AttackAnswer, Duration)> {
        let answers = self.expected.iter().zip(&self.answers);
        answers.map(|(expected, (answer, took))| (*expected, *answer, *took))
    }
}

impl Batch {
    /// Sends all of them and returns the results in the order of the responses.
    pub(super) async fn send(&self, requests: Vec<AttackRequest>, target: Target) -> Vec<Attempt> {
        let requests: Arc<[AttackRequest]> = requests.into();
        let mut progress = Progress::to(self.count as usize);
        let mut starts = interval(self.pause);
        starts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut flying = JoinSet::new();
        let mut shots = Vec::new();
        for _ in 0..self.count {
            if flying.len() >= self.at_once as usize {
                shots.extend(next(&mut flying, &mut progress).await);
            }
            starts.tick().await;
            let (requests, target) = (Arc::clone(&requests), target.clone());
            flying.spawn(async move { target.send(&requests).await });
        }
        while !flying.is_empty() {
            shots.extend(next(&mut flying, &mut progress).await);
        }
        shots
    }
}

async fn next(flying: &mut JoinSet<Attempt>, progress: &mut Progress) -> Option<Attempt> {
    // The tasks are never cancelled and do not panic.
    let shot = flying.join_next().await.and_then(Result::ok);
    progress.step();
    shot
}
