//! The metrics of the queue.

use std::time::Duration;

use metrics::{counter, gauge};

/// Counts an attempt at a job of the queue.
pub(in crate::serve) fn count_attempt(endpoint: &str, result: &'static str) {
    counter!(ATTEMPTS, "endpoint" => endpoint.to_owned(), "result" => result).increment(1);
}

/// Sets the number of an endpoint's jobs in a state.
pub(in crate::serve) fn set_jobs(endpoint: &str, state: &'static str, jobs: u64) {
    // Exact up to 2^53.
    let jobs = jobs as f64;
    gauge!(JOBS, "endpoint" => endpoint.to_owned(), "state" => state).set(jobs);
}

/// Sets the age of an endpoint's oldest job that is not done.
pub(in crate::serve) fn set_oldest(endpoint: &str, age: Duration) {
    gauge!(OLDEST, "endpoint" => endpoint.to_owned()).set(age.as_secs_f64());
}

/// Sets whether an endpoint's target is paused.
pub(in crate::serve) fn set_paused(endpoint: &str, is_paused: bool) {
    gauge!(PAUSED, "endpoint" => endpoint.to_owned()).set(f64::from(u8::from(is_paused)));
}

pub(in crate::serve) const ACCEPTED: &str = "countersign_serve_queue_accepted_total";
pub(in crate::serve) const FULL: &str = "countersign_serve_queue_full_total";
pub(in crate::serve) const DEAD_LETTERS: &str = "countersign_serve_queue_dead_letters_total";
pub(in crate::serve) const ATTEMPTS: &str = "countersign_serve_queue_attempts_total";
pub(in crate::serve) const JOBS: &str = "countersign_serve_queue_jobs";
pub(in crate::serve) const OLDEST: &str = "countersign_serve_queue_oldest_seconds";
pub(in crate::serve) const PAUSED: &str = "countersign_serve_queue_paused";
