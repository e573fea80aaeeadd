//! `countersign verify`: verifies one delivery.

mod handshake;

use std::time::{Duration, UNIX_EPOCH};

use countersign::custom::SignatureCoverage;
use countersign::scheme::Identity;
use countersign::{Scheme, Secrets, Verified, Verifier, VerifyError};
use serde::Serialize;

use crate::cli::VerifyArgs;
use crate::output::{BAD, DIM, GOOD, Report, escape_control_chars, paint};
use crate::possible_secret::about_event_id;
use crate::request::Request;
use crate::scheme;
use crate::usage_error::UsageError;
use handshake::Handshake;

pub(crate) use handshake::HandshakeArgs;

pub(crate) fn run(args: &VerifyArgs) -> Result<Report, UsageError> {
    let mut scheme = scheme::load(&args.scheme.name)?;
    if let Some(place) = &args.event_id {
        scheme = scheme
            .with_event_id(place)
            .map_err(|error| UsageError::new(about_event_id(place, &error)))?;
    }
    let secrets = args.secrets.read()?;
    let request = args.request.read()?;

    let mut verifier = verifier(args, &request, scheme, secrets)?;
    if let Some(now) = args.now {
        verifier = verifier.with_clock(move || now);
    }
    let verifier = args.handshake.set_up(verifier)?;
    let name = verifier.scheme().name();
    match (accept(&verifier, &request, args), args.json) {
        (Ok(Accepted::Verified(verified, handshake)), true) => {
            json(&VerifiedJson::new(&verified, handshake))
        }
        (Ok(Accepted::Verified(verified, handshake)), false) => {
            Ok(Report::human(describe(&verified, handshake.as_ref())))
        }
        (Ok(Accepted::Unsigned(handshake)), true) => {
            Ok(json(&UnsignedJson::new(name, handshake))?.rejected())
        }
        (Ok(Accepted::Unsigned(handshake)), false) => {
            let (no, status) = (paint(BAD, "not verified"), handshake.status());
            let mut text = format!("{no}: {name}: {} (status {status})\n", handshake.description());
            push_answer(&mut text, &handshake);
            Ok(Report::human(text).rejected())
        }
        (Err(error), true) => Ok(json(&RejectedJson::new(name, &error))?.rejected()),
        (Err(error), false) => {
            let (no, code, status) = (paint(BAD, "rejected"), error.code(), error.status());
            let text = format!("{no}: {name}: {code} (status {status})\n  {error}\n");
            Ok(Report::human(text).rejected())
        }
    }
}

/// The kind of a request that is not rejected.
enum Accepted {
    /// A verified delivery. If it is a handshake, it is not an event.
    Verified(Box<Verified>, Option<Handshake>),
    /// An unsigned handshake.
    Unsigned(Handshake),
}

/// Checks for unsigned handshakes first, as every adapter does.
fn accept(
    verifier: &Verifier,
    request: &Request,
    args: &VerifyArgs,
) -> Result<Accepted, VerifyError> {
    if let Some(asked) = verifier.handshake(request.head()) {
        let answer = asked.answer(request.body())?;
        return Ok(Accepted::Unsigned(Handshake::unsigned(answer, &args.handshake)));
    }
    let verified = verifier.verify(request.head(), request.body().clone())?;
    let handshake = verified.handshake().map(|answer| Handshake::signed(answer, &args.handshake));
    Ok(Accepted::Verified(Box::new(verified), handshake))
}

/// Adds the response to a handshake, if `--answer` is given.
fn push_answer(text: &mut String, handshake: &Handshake) {
    for (index, line) in handshake.lines().iter().enumerate() {
        let label = if index == 0 { "answer" } else { "" };
        text.push_str(&format!("  {label:<10}  {line}\n"));
    }
}

fn verifier(
    args: &VerifyArgs,
    request: &Request,
    scheme: Scheme,
    secrets: Secrets,
) -> Result<Verifier, UsageError> {
    let verifier = match request.signed_url(&scheme)? {
        Some(url) => Verifier::with_public_url(url, scheme, secrets),
        None => Verifier::new(scheme, secrets),
    };
    verifier.map_err(|error| args.secrets.blame(error))
}

