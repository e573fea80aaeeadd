//! `countersign sign`: signs a delivery and prints the headers.

use countersign::scheme::TimestampSource;
use countersign::{Clock, Scheme, Signer, SystemClock};
use serde_json::Value;

use crate::cli::SignArgs;
use crate::event::Event;
use crate::output::{self, Report};
use crate::rejection::Rejection;
use crate::usage_error::UsageError;
use crate::{random, scheme};

pub(crate) fn run(args: &SignArgs) -> Result<Report, UsageError> {
    let scheme = scheme::load(&args.scheme.name)?;
    note_ignored_id(args.id.as_deref(), &scheme);
    // The time of a sample event is also in its body.
    if args.timestamp.is_some() && !args.event.is_sample() {
        note_ignored_time(&scheme);
    }
    let mut secrets = args.secrets.read_for(2, |_| {})?.into_iter();
    let none = || UsageError::new("give a secret with `--secret-env` or `--secret-file`");
    let (secrets, to_verify) = (secrets.next().ok_or_else(none)?, secrets.next());
    let unix_ms = args.timestamp.unwrap_or_else(|| SystemClock::new().now_unix_ms());
    let Event { request, id: sample_id } = args.event.read(&args.scheme.name, &scheme, unix_ms)?;
    let lacks_time = note_missing_time(&scheme, request.body());
    let url = request.signed_url(&scheme)?;
    let id = if has_id(&scheme) { Some(id(args, sample_id)?) } else { None };

    let signer = Signer::new(scheme.clone(), secrets);
    let mut signer = signer.map_err(|error| args.secrets.blame(error))?;
    if let Some(url) = url {
        signer = signer.with_url(url);
    }
    if let Some(id) = id {
        signer = signer.with_id(id);
    }
    if let Some(timestamp) = args.timestamp {
        signer = signer.at_unix_ms(timestamp);
    }
    let signed =
        signer.sign_request(request.head(), request.body()).map_err(|e| args.secrets.blame(e))?;
    // A missing time was already reported.
    let whole = request.signed(&signed);
    let to_verify = to_verify.filter(|_| !lacks_time);
    let rejection = to_verify.and_then(|secrets| Rejection::of(scheme, secrets, &whole));
    if let Some(rejection) = rejection {
        output::note(&rejection.description());
    }
    if args.event.is_sample() {
        return Ok(Report::machine(whole.to_file()?));
    }
    if let Some(body) = signed.body() {
        output::note("the signature is in the body: this is the body to send");
        return Ok(Report::machine(String::from_utf8_lossy(body).into_owned()));
    }
    let headers = signed.headers().iter();
    Ok(Report::machine(
        headers.map(|(name, value)| format!("{name}: {value}\n")).collect::<String>(),
    ))
}

/// Prints a note if the option has no effect. The headers are correct without it.
fn note_ignored_time(scheme: &Scheme) {
    note_unsigned_time(scheme);
    if let Some(source @ TimestampSource::Body(_)) = scheme.timestamp_source()
        && scheme.is_data()
    {
        output::note(&format!(
            "scheme `{}` reads the time from the body, at `{source}`: `--timestamp` is ignored",
            scheme.name()
        ));
    }
}

/// Prints a note if the scheme signs no time, so that `--timestamp` has no effect.
pub(crate) fn note_unsigned_time(scheme: &Scheme) {
    if scheme.timestamp_source().is_none() {
        let name = scheme.name();
        output::note(&format!("scheme `{name}` signs no time: `--timestamp` is ignored"));
    }
}

/// Prints a note if the option has no effect.
pub(crate) fn note_ignored_id(id: Option<&str>, scheme: &Scheme) {
    if id.is_some() && !has_id(scheme) {
        output::note(&format!("scheme `{}` signs no id: `--id` is ignored", scheme.name()));
    }
}

/// Prints a note, and returns true, if the scheme reads the time from the body and the body has
/// none. `send` changes a time in the body, but adds none; `sign` does not change it.
pub(crate) fn note_missing_time(scheme: &Scheme, body: &[u8]) -> bool {
    let source = scheme.timestamp_source().filter(|_| scheme.is_data());
    let Some(TimestampSource::Body(pointer)) = source else { return false };
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let lacks_time = body.is_none_or(|body| body.pointer(pointer).is_none());
    if lacks_time {
        output::note(&format!(
            "scheme `{}` reads the time from the body, at `{pointer}`, but this body has none: \
             receivers reject it until you add it",
            scheme.name()
        ));
    }
    lacks_time
}

pub(crate) fn has_id(scheme: &Scheme) -> bool {
    scheme.signed().contains("{id}")
}

/// The id of the user, which must be valid as a header value, or that of the sample event, or a
/// random id.
fn id(args: &SignArgs, of_sample: Option<String>) -> Result<String, UsageError> {
    match &args.id {
        Some(id) if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(UsageError::new("`--id` must be visible ASCII characters, without spaces"))
        }
        Some(id) => Ok(id.clone()),
        None => of_sample.map_or_else(|| Ok(format!("msg_{}", random::hex_128()?)), Ok),
    }
}
