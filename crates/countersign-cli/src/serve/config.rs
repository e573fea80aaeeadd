//! The configuration of `serve`, from the command line or from a file.

mod arguments;
mod capture;
mod event_types;
mod file;
mod former_secrets;
mod handshakes;
mod own_address;
mod place;
mod queue;
mod shared_secrets;
mod source;
mod tenants;
mod toml;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgAction, Args};
use countersign::{BufferBudget, OutagePolicy, Repeats, Scheme, Secret, Verifier};
use http::Uri;

use super::capture::{KnownSecrets, PublicUrl, is_secret_in_body};
use super::folders;
use super::operators::is_operators;
use super::secrets_source::{Reloaded, SecretsSource};
use super::store::{MEMORY, POSTGRES, SQLITE};
use crate::output;
use crate::possible_secret::about_event_id;
use crate::secrets::SecretArgs;
use crate::server_url;
use crate::usage_error::UsageError;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use arguments::has_password;
pub(super) use capture::CapturePlan;
pub(super) use event_types::EventTypes;
pub(super) use former_secrets::FormerSecrets;
pub(super) use place::Place;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) use queue::OrderBy;
pub(super) use queue::{EndpointQueue, QueuePlan};
pub(super) use shared_secrets::{KeyDigest, SecretUsers, all_keys};
pub(super) use source::Source;
pub(super) use toml::ForwardedHeaders;

#[derive(Args, Clone)]
#[command(
    mut_group("secrets", |group| group.required(false)),
    override_usage = "countersign serve --config <FILE> [--listen <ADDR>] [--check]
           [--show-body] [--json] [--capture <DIR>] [--inspect <ADDR>]
       countersign serve --listen <ADDR> --endpoint <PATH=SCHEME>...
           <--secret-env <NAME>|--secret-file <PATH>>... [--forward <URL>]
           [--store <URL>] [--store-prefix <PREFIX>] [--queue <URL>]
           [--show-body] [--capture <DIR>] [--dead-letters <DIR>]
           [--inspect <ADDR>]"
)]
pub(crate) struct ServeArgs {
    /// Configuration file; required if endpoints have different secrets
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "endpoints", "secrets", "forward", "store", "store_prefix", "queue", "sign_secret_env",
            "sign_secret_file"
        ]
    )]
    config: Option<PathBuf>,
    /// Address to listen on, such as 127.0.0.1:3000; replaces that of the file
    #[arg(long, value_name = "ADDR", required_unless_present = "config")]
    listen: Option<String>,
    /// Path of an endpoint, and its scheme: the name of a built-in scheme, or the path of a
    /// scheme's TOML file; repeatable. All endpoints on the command line share its secrets
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
    /// JSON pointer to the event id in the bodies, such as /id, or /order/id+/status to combine
    /// several values [default: defined by the scheme]
    #[arg(long, value_name = "POINTER", conflicts_with = "config")]
    event_id: Option<String>,
    /// URL to forward new events to; if omitted, printing a delivery acknowledges it
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
    /// Idempotency store: `memory`, which forgets at a restart; `sqlite:PATH`, a file for the
    /// processes of one machine; or the URL of a Postgres database or a Redis
    #[arg(long, value_name = "URL", default_value = MEMORY)]
    store: String,
    /// Prefix of the keys in Redis, unique for each application in the same Redis [default: cs]
    #[arg(long, value_name = "PREFIX")]
    store_prefix: Option<String>,
    /// Queue `sqlite:PATH`, or the URL of a Postgres database: each event is stored there, answered
    /// 202, and forwarded until the target has it; needs `--forward`
    #[arg(long, value_name = "URL", requires = "forward")]
    queue: Option<String>,
    /// Environment variable with a secret that signs what is forwarded, by Standard Webhooks
    #[arg(
        long,
        value_name = "NAME",
        requires = "forward",
        conflicts_with = "sign_secret_file",
        allow_hyphen_values = true
    )]
    sign_secret_env: Option<String>,
    /// File with a secret that signs what is forwarded, by Standard Webhooks
    #[arg(long, value_name = "PATH", requires = "forward", allow_hyphen_values = true)]
    sign_secret_file: Option<PathBuf>,
    /// Check the configuration, its secrets and the store, and exit
    #[arg(long)]
    pub(super) check: bool,
    /// Print lines of JSON, also on a terminal
    #[arg(long)]
    pub(super) json: bool,
    /// Also print the bodies of verified deliveries
    #[arg(long)]
    show_body: bool,
    /// Write each verified delivery to a file in this directory, for use with `--request`;
    /// secrets are redacted
    #[arg(long, value_name = "DIR")]
    capture: Option<PathBuf>,
    /// Also capture rejected deliveries, with their bodies. Any client can cause these, so they
    /// use at most half of the files; the other half is reserved for verified deliveries
    #[arg(long)]
    capture_rejected: bool,
    /// Write each event that exceeds the maximum number of crashed attempts to a file in this
    /// directory, for use with `send --verbatim`, and acknowledge it; if omitted, the sender
    /// keeps retrying
    #[arg(long, value_name = "DIR")]
    dead_letters: Option<PathBuf>,
    /// Maximum number of captured files, 1 to 100000; the oldest are removed first [default: 1000]
    #[arg(long, value_name = "N")]
    capture_files: Option<u32>,
    /// Also show deliveries on a page at this address, such as 127.0.0.1:4040, as `countersign
    /// inspect` does
    #[arg(long, value_name = "ADDR")]
    pub(super) inspect: Option<String>,
}

