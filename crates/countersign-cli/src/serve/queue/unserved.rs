//! Jobs of endpoints that the configuration does not have. They stay in the file until a person
//! decides, or another server that uses the file has the endpoint.

use std::path::Path;

use countersign_sqlite::queue::{QueueAdmin, QueueError, TargetCounts};

use crate::output;
use crate::possible_secret::shown_path;

/// Reports the jobs of the queue in this file that none of these endpoints has.
pub(in crate::serve) fn note_unserved(file: &Path, served: &[&str]) {
    // The queue was opened just before. If this fails, the next use of it reports the error.
    if let Ok(admin) = QueueAdmin::open(file) {
        note_all(file, &unserved(&admin, served).unwrap_or_default());
    }
}

/// The numbers of the other targets with jobs that are not done.
pub(super) fn unserved(
    admin: &QueueAdmin,
    served: &[&str],
) -> Result<Vec<TargetCounts>, QueueError> {
    let mut unserved = Vec::new();
    for target in admin.targets()? {
        if served.contains(&target.as_str()) {
            continue;
        }
        let counts = admin.counts(&target)?;
        if counts.pending + counts.running + counts.dead > 0 {
            unserved.push(counts);
        }
    }
    Ok(unserved)
}

pub(super) fn note_all(file: &Path, unserved: &[TargetCounts]) {
    for TargetCounts { target, pending, running, dead, .. } in unserved {
        output::note(&format!(
            "the queue has jobs of `{target}`, which is no endpoint here: {pending} pending, \
             {running} running, {dead} dead; add the endpoint, or discard them with `countersign \
             queue discard --endpoint {target} --state due --state waiting --state dead --queue \
             sqlite:{}`",
            shown_path(file)
        ));
    }
}
