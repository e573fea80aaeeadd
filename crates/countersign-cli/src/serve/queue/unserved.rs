//! Jobs of endpoints that the configuration does not have. They stay in the queue until a person
//! decides, or another server that uses the queue has the endpoint.

use countersign::queue::jobs::TargetCounts;

use crate::job_table::{Counter, Location, Others};
use crate::output;

/// The numbers of the other targets with jobs that are not done.
pub(super) async fn unserved(
    counter: &mut Counter,
    served: &[String],
) -> Result<Vec<TargetCounts>, String> {
    let mut counts = counter.counts(served, Others::Included).await?;
    counts.retain(|counts| !served.contains(&counts.target));
    Ok(counts)
}

pub(super) fn note_all(location: &Location, unserved: &[TargetCounts]) {
    for TargetCounts { target, pending, running, dead, .. } in unserved {
        output::note(&format!(
            "the queue has jobs of `{target}`, which is no endpoint here: {pending} pending, \
             {running} running, {dead} dead; add the endpoint, or discard them with `countersign \
             queue discard --endpoint {target} --state due --state waiting --state dead {}`",
            location.option()
        ));
    }
}
