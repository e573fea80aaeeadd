//! `countersign diagnose`: finds out why a delivery fails verification.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args};
use countersign::Secret;
use countersign::diagnose::{Audience, Cause, CauseKind, Diagnose, Diagnosis};
use serde::Serialize;

use crate::cli::SchemeArg;
use crate::output::{BAD, BOLD, DIM, GOOD, Report, paint};
use crate::request::RequestArgs;
use crate::scheme;
use crate::secrets::{Place, SecretArgs};
use crate::usage_error::UsageError;

#[derive(Args)]
#[command(override_usage = "countersign diagnose --scheme <SCHEME>
           <--secret-env <NAME>|--secret-file <PATH>>...
           <--body <FILE>|--request <FILE>> [OPTIONS]")]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    scheme: SchemeArg,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    others: OtherSecrets,
    #[command(flatten)]
    request: RequestArgs,
    #[command(flatten)]
    verify_token: VerifyToken,
    /// Current time, in Unix milliseconds [default: system clock]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now: Option<i64>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Secrets that the endpoint does not accept, but that may have signed the delivery.
#[derive(Args)]
struct OtherSecrets {
    /// Environment variable with the secret of another endpoint; repeatable
    #[arg(long, value_name = "NAME", action = ArgAction::Append, allow_hyphen_values = true)]
    other_endpoint_secret_env: Vec<String>,
    /// File with the secret of another endpoint; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append, allow_hyphen_values = true)]
    other_endpoint_secret_file: Vec<PathBuf>,
    /// Environment variable with an old secret that is no longer accepted; repeatable
    #[arg(long, value_name = "NAME", action = ArgAction::Append, allow_hyphen_values = true)]
    old_secret_env: Vec<String>,
    /// File with an old secret that is no longer accepted; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append, allow_hyphen_values = true)]
    old_secret_file: Vec<PathBuf>,
}

#[derive(Args)]
struct VerifyToken {
    /// Environment variable with the verify token, for schemes whose handshake sends one
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "verify_token_file",
        allow_hyphen_values = true
    )]
    verify_token_env: Option<String>,
    /// File with the verify token
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    verify_token_file: Option<PathBuf>,
}

pub(crate) fn run(args: &DiagnoseArgs) -> Result<Report, UsageError> {
    let scheme = scheme::load(&args.scheme.name)?;
    let name = scheme.name().to_owned();
    let request = args.request.read()?;
    // Only for its error message: without the URL, no verifier can be created.
    request.signed_url(&scheme)?;
    let audience = audience(&args.scheme.name);
    let mut diagnose = Diagnose::new(scheme, args.secrets.read()?).with_audience(audience);
    for secret in
        read(&args.others.other_endpoint_secret_env, &args.others.other_endpoint_secret_file)?
    {
        diagnose = diagnose.with_candidate(secret);
    }
    for secret in read(&args.others.old_secret_env, &args.others.old_secret_file)? {
        diagnose = diagnose.with_retired(secret);
    }
    if let Some(token) = args.verify_token.read()? {
        diagnose = diagnose.with_verify_token(token);
    }
    if let Some(now) = args.now {
        diagnose = diagnose.with_clock(move || now);
    }
    let diagnosis = diagnose.diagnose(&request.captured());
    let diagnosis = diagnosis.map_err(|error| args.secrets.blame(error))?;

    let report = if args.json {
        let text = serde_json::to_string(&DiagnosisJson::of(&diagnosis));
        let text = text.map_err(|error| {
            UsageError::because("the diagnosis cannot be written as JSON", error)
        })?;
        Report::machine(format!("{text}\n"))
    } else {
        Report::human(describe(&name, &diagnosis, &args.secrets))
    };
    Ok(report.ended_with(status(&diagnosis)))
}

impl VerifyToken {
    fn read(&self) -> Result<Option<Secret>, UsageError> {
        let env = self.verify_token_env.clone().map(Place::Env);
        let place = env.or_else(|| self.verify_token_file.clone().map(Place::File));
        place.map(|place| place.read()).transpose()
    }
}