/// The verified facts as human-readable text.
fn describe(verified: &Verified, handshake: Option<&Handshake>) -> String {
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
    line(
        "event id",
        &escape_control_chars(verified.event_id()),
        &format!("from {}", verified.event_id_from()),
    );
    line("identity", &verified.identity().to_string(), identity(verified.identity()));
    match verified.event_type() {
        Some(kind) => {
            let aside = if kind.is_signed() { "" } else { "not signed" };
            line("event type", &escape_control_chars(kind.name), aside);
        }
        None => line("event type", "not known", ""),
    }
    match verified.signed_at_unix_ms() {
        Some(ms) => line("signed at", &date(ms), &format!("{ms} ms")),
        None => line("signed at", "none: the scheme signs no time", ""),
    }
    match verified.scheme().covers() {
        SignatureCoverage::Body => {}
        SignatureCoverage::Fields(fields) => {
            line("body", &format!("authenticated in part: {}", fields.join(", ")), "");
        }
        _ if verified.scheme().is_data() => {
            line("body", "not authenticated: the scheme only checks a token", "");
        }
        _ => line("body", "not authenticated: see `countersign schemes`", ""),
    }
    if let Some(handshake) = handshake {
        line("kind", &handshake.description(), "");
        push_answer(&mut text, handshake);
    }
    text
}

/// The meaning of an identity.
fn identity(identity: Identity) -> &'static str {
    match identity {
        Identity::Id => "a delivery with the same id is the same event",
        Identity::Content => "a delivery with the same bytes is the same event",
        Identity::Unknown => "a delivery with the same bytes may be another event",
    }
}

/// The date, or the number itself if the year does not have four digits.
fn date(unix_ms: i64) -> String {
    match u64::try_from(unix_ms) {
        Ok(ms) if ms < YEAR_10000_MS => {
            humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(ms)).to_string()
        }
        _ => unix_ms.to_string(),
    }
}

/// The stable format of `--json`: these keys in this order; null if a value is not known;
/// `handshake` only for a handshake.
#[derive(Serialize)]
struct VerifiedJson<'a> {
    verified: bool,
    scheme: &'a str,
    secret: usize,
    event_id: &'a str,
    event_id_from: String,
    identity: String,
    event_type: Option<&'a str>,
    signed_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<Handshake>,
}

impl<'a> VerifiedJson<'a> {
    fn new(verified: &'a Verified, handshake: Option<Handshake>) -> Self {
        Self {
            verified: true,
            scheme: verified.scheme().name(),
            secret: verified.secret_index(),
            event_id: verified.event_id(),
            event_id_from: verified.event_id_from().to_string(),
            identity: verified.identity().to_string(),
            event_type: verified.event_type().map(|kind| kind.name),
            signed_at_ms: verified.signed_at_unix_ms(),
            handshake,
        }
    }
}

/// The same as [`VerifiedJson`] for a rejection.
#[derive(Serialize)]
struct RejectedJson<'a> {
    verified: bool,
    scheme: &'a str,
    code: &'static str,
    status: u16,
    detail: String,
}

impl<'a> RejectedJson<'a> {
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

/// The same as [`RejectedJson`] for an unsigned handshake: it is not verified, but gets a response.
#[derive(Serialize)]
struct UnsignedJson<'a> {
    #[serde(flatten)]
    rejected: RejectedJson<'a>,
    handshake: Handshake,
}

impl<'a> UnsignedJson<'a> {
    fn new(scheme: &'a str, handshake: Handshake) -> Self {
        let (status, detail) = (handshake.status(), handshake.description());
        let rejected = RejectedJson { verified: false, scheme, code: "handshake", status, detail };
        Self { rejected, handshake }
    }
}

fn json(value: &impl Serialize) -> Result<Report, UsageError> {
    let line = serde_json::to_string(value)
        .map_err(|error| UsageError::because("the result cannot be written as JSON", error))?;
    Ok(Report::machine(line + "\n"))
}

const YEAR_10000_MS: u64 = 253_402_300_800_000;
