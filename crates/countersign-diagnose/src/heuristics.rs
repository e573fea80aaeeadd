//! Heuristics: causes to suspect if no experiment verifies, or if none is possible.
//! `secret_heuristics.rs` has those for secrets.

use std::sync::Arc;

use countersign_core::unchecked::UncheckedScheme;
use countersign_core::{HeaderSet, Scheme, VerifyError, VerifyErrorKind};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments};
use super::fix::Fix;
use super::framework_quirks::QUIRKS;
use super::strategy::Rejection;
use super::{charset, compression, digests, json, secret_heuristics, stringified};

/// The suspected causes. None of them is certain.
pub(super) fn causes(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    rejection: Rejection<'_>,
) -> Vec<Cause> {
    let mut causes = Vec::new();
    causes.extend(scheme(trial));
    causes.extend(secret_heuristics::in_request(experiments, trial));
    causes
        .extend(rejection.err().and_then(|it| secret_heuristics::unusable(experiments, trial, it)));
    causes.extend(rejection.ok().and_then(|rejection| rejected(experiments, trial, rejection)));
    causes.extend(body(trial));
    if rejection.is_ok() {
        causes.extend(secret_heuristics::of_another_kind(experiments, trial));
        causes.extend(secret_heuristics::of_odd_form(experiments, trial));
    }
    causes
}

/// Suspects another scheme if the request has its headers and lacks the given
/// scheme's.
fn scheme(trial: &Experiment) -> Option<Cause> {
    let others = schemes_of_its_headers(trial);
    if others.is_empty() {
        return None;
    }
    let names: Vec<String> =
        others.iter().map(|scheme| format!("`{}`", scheme.original().name())).collect();
    let names = names.join(" or ");
    let detail = format!("the request has the headers of {names}, and not those of the scheme");
    let fix = format!("configure the scheme {names}, with its secret");
    Some(Cause::suspected(CauseKind::WrongScheme, detail).with_fix(fix))
}

/// The schemes whose headers a request has, if it lacks the signature header of the
/// given scheme. Empty if there are more than [`MAX_SCHEMES`]: a long list is no
/// help.
pub(super) fn schemes_of_its_headers(trial: &Experiment) -> Vec<Arc<UncheckedScheme>> {
    if has_own_signature(trial) {
        return Vec::new();
    }
    let others = trial.known.iter().filter(|scheme| has_headers(trial, scheme.original()));
    let others: Vec<_> = others.cloned().collect();
    if others.len() > MAX_SCHEMES { Vec::new() } else { others }
}

/// Whether a request has a signature header of the given scheme.
pub(super) fn has_own_signature(trial: &Experiment) -> bool {
    let mut own = trial.scheme.header_sets().iter().flat_map(HeaderSet::signatures);
    own.any(|name| trial.request.values(name).next().is_some())
}

/// Whether the scheme or the diagnosis reads a header of this name.
pub(super) fn is_header_that_matters(scheme: &Scheme, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    MATTERING.contains(&name.as_str())
        || MATTERING_FAMILIES.iter().any(|front| name.starts_with(front))
        || scheme.headers().any(|own| own.eq_ignore_ascii_case(&name))
}

/// Whether a request has all the headers of one set of the scheme. A set without
/// headers never matches.
fn has_headers(trial: &Experiment, scheme: &Scheme) -> bool {
    scheme.header_sets().iter().any(|set| {
        let names = || set.signatures().take(1).chain(set.id()).chain(set.timestamp());
        let is_there = |name: &str| trial.request.values(name).next().is_some();
        names().next().is_some() && names().all(is_there)
    })
}

/// A cause from the rejection itself, if it is not a signature mismatch.
fn rejected(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    rejection: &VerifyError,
) -> Option<Cause> {
    use VerifyErrorKind as Kind;
    let suspected = |kind, more: &str| Cause::suspected(kind, format!("{rejection}{more}"));
    Some(match rejection.kind() {
        Kind::MissingSignature => {
            let are_all_tried = experiments.headers_left_out == 0 && digests::are_all_tried(trial);
            let more = if are_all_tried { digests::NONE_VERIFIES } else { "" };
            suspected(CauseKind::PartMissing, more)
        }
        Kind::MissingHeader | Kind::MissingId | Kind::MissingTimestamp => {
            suspected(CauseKind::PartMissing, "")
        }
        Kind::UnsupportedSignature => {
            suspected(CauseKind::WrongHeader, "").with_fix(Fix::of_receiver(
                "compare the signature version in the provider's settings with the one that \
             `Scheme::signature_format` shows",
                "compare the signature version in the provider's settings with the one that \
             `countersign schemes` shows",
            ))
        }
        Kind::MalformedSignature | Kind::MalformedId => suspected(
            CauseKind::WrongHeader,
            ": it was truncated or rewritten, or it is another provider's; no change that was \
             tried fixes it",
        ),
        Kind::RepeatedHeader => {
            suspected(CauseKind::WrongHeader, ", and none of its values verifies")
        }
        Kind::MalformedTimestamp => suspected(CauseKind::TimestampUnit, ""),
        Kind::UnknownKey => suspected(CauseKind::SecretOfAnotherEndpoint, "").with_fix(
            "compare the key, the certificate or the topic that the delivery names with the \
             configured ones: it is for another endpoint, or the provider has a new key",
        ),
        Kind::BodyTooLarge if rejection.is_of_too_many_parts() => {
            return super::body::too_many_parts(Ok(rejection));
        }
        Kind::BodyTooLarge => {
            let length = trial.body().len();
            let detail = format!(
                "{rejection}; the body has {length} bytes, and with a higher limit it would not \
                 verify either"
            );
            Cause::suspected(CauseKind::BodyTooLarge, detail)
        }
        Kind::Misconfigured if has_no_valid_secret(experiments, trial.scheme.original()) => {
            suspected(CauseKind::Rotated, ": none of the secrets is valid at this time")
        }
        Kind::Misconfigured if trial.scheme.signs_url() => suspected(CauseKind::UrlMismatch, ""),
        _ => return None,
    })
}

