//! `countersign sign`.

use countersign::{Scheme, Signer};
use serde_json::Value;

use crate::cli::SignArgs;
use crate::mend::Mend;
use crate::output::{self, Report};
use crate::{random, scheme};

pub(crate) fn run(args: &SignArgs) -> Result<Report, Mend> {
    let scheme = scheme::load(&args.scheme.name)?;
    say_what_is_ignored(args, &scheme);
    let secrets = args.secrets.read()?;
    let request = args.request.read()?;
    say_what_is_missing(&scheme, request.body());
    let url = request.signed_url(&scheme)?;
    let id = if has_id(&scheme) { Some(id(args)?) } else { None };

    let mut signer = Signer::new(scheme, secrets).map_err(|error| args.secrets.blame(error))?;
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
    if let Some(body) = signed.body() {
        output::note("the signature stands in the body: this is the body to send");
        return Ok(Report::for_programs(String::from_utf8_lossy(body).into_owned()));
    }
    let headers = signed.headers().iter();
    Ok(Report::for_programs(
        headers.map(|(name, value)| format!("{name}: {value}\n")).collect::<String>(),
    ))
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

/// The time inside of a body is for its author to write, and is signed as it stands there.
fn say_what_is_missing(scheme: &Scheme, body: &[u8]) {
    let place = scheme.timestamp().filter(|_| scheme.is_data()).map(|(place, _)| place);
    let Some(pointer) = place.as_deref().and_then(|place| place.strip_prefix("body:")) else {
        return;
    };
    let body: Option<Value> = serde_json::from_slice(body).ok();
    if body.is_none_or(|body| body.pointer(pointer).is_none()) {
        output::note(&format!(
            "scheme `{}` has its time in the body, at `{pointer}`, and this body has none there: it \
             will be refused until you write it",
            scheme.name()
        ));
    }
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