/// The validated configuration.
pub(super) struct Plan {
    pub(super) listen: String,
    /// The separate address for operators.
    pub(super) admin: Option<String>,
    pub(super) store: StorePlan,
    pub(super) queue: Option<QueuePlan>,
    pub(super) endpoints: Vec<(EndpointPlan, Changes)>,
    pub(super) fixed: Fixed,
    pub(super) limits: Limits,
    pub(super) show_body: bool,
    pub(super) forwarded_headers: ForwardedHeaders,
    pub(super) capture: Option<CapturePlan>,
    pub(super) dead_letters: Option<DeadLetterPlan>,
    /// All secrets that were read, if the program captures deliveries.
    pub(super) hidden: Arc<KnownSecrets>,
}

/// The store to open.
pub(super) enum StorePlan {
    Memory,
    /// A SQLite file.
    File(PathBuf),
    /// The URL of a Postgres database.
    Postgres(String),
    Redis {
        url: String,
        /// The prefix of its keys.
        prefix: Option<String>,
    },
}

/// The folder for dead letters.
pub(super) struct DeadLetterPlan {
    pub(super) folder: PathBuf,
    /// Where this is configured.
    pub(super) at: Place,
}

/// Limits on clients. Values that are not given use the server's defaults.
#[derive(Default)]
pub(super) struct Limits {
    pub(super) header_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
    pub(super) connections: Option<NonZeroUsize>,
    pub(super) drain_timeout: Option<Duration>,
}

/// The parts of an endpoint that can change while it is served, and those that cannot.
pub(super) struct Changes {
    /// The secrets that its verifier uses.
    pub(super) live: SecretsSource,
    /// A copy of the same secrets, for an endpoint that is served already.
    pub(super) fresh: Reloaded,
    pub(super) fixed: Fixed,
    /// The endpoint or its tenants, with the secrets that each accepts.
    pub(super) users: SecretUsers,
    /// How long the window for the handshake that delivers its key is open.
    pub(super) handshake_window: Option<Duration>,
}

/// The values that cannot change while the program runs: each key, and a text that identifies its
/// value. The keys are always the same, in the same order.
pub(super) type Fixed = Vec<(&'static str, String)>;

/// One endpoint. Values that are not given use the defaults of the scheme's profile.
pub(super) struct EndpointPlan {
    pub(super) path: String,
    pub(super) verifier: Verifier,
    pub(super) forward: Option<Target>,
    /// The duration, and its place in the configuration.
    pub(super) retention: Option<(Duration, Place)>,
    pub(super) ack_deadline: Option<Duration>,
    pub(super) handler_timeout: Option<Duration>,
    pub(super) outage: Option<OutagePolicy>,
    pub(super) repeats: Option<Repeats>,
    /// The types of the events to handle; `None` for all.
    pub(super) only: Option<EventTypes>,
    /// How it forwards from the queue; `None` if it forwards directly.
    pub(super) queue: Option<EndpointQueue>,
    /// The secret that signs what is forwarded.
    pub(super) sign: Option<Secret>,
    /// Whether requests are only verified, and all forwarded.
    pub(super) is_shadow: bool,
    /// The URL that the provider calls, for captures.
    pub(super) url: Option<PublicUrl>,
}

/// The URL that events are forwarded to, and its place in the configuration.
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) at: Place,
}

impl Plan {
    /// The configuration at the start of the program.
    pub(super) fn of(args: &ServeArgs) -> Result<Self, UsageError> {
        Self::read(args, None)
    }

    /// The configuration while the program runs, with the set that its secrets are added to:
    /// whether they are needed does not depend on the `capture` of the reloaded configuration.
    pub(super) fn reloaded(args: &ServeArgs, hidden: KnownSecrets) -> Result<Self, UsageError> {
        Self::read(args, Some(hidden))
    }

