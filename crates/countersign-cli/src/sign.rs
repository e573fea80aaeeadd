//! `countersign sign`.

use std::time::Duration;

use countersign::diagnose::{CapturedRequest, Cause, Diagnose};
use countersign::{
    Algorithm, BodyView, Scheme, Secrets, Signer, Tolerance, VerifyError, VerifyErrorKind,
};
use serde_json::Value;

use crate::cli::SignArgs;
use crate::mend::Mend;
use crate::output::{self, Report};
use crate::request::Request;
use crate::{random, scheme};

pub(crate) fn run(args: &SignArgs) -> Result<Report, Mend> {
    let scheme = scheme::load(&args.scheme.name)?;
    say_what_is_ignored(args, &scheme);
    let mut secrets = args.secrets.read_for(2, |_| {})?.into_iter();
    let none = || Mend::new("give a secret with `--secret-env` or `--secret-file`");
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
    // That a time is missing has been said.
    let rejection = to_verify.filter(|_| !lacks_time).and_then(|secrets| {
        Rejection::of(scheme, secrets, &request, &request.captured_signed(&signed))
    });
    if let Some(rejection) = rejection {
        output::note(&rejection.told());
    }
    if let Some(body) = signed.body() {
        output::note("the signature stands in the body: this is the body to send");
        return Ok(Report::for_programs(String::from_utf8_lossy(body).into_owned()));
    }
    let headers = signed.headers().iter();
    Ok(Report::for_programs(
        headers.map(|(name, value)| format!("{name}: {value}\n")).collect::<String>(),
    ))
}

/// Why a receiver rejects a delivery although its signature is right. It is signed all the same:
/// to be rejected may be what it is for.
struct Rejection {
    error: VerifyError,
    why: String,
}

impl Rejection {
    /// `None` if the delivery verifies, at whatever time it is sent.
    fn of(
        scheme: Scheme,
        secrets: Secrets,
        request: &Request,
        signed: &CapturedRequest,
    ) -> Option<Self> {
        if is_asymmetric(scheme.algorithm()) {
            // The key at hand signs, and cannot verify.
            let has_encoding = scheme.body_view() == BodyView::Raw && is_encoded(request);
            return has_encoding
                .then(|| Self::because(VerifyErrorKind::UnsupportedEncoding.into()));
        }
        let any_time = Tolerance::symmetric(Duration::ZERO)
            .dangerous_without_past_limit()
            .dangerous_without_future_limit();
        let diagnosis =
            Diagnose::new(scheme, secrets).with_tolerance(any_time).diagnose(signed).ok()?;
        let rejection = Self::because(diagnosis.refusal()?.clone());
        let cause = diagnosis.causes().first().filter(|cause| cause.is_certain());
        Some(match cause.map(Cause::detail) {
            Some(detail) => Self { why: detail.to_owned(), ..rejection },
            None => rejection,
        })
    }

    fn because(error: VerifyError) -> Self {
        Self { why: error.to_string(), error }
    }

    fn told(&self) -> String {
        let (code, status) = (self.error.code(), self.error.status());
        format!("a receiver rejects this delivery: {code} (answer {status}): {}", self.why)
    }
}

/// Whether what signs is another key than what verifies.
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

/// What the user asked for in vain is said, and nothing else: the headers are right without it.
fn say_what_is_ignored(args: &SignArgs, scheme: &Scheme) {
    let name = scheme.name();
    say_that_an_id_is_ignored(args.id.as_deref(), scheme);
    if args.timestamp.is_some() {
        let why = match scheme.timestamp() {
            None => "signs no time".to_owned(),
            Some((place, _)) if scheme.is_data() && place.starts_with("body:") => {
                format!("has its time in the body, at `{place}`")
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

/// The time inside of a body is for its author to write, and is signed as it is there. Says if there
/// is none, and whether it has said so.
fn say_what_is_missing(scheme: &Scheme, body: &[u8]) -> bool {
    let place = scheme.timestamp().filter(|_| scheme.is_data()).map(|(place, _)| place);
    let Some(pointer) = place.as_deref().and_then(|place| place.strip_prefix("body:")) else {
        return false;
    };
    let body: Option<Value> = serde_json::from_slice(body).ok();
    let lacks_time = body.is_none_or(|body| body.pointer(pointer).is_none());
    if lacks_time {
        output::note(&format!(
            "scheme `{}` has its time in the body, at `{pointer}`, and this body has none there: it \
             will be refused until you write it",
            scheme.name()
        ));
    }
    lacks_time
}

fn has_id(scheme: &Scheme) -> bool {
    scheme.signed().contains("{id}")
}

/// The user's id, if it can stand in a header of its own; a fresh one otherwise.
fn id(args: &SignArgs) -> Result<String, Mend> {
    match &args.id {
        Some(id) if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(Mend::new("`--id` must be visible ASCII characters, without spaces"))
        }
        Some(id) => Ok(id.clone()),
        None => Ok(format!("msg_{}", random::hex_128()?)),
    }
}
