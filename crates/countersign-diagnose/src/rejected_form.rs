//! Deliveries that a scheme rejects although the signature is right: the same bytes
//! could be read as another delivery, or anyone can have them signed.

use countersign_core::custom::json;

use super::cause::{Cause, CauseKind};
use super::experiment::Experiment;
use super::strategy::Rejection;
use super::time;

/// The cause if a verifier rejects the form of a delivery with a right signature
/// over this body. `has_time_cause` is true if another cause already explains the
/// timestamp.
pub(super) fn cause(trial: &Experiment, body: &[u8], has_time_cause: bool) -> Option<Cause> {
    let time = || if has_time_cause { None } else { rejected_time(trial) };
    let what = rejected_body(trial, body).or_else(time)?;
    let detail = format!("the signature is right, but the scheme rejects {what}");
    Some(Cause::tried(CauseKind::RejectedForm, detail))
}

/// The cause if the signature is a member of a body that parsers read differently. Whether the
/// signature is right depends on the parser.
pub(super) fn two_readings(rejection: Rejection<'_>) -> Option<Cause> {
    let rejection = rejection.ok().filter(|it| it.is_of_two_readings())?;
    let cause = Cause::suspected(CauseKind::RejectedForm, rejection.to_string());
    Some(cause.with_fix(
        "send one member with this name, in one spelling, and names of at most 256 bytes: of two \
         members, one parser reads the first and another the last",
    ))
}

fn rejected_body(trial: &Experiment, body: &[u8]) -> Option<String> {
    let scheme = &*trial.scheme;
    let body_first = scheme.body_begins_with();
    if scheme.original().is_signing_oracle_input(body) {
        return Some(if body.is_empty() { EMPTY.to_owned() } else { TOKEN.to_owned() });
    }
    let Some(first) = body.first() else {
        // A template accepts an empty body. Custom signing code decides for itself.
        return (!scheme.is_data() && !body_first.is_empty()).then(|| no_such_start(body_first));
    };
    if scheme.requires_json_document() && !json::is_document(body) {
        return Some(NO_DOCUMENT.to_owned());
    }
    (!body_first.is_empty() && !body_first.contains(first)).then(|| no_such_start(body_first))
}

fn no_such_start(body_first: &[u8]) -> String {
    let known: Vec<String> =
        body_first.iter().map(|byte| format!("`{}`", byte.escape_ascii())).collect();
    format!(
        "a body that does not begin with {}: nothing else marks its start in the signed payload",
        known.join(" or ")
    )
}

fn rejected_time(trial: &Experiment) -> Option<String> {
    let digits = trial.scheme.timestamp_digits()?;
    let text = time::text(trial)?;
    (text.len() != digits).then(|| {
        "a timestamp of another length: nothing else marks its end in the signed payload".to_owned()
    })
}

const EMPTY: &str = "an empty body: anyone can have one signed with the scheme's unsigned \
                     handshake";
const TOKEN: &str = "a short body of only letters, digits and `-._~+/=`: anyone can have such a \
                     text signed with the scheme's unsigned handshake";
const NO_DOCUMENT: &str = "a body that is not one JSON document to its end: with a plain digest, \
                           anyone can compute the signature of a longer body without the secret";
