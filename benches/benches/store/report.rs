//! The rows of the tables of the benchmarks of stores.

use std::time::Instant;

pub(crate) async fn per_second(times: usize, work: impl Future<Output = ()>) -> f64 {
    let started = Instant::now();
    work.await;
    times as f64 / started.elapsed().as_secs_f64()
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn row(what: &str, is: &str, budget: &str, met: bool) {
    println!("| {what} | {is} | {budget} | {} |", if met { "met" } else { "missed" });
}

pub(crate) fn note(what: &str, is: &str) {
    println!("| {what} | {is} | | |");
}
