//! What is to be served: from the command line, or from a file.

mod arguments;
mod capture;
mod file;
mod handshakes;
mod place;
mod shared_secrets;
mod source;
mod tenants;
mod words;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args};
use countersign::{BufferBudget, OutagePolicy, Repeats, Verifier};
use http::Uri;

use super::capture::{Hidden, PublicUrl};
use super::folders;
use super::live::{Fresh, Live};
use super::server::{HEALTH, METRICS};
use super::store::MEMORY;
use crate::mend::Mend;
use crate::output;
use crate::secrets::SecretArgs;
use crate::server_url;

pub(super) use capture::CapturePlan;
pub(super) use place::Place;
pub(super) use shared_secrets::SecretUsers;
pub(super) use source::Source;
pub(super) use words::ForwardedHeaders;

#[derive(Args, Clone)]
#[command(
    mut_group("secrets", |group| group.required(false)),
    override_usage = "countersign serve --config <FILE> [--show-body] [--capture <DIR>]
       countersign serve --listen <ADDR> --endpoint <PATH=SCHEME>...
           <--secret-env <NAME>|--secret-file <PATH>>... [--forward <URL>] [--store <URL>]
           [--store-prefix <PREFIX>] [--show-body] [--capture <DIR>] [--dead-letters <DIR>]"
)]
pub(crate) struct ServeArgs {
    /// The file that says what is served; endpoints with secrets of their own need one
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["listen", "endpoints", "secrets", "forward", "store", "store_prefix"]
    )]
    config: Option<PathBuf>,
    /// The address to listen on, such as 127.0.0.1:3000
    #[arg(long, value_name = "ADDR", required_unless_present = "config")]
    listen: Option<String>,
    /// A path and the scheme of what comes to it: a built-in's name, or a scheme's TOML file;
    /// repeatable. All endpoints of the command line share its secrets
    #[arg(
        long = "endpoint",
        id = "endpoints",
        value_name = "PATH=SCHEME",
        action = ArgAction::Append,
        required_unless_present = "config"
    )]
    endpoints: Vec<String>,
    #[command(flatten)]
    secrets: SecretArgs,
    /// Where the bodies name their event, such as /id, or /order/id+/status for several values
    /// together; by default as the schemes say
    #[arg(long, value_name = "POINTER", conflicts_with = "config")]
    event_id: Option<String>,
    /// The URL that new events are passed on to; without it, printed deliveries are acknowledged
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
    /// Where events are remembered: `memory`, for one process, or a Redis by its URL
    #[arg(long, value_name = "URL", default_value = MEMORY)]
    store: String,
    /// What the keys in the Redis begin with; each application on one Redis needs its own
    /// [default: cs]
    #[arg(long, value_name = "PREFIX")]
    store_prefix: Option<String>,
    /// Print the bodies of verified deliveries, too
    #[arg(long)]
    show_body: bool,
    /// Write each verified delivery into this folder, as a file for `--request`: with its body,
    /// and without what holds a secret
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
    /// Write what is refused, too, whose bodies are read for it. Half of the files are for these,
    /// which anybody can fill; the other half is for verified deliveries alone
    #[arg(long)]
    capture_refused: bool,
    /// Write each event of which too many attempts have died into this folder, as a file for
    /// `send --as-it-was`, and tell its sender that it is done; without it, the sender keeps sending
    #[arg(long, value_name = "DIR")]
    dead_letters: Option<PathBuf>,
    /// How many files are kept, 1 to 100000; the oldest go first [default: 1000]
    #[arg(long, value_name = "N")]
    capture_files: Option<u32>,
}

