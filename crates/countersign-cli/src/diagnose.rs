//! `countersign diagnose`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args};
use countersign::Secret;
use countersign::diagnose::{Audience, Cause, CauseKind, Diagnose, Diagnosis};
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
    #[command(flatten)]
    verify_token: VerifyToken,
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

#[derive(Args)]
struct VerifyToken {
    /// The environment variable that holds the verify token, where the scheme's handshake shows one
    #[arg(long, value_name = "NAME", conflicts_with = "verify_token_file")]
    verify_token_env: Option<String>,
    /// The file that holds the verify token
    #[arg(long, value_name = "PATH")]
    verify_token_file: Option<PathBuf>,
}

pub(crate) fn run(args: &DiagnoseArgs) -> Result<Report, Mend> {
    let scheme = scheme::load(&args.scheme.name)?;
    let name = scheme.name().to_owned();
    let request = args.request.read()?;
    // For its words only: without the URL, there is no verifier to begin with.
    request.signed_url(&scheme)?;
    let audience = audience(&args.scheme.name);
    let mut diagnose = Diagnose::new(scheme, args.secrets.read()?).with_audience(audience);
    for secret in read(&args.others.candidate_env, &args.others.candidate_file)? {
        diagnose = diagnose.with_candidate(secret);
    }
    for secret in read(&args.others.retired_env, &args.others.retired_file)? {
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
        let text = text.map_err(|error| Mend::because("the diagnosis", error))?;
        Report::for_programs(format!("{text}\n"))
    } else {
        Report::for_people(describe(&name, &diagnosis, &args.secrets))
    };
    Ok(report.ended_with(status(&diagnosis)))
}

impl VerifyToken {
    fn read(&self) -> Result<Option<Secret>, Mend> {
        let env = self.verify_token_env.clone().map(Place::Env);
        let place = env.or_else(|| self.verify_token_file.clone().map(Place::File));
        place.map(|place| place.read()).transpose()
    }
}

fn read(variables: &[String], files: &[PathBuf]) -> Result<Vec<Secret>, Mend> {
    let variables = variables.iter().cloned().map(Place::Env);
    let places = variables.chain(files.iter().cloned().map(Place::File));
    places.map(|place| place.read()).collect()
}

/// What comes behind a cause that was not found is a hint, and finds nothing.
fn status(diagnosis: &Diagnosis) -> ExitCode {
    match diagnosis.causes().first().map(Cause::kind) {
        _ if diagnosis.is_verified() => ExitCode::SUCCESS,
        Some(CauseKind::TamperedOrUnknown) | None => ExitCode::from(NONE_FOUND),
        Some(_) => ExitCode::FAILURE,
    }
}

/// Who has the scheme in a file can change it there.
fn audience(scheme: &str) -> Audience {
    match scheme::is_file(scheme) {
        true => Audience::SchemeFile,
        false => Audience::Program,
    }
}

/// The diagnosis, for people: the answer first.
fn describe(scheme: &str, diagnosis: &Diagnosis, secrets: &SecretArgs) -> String {
    let Some(refusal) = diagnosis.refusal() else {
        let yes = paint(GOOD, "verified");
        let mut text = format!("{yes}: {scheme}: there is nothing to diagnose\n");
        if let Some(handshake) = diagnosis.handshake() {
            text.push_str(&format!("  it is the handshake `{handshake}`, and no event\n"));
        }
        return text;
    };
    let mut text = String::new();
    for (index, cause) in diagnosis.causes().iter().enumerate() {
        let (word, how) = match (cause.is_certain(), cause.kind()) {
            (_, CauseKind::TamperedOrUnknown) => (paint(BAD, "not found"), "nothing is proved"),
            (true, _) if index > 0 => (paint(BOLD, "found, too"), "proved by trying"),
            (true, _) => (paint(BOLD, "found"), "proved by trying"),
            (false, _) if index > 0 => (paint(BOLD, "or"), "not proved"),
            (false, _) => (paint(BOLD, "suspected"), "not proved"),
        };
        let (detail, code, fix) = (cause.detail(), cause.kind().code(), cause.mend());
        text.push_str(&format!("{word}: {detail}\n  fix    {fix}\n"));
        text.push_str(&paint(DIM, format_args!("  cause  {code}, {how}\n\n")));
    }
    let why = match diagnosis.problem() {
        Some(problem) => secrets.blame(problem.clone()).to_string(),
        None => refusal.to_string(),
    };
    let (no, code) = (paint(BAD, "refused"), refusal.code());
    text.push_str(&format!("{no}: {scheme}: {code}\n  {why}\n"));
    let is_told = diagnosis.causes().iter().any(|cause| cause.kind() == CauseKind::Handshake);
    if let Some(handshake) = diagnosis.handshake().filter(|_| !is_told) {
        text.push_str(&format!("  it asks for the handshake `{handshake}`: it is no event\n"));
    }
    text.push_str(&format!("\n{}\n", paint(DIM, OFFLINE)));
    text
}

/// The contract of `--json`: these keys, in this order; `code` is null of what verifies, and
/// `handshake` is of nothing but a handshake.
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
            handshake: diagnosis.handshake(),
            causes: causes.collect(),
        }
    }
}

const NONE_FOUND: u8 = 3;
const OFFLINE: &str =
    "For use offline: this is for whoever holds the secret, and must never be shown to a sender.";
