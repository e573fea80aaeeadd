//! All recorded requests of a folder, one after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign::testing::{AttackList, AttackRequest};
use tokio::time::{MissedTickBehavior, interval};

use super::answers::Answers;
use super::progress::Progress;
use super::target::{self, Target};
use super::{SendArgs, advice, attack, attacks, block_on, verbatim};
use crate::event::Event;
use crate::output::{self, Report};
use crate::possible_secret::shown_path;
use crate::request::Request;
use crate::scheme;
use crate::usage_error::UsageError;

/// Sends the requests in the order of their files' names, which is that of their times if `serve`
/// has captured them.
pub(super) fn run(args: &SendArgs, folder: &Path) -> Result<Report, UsageError> {
    if args.repeat > 1 || args.concurrency > 1 || args.attack.is_some() {
        return Err(UsageError::new(
            "the requests of a folder are sent once, one after the other: remove `--repeat`, \
             `--concurrency` and `--attack`, or give one file",
        ));
    }
    let files = files(folder)?;
    let to = target::url(&args.to)?;
    let target = Target::new(&to, AttackList::PATIENCE)?;
    block_on(send_all(args, &files, &target))?
}

async fn send_all(
    args: &SendArgs,
    files: &[PathBuf],
    target: &Target,
) -> Result<Report, UsageError> {
    let mut progress = Progress::to(files.len());
    let mut starts = interval(Duration::from_secs(1) / args.rate);
    starts.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answers = Answers::default();
    for file in files {
        // One at a time, because the bodies of all files may not fit into the memory.
        let requests = requests(args, &Request::from_file(file)?)?;
        starts.tick().await;
        let attempt = target.send(&requests).await;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        progress.clear();
        if !args.json {
            output::print_now(&Answers::rows(&attempt, Some(&name)))?;
        }
        answers.push(attempt, name.into_owned());
        progress.step();
    }
    drop(progress);
    target.problem().iter().for_each(|problem| output::note(problem));
    let report = answers.report(args.json)?;
    Ok(match answers.is_any_rejected() {
        true => report.followed_by(advice::how_to_diagnose(args)),
        false => report,
    })
}

/// The recorded request, signed again unless it is sent verbatim.
fn requests(args: &SendArgs, recorded: &Request) -> Result<Vec<AttackRequest>, UsageError> {
    let to = target::url(&args.to)?;
    let Some(name) = &args.scheme else {
        return Ok(vec![verbatim::request(recorded, to)?]);
    };
    let (scheme, secret) = (scheme::load(name)?, args.secrets.current()?);
    let event = Event { request: recorded.clone(), id: None };
    let attacks = attacks(args, scheme, &secret, &event, to)?;
    Ok(attack(args, &attacks)?.requests().to_vec())
}

/// The files of the folder that may be requests, sorted by their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, UsageError> {
    let what = || format!("the folder `{}`", shown_path(folder));
    let unreadable = |error| UsageError::because(format!("{} cannot be read", what()), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let is_hidden = name.starts_with(b".");
        if path.extension().is_some_and(|extension| extension == "json") && !is_hidden {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(UsageError::new(format!("{} has no requests: no `.json` files", what())));
    }
    files.sort();
    Ok(files)
}