/// All that is to be served, and nothing in it that is known to be wrong.
pub(super) struct Plan {
    pub(super) listen: String,
    pub(super) store: StorePlan,
    pub(super) endpoints: Vec<(EndpointPlan, Changes)>,
    pub(super) fixed: Fixed,
    pub(super) limits: Limits,
    pub(super) show_body: bool,
    pub(super) forwarded_headers: ForwardedHeaders,
    pub(super) capture: Option<CapturePlan>,
    pub(super) dead_letters: Option<DeadLetterPlan>,
    /// Every secret that was read, where something is captured.
    pub(super) hidden: Arc<Hidden>,
}

/// The store, by its URL, and what its keys begin with.
pub(super) struct StorePlan {
    pub(super) url: String,
    pub(super) prefix: Option<String>,
}

/// The folder for events that cannot be handled.
pub(super) struct DeadLetterPlan {
    pub(super) folder: PathBuf,
    /// Where that was said.
    pub(super) at: Place,
}

/// What clients may take. What is not given is as the server says by itself.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) header_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) connections: Option<NonZeroUsize>,
    pub(super) drain_timeout: Option<Duration>,
}

/// What of an endpoint can change while it is served, and what cannot.
pub(super) struct Changes {
    /// Where its verifier has the secrets.
    pub(super) live: Live,
    /// The same secrets once more, for one that is served already.
    pub(super) fresh: Fresh,
    pub(super) fixed: Fixed,
    /// The endpoint or its tenants, with the secrets that each accepts.
    pub(super) users: SecretUsers,
    /// For how long it is to be armed for the handshake in which its key is handed over.
    pub(super) arm_for: Option<Duration>,
}

/// What cannot change while the program runs: each key, and whatever tells one value from another.
/// The keys are always the same, in the same order.
pub(super) type Fixed = Vec<(&'static str, String)>;

/// One endpoint. What is not given is as the scheme's profile says.
pub(super) struct EndpointPlan {
    pub(super) path: String,
    pub(super) verifier: Verifier,
    pub(super) forward: Option<Target>,
    /// How long, and where that was said.
    pub(super) retention: Option<(Duration, Place)>,
    pub(super) ack_deadline: Option<Duration>,
    pub(super) handler_timeout: Option<Duration>,
    pub(super) outage: Option<OutagePolicy>,
    pub(super) repeats: Option<Repeats>,
    /// The one that the provider calls, for what is captured.
    pub(super) url: Option<PublicUrl>,
}

/// Where events are passed on to, and where that was said.
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) at: Place,
}

impl Plan {
    pub(super) fn of(args: &ServeArgs) -> Result<Self, Mend> {
        let plan = match &args.config {
            Some(file) => file::plan(file, args)?,
            None => arguments::plan(args)?,
        };
        folders::apart(plan.capture.as_ref(), plan.dead_letters.as_ref())?;
        Ok(plan)
    }

    /// The budget for the bytes of all requests: the default one, or a larger one if the largest
    /// body that an endpoint accepts would not fit.
    pub(super) fn budget(&self) -> BufferBudget {
        let limits = self.endpoints.iter().map(|(plan, _)| plan.verifier.body_limit());
        let largest = limits.max().unwrap_or_default();
        let default = BufferBudget::of_process();
        let needed = budget_for(largest);
        if needed <= default.limit() {
            return default;
        }
        output::note(&format!(
            "requests may hold {} MiB of memory together, for bodies of up to {largest} bytes as \
             `body_limit` allows",
            needed.div_ceil(MIB)
        ));
        BufferBudget::new(needed)
    }
}

impl ServeArgs {
    /// Where dead letters go, as the command line says.
    fn dead_letters(&self) -> Option<DeadLetterPlan> {
        let folder = self.dead_letters.clone()?;
        Some(DeadLetterPlan { folder, at: Place::option("--dead-letters") })
    }
}

