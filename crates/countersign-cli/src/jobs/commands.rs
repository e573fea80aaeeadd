//! What the commands do.

use std::path::Path;

use countersign::queue::jobs::{JobFilter, JobState};
use serde_json::json;

use super::admin::Admin;
use super::args::{
    ChangeArgs, FilterArgs, ListArgs, QueueArgs, QueueCommand, QueueOf, ShowArgs, StateArg,
    TargetArgs,
};
use super::json::{job_json, target_json};
use super::list;
use crate::files::{self, FileKind};
use crate::job_table::{Location, UNKNOWN};
use crate::output::{self, Report};
use crate::possible_secret::shown_path;
use crate::request::Request;
use crate::serve::{MAX_ID_BYTES, has_password, short_id};
use crate::usage_error::UsageError;

pub(crate) fn run(args: &QueueArgs) -> Result<Report, UsageError> {
    match &args.command {
        QueueCommand::List(args) => list(args),
        QueueCommand::Show(args) => show(args),
        QueueCommand::Retry(args) => change(args, "retried", Admin::retry),
        QueueCommand::Discard(args) => change(args, "discarded", Admin::discard),
        QueueCommand::Pause(args) => pause(args),
        QueueCommand::Resume(args) => resume(args),
    }
}

fn list(args: &ListArgs) -> Result<Report, UsageError> {
    let mut queue = open(&args.of)?;
    let filter = filter(&args.filter, &mut queue)?;
    let jobs = queue.list(&filter, args.limit)?;
    let all = queue.count(&filter)?;
    let mut targets = queue.targets()?;
    let paused = queue.paused()?;
    let all_are_paused = paused.iter().any(|name| name == "*");
    targets.extend(paused.into_iter().filter(|name| name != "*"));
    targets.sort_unstable();
    targets.dedup();
    let counts = targets.iter().map(|target| queue.counts(target));
    let counts = counts.collect::<Result<Vec<_>, _>>()?;
    if args.json {
        return machine(&json!({
            "jobs": jobs.iter().map(job_json).collect::<Vec<_>>(),
            "matching": all,
            "all_paused": all_are_paused,
            "endpoints": counts.iter().map(target_json).collect::<Vec<_>>(),
        }));
    }
    let note = if all_are_paused { "all endpoints are paused; see `resume --all`\n" } else { "" };
    Ok(Report::human(list::jobs(&jobs, all) + &list::targets(&counts) + note))
}

fn show(args: &ShowArgs) -> Result<Report, UsageError> {
    let found = open(&args.of)?.show(args.id)?;
    let Some((job, message)) = found else {
        return Err(UsageError::new(format!(
            "there is no job {}: see `countersign queue list`",
            args.id
        )));
    };
    if args.request {
        return Ok(Report::machine(Request::of_message(&message).to_file()?));
    }
    if args.json {
        let mut json = job_json(&job);
        let facts = json!({
            "scheme": message.scheme(),
            "message_id": message.id(),
            "tenant": message.tenant(),
            "event_type_signed": message.event_type().map(|_| message.event_type_is_signed()),
            "body_signed": message.authenticates_body(),
            "body_bytes": message.body().len(),
        });
        if let (Some(json), Some(facts)) = (json.as_object_mut(), facts.as_object()) {
            json.extend(facts.clone());
        }
        return machine(&json);
    }
    Ok(Report::human(list::details(&job, &message)))
}

fn change(
    args: &ChangeArgs,
    what: &str,
    change: fn(&mut Admin, &JobFilter) -> Result<u64, UsageError>,
) -> Result<Report, UsageError> {
    if args.ids.is_empty() && args.filter.is_empty() && !args.all {
        return Err(UsageError::new(
            "name the jobs: give ids, a filter such as `--event-type TYPE`, or `--all`",
        ));
    }
    let mut queue = open(&args.of)?;
    let mut filter = filter(&args.filter, &mut queue)?;
    let missing = queue.missing(&args.ids)?;
    if filter.states.is_empty() && args.ids.is_empty() {
        filter.states = vec![JobState::Dead];
    }
    let mut changed = 0;
    // SQLite has a maximum number of values in a statement. Without ids, it is one empty part.
    let parts = args.ids.chunks(IDS).chain(args.ids.is_empty().then_some(&[][..]));
    for ids in parts {
        filter.ids = ids.to_vec();
        changed += change(&mut queue, &filter)?;
    }
    for id in missing {
        output::note(&format!("there is no job {id}"));
    }
    let report = match args.json {
        true => machine(&json!({ what: changed }))?,
        false => Report::human(match changed {
            1 => format!("1 job was {what}\n"),
            changed => format!("{changed} jobs were {what}\n"),
        }),
    };
    Ok(if changed == 0 { report.rejected() } else { report })
}

