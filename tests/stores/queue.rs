//! The tables of jobs of `countersign serve --queue`: scenarios that all of them have in common.

#[macro_use]
mod table;
mod order;
mod people;
mod postgres;
mod sqlite;
mod steps;

use std::time::{Duration, SystemTime};

use countersign::queue::Message;
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Effect, Fingerprint, IdempotencyStore, Token,
};
use countersign::testing::SampleDelivery;
use countersign::{Endpoint, EventKey, Repeats};
use countersign_postgres::queue::{
    AcceptOutcome, Accepting, JobFilter, JobState, JobSummary, SettleOutcome, Settlement, Take,
    Taken, TakenJob, TargetCounts,
};

use table::{Process, Table};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Longer than any test takes.
const LEASE: Duration = Duration::from_secs(10 * 60);
const TARGET: &str = "/hooks/acme";
const DONE: Settlement = Settlement::Done { status: Some(200) };

fn retry(after: Duration) -> Settlement {
    Settlement::Retry { after, status: Some(500), error: "status 500".to_owned() }
}

fn dead() -> Settlement {
    Settlement::Dead { status: None, error: "no connection".to_owned() }
}

fn event(job: &TakenJob) -> String {
    Message::parse(job.message.clone()).unwrap().event_id().to_owned()
}

fn events(taken: &Taken) -> Vec<String> {
    taken.jobs.iter().map(event).collect()
}

fn is_settled(outcome: SettleOutcome) -> bool {
    matches!(outcome, SettleOutcome::Settled { .. })
}

fn accepting(id: &str) -> Accepting {
    let verified = SampleDelivery::of(id).verified();
    let key = EventKey::of(&verified, &Endpoint::new(TARGET));
    let attempt = Attempt::new(Fingerprint::of(&verified), MINUTE, 24 * HOUR).unwrap();
    let headers = [("x-acme-signature", "of no use here")];
    let head = ("POST", TARGET);
    let message = Message::new(format!("msg_{id}"), (&verified, &key), head, headers, now_ms());
    Accepting::new(key, attempt, TARGET, message)
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since_epoch.as_millis()).unwrap()
}
