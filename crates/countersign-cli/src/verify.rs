//! `countersign verify`.

use std::time::{Duration, UNIX_EPOCH};

use countersign::{Scheme, Secrets, Signed, Verified, Verifier, VerifyError};
use serde::Serialize;

use crate::cli::VerifyArgs;
use crate::mend::Mend;
use crate::output::{BAD, DIM, GOOD, Report, harmless, paint};
use crate::request::Request;
use crate::scheme;

pub(crate) fn run(args: &VerifyArgs) -> Result<Report, Mend> {
    let scheme = scheme::load(&args.scheme.name)?;
    let secrets = args.secrets.read()?;
    let request = args.request.read()?;

    let mut verifier = verifier(args, &request, scheme, secrets)?;
    if let Some(now) = args.now {
        verifier = verifier.with_clock(move || now);
    }
    let name = verifier.scheme().name();
    match (verifier.verify(request.head(), request.body().clone()), args.json) {
        (Ok(verified), true) => Ok(json(&VerifiedJson::new(&verified))?),
        (Ok(verified), false) => Ok(Report::for_people(describe(&verified))),
        (Err(error), true) => Ok(json(&RefusedJson::new(name, &error))?.refused()),
        (Err(error), false) => {
            let (no, code, status) = (paint(BAD, "refused"), error.code(), error.status());
            let text = format!("{no}: {name}: {code} (answer {status})\n  {error}\n");
            Ok(Report::for_people(text).refused())
        }
    }
}

fn verifier(
    args: &VerifyArgs,
    request: &Request,
    scheme: Scheme,
    secrets: Secrets,
) -> Result<Verifier, Mend> {
    let verifier = match request.signed_url(&scheme)? {
        Some(url) => Verifier::at(url, scheme, secrets),
        None => Verifier::new(scheme, secrets),
    };
    verifier.map_err(|error| args.secrets.blame(error))
}

/// The proof, for people.
fn describe(verified: &Verified) -> String {
    let yes = paint(GOOD, "verified");
    let scheme = verified.scheme().name();
    let secret = verified.secret_index();
    let name = verified.secret_name().unwrap_or_default();
    let mut text = format!("{yes}: {scheme}, with secret {secret} ({name})\n");
    let mut line = |label, value: &str, aside: &str| {
        let aside =
            if aside.is_empty() { String::new() } else { paint(DIM, format_args!("  {aside}")) };
        text.push_str(&format!("  {label:<10}  {value}{aside}\n"));
    };
    line("event id", &harmless(verified.event_id()), &format!("from {}", verified.event_id_from()));
    match verified.event_type() {
        Some(kind) => {
            let aside = if kind.signed == Signed::Yes { "" } else { "not signed" };
            line("event type", &harmless(kind.name), aside);
        }
        None => line("event type", "not known", ""),
    }
    match verified.signed_at_unix_ms() {
        Some(ms) => line("signed at", &date(ms), &format!("{ms} ms")),
        None => line("signed at", "not stated: this scheme signs no time", ""),
    }
    if !verified.authenticates_body() {
        line("body", "not authenticated: this scheme only shows a token", "");
    }
    text
}

/// A date that has four digits for its year; the number alone of what has not.
fn date(unix_ms: i64) -> String {
    match u64::try_from(unix_ms) {
        Ok(ms) if ms < YEAR_10000_MS => {
            humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms)).to_string()
        }
        _ => unix_ms.to_string(),
    }
}

/// The contract of `--json`: these keys, in this order, null for what is not known.
#[derive(Serialize)]
struct VerifiedJson<'a> {
    verified: bool,
    scheme: &'a str,
    secret: usize,
    event_id: &'a str,
    event_id_from: String,
    event_type: Option<&'a str>,
    signed_at_ms: Option<i64>,
}

impl<'a> VerifiedJson<'a> {
    fn new(verified: &'a Verified) -> Self {
        Self {
            verified: true,
            scheme: verified.scheme().name(),
            secret: verified.secret_index(),
            event_id: verified.event_id(),
            event_id_from: verified.event_id_from().to_string(),
            event_type: verified.event_type().map(|kind| kind.name),
            signed_at_ms: verified.signed_at_unix_ms(),
        }
    }
}

/// As [`VerifiedJson`], of a refusal.
#[derive(Serialize)]
struct RefusedJson<'a> {
    verified: bool,
    scheme: &'a str,
    code: &'static str,
    status: u16,
    detail: String,
}

impl<'a> RefusedJson<'a> {
    fn new(scheme: &'a str, error: &VerifyError) -> Self {
        Self {
            verified: false,
            scheme,
            code: error.code(),
            status: error.status(),
            detail: error.to_string(),
        }
    }
}

fn json(value: &impl Serialize) -> Result<Report, Mend> {
    let line = serde_json::to_string(value)
        .map_err(|error| Mend::because("the answer cannot be written as JSON", error))?;
    Ok(Report::for_programs(line + "\n"))
}

const YEAR_10000_MS: u64 = 253_402_300_800_000;
