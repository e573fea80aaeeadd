//! All attacks, one after the other, with a row for each result.

use countersign::Scheme;
use countersign::testing::{AttackKind, AttackList, Expected};

use super::advice;
use super::batch::Attempt;
use super::progress::Progress;
use super::report::{Results, Rows};
use super::target::Target;
use super::{SendArgs, junit, sarif};
use crate::output::{self, Report};
use crate::possible_secret::{shown_path, shown_url};
use crate::usage_error::UsageError;

/// Runs the attacks, unless the receiver does not accept the genuine delivery, which is the first.
pub(super) async fn run(
    args: &SendArgs,
    scheme: &Scheme,
    list: &AttackList,
    target: &Target,
) -> Result<Report, UsageError> {
    let shown_target = without_query(&args.to);
    let mut results = Results::new(list, scheme.name(), &shown_target);
    let mut progress = Progress::to(list.iter().count());
    let rows = Rows::new(list);
    for attack in list {
        progress.show(attack.kind().name());
        let attempt = target.send(attack.requests()).await;
        progress.clear();
        let stopped = match attack.kind() {
            AttackKind::Genuine => why_to_stop(args, &attempt, target),
            _ => None,
        };
        if !args.json && stopped.is_none() {
            if results.is_empty() {
                output::print_now(&rows.head())?;
            }
            output::print_now(&rows.row(attack, &attempt))?;
        }
        results.push(attack, attempt);
        if let Some(why) = stopped {
            drop(progress);
            write_files(args, &results)?;
            return Err(why);
        }
        progress.step();
    }
    drop(progress);
    target.problem().iter().for_each(|problem| output::note(problem));
    write_files(args, &results)?;
    results.report(args.json)
}

/// The error if the genuine delivery was not accepted.
fn why_to_stop(args: &SendArgs, genuine: &Attempt, target: &Target) -> Option<UsageError> {
    let mut answers = genuine.answered();
    let (_, answer, _) = answers.find(|(expected, answer, _)| !expected.admits(*answer))?;
    let why = UsageError::new(advice::why_not_attacked(answer, target));
    Some(match Expected::Rejected.admits(answer) {
        true => why.followed_by(advice::how_to_diagnose(args)),
        false => why,
    })
}

fn write_files(args: &SendArgs, results: &Results<'_>) -> Result<(), UsageError> {
    let write = |file: &std::path::Path, contents: String| {
        let what = || format!("the report `{}` cannot be written", shown_path(file));
        std::fs::write(file, contents).map_err(|error| UsageError::because(what(), error))
    };
    if let Some(file) = &args.junit {
        write(file, junit::report(results))?;
    }
    if let Some(file) = &args.sarif {
        write(file, sarif::report(results)?)?;
    }
    Ok(())
}

/// The URL for a report, which others may read: a query and a path can contain a token.
fn without_query(url: &str) -> String {
    shown_url(url.split('?').next().unwrap_or(url))
}
