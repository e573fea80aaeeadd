//! `countersign diagnose`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args};
use countersign::Secret;
use countersign::diagnose::{Cause, CauseKind, Diagnose, Diagnosis};
use serde::Serialize;

use crate::cli::SchemeArg;
use crate::mend::Mend;
use crate::output::{BAD, BOLD, DIM, GOOD, Report, paint};
use crate::request::RequestArgs;
use crate::scheme;
use crate::secrets::{Place, SecretArgs};

#[derive(Args)]
pub(crate) struct DiagnoseArgs {
    #[command(flatten)]
    scheme: SchemeArg,
    #[command(flatten)]
    secrets: SecretArgs,
    #[command(flatten)]
    others: OtherSecrets,
    #[command(flatten)]
    request: RequestArgs,
    /// What time it is, in Unix milliseconds [default: the system's clock]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    now: Option<i64>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Secrets that the endpoint does not accept, and that may have signed all the same.
#[derive(Args)]
struct OtherSecrets {
    /// The environment variable that holds the secret of another endpoint; repeatable
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    candidate_env: Vec<String>,
    /// The file that holds the secret of another endpoint; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    candidate_file: Vec<PathBuf>,
    /// The environment variable that holds a secret which is accepted no longer; repeatable
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    retired_env: Vec<String>,
    /// The file that holds a secret which is accepted no longer; repeatable
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    retired_file: Vec<PathBuf>,
}

pub(crate) fn run(args: &DiagnoseArgs) -> Result<Report, Mend> {
    let scheme = scheme::load(&args.scheme.name)?;
    let name = scheme.name().to_owned();
    let request = args.request.read()?;
    // For its words only: without the URL, there is no verifier to begin with.
    request.signed_url(&scheme)?;
    let mut diagnose = Diagnose::new(scheme, args.secrets.read()?);
    for secret in read(&args.others.candidate_env, &args.others.candidate_file)? {
        diagnose = diagnose.with_candidate(secret);
    }
    for secret in read(&args.others.retired_env, &args.others.retired_file)? {
        diagnose = diagnose.with_retired(secret);
    }
    if let Some(now) = args.now {
        diagnose = diagnose.with_clock(move || now);
    }
    let diagnosis = diagnose.diagnose(&request.captured());
    let diagnosis = diagnosis.map_err(|error| args.secrets.blame(error))?;

    let report = if args.json {
        let text = serde_json::to_string(&DiagnosisJson::of(&diagnosis));
        let text = text.map_err(|error| Mend::because("the diagnosis", error))?;
        Report::for_programs(format!("{text}\n"))
    } else {
        Report::for_people(describe(&name, &diagnosis))
    };
    Ok(report.ended_with(status(&diagnosis)))
}

fn read(variables: &[String], files: &[PathBuf]) -> Result<Vec<Secret>, Mend> {
    let variables = variables.iter().cloned().map(Place::Env);
    let places = variables.chain(files.iter().cloned().map(Place::File));
    places.map(|place| place.read()).collect()
}

fn status(diagnosis: &Diagnosis) -> ExitCode {
    let is_found = |cause: &Cause| cause.kind() != CauseKind::TamperedOrUnknown;
    if diagnosis.is_verified() {
        ExitCode::SUCCESS
    } else if diagnosis.causes().iter().any(is_found) {
        ExitCode::FAILURE
    } else {
        ExitCode::from(NONE_FOUND)
    }
}

/// The diagnosis, for people.
fn describe(scheme: &str, diagnosis: &Diagnosis) -> String {
    let Some(refusal) = diagnosis.refusal() else {
        let yes = paint(GOOD, "verified");
        return format!("{yes}: {scheme}: there is nothing to diagnose\n");
    };
    let why = match diagnosis.problem() {
        Some(problem) => problem.to_string(),
        None => refusal.to_string(),
    };
    let mut text = format!("{}: {scheme}: {}\n  {why}\n", paint(BAD, "refused"), refusal.code());
    for cause in diagnosis.causes() {
        let how = if cause.is_certain() { "proved by trying" } else { "not proved" };
        let (code, how) = (paint(BOLD, cause.kind().code()), paint(DIM, how));
        text.push_str(&format!("\n{code}  {how}\n"));
        text.push_str(&format!("  found  {}\n  mend   {}\n", cause.detail(), cause.mend()));
    }
    text.push_str(&format!("\n{}\n", paint(DIM, OFFLINE)));
    text
}

/// The contract of `--json`: these keys, in this order; `code` is null of what verifies.
#[derive(Serialize)]
struct DiagnosisJson<'a> {
    verified: bool,
    code: Option<&'static str>,
    causes: Vec<CauseJson<'a>>,
}

#[derive(Serialize)]
struct CauseJson<'a> {
    cause: &'static str,
    certain: bool,
    detail: &'a str,
    mend: &'a str,
}

impl<'a> DiagnosisJson<'a> {
    fn of(diagnosis: &'a Diagnosis) -> Self {
        let causes = diagnosis.causes().iter().map(|cause| CauseJson {
            cause: cause.kind().code(),
            certain: cause.is_certain(),
            detail: cause.detail(),
            mend: cause.mend(),
        });
        Self {
            verified: diagnosis.is_verified(),
            code: diagnosis.refusal().map(|refusal| refusal.code()),
            causes: causes.collect(),
        }
    }
}

const NONE_FOUND: u8 = 3;
const OFFLINE: &str =
    "For use offline: this is for whoever holds the secret, and must never be shown to a sender.";