    fn read(args: &ServeArgs, hidden: Option<KnownSecrets>) -> Result<Self, UsageError> {
        let plan = match &args.config {
            Some(file) => file::plan(file, args, hidden)?,
            None => arguments::plan(args, hidden)?,
        };
        folders::apart(plan.capture.as_ref(), plan.dead_letters.as_ref())?;
        own_address::reject_as_target(&plan.listen, &plan.endpoints)?;
        let mut endpoints = plan.endpoints.iter().map(|(endpoint, _)| endpoint);
        let is_shown = |plan: &&EndpointPlan| is_secret_in_body(plan.verifier.scheme());
        if let Some(endpoint) = endpoints.find(is_shown).filter(|_| plan.show_body) {
            return Err(UsageError::new(format!(
                "`--show-body` would print the secret of `{}`: deliveries of scheme `{}` contain it \
                 in the body. Remove it",
                endpoint.path,
                endpoint.verifier.scheme().name()
            )));
        }
        Ok(plan)
    }

    /// A configuration with the defaults of everything that only a file can configure.
    fn new(
        args: &ServeArgs,
        listen: String,
        store: StorePlan,
        endpoints: Vec<(EndpointPlan, Changes)>,
        capture: Option<CapturePlan>,
        hidden: Arc<KnownSecrets>,
    ) -> Self {
        Self {
            listen,
            admin: None,
            store,
            queue: None,
            endpoints,
            fixed: Fixed::new(),
            limits: Limits::default(),
            show_body: args.show_body,
            forwarded_headers: ForwardedHeaders::default(),
            capture,
            dead_letters: args.dead_letters(),
            hidden,
        }
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
            "all requests together may use {} MiB of memory, for bodies of up to {largest} bytes \
             as `body_limit` allows",
            needed.div_ceil(MIB)
        ));
        BufferBudget::new(needed)
    }
}

impl ServeArgs {
    /// The arguments of `countersign inspect`, whose addresses have defaults.
    pub(crate) fn for_inspect(mut self, listen: &str, inspect: &str) -> Self {
        if self.config.is_none() {
            self.listen.get_or_insert_with(|| listen.to_owned());
        }
        self.inspect.get_or_insert_with(|| inspect.to_owned());
        self
    }

    /// The address of the page.
    pub(crate) fn inspect(&self) -> Option<&str> {
        self.inspect.as_deref()
    }

    /// The URL of the application.
    pub(crate) fn forward(&self) -> Option<&str> {
        self.forward.as_deref()
    }

    /// The secrets of the command line, for captures on disk.
    pub(crate) fn secrets(&self) -> &SecretArgs {
        &self.secrets
    }

    /// The folder for dead letters on the command line.
    fn dead_letters(&self) -> Option<DeadLetterPlan> {
        let folder = self.dead_letters.clone()?;
        Some(DeadLetterPlan { folder, at: Place::option("--dead-letters") })
    }
}

/// The set for the secrets of a configuration: the given one, or at the start of the program one
/// that is used if deliveries are captured, or their bodies printed.
fn hidden(given: Option<KnownSecrets>, is_used: bool) -> Arc<KnownSecrets> {
    let at_start = || if is_used { KnownSecrets::new() } else { KnownSecrets::nothing() };
    Arc::new(given.unwrap_or_else(at_start))
}

/// The scheme of an endpoint.
struct EndpointScheme {
    /// The scheme as it is described, to compare schemes: it determines what is signed.
    described: Scheme,
    /// The scheme with the endpoint's `event_id`.
    used: Scheme,
}

impl EndpointScheme {
    fn new(described: Scheme, event_id: Option<(&str, Place)>) -> Result<Self, UsageError> {
        let used = described.clone();
        let used = match event_id {
            Some((id, at)) => {
                used.with_event_id(id).map_err(|error| at.fix(about_event_id(id, &error)))?
            }
            None => used,
        };
        Ok(Self { described, used })
    }
}