impl StorePlan {
    /// A prefix is for a Redis, and is what an ACL pattern such as `~shop:*` can name.
    fn new(url: String, prefix: Option<(String, Place)>) -> Result<Self, Mend> {
        if let Some((prefix, at)) = &prefix {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            if prefix.is_empty() || prefix.len() > MAX_PREFIX || !prefix.bytes().all(is_plain) {
                return Err(at.mend(format!(
                    "is not a prefix: give 1 to {MAX_PREFIX} letters, digits, `-`, `_`, `.` or `:`"
                )));
            }
            if url == MEMORY {
                return Err(at.mend(
                    "the store is `memory`, which no other application shares: leave the prefix \
                     out, or give the URL of a Redis as the store",
                ));
            }
        }
        Ok(Self { url, prefix: prefix.map(|(prefix, _)| prefix) })
    }
}

impl Target {
    fn parse(url: &str, at: Place) -> Result<Self, Mend> {
        let uri = server_url::parse(url).map_err(|problem| at.mend(problem))?;
        Ok(Self { uri, at })
    }
}

/// Rejects a tolerance that is too short for any delivery, or longer than a year.
fn check_tolerance(tolerance: Duration, at: &Place) -> Result<(), Mend> {
    if tolerance < MIN_TOLERANCE || tolerance > MAX_TOLERANCE {
        return Err(at.mend("is too short or too long: give between 1s and 1y"));
    }
    Ok(())
}

/// The largest body has to fit into memory.
fn check_body_limit(verifier: &Verifier, at: &Place) -> Result<(), Mend> {
    if verifier.body_limit() > MAX_BODY_LIMIT {
        return Err(at.mend(format!(
            "bodies of {} bytes are larger than the maximum of {MAX_BODY_LIMIT} (1 GiB): a body is \
             held in memory",
            verifier.body_limit()
        )));
    }
    Ok(())
}

/// A budget that admits such a body: one request may have three quarters of it.
fn budget_for(body_limit: usize) -> usize {
    body_limit.saturating_add(BESIDE_BODY).div_ceil(6).saturating_mul(8)
}

/// Rejects `{…}` in the path of an endpoint without tenants.
fn check_literal(path: &str, at: &Place) -> Result<(), Mend> {
    if path.contains(['{', '}']) {
        return Err(at.mend(
            "no segment of the path is a variable: write the path out, or write `{tenant}` and add \
             a table `[endpoint.tenants]` to the file",
        ));
    }
    Ok(())
}

const MAX_PREFIX: usize = 64;
const MIN_TOLERANCE: Duration = Duration::from_secs(1);
/// A year, as `1y` is read.
const MAX_TOLERANCE: Duration = Duration::from_secs(31_557_600);
const MAX_BODY_LIMIT: usize = 1024 * MIB;
/// A request's head, and what decodes its body.
const BESIDE_BODY: usize = MIB;
const MIB: usize = 1024 * 1024;

/// The paths of endpoints: each once, and none that is the program's own.
struct Paths(Vec<String>);

impl Paths {
    fn add(&mut self, path: &str, at: &Place) -> Result<(), Mend> {
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic())
            && !path.contains(['?', '#', '"', '<', '>']);
        if !path.starts_with('/') || !is_plain {
            return Err(at.mend(
                "not a path: begin with `/`, without a query, and percent-encode what is not ASCII",
            ));
        }
        if path == HEALTH || path == METRICS {
            return Err(at.mend(format!("`{path}` is the program's own: choose another path")));
        }
        if self.0.iter().any(|taken| taken == path) {
            return Err(at.mend(format!(
                "two endpoints have the path `{path}`: give each its own, and several secrets to \
                 one endpoint"
            )));
        }
        self.0.push(path.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_the_largest_size_fits_into_the_budget_with_its_head() {
        for body_limit in [1, MIB, 48 * MIB + 1, 100 * MIB, MAX_BODY_LIMIT] {
            let budget = BufferBudget::new(budget_for(body_limit));
            let mut reserved = budget.reserve();
            assert!(reserved.grow(64 * 1024).is_ok());
            assert!(reserved.grow(body_limit).is_ok(), "{body_limit}");
        }
        assert_eq!(budget_for(usize::MAX), usize::MAX);
    }
}
