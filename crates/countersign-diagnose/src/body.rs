//! Changes of the whole body: bytes added or removed at its ends, line endings,
//! base64.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use countersign_core::VerifyErrorKind;

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments, Tries, Try};
use super::strategy::Rejection;

pub(super) fn byte_order_mark(trial: &Experiment) -> Tries<'_> {
    let (detail, body) = match trial.body().strip_prefix(BOM) {
        Some(rest) => ("a byte order mark was added to the body", rest.to_vec()),
        None => ("the byte order mark of the body was removed", [BOM, trial.body()].concat()),
    };
    one(trial, CauseKind::BodyBom, [(detail, Some(body))])
}

pub(super) fn newlines(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let trimmed = body.trim_ascii_end();
    let spaces = body.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let without_spaces = &body[..body.len() - spaces];
    let unix = replaced(body, b"\r\n", b"\n");
    let windows = replaced(unix.as_deref().unwrap_or(body), b"\n", b"\r\n");
    let old = (!body.contains(&b'\n')).then(|| replaced(body, b"\r", b"\n")).flatten();
    let with = |end: &[u8]| Some([body, end].concat());
    one(
        trial,
        CauseKind::BodyNewline,
        [
            ("a newline was added to the body", body.strip_suffix(b"\n").map(<[u8]>::to_vec)),
            ("a newline was added to the body", body.strip_suffix(b"\r\n").map(<[u8]>::to_vec)),
            (
                "white space was added to the end of the body",
                (trimmed.len() < body.len()).then(|| trimmed.to_vec()),
            ),
            (
                "white space was added to the end of the body",
                (trimmed.len() < without_spaces.len() && spaces > 0)
                    .then(|| without_spaces.to_vec()),
            ),
            ("the newline at the end of the body was removed", with(b"\n")),
            ("the newline at the end of the body was removed", with(b"\r\n")),
            ("the body's line endings were changed from LF to CRLF", unix),
            ("the body's line endings were changed from CRLF to LF", windows),
            ("the body's line endings were changed from LF to CR", old),
        ],
    )
}

pub(super) fn base64(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let trimmed = body.trim_ascii();
    let unpadded = trimmed.strip_suffix(b"==").or(trimmed.strip_suffix(b"=")).unwrap_or(trimmed);
    let inside = gateway(body);
    let from_event =
        "the captured body is the gateway's event; the signed body is the value of its `body`";
    let decoded = |text: &[u8]| STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty());
    one(
        trial,
        CauseKind::BodyBase64,
        [
            ("the captured body is the base64 encoding of the signed body", decoded(trimmed)),
            (
                "the captured body is the URL-safe base64 encoding of the signed body",
                URL_SAFE_NO_PAD.decode(unpadded).ok().filter(|bytes| !bytes.is_empty()),
            ),
            (from_event, inside.as_deref().and_then(|inside| decoded(inside.as_bytes()))),
            (from_event, inside.map(String::into_bytes)),
            (
                "the signed body is the base64 encoding of the captured body",
                Some(STANDARD.encode(body).into_bytes()),
            ),
        ],
    )
}

/// A body over the limit. Experiments ignore the limit.
pub(super) fn too_large(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    length: usize,
) -> Option<Cause> {
    let limit = experiments.body_limit.unwrap_or(trial.scheme.original().profile().body_limit());
    (length > limit).then(|| {
        let detail = format!("the body has {length} bytes, and the limit is {limit}");
        Cause::tried(CauseKind::BodyTooLarge, detail)
    })
}

/// A body over a limit of its scheme's own, if nothing else is wrong with the delivery.
pub(super) fn over_own_limit(rejection: Rejection<'_>) -> Option<Cause> {
    let rejection = rejection.ok().filter(|it| it.kind() == VerifyErrorKind::BodyTooLarge)?;
    Some(Cause::tried(CauseKind::BodyTooLarge, rejection.to_string()))
}

/// A compressed body that has more blocks or members than are decoded. A higher body limit does not
/// change that.
pub(super) fn too_many_parts(rejection: Rejection<'_>) -> Option<Cause> {
    let rejection = rejection.ok().filter(|it| it.is_of_too_many_parts())?;
    let cause = Cause::suspected(CauseKind::BodyTooLarge, rejection.to_string());
    Some(cause.with_fix(
        "have the sender compress the body with larger buffers: fewer flushes, the default \
         `memLevel` of zlib, one gzip member; or have it send the body uncompressed",
    ))
}

/// A body that was empty when it was signed.
pub(super) fn emptied(trial: &Experiment) -> Tries<'_> {
    let empty = (!trial.body().is_empty()).then(Vec::new);
    let detail = "the signature is for an empty body: the sender signed before the body was set, \
                  or after the body was read";
    one(trial, CauseKind::BodyEmpty, [(detail, empty)])
}

/// The body inside the event of a serverless gateway.
fn gateway(event: &[u8]) -> Option<String> {
    let serde_json::Value::Object(mut event) = serde_json::from_slice(event).ok()? else {
        return None;
    };
    match event.remove("body")? {
        serde_json::Value::String(body) => Some(body),
        _ => None,
    }
}

fn one<'a, const LEN: usize>(
    trial: &'a Experiment,
    kind: CauseKind,
    bodies: [(&'static str, Option<Vec<u8>>); LEN],
) -> Tries<'a> {
    Box::new(bodies.into_iter().filter_map(move |(detail, body)| {
        let body = Bytes::from(body?);
        Some(Try { cause: Cause::tried(kind, detail), trial: trial.with_body(body) })
    }))
}

/// Returns `None` if nothing was replaced.
fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut replaced = Vec::with_capacity(body.len());
    let mut start = 0;
    for at in memchr::memmem::find_iter(body, from) {
        replaced.extend_from_slice(&body[start..at]);
        replaced.extend_from_slice(to);
        start = at + from.len();
    }
    replaced.extend_from_slice(&body[start..]);
    (start > 0).then_some(replaced)
}

pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";