/// Whether there are secrets, and none of them is valid now.
fn has_no_valid_secret(experiments: &Experiments<'_>, scheme: &Scheme) -> bool {
    let is_any_valid = experiments.given.is_any_valid_at(scheme, experiments.now_ms);
    experiments.given.iter().next().is_some() && is_any_valid.is_ok_and(|is_valid| !is_valid)
}

fn body(trial: &Experiment) -> Option<Cause> {
    let body = trial.body();
    if let Some(what) = stringified::named(body) {
        let detail = format!("the captured body is not the original one: it is {what}");
        return Some(Cause::suspected(CauseKind::BodyReserialized, detail));
    }
    let stated = trial.request.text("content-length").and_then(|text| text.parse::<usize>().ok());
    let has_none = matches!(trial.request.method(), "GET" | "HEAD");
    if body.is_empty()
        && trial.scheme.original().authenticates_body()
        && stated != Some(0)
        && !has_none
    {
        let detail = match stated {
            Some(stated) => format!("the body is empty, but its `Content-Length` is {stated}"),
            None => "the body is empty: other code has already read it".to_owned(),
        };
        return Some(Cause::suspected(CauseKind::BodyEmpty, detail));
    }
    // If the sender sent `{}`, the `Content-Length` is 2, and the body is not the cause.
    if body == b"{}" && stated.is_none() && trial.scheme.original().authenticates_body() {
        let detail = "the body is `{}`, the value of `req.body` in Express if nothing has parsed \
                      the body: unless the provider sent `{}`, it is not the signed body";
        return Some(Cause::suspected(CauseKind::BodyEmpty, detail).with_fix(QUIRKS[0].fix));
    }
    let encoding = trial.request.text("content-encoding").unwrap_or("identity");
    let is_encoded = !encoding.eq_ignore_ascii_case("identity");
    if is_encoded && json::is_whole(body) {
        return Some(Cause::suspected(CauseKind::BodyDecompressed, DECOMPRESSED));
    }
    if charset::is_lossy(body) {
        let detail = "the body contains U+FFFD, which replaces bytes that are not UTF-8; the \
                      original bytes cannot be recovered";
        return Some(Cause::suspected(CauseKind::BodyCharset, detail));
    }
    if is_encoded && std::str::from_utf8(body).is_ok() {
        return Some(Cause::suspected(CauseKind::BodyDecompressed, DECOMPRESSED));
    }
    if let Some(damaged) = compression::damaged(body) {
        return Some(damaged);
    }
    match stated {
        Some(stated) if stated != body.len() && json::is_whole(body) => {
            let length = body.len();
            let detail =
                format!("the body is complete JSON of {length} bytes, but {stated} were sent");
            let cause = Cause::suspected(CauseKind::BodyReserialized, detail);
            Some(match json::quirk(body) {
                Some((quirk, _)) => cause.with_fix(quirk.fix),
                None => cause,
            })
        }
        Some(stated) if stated > body.len() => {
            let length = body.len();
            let detail = format!("the body has only {length} of the {stated} bytes that were sent");
            Some(Cause::suspected(CauseKind::BodyTruncated, detail))
        }
        _ if is_encoded => Some(compression::unknown_encoding(trial)),
        _ => None,
    }
}

const MATTERING: &[&str] = &["date", "forwarded", "host", "x-envoy-original-path", "x-rewrite-url"];
const MATTERING_FAMILIES: &[&str] = &["content-", "x-forwarded-", "x-original-"];
/// A longer list is no help.
const MAX_SCHEMES: usize = 4;

const DECOMPRESSED: &str = "the body has a `Content-Encoding` but is not encoded; the encoded \
                            bytes cannot be recovered";
