//! `countersign sign`: signs a delivery and prints the headers.

use std::time::Duration;

use countersign::diagnose::{CapturedRequest, Cause, Diagnose};
use countersign::scheme::{Algorithm, BodyView, TimestampSource};
use countersign::{Scheme, Secrets, Signer, Tolerance, VerifyError, VerifyErrorKind};
use serde_json::Value;

use crate::cli::SignArgs;
use crate::output::{self, Report};
use crate::request::Request;
use crate::usage_error::UsageError;
use crate::{random, scheme};

pub(crate) fn run(args: &SignArgs) -> Result<Report, UsageError> {
    let scheme = scheme::load(&args.scheme.name)?;
    say_what_is_ignored(args, &scheme);
    let mut secrets = args.secrets.read_for(2, |_| {})?.into_iter();
    let none = || UsageError::new("give a secret with `--secret-env` or `--secret-file`");
    let (secrets, to_verify) = (secrets.next().ok_or_else(none)?, secrets.next());
    let request = args.request.read()?;
    let lacks_time = say_what_is_missing(&scheme, request.body());
    let url = request.signed_url(&scheme)?;
    let id = if has_id(&scheme) { Some(id(args)?) } else { None };

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
    let rejection = to_verify.filter(|_| !lacks_time).and_then(|secrets| {
        Rejection::of(scheme, secrets, &request, &request.captured_signed(&signed))
    });
    if let Some(rejection) = rejection {
        output::note(&rejection.description());
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

/// Why a receiver rejects a delivery despite a correct signature. It is still signed: the user may
/// want to test the rejection.
struct Rejection {
    error: VerifyError,
    why: String,
}

impl Rejection {
    /// `None` if the delivery verifies, regardless of the time at which it is sent.
    fn of(
        scheme: Scheme,
        secrets: Secrets,
        request: &Request,
        signed: &CapturedRequest,
    ) -> Option<Self> {
        if is_asymmetric(scheme.algorithm()) {
            // The private key can sign, but not verify.
            let has_encoding = scheme.body_view() == BodyView::Raw && is_encoded(request);
            return has_encoding
                .then(|| Self::because(VerifyErrorKind::UnsupportedEncoding.into()));
        }
        let any_time = Tolerance::symmetric(Duration::ZERO)
            .dangerous_without_past_limit()
            .dangerous_without_future_limit();
        let diagnosis =
            Diagnose::new(scheme, secrets).with_tolerance(any_time).diagnose(signed).ok()?;
        let rejection = Self::because(diagnosis.rejection()?.clone());
        let cause = diagnosis.causes().first().filter(|cause| cause.is_certain());
        Some(match cause.map(Cause::detail) {
            Some(detail) => Self { why: detail.to_owned(), ..rejection },
            None => rejection,
        })
    }

    fn because(error: VerifyError) -> Self {
        Self { why: error.to_string(), error }
    }

    fn description(&self) -> String {
        let (code, status) = (self.error.code(), self.error.status());
        format!("a receiver rejects this delivery: {code} (status {status}): {}", self.why)
    }
}

/// Whether signing and verifying use different keys.
fn is_asymmetric(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 | Algorithm::Jwt
    )
}

fn is_encoded(request: &Request) -> bool {
    let mut encodings = request.values("content-encoding");
    encodings.any(|encoding| !encoding.trim_ascii().eq_ignore_ascii_case(b"identity"))
}

/// Prints a note for each option that is ignored. The headers are correct without them.
fn say_what_is_ignored(args: &SignArgs, scheme: &Scheme) {
    let name = scheme.name();
    say_that_an_id_is_ignored(args.id.as_deref(), scheme);
    if args.timestamp.is_some() {
        let why = match scheme.timestamp_source() {
            None => "signs no time".to_owned(),
            Some(source @ TimestampSource::Body(_)) if scheme.is_data() => {
                format!("reads the time from the body, at `{source}`")
            }
            Some(_) => return,
        };
        output::note(&format!("scheme `{name}` {why}: `--timestamp` is ignored"));
    }
}

pub(crate) fn say_that_an_id_is_ignored(id: Option<&str>, scheme: &Scheme) {
    if id.is_some() && !has_id(scheme) {
        output::note(&format!("scheme `{}` signs no id: `--id` is ignored", scheme.name()));
    }
}

/// Prints a note, and returns true, if the scheme reads the time from the body and the body has
/// none. `sign` does not change a time in the body.
fn say_what_is_missing(scheme: &Scheme, body: &[u8]) -> bool {
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

fn has_id(scheme: &Scheme) -> bool {
    scheme.signed().contains("{id}")
}

/// The id of the user, which must be valid as a header value, or a random id.
fn id(args: &SignArgs) -> Result<String, UsageError> {
    match &args.id {
        Some(id) if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(UsageError::new("`--id` must be visible ASCII characters, without spaces"))
        }
        Some(id) => Ok(id.clone()),
        None => Ok(format!("msg_{}", random::hex_128()?)),
    }
}
