//! What is tried, in which order: one change, then a change and another secret,
//! then two changes.

use super::cause::{Cause, CauseKind};
use super::trial::{Bench, Proved, Trial, Tries, With};
use super::{body, charset, compression, form, headers, json, looks, schemes, time, url};

/// The causes, the likeliest first.
pub(super) fn causes(bench: &Bench<'_>, trial: &Trial) -> Vec<Cause> {
    if let Some(proved) = bench.run(trial, With::Given) {
        return time::explain(bench, trial, &proved).into_iter().collect();
    }
    let found = bench
        .run(trial, With::All)
        .map(|proved| with_time(bench, trial, &proved, Vec::new()))
        .or_else(|| one_change(bench, trial, With::Given))
        .or_else(|| one_change(bench, trial, With::All))
        .or_else(|| two_changes(bench, trial));
    found.unwrap_or_else(|| {
        let looks = looks::causes(bench, trial);
        if looks.is_empty() { vec![unknown(bench)] } else { looks }
    })
}

fn one_change(bench: &Bench<'_>, trial: &Trial, with: With) -> Option<Vec<Cause>> {
    for change in CHANGES {
        let mut found = None;
        for tried in change(trial) {
            if with == With::All && bench.is_spent() {
                return found;
            }
            if let Some(proved) = bench.run(&tried.trial, with) {
                // Of schemes, all that verify are told; of all else, the first.
                let is_scheme = tried.cause.kind() == CauseKind::WrongScheme;
                let causes = with_time(bench, &tried.trial, &proved, vec![tried.cause]);
                found.get_or_insert_with(Vec::new).extend(causes);
                if !is_scheme {
                    return found;
                }
            }
        }
        if found.is_some() {
            return found;
        }
    }
    None
}

fn two_changes(bench: &Bench<'_>, trial: &Trial) -> Option<Vec<Cause>> {
    for (index, first) in PAIRED.iter().enumerate() {
        for second in &PAIRED[index + 1..] {
            for one in first(trial) {
                for both in second(&one.trial) {
                    if bench.is_spent() {
                        return None;
                    }
                    if let Some(proved) = bench.run(&both.trial, With::Given) {
                        let causes = vec![one.cause, both.cause];
                        return Some(with_time(bench, &both.trial, &proved, causes));
                    }
                }
            }
        }
    }
    None
}

/// What else has to be mended: the secret, and the time.
fn with_time(
    bench: &Bench<'_>,
    trial: &Trial,
    proved: &Proved,
    mut causes: Vec<Cause>,
) -> Vec<Cause> {
    causes.extend(proved.secret.clone());
    causes.extend(time::explain(bench, trial, proved));
    causes
}

fn unknown(bench: &Bench<'_>) -> Cause {
    let rest = if bench.is_spent() { "; not every combination, for the body is large" } else { "" };
    let tried = bench.tried.get();
    let detail = format!(
        "of {tried} variations none verifies{rest}: the delivery was changed on its way, or was \
         signed with a secret that is not among those given"
    );
    Cause::suspected(CauseKind::TamperedOrUnknown, detail)
}

type Change = for<'a> fn(&'a Trial) -> Tries<'a>;

/// Ordered by how specific they are: what a narrow change explains is not put
/// down to a wide one.
const CHANGES: &[Change] = &[
    time::units,
    headers::mended,
    body::byte_order_mark,
    body::newlines,
    body::base64,
    compression::undone,
    compression::done,
    charset::converted,
    form::rewritten,
    json::rewritten,
    body::emptied,
    url::others,
    schemes::others,
    headers::renamed,
];

/// Those of which two may well come together.
const PAIRED: &[Change] = &[
    time::units,
    headers::mended,
    body::byte_order_mark,
    body::newlines,
    body::base64,
    compression::undone,
    charset::converted,
    form::rewritten,
    json::rewritten,
    url::others,
];
