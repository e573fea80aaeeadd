//! Runs the simulation: see `cargo xtask sim`.

use std::env;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use countersign_sim::{Run, Stats, causes, explain, simulate, sweep};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().ok();
    let ended = match words.as_slice() {
        ["--seed", seed] => number(seed).map(replay),
        ["--seeds", first, count] => {
            number(first).zip(number(count)).map(|(first, count)| search(first, Some(count), None))
        }
        ["--sweep", scenarios] => number(scenarios).map(sweep_all),
        [seconds] => number(seconds)
            .map(|seconds| search(fresh_seed(), None, Some(Duration::from_secs(seconds)))),
        _ => None,
    };
    match ended {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(message)) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
        None => {
            eprintln!("usage: SECONDS | --seed N | --seeds FIRST COUNT | --sweep SCENARIOS");
            ExitCode::from(2)
        }
    }
}

fn replay(seed: u64) -> Result<(), String> {
    let outcome = simulate(Run::of_seed(seed).recorded());
    println!("{}", outcome.history.join("\n"));
    match outcome.violation {
        Some(_) => Err(explain(seed)),
        None => Ok(()),
    }
}

/// A seed that no run has had before, probably. It is printed.
fn fresh_seed() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_micros() as u64
}

/// Runs seeds on all processors.
fn search(first: u64, count: Option<u64>, within: Option<Duration>) -> Result<(), String> {
    let began = Instant::now();
    let (next, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sum, failed) = (Mutex::new(Stats::default()), Mutex::new(None));
    let lock = |failed: &Mutex<Option<u64>>, seed| {
        *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(seed);
    };
    let work = || {
        let mut stats = Stats::default();
        while !is_over.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if count.is_some_and(|count| number >= count)
                || within.is_some_and(|within| began.elapsed() >= within)
            {
                break;
            }
            let seed = first.wrapping_add(number);
            let outcome = simulate(Run::of_seed(seed));
            stats.add(&outcome.stats);
            if outcome.violation.is_some() {
                lock(&failed, seed);
                is_over.store(true, Ordering::Relaxed);
            }
        }
        sum.lock().unwrap_or_else(PoisonError::into_inner).add(&stats);
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let stats = *sum.lock().unwrap_or_else(PoisonError::into_inner);
    let seeds = next.load(Ordering::Relaxed).min(count.unwrap_or(u64::MAX));
    println!("{seeds} seeds from {first} in {:.1} s", began.elapsed().as_secs_f64());
    report(&stats, began.elapsed());
    match *failed.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(seed) => Err(explain(seed)),
        None => Ok(()),
    }
}

fn sweep_all(scenarios: u64) -> Result<(), String> {
    let began = Instant::now();
    let (mut runs, mut stats) = (0, Stats::default());
    for seed in 0..scenarios {
        runs += sweep(seed, &mut stats)?;
    }
    println!("{scenarios} scenarios, {runs} runs, each with another fault");
    report(&stats, began.elapsed());
    Ok(())
}

fn report(stats: &Stats, took: Duration) {
    let per_minute = stats.deliveries as f64 / took.as_secs_f64() * 60.0;
    println!(
        "{} deliveries ({per_minute:.0} a minute), {} events, {} store calls, {} faults, {} handled",
        stats.deliveries, stats.events, stats.calls, stats.faults, stats.handled
    );
    for (cause, count) in causes().iter().zip(stats.doubles) {
        println!("  handled again, {cause}: {count}");
    }
}
