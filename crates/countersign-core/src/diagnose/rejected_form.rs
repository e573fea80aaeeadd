//! What a scheme rejects although its signature is right: the same bytes could
//! also be read as another delivery, or anybody can have them signed.

use super::cause::{Cause, CauseKind};
use super::time;
use super::trial::Trial;
use crate::handshake;
use crate::json;
use crate::scheme::Boundaries;

/// What a verifier rejects of a delivery whose signature is right over this body.
/// `has_time_cause` says that the form of its time is explained already.
pub(super) fn cause(trial: &Trial, body: &[u8], has_time_cause: bool) -> Option<Cause> {
    let time = || if has_time_cause { None } else { rejected_time(trial) };
    let what = rejected_body(trial, body).or_else(time)?;
    let detail = format!("the signature is right, and the scheme rejects {what}");
    Some(Cause::tried(CauseKind::RejectedForm, detail))
}

fn rejected_body(trial: &Trial, body: &[u8]) -> Option<String> {
    let scheme = &*trial.scheme;
    let Boundaries { body_first, one_document, .. } = &scheme.boundaries;
    if handshake::anybody_may_have_had_it_signed(scheme, body) {
        return Some(if body.is_empty() { EMPTY.to_owned() } else { TOKEN.to_owned() });
    }
    let Some(first) = body.first() else {
        // A template takes an empty body; a rule says itself whether it does.
        return (!scheme.is_data() && !body_first.is_empty()).then(|| no_such_start(body_first));
    };
    if *one_document && !json::is_document(body) {
        return Some(NO_DOCUMENT.to_owned());
    }
    (!body_first.is_empty() && !body_first.contains(first)).then(|| no_such_start(body_first))
}

fn no_such_start(body_first: &[u8]) -> String {
    let known: Vec<String> =
        body_first.iter().map(|byte| format!("`{}`", byte.escape_ascii())).collect();
    format!(
        "a body that does not begin with {}: nothing else says where it begins in what is signed",
        known.join(" or ")
    )
}

fn rejected_time(trial: &Trial) -> Option<String> {
    let unit = trial.scheme.timestamp.as_ref()?.unit;
    let text = time::text(trial)?;
    (!trial.scheme.boundaries.allow_timestamp(text.as_bytes(), unit)).then(|| {
        "a time of another length: nothing else says where it ends in what is signed".to_owned()
    })
}

const EMPTY: &str = "an empty body: anybody can have one signed, by asking for the scheme's \
                     unsigned handshake";
const TOKEN: &str = "a short body of nothing but letters, digits and `-._~+/=`: anybody can have \
                     such a text signed, by asking for the scheme's unsigned handshake";
const NO_DOCUMENT: &str = "a body that is not one JSON document to its end: by a plain digest \
                           anybody can compute the signature of a longer body without the secret";
