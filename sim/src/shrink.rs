//! Makes a failing world smaller.

use crate::drive::simulate;
use crate::faults::{Fault, Faults};
use crate::plan::{Plan, Run};

/// The smallest failing run that is found from a failing seed, with its history.
#[must_use]
pub fn explain(seed: u64) -> String {
    explain_run(Run::of_seed(seed))
}

pub(crate) fn explain_run(mut run: Run) -> String {
    let fails = |run: &Run| simulate(run.clone()).violation.is_some();
    let plan = Plan::of(&run);
    let mut events: Vec<_> = (0..plan.events).collect();
    for event in 0..plan.events {
        let fewer: Vec<_> = events.iter().copied().filter(|other| *other != event).collect();
        let smaller = Run { events: Some(fewer.clone()), ..run.clone() };
        if !fewer.is_empty() && fails(&smaller) {
            (run, events) = (smaller, fewer);
        }
    }
    for fault in Fault::ALL {
        let smaller = Run { left_out: run.left_out.with(fault), ..run.clone() };
        if run.nth_call.is_none() && plan.faults.has(fault) && fails(&smaller) {
            run = smaller;
        }
    }
    let outcome = simulate(run.clone().recorded());
    let faults = plan.faults.iter().filter(|fault| !run.left_out.has(*fault));
    let faults = faults.fold(Faults::NONE, Faults::with);
    format!(
        "seed {}{}\nviolation: {}\n\n{:?}, {} processes, {}, repeats {:?}, lease {} ms, {}\n\
         events {events:?}, faults {faults:?}\n\n{}\n\nreplay: cargo xtask sim --seed {}\n",
        run.seed,
        run.nth_call.map_or(String::new(), |(call, fault)| format!(", call {call}: {fault:?}")),
        outcome.violation.as_deref().unwrap_or("none: the world is not deterministic"),
        plan.provider,
        plan.processes,
        plan.policy.map_or("the scheme's policy".to_owned(), |policy| format!("{policy:?}")),
        plan.repeats,
        plan.lease_ms,
        if plan.is_memory_store { "memory store" } else { "table store" },
        outcome.history.join("\n"),
        run.seed,
    )
}