fn read(variables: &[String], files: &[PathBuf]) -> Result<Vec<Secret>, UsageError> {
    let variables = variables.iter().cloned().map(Place::Env);
    let places = variables.chain(files.iter().cloned().map(Place::File));
    places.map(|place| place.read()).collect()
}

/// If the first cause was not found, the causes after it are hints, and no cause counts as found.
fn status(diagnosis: &Diagnosis) -> ExitCode {
    match diagnosis.causes().first().map(Cause::kind) {
        _ if diagnosis.is_verified() => ExitCode::SUCCESS,
        Some(CauseKind::TamperedOrUnknown) | None => ExitCode::from(NONE_FOUND),
        Some(_) => ExitCode::FAILURE,
    }
}

/// A user with a scheme file can fix the scheme itself.
fn audience(scheme: &str) -> Audience {
    match scheme::is_file(scheme) {
        true => Audience::SchemeFile,
        false => Audience::Program,
    }
}

/// The diagnosis as human-readable text, with the cause first.
fn describe(scheme: &str, diagnosis: &Diagnosis, secrets: &SecretArgs) -> String {
    let Some(rejection) = diagnosis.rejection() else {
        let yes = paint(GOOD, "verified");
        let mut text = format!("{yes}: {scheme}: there is nothing to diagnose\n");
        if let Some(handshake) = diagnosis.handshake() {
            text.push_str(&format!("  it is the handshake `{handshake}`, not an event\n"));
        }
        return text;
    };
    let mut text = String::new();
    for (index, cause) in diagnosis.causes().iter().enumerate() {
        let (word, how) = match (cause.is_certain(), cause.kind()) {
            (_, CauseKind::TamperedOrUnknown) => (paint(BAD, "not found"), "not confirmed"),
            (true, _) if index > 0 => (paint(BOLD, "also found"), "confirmed"),
            (true, _) => (paint(BOLD, "found"), "confirmed"),
            (false, _) if index > 0 => (paint(BOLD, "or"), "not confirmed"),
            (false, _) => (paint(BOLD, "suspected"), "not confirmed"),
        };
        let (detail, code, fix) = (cause.detail(), cause.kind().code(), cause.fix());
        text.push_str(&format!("{word}: {detail}\n  fix    {fix}\n"));
        text.push_str(&paint(DIM, format_args!("  cause  {code}, {how}\n\n")));
    }
    let why = match diagnosis.problem() {
        Some(problem) => secrets.blame(problem.clone()).to_string(),
        None => rejection.to_string(),
    };
    let (no, code) = (paint(BAD, "rejected"), rejection.code());
    text.push_str(&format!("{no}: {scheme}: {code}\n  {why}\n"));
    let is_reported = diagnosis.causes().iter().any(|cause| cause.kind() == CauseKind::Handshake);
    if let Some(handshake) = diagnosis.handshake().filter(|_| !is_reported) {
        text.push_str(&format!("  it requests the handshake `{handshake}`: it is not an event\n"));
    }
    text.push_str(&format!("\n{}\n", paint(DIM, OFFLINE)));
    text
}

/// The stable format of `--json`: these keys in this order; `code` is null if the delivery
/// verifies; `handshake` only for a handshake.
#[derive(Serialize)]
struct DiagnosisJson<'a> {
    verified: bool,
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<&'a str>,
    causes: Vec<CauseJson<'a>>,
}

#[derive(Serialize)]
struct CauseJson<'a> {
    cause: &'static str,
    certain: bool,
    detail: &'a str,
    fix: &'a str,
}

impl<'a> DiagnosisJson<'a> {
    fn of(diagnosis: &'a Diagnosis) -> Self {
        let causes = diagnosis.causes().iter().map(|cause| CauseJson {
            cause: cause.kind().code(),
            certain: cause.is_certain(),
            detail: cause.detail(),
            fix: cause.fix(),
        });
        Self {
            verified: diagnosis.is_verified(),
            code: diagnosis.rejection().map(|rejection| rejection.code()),
            handshake: diagnosis.handshake(),
            causes: causes.collect(),
        }
    }
}

const NONE_FOUND: u8 = 3;
const OFFLINE: &str =
    "For offline use by the owner of the secret only: never show this output to a sender.";
