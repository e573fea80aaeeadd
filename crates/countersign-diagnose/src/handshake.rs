//! Requests that are handshakes: they contain no event.

use countersign_core::{Handshake, HandshakeRule, Secret};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments};
use super::fix::Fix;

/// The name of the signed handshake, if the body is one. It is signed like any
/// event.
pub(super) fn signed(trial: &Experiment) -> Option<String> {
    let mut handshakes = trial.scheme.original().handshakes().iter();
    let found =
        handshakes.find(|one| one.rule() == HandshakeRule::Signed && matches(trial, one, None));
    found.map(|handshake| handshake.name().to_owned())
}

/// The name of the unsigned handshake, if the request is one, and the cause that
/// describes it.
pub(super) fn unsigned(
    experiments: &Experiments<'_>,
    trial: &Experiment,
) -> Option<(String, Cause)> {
    let handshakes = trial.scheme.original().handshakes().iter();
    let mut unsigned = handshakes.filter(|one| one.rule() != HandshakeRule::Signed);
    unsigned.find_map(|handshake| {
        let is_answered = matches(trial, handshake, experiments.verify_token);
        if !is_answered {
            let shown = handshake.shown_verify_token(&trial.request.head())?;
            let shown = Secret::from_text(shown).ok()?;
            if !matches(trial, handshake, Some(&shown)) {
                return None;
            }
        }
        let cause = cause(handshake, is_answered, experiments.verify_token.is_some());
        Some((handshake.name().to_owned(), cause))
    })
}

fn matches(trial: &Experiment, handshake: &Handshake, token: Option<&Secret>) -> bool {
    handshake.matches(trial.scheme.original(), &trial.request.head(), trial.body(), token)
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
            Some(OPEN_WINDOW),
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

const TOKEN: [&str; 2] = [
    "configure the token that was entered at the provider: `Verifier::with_verify_token`, or \
     `Diagnose::with_verify_token` here",
    "configure the token that was entered at the provider: `verify_token` in the file of \
     `countersign serve`, `--verify-token-env` here",
];
const OPEN_WINDOW: [&str; 2] = [
    "open the handshake window right before you create the webhook at the provider: \
     `Verifier::open_handshake_window`",
    "open the handshake window right before you create the webhook at the provider: \
     `handshake_window` in the file of `countersign serve`",
];
