//! Requests that are handshakes: they contain no event.

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments};
use super::fix::Fix;
use super::request::CapturedRequest;
use crate::crypto::mac::Key;
use crate::handshake::{self, Asked, Heard, VerifyToken};
use crate::scheme::{Handshake, HandshakeRule, Place, Test};
use crate::secret::Secret;

/// The name of the signed handshake, if the body is one. It is signed like any
/// event.
pub(super) fn signed(trial: &Experiment) -> Option<String> {
    let answer = handshake::signed(&trial.scheme, NO_KEY, trial.body())?;
    Some(answer.name().to_owned())
}

/// The name of the unsigned handshake, if the request is one, and the cause that
/// describes it.
pub(super) fn unsigned(bench: &Experiments<'_>, trial: &Experiment) -> Option<(String, Cause)> {
    let handshakes = trial.scheme.handshakes().iter();
    let mut unsigned = handshakes.filter(|one| one.rule() != HandshakeRule::Signed);
    unsigned.find_map(|handshake| {
        let given = bench.verify_token.map(VerifyToken::new);
        let is_answered = is_asked_for(trial, handshake, given.as_ref());
        if !is_answered {
            let shown = shown_token(handshake, &trial.request).map(|it| VerifyToken::new(&it));
            if !is_asked_for(trial, handshake, Some(&shown?)) {
                return None;
            }
        }
        let cause = cause(handshake, is_answered, given.is_some());
        Some((handshake.name().to_owned(), cause))
    })
}

fn cause(handshake: &Handshake, is_answered: bool, has_token: bool) -> Cause {
    let (more, fix) = match handshake.rule() {
        _ if !is_answered && has_token => {
            ("; the verify token in the request does not match the given one", Some(TOKEN))
        }
        _ if !is_answered => {
            ("; it contains a verify token, and none was given to compare it with", Some(TOKEN))
        }
        HandshakeRule::UnsignedInWindow => (
            "; it delivers a secret, and is answered only while the handshake window is open",
            Some(ARM),
        ),
        _ => ("", None),
    };
    let name = handshake.name();
    let detail = format!(
        "the request is not a delivery: it is the scheme's handshake `{name}`, which is not \
         signed{more}"
    );
    let cause = Cause::tried(CauseKind::Handshake, detail);
    match fix {
        Some([rust, program]) => cause.with_fix(Fix::of_receiver(rust, program)),
        None => cause,
    }
}

fn is_asked_for(trial: &Experiment, handshake: &Handshake, token: Option<&VerifyToken>) -> bool {
    let asked = Asked { handshake, key: NO_KEY, token };
    match asked.by_head(&trial.scheme, &trial.request.head()) {
        Heard::No => false,
        Heard::Yes(_) => true,
        Heard::Perhaps(in_head) => asked.by_body(in_head, trial.body()).is_some(),
    }
}

/// The verify token in the request, at the place that the handshake defines.
fn shown_token(handshake: &Handshake, request: &CapturedRequest) -> Option<Secret> {
    let shown = handshake.conditions.iter().find(|one| one.test == Test::IsVerifyToken)?;
    let text = match &shown.place {
        Place::Query(name) => {
            let head = request.head();
            let (_, query) = head.target()?.split_once('?')?;
            let mut values = form_urlencoded::parse(query.as_bytes());
            values.find(|(other, _)| other == name)?.1.into_owned()
        }
        Place::Header(name) => request.text(name.lower())?.to_owned(),
        Place::Body(_) => return None,
    };
    Secret::from_text(text).ok()
}

/// The handshake's response is not used here, so nothing is signed.
const NO_KEY: &Key = &Key::OfRule;
const TOKEN: [&str; 2] = [
    "configure the token that was entered at the provider: `Verifier::with_verify_token`, or \
     `Diagnose::with_verify_token` here",
    "configure the token that was entered at the provider: `verify_token` in the file of \
     `countersign serve`, `--verify-token-env` here",
];
const ARM: [&str; 2] = [
    "open the handshake window right before you create the webhook at the provider: \
     `Verifier::handshake_window`",
    "open the handshake window right before you create the webhook at the provider: \
     `handshake_window` in the file of `countersign serve`",
];
