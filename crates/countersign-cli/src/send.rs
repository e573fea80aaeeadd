//! `countersign send`: signs a genuine or forged delivery and sends it to a receiver, or replays a
//! recorded one unchanged.
//!
//! | file | what it is |
//! | --- | --- |
//! | `send/headers.rs` | the headers of a recorded request |
//! | `send/verbatim.rs` | a recorded request that is not signed again |
//! | `send/folder.rs` | all recorded requests of a folder |
//! | `send/target.rs` | the connection to the receiver |
//! | `send/batch.rs` | repeated requests with limits on concurrency and rate |
//! | `send/progress.rs` | the progress bar on a terminal |
//! | `send/attack_run.rs` | all attacks, one after the other |
//! | `send/answers.rs`, `send/report.rs`, `send/junit.rs`, `send/sarif.rs` | the output: each response, and the attack report |
//! | `send/advice.rs` | what to do if a genuine delivery is not accepted |

mod advice;
mod answers;
mod attack_run;
mod batch;
mod folder;
mod headers;
mod junit;
mod progress;
mod report;
mod sarif;
mod target;
mod verbatim;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use countersign::scheme::TimestampSource;
use countersign::testing::{
    Attack, AttackKind, AttackList, AttackRequest, AttackUnavailable, Attacks,
};
use countersign::{Clock, PublicUrl, Scheme, Secret, Secrets, SystemClock};
use http::{Method, Uri};

use crate::event::{Event, EventArgs};
use crate::output::{self, Report};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::scheme::{self, SchemeName};
use crate::secrets::{self, SecretArgs};
use crate::sign::{has_id, note_ignored_id, note_missing_time, note_unsigned_time};
use crate::usage_error::UsageError;
use batch::{Attempt, Batch};

pub(crate) use headers::{id, unsigned};
pub(crate) use target::Target;
pub(crate) use verbatim::request as verbatim;

#[derive(Args)]
#[command(
    mut_group("secrets", |group| group.required(false)),
    override_usage = "countersign send --to <URL> --scheme <SCHEME>
           <--secret-env <NAME>|--secret-file <PATH>>...
           <--body <FILE>|--request <FILE>|--sample [<EVENT>]> [OPTIONS]
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
    event: EventArgs,
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
        conflicts_with_all = ["body", "sample", "scheme", "secrets", "id", "timestamp", "attack"]
    )]
    verbatim: bool,
    /// URL of the receiver, http or https
    #[arg(long, value_name = "URL")]
    to: String,
    /// Kind of forgery to send; `all` runs every kind and prints a report
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    attack: Option<String>,
    /// Write the results of `--attack all` to a file, as JUnit XML
    #[arg(long, value_name = "FILE", requires = "attack")]
    junit: Option<PathBuf>,
    /// Write the results of `--attack all` to a file, as SARIF
    #[arg(long, value_name = "FILE", requires = "attack")]
    sarif: Option<PathBuf>,
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
    if let Some(folder) = args.event.request.file().filter(|file| file.is_dir()) {
        return folder::run(args, folder);
    }
    let Some(name) = &args.scheme else {
        let to = target::url(&args.to)?;
        let target = Target::new(&to, AttackList::PATIENCE)?;
        let request = verbatim::request(&args.event.request.read()?, to)?;
        return send(args, vec![request], &target);
    };
    let is_all = args.attack.as_deref() == Some(ALL);
    if is_all && args.repeat > 1 {
        return Err(UsageError::new(
            "`--attack all` runs each kind once: use `--repeat` with one kind",
        ));
    }
    if !is_all && (args.junit.is_some() || args.sarif.is_some()) {
        return Err(UsageError::new("`--junit` and `--sarif` need `--attack all`"));
    }
    let scheme = scheme::load(name)?;
    note_ignored_id(args.id.as_deref(), &scheme);
    if args.timestamp.is_some() {
        note_unsigned_time(&scheme);
    }
    let secret = args.secrets.current()?;
    let unix_ms = args.timestamp.unwrap_or_else(|| SystemClock::new().now_unix_ms());
    let event = args.event.read(name, &scheme, unix_ms)?;
    let to = target::url(&args.to)?;
    let patience = scheme.profile().ack_deadline().max(AttackList::PATIENCE);
    let target = Target::new(&to, patience)?;
    let attacks = attacks(args, scheme.clone(), &secret, &event, to)?;
    let lacks_time = note_missing_time(&scheme, event.request.body());
    if !lacks_time && (is_all || args.attack.is_none()) {
        note_expected_rejection(args, &attacks, &scheme, &secret, &event.request)?;
    }

    if is_all {
        let list = attacks.prepare().map_err(|error| args.secrets.blame(error))?;
        return block_on(attack_run::run(args, &scheme, &list, &target))?;
    }
    let attack = attack(args, &attacks)?;
    note_changed_body(args, &scheme, &attack, &event.request);
    send(args, attack.requests().to_vec(), &target)
}

/// Sends the requests `--repeat` times.
fn send(
    args: &SendArgs,
    requests: Vec<AttackRequest>,
    target: &Target,
) -> Result<Report, UsageError> {
    let batch = Batch {
        count: args.repeat,
        at_once: args.concurrency,
        pause: Duration::from_secs(1) / args.rate,
    };
    let attempts = block_on(batch.send(requests, target.clone()))?;
    target.problem().iter().for_each(|problem| output::note(problem));
    let report = answers::report(&attempts, args.json)?;
    if args.attack.is_none() && attempts.iter().any(Attempt::is_rejected) {
        return Ok(report.followed_by(advice::how_to_diagnose(args)));
    }
    Ok(report)
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, UsageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| UsageError::because("nothing can be sent", error))?;
    Ok(runtime.block_on(work))
}

fn attacks(
    args: &SendArgs,
    scheme: Scheme,
    secret: &Secret,
    Event { request, id: sample_id }: &Event,
    to: Uri,
) -> Result<Attacks, UsageError> {
    // The secret was created from text.
    let secret = String::from_utf8_lossy(secret.dangerous_reveal()).into_owned();
    let signs_url = scheme.signs_url();
    let headers = headers::unsigned(request, &scheme)?;
    // Forgeries use generated ids.
    let own_id = || {
        let sample_id = sample_id.clone().filter(|_| has_id(&scheme));
        sample_id.or_else(|| headers::id(request, &scheme)).filter(|_| args.attack.is_none())
    };
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

/// Prints a note if a receiver rejects the genuine delivery.
fn note_expected_rejection(
    args: &SendArgs,
    attacks: &Attacks,
    scheme: &Scheme,
    secret: &Secret,
    request: &Request,
) -> Result<(), UsageError> {
    let genuine = attacks.attack(AttackKind::Genuine).ok();
    let Some(sent) = genuine.as_ref().and_then(|genuine| genuine.requests().first()) else {
        // The error is reported when it is sent.
        return Ok(());
    };
    let secrets = Secrets::new(secrets::again(secret)?);
    let sent = request.sent(sent.request(), &args.to);
    if let Some(rejection) = Rejection::of(scheme.clone(), secrets, &sent) {
        output::note(&rejection.description());
    }
    Ok(())
}

/// Prints a note if signing changes the body.
fn note_changed_body(args: &SendArgs, scheme: &Scheme, attack: &Attack, given: &Request) {
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