impl StorePlan {
    /// `resolved` resolves the path of a file. A prefix requires Redis, and must be valid in an ACL
    /// pattern such as `~shop:*`.
    fn new(
        store: String,
        prefix: Option<(String, Place)>,
        resolved: impl FnOnce(&Path) -> PathBuf,
    ) -> Result<Self, UsageError> {
        if let Some((prefix, at)) = &prefix {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            if prefix.is_empty() || prefix.len() > MAX_PREFIX || !prefix.bytes().all(is_plain) {
                return Err(at.fix(format!(
                    "is not a prefix: use 1 to {MAX_PREFIX} letters, digits, `-`, `_`, `.` or `:`"
                )));
            }
        }
        let file = store.strip_prefix(SQLITE).map(Path::new);
        if let (Some(_), Some((_, at))) = (file, &prefix) {
            return Err(at.fix(
                "the store is a SQLite file, which has no prefix: remove the prefix, and use a \
                 separate file for each application",
            ));
        }
        let is_postgres = POSTGRES.iter().any(|scheme| store.starts_with(scheme));
        if let (true, Some((_, at))) = (is_postgres, &prefix) {
            return Err(at.fix(
                "the store is a Postgres database, which has no prefix: remove the prefix, and add \
                 `schema=NAME` to the URL's parameters, a separate one for each application",
            ));
        }
        if let (MEMORY, Some((_, at))) = (store.as_str(), &prefix) {
            return Err(at.fix(
                "the store is `memory`, which no other application shares: remove the prefix, \
                 or use the URL of a Redis as the store",
            ));
        }
        Ok(match file {
            Some(path) => Self::File(resolved(path)),
            None if store == MEMORY => Self::Memory,
            None if is_postgres => Self::Postgres(store),
            None => Self::Redis { url: store, prefix: prefix.map(|(prefix, _)| prefix) },
        })
    }
}

impl Target {
    fn parse(url: &str, at: Place) -> Result<Self, UsageError> {
        let uri = server_url::parse(url).map_err(|problem| at.fix(problem))?;
        Ok(Self { uri, at })
    }
}

/// Rejects a tolerance that is too short for any delivery, or longer than a year.
fn check_tolerance(tolerance: Duration, at: &Place) -> Result<(), UsageError> {
    if tolerance < MIN_TOLERANCE || tolerance > MAX_TOLERANCE {
        return Err(at.fix("is out of range: use a value between 1s and 1y"));
    }
    Ok(())
}

/// Rejects a body limit above the maximum, because a body is held in memory.
fn check_body_limit(verifier: &Verifier, at: &Place) -> Result<(), UsageError> {
    if verifier.body_limit() > MAX_BODY_LIMIT {
        return Err(at.fix(format!(
            "bodies of {} bytes are larger than the maximum of {MAX_BODY_LIMIT} (1 GiB): a body is \
             held in memory",
            verifier.body_limit()
        )));
    }
    Ok(())
}

/// A budget that admits a body of this size. One request may use three quarters of it.
fn budget_for(body_limit: usize) -> usize {
    body_limit.saturating_add(BESIDE_BODY).div_ceil(6).saturating_mul(8)
}

/// Rejects `{…}` in the path of an endpoint without tenants.
fn check_literal(path: &str, at: &Place) -> Result<(), UsageError> {
    if path.contains(['{', '}']) {
        return Err(at.fix(
            "no segment of the path is a variable: use a literal path, or use `{tenant}` and add a \
             table `[endpoint.tenants]` to the file",
        ));
    }
    Ok(())
}

const MAX_PREFIX: usize = 64;
const MIN_TOLERANCE: Duration = Duration::from_secs(1);
/// The value of `1y`.
const MAX_TOLERANCE: Duration = Duration::from_secs(31_557_600);
const MAX_BODY_LIMIT: usize = 1024 * MIB;
/// Memory for the headers of a request and for decoding its body.
const BESIDE_BODY: usize = MIB;
const MIB: usize = 1024 * 1024;

/// The paths of endpoints: unique, and not reserved.
struct Paths(Vec<String>);

impl Paths {
    fn add(&mut self, path: &str, at: &Place) -> Result<(), UsageError> {
        let is_plain = path.bytes().all(|byte| byte.is_ascii_graphic())
            && !path.contains(['?', '#', '"', '<', '>']);
        if !path.starts_with('/') || !is_plain {
            return Err(at.fix(
                "not a path: begin with `/`, without a query, and percent-encode other characters",
            ));
        }
        if is_operators(path) {
            return Err(at.fix(format!("`{path}` is reserved: choose another path")));
        }
        if self.0.iter().any(|taken| taken == path) {
            return Err(at.fix(format!(
                "two endpoints have the path `{path}`: use different paths, or one endpoint with \
                 several secrets"
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
    fn the_largest_body_fits_into_the_budget_with_its_head() {
        for body_limit in [1, MIB, 48 * MIB + 1, 100 * MIB, MAX_BODY_LIMIT] {
            let budget = BufferBudget::new(budget_for(body_limit));
            let mut reserved = budget.reserve();
            assert!(reserved.grow(64 * 1024).is_ok());
            assert!(reserved.grow(body_limit).is_ok(), "{body_limit}");
        }
        assert_eq!(budget_for(usize::MAX), usize::MAX);
    }
}