fn pause(args: &TargetArgs) -> Result<Report, UsageError> {
    let mut queue = open(&args.of)?;
    let target = target(args);
    let is_known = target == "*"
        || queue.targets()?.iter().any(|known| known == target)
        || queue.paused()?.iter().any(|known| known == target);
    if !is_known {
        return Err(UsageError::new(format!(
            "`{target}` has no jobs, so it is not paused: see `countersign queue list` for the \
             paths, or use `--all`"
        )));
    }
    queue.pause(target)?;
    if args.json {
        return machine(&json!({ "paused": target }));
    }
    Ok(Report::human(format!("{} paused\n", subject(target))))
}

fn resume(args: &TargetArgs) -> Result<Report, UsageError> {
    let mut queue = open(&args.of)?;
    let target = target(args);
    let was_paused = queue.resume(target)?;
    let report = match (args.json, was_paused) {
        (true, _) => machine(&json!({ "resumed": target, "was_paused": was_paused }))?,
        (false, true) => Report::human(format!("{} resumed\n", subject(target))),
        (false, false) if queue.paused()?.iter().any(|name| name == "*") => {
            Report::human("all endpoints are paused: use `resume --all`\n")
        }
        (false, false) => Report::human(format!("{} not paused\n", subject(target))),
    };
    Ok(if was_paused { report } else { report.rejected() })
}

fn target(args: &TargetArgs) -> &str {
    args.endpoint.as_deref().unwrap_or("*")
}

fn subject(target: &str) -> String {
    match target {
        "*" => "all endpoints are".to_owned(),
        target => format!("`{target}` is"),
    }
}

fn filter(args: &FilterArgs, queue: &mut Admin) -> Result<JobFilter, UsageError> {
    let state = |state: &StateArg| match state {
        StateArg::Due => JobState::Due,
        StateArg::Running => JobState::Running,
        StateArg::Waiting => JobState::Waiting,
        StateArg::Dead => JobState::Dead,
        StateArg::Done => JobState::Done,
        StateArg::Discarded => JobState::Discarded,
    };
    let mut filter = JobFilter::default();
    filter.states = args.state.iter().map(state).collect();
    filter.target.clone_from(&args.endpoint);
    filter.event_id.clone_from(&args.event_id);
    // The lines have the digests of long ids.
    if let Some(id) = args.event_id.as_deref().filter(|id| id.starts_with("sha256:")) {
        let long = queue.long_event_ids(MAX_ID_BYTES)?;
        if let Some(long) = long.into_iter().find(|long| short_id(long) == id) {
            filter.event_id = Some(long);
        }
    }
    filter.event_type.clone_from(&args.event_type);
    filter.since_ms = args.since;
    filter.until_ms = args.until;
    Ok(filter)
}

fn machine(json: &serde_json::Value) -> Result<Report, UsageError> {
    let text = serde_json::to_string(json)
        .map_err(|error| UsageError::because("the result cannot be written as JSON", error))?;
    Ok(Report::machine(text + "\n"))
}

fn open(of: &QueueOf) -> Result<Admin, UsageError> {
    let location = match (&of.queue, &of.config) {
        (Some(url), _) if has_password(url) => {
            return Err(UsageError::new(
                "`--queue`: has a password, and every process on the machine can read the command \
                 line: use `--config` and a file that names the queue",
            ));
        }
        (Some(url), _) => Location::of_url(url, |path| path.into())
            .ok_or_else(|| UsageError::because("`--queue`", UNKNOWN))?,
        (None, Some(file)) => configured(file)?,
        // clap requires one of them.
        (None, None) => return Err(UsageError::new("give `--queue` or `--config`")),
    };
    Admin::open(&location)
}

/// The queue that a configuration file of `serve` names.
fn configured(file: &Path) -> Result<Location, UsageError> {
    let what = format!("the configuration `{}`", shown_path(file));
    let text = files::read_text(file, FileKind::Config, &what)?;
    // The rest of the file is for `serve`, and may name secrets that are not here.
    let table: toml::Table = toml::from_str(&text).map_err(|error: toml::de::Error| {
        UsageError::because(&what, format!("is not valid TOML: {}", error.message()))
    })?;
    let queue = table.get("queue");
    let url = queue.and_then(|queue| queue.as_str().or_else(|| queue.get("url")?.as_str()));
    let beside = |path: &str| file.parent().unwrap_or(Path::new("")).join(path);
    url.and_then(|url| Location::of_url(url, beside)).ok_or_else(|| {
        let fix = "names no queue: add `queue = \"sqlite:PATH\"` or `queue = \"postgres://…\"`";
        UsageError::because(&what, fix)
    })
}

/// The maximum number of ids in one statement.
const IDS: usize = 1_000;
