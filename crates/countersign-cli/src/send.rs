//! `countersign send`: signs a genuine or forged delivery and sends it to a receiver, or replays a
//! recorded one unchanged.
//!
//! | file | what it is |
//! | --- | --- |
//! | `send/headers.rs` | the headers of a recorded request |
//! | `send/verbatim.rs` | a recorded request that is not signed again |
//! | `send/target.rs` | the connection to the receiver |
//! | `send/batch.rs` | repeated requests with limits on concurrency and rate |
//! | `send/progress.rs` | the progress bar on a terminal |
//! | `send/answers.rs`, `send/report.rs` | the output: each response, and the attack report |

mod answers;
mod batch;
mod headers;
mod progress;
mod report;
mod target;
mod verbatim;

use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use countersign::scheme::TimestampSource;
use countersign::testing::{
    Attack, AttackKind, AttackList, AttackRequest, AttackUnavailable, Attacks,
};
use countersign::{PublicUrl, Scheme};
use http::{Method, Uri};

use crate::output::{self, Report};
use crate::request::{Request, RequestArgs};
use crate::scheme::{self, SchemeName};
use crate::secrets::SecretArgs;
use crate::sign::say_that_an_id_is_ignored;
use crate::usage_error::UsageError;
use batch::{Attempt, Batch};
use progress::Progress;
use target::Target;

#[derive(Args)]
#[command(
    mut_group("secrets", |group| group.required(false)),
    override_usage = "countersign send --to <URL> --scheme <SCHEME>
           <--secret-env <NAME>|--secret-file <PATH>>... <--body <FILE>|--request <FILE>> [OPTIONS]
       countersign send --to <URL> --verbatim --request <FILE> [OPTIONS]"
)]
pub(crate) struct SendArgs {
    /// Name of a built-in scheme (see `countersign schemes`), or path of a scheme's TOML file
    #[arg(
        long,
        value_name = "SCHEME",
        value_parser = SchemeName,
        hide_possible_values = true,
        required_unless_present = "verbatim"
    )]
    scheme: Option<String>,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    request: RequestArgs,
    /// Event id to sign, if the scheme signs one [default: the request's id, or else a random id]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Time of the signature, in Unix milliseconds [default: now]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    timestamp: Option<i64>,
    /// Replay the recorded request with its original signature, byte for byte. Only connection
    /// headers such as Host, Content-Length and Transfer-Encoding are replaced
    #[arg(
        long,
        conflicts_with_all = ["body", "scheme", "secrets", "id", "timestamp", "attack"]
    )]
    verbatim: bool,
    /// URL of the receiver, http or https
    #[arg(long, value_name = "URL")]
    to: String,
    /// Kind of forgery to send; `all` runs every kind and prints a report
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    attack: Option<String>,
    /// Number of times to send the same delivery
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    repeat: u32,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    concurrency: u32,
    /// Maximum number of requests started per second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rate: u32,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &SendArgs) -> Result<Report, UsageError> {
    let Some(scheme) = &args.scheme else {
        let to = target::url(&args.to)?;
        let target = Target::new(&to, AttackList::PATIENCE)?;
        let request = verbatim::request(&args.request.read()?, to)?;
        return send(args, vec![request], target);
    };
    let is_all = args.attack.as_deref() == Some(ALL);
    if is_all && args.repeat > 1 {
        return Err(UsageError::new(
            "`--attack all` runs each kind once: use `--repeat` with one kind",
        ));
    }
    let scheme = scheme::load(scheme)?;
    say_that_an_id_is_ignored(args.id.as_deref(), &scheme);
    let request = args.request.read()?;
    let to = target::url(&args.to)?;
    let patience = scheme.profile().ack_deadline().max(AttackList::PATIENCE);
    let target = Target::new(&to, patience)?;
    let name = scheme.name().to_owned();
    let attacks = attacks(args, scheme.clone(), &request, to)?;

    if is_all {
        let list = attacks.prepare().map_err(|error| args.secrets.blame(error))?;
        let attempts = block_on(run_all(&list, &target))?;
        return report::report(&list, &attempts, &name, args.json);
    }
    let attack = attack(args, &attacks)?;
    say_what_is_changed(args, &scheme, &attack, &request);
    send(args, attack.requests().to_vec(), target)
}

