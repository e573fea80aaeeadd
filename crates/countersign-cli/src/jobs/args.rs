//! The commands and their arguments.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    expect(dead_code, reason = "there is no queue")
)]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
pub(crate) struct QueueArgs {
    #[command(subcommand)]
    pub(super) command: QueueCommand,
}

#[derive(Subcommand)]
pub(super) enum QueueCommand {
    /// List jobs, the oldest first, and the numbers of each endpoint
    #[command(after_help = LIST)]
    List(ListArgs),
    /// Show a job: its state, its last result, and the verified facts
    #[command(after_help = SHOW)]
    Show(ShowArgs),
    /// Make jobs due now, with all their attempts: dead ones, unless `--state` names others
    #[command(after_help = RETRY)]
    Retry(ChangeArgs),
    /// Discard jobs, so that they are not forwarded: dead ones, unless `--state` names others
    #[command(after_help = DISCARD)]
    Discard(ChangeArgs),
    /// Stop forwarding; deliveries are still accepted
    #[command(after_help = PAUSE)]
    Pause(TargetArgs),
    /// Forward again
    #[command(after_help = RESUME)]
    Resume(TargetArgs),
}

/// The queue.
#[derive(Args)]
#[group(id = "queue_of", required = true, multiple = false)]
pub(super) struct QueueOf {
    /// The queue: `sqlite:PATH`, or the URL of a Postgres database without a password
    #[arg(long, value_name = "URL")]
    pub(super) queue: Option<String>,
    /// Configuration file of `serve` that names the queue
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) of: QueueOf,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    /// Maximum number of jobs to list
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(super) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub(super) struct ShowArgs {
    /// Id of the job
    pub(super) id: i64,
    #[command(flatten)]
    pub(super) of: QueueOf,
    /// Print JSON
    #[arg(long, conflicts_with = "request")]
    pub(super) json: bool,
    /// Print the request, with its signature and body, for use with `--request`
    #[arg(long)]
    pub(super) request: bool,
}

#[derive(Args)]
pub(super) struct ChangeArgs {
    /// Ids of the jobs
    #[arg(conflicts_with = "all")]
    pub(super) ids: Vec<i64>,
    /// All jobs in the state
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) of: QueueOf,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// All conditions must hold.
#[derive(Args)]
pub(super) struct FilterArgs {
    /// Jobs in this state; repeatable
    #[arg(long, value_enum, value_name = "STATE")]
    pub(super) state: Vec<StateArg>,
    /// Jobs of the endpoint with this path
    #[arg(long, value_name = "PATH")]
    pub(super) endpoint: Option<String>,
    /// Jobs with this event id
    #[arg(long, value_name = "ID")]
    pub(super) event_id: Option<String>,
    /// Jobs with this event type
    #[arg(long, value_name = "TYPE")]
    pub(super) event_type: Option<String>,
    /// Jobs accepted since this time, such as 2026-12-01T00:00:00Z, or this long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) since: Option<i64>,
    /// Jobs accepted before this time, or longer ago than this
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) until: Option<i64>,
}

#[derive(Args)]
pub(super) struct TargetArgs {
    /// Path of the endpoint
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) endpoint: Option<String>,
    /// All endpoints
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) of: QueueOf,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StateArg {
    Due,
    Running,
    Waiting,
    Dead,
    Done,
    Discarded,
}

impl FilterArgs {
    pub(super) fn is_empty(&self) -> bool {
        let Self { state, endpoint, event_id, event_type, since, until } = self;
        state.is_empty()
            && endpoint.is_none()
            && event_id.is_none()
            && event_type.is_none()
            && since.is_none()
            && until.is_none()
    }
}

/// A point in time, or a duration before now, as Unix milliseconds.
fn parse_time(text: &str) -> Result<i64, String> {
    let time = match humantime::parse_duration(text) {
        Ok(ago) => SystemTime::now().checked_sub(ago),
        Err(_) => humantime::parse_rfc3339_weak(text).ok(),
    };
    let since_epoch = time.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since_epoch
        .map(|since_epoch: Duration| i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
        .ok_or_else(|| {
            "write a time such as 2026-12-01T00:00:00Z, or a duration such as 2h".to_owned()
        })
}

const LIST: &str = "\
Examples:
  countersign queue list --queue sqlite:queue.db --state dead --since 2h

Exit status: 0 done, 2 bad usage or configuration.";

const SHOW: &str = "\
Examples:
  countersign queue show 17 --queue sqlite:queue.db

Exit status: 0 done, 2 bad usage or configuration, or there is no such job.";

const RETRY: &str = "\
Examples:
  countersign queue retry 17 18 --queue sqlite:queue.db
  countersign queue retry --all --queue sqlite:queue.db

Exit status: 0 done, 1 no job was changed, 2 bad usage or configuration.";

const DISCARD: &str = "\
Examples:
  countersign queue discard 17 --queue sqlite:queue.db
  countersign queue discard --state due --event-type ping \\
    --queue sqlite:queue.db

Exit status: 0 done, 1 no job was changed, 2 bad usage or configuration.";

const PAUSE: &str = "\
Examples:
  countersign queue pause /hooks/venum --queue sqlite:queue.db

Exit status: 0 done, 2 bad usage or configuration.";

const RESUME: &str = "\
Examples:
  countersign queue resume --all --queue sqlite:queue.db

Exit status: 0 done, 1 it was not paused, 2 bad usage or configuration.";
