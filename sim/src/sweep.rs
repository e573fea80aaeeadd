//! The fault sweep: every call of the store, one after another, with every fault of a call.

use crate::drive::simulate;
use crate::faults::Fault;
use crate::plan::Run;
use crate::shrink::explain_run;
use crate::world::Stats;

/// Runs the calm world of a seed once for each of its store calls and each fault of a call.
/// Returns the number of runs.
///
/// # Errors
///
/// The history of the first run that breaks a promise.
pub fn sweep(seed: u64, stats: &mut Stats) -> Result<u64, String> {
    let mut runs = 0;
    for fault in Fault::OF_A_CALL {
        // A fault adds calls, so the number of the calm world is only the begin.
        for call in 1.. {
            let run = Run { nth_call: Some((call, fault)), ..Run::of_seed(seed) };
            let outcome = simulate(run.clone());
            runs += 1;
            if outcome.violation.is_some() {
                return Err(explain_run(run));
            }
            let is_past_the_last = outcome.stats.calls < call;
            stats.add(&outcome.stats);
            if is_past_the_last {
                break;
            }
        }
    }
    Ok(runs)
}