/// Sends the requests `--repeat` times.
fn send(
    args: &SendArgs,
    requests: Vec<AttackRequest>,
    target: Target,
) -> Result<Report, UsageError> {
    let batch = Batch {
        count: args.repeat,
        at_once: args.concurrency,
        pause: Duration::from_secs(1) / args.rate,
    };
    let attempts = block_on(batch.send(requests, target))?;
    answers::report(&attempts, args.json)
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, UsageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| UsageError::because("nothing can be sent", error))?;
    Ok(runtime.block_on(work))
}

async fn run_all(list: &AttackList, target: &Target) -> Vec<Attempt> {
    let mut progress = Progress::to(list.iter().count());
    let mut attempts = Vec::new();
    for attack in list {
        progress.show(attack.kind().name());
        attempts.push(target.send(attack.requests()).await);
        progress.step();
    }
    attempts
}

fn attacks(
    args: &SendArgs,
    scheme: Scheme,
    request: &Request,
    to: Uri,
) -> Result<Attacks, UsageError> {
    let secret = args.secrets.current()?;
    // The secret was created from text.
    let secret = String::from_utf8_lossy(secret.dangerous_reveal()).into_owned();
    let signs_url = scheme.signs_url();
    let headers = headers::unsigned(request, &scheme)?;
    // Forgeries use generated ids.
    let own_id = || headers::id(request, &scheme).filter(|_| args.attack.is_none());
    let id = args.id.clone().or_else(own_id);
    let attacks = Attacks::new(scheme, secret).map_err(|error| args.secrets.blame(error))?;
    let mut attacks = attacks.to(to).with_method(method(request)?).with_headers(headers);
    attacks = attacks.with_body(request.body().clone());
    if signs_url {
        attacks = attacks.with_url(PublicUrl::new(request.url().unwrap_or(&args.to))?);
    }
    if let Some(id) = id {
        attacks = attacks.with_id(id);
    }
    if let Some(timestamp) = args.timestamp {
        attacks = attacks.at_unix_ms(timestamp);
    }
    Ok(attacks)
}

fn method(request: &Request) -> Result<Method, UsageError> {
    Method::from_bytes(request.method().as_bytes())
        .map_err(|_| UsageError::new("the method is not valid: use a method such as `POST`"))
}

fn attack(args: &SendArgs, attacks: &Attacks) -> Result<Attack, UsageError> {
    let kind = args.attack.as_deref().and_then(AttackKind::named).unwrap_or(AttackKind::Genuine);
    attacks.attack(kind).map_err(|error| match error {
        AttackUnavailable::Config(error) => args.secrets.blame(error),
        why => UsageError::because(format!("the kind `{kind}` does not apply here"), why),
    })
}

/// Prints a note if signing changes the body.
fn say_what_is_changed(args: &SendArgs, scheme: &Scheme, attack: &Attack, given: &Request) {
    let is_sent_as_given =
        attack.requests().iter().any(|request| request.request().body() == given.body());
    if args.attack.is_some() || is_sent_as_given {
        return;
    }
    match scheme.timestamp_source().filter(|_| scheme.is_data()) {
        Some(TimestampSource::Body(pointer)) => {
            output::note(&format!("the body's time, at `{pointer}`, is updated"));
        }
        _ => output::note("the signature is in the body, which is sent with it"),
    }
}

/// All kinds except `genuine`, which is sent if no kind is given.
fn kinds() -> PossibleValuesParser {
    let kinds = AttackKind::ALL.iter().filter(|kind| **kind != AttackKind::Genuine);
    PossibleValuesParser::new(kinds.map(|kind| kind.name()).chain([ALL]))
}

const ALL: &str = "all";
