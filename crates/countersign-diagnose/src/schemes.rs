//! Changes of the scheme: the schemes of other providers.

use std::sync::Arc;

use countersign_core::{Algorithm, EventTypeSource, Scheme, SignatureLayout};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::heuristics;

/// The same request with each of the other schemes.
///
/// `is_mismatched` is true if the request has a signature of its own scheme that
/// does not match. Then an older signature in the same header, which covers less,
/// is no explanation, and such schemes are left out. If the request has any
/// signature of its own scheme, schemes with a plain token are left out as well: a
/// header that merely contains the secret is no explanation either.
pub(super) fn others(trial: &Experiment, is_mismatched: bool) -> impl Iterator<Item = Experiment> {
    let others = trial
        .known
        .iter()
        .filter(|other| other.original().name() != trial.scheme.original().name());
    let others = others.filter(move |scheme| {
        !is_mismatched || !may_stand_beside(scheme.original(), trial.scheme.original())
    });
    let is_signed = heuristics::has_own_signature(trial);
    let others = others.filter(move |it| !is_signed || it.algorithm() != Algorithm::Token);
    others.map(|scheme| trial.with_scheme(Arc::clone(scheme)))
}

/// Tries the schemes whose headers the request has, if it lacks the signature
/// header of its own scheme.
pub(super) fn by_their_headers(trial: &Experiment) -> Tries<'_> {
    let others = heuristics::schemes_of_its_headers(trial);
    Box::new(others.into_iter().map(|scheme| {
        let cause = cause(&[scheme.original().name()]);
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}

/// The cause if the delivery verifies with these schemes.
pub(super) fn cause(names: &[&str]) -> Cause {
    let all = names.join("`, `");
    let (detail, fix) = match names {
        [_] => (
            format!("it verifies with the scheme `{all}`"),
            format!("configure the scheme `{all}`"),
        ),
        _ => (
            format!("it verifies with each of the schemes `{all}`, which sign alike"),
            format!("configure the scheme of the provider that sends it: one of `{all}`"),
        ),
    };
    Cause::tried(CauseKind::WrongScheme, detail).with_fix(fix)
}

/// Whether the request has the header in which the scheme's provider names the
/// event's type. Few providers share such a header.
pub(super) fn is_named_for(trial: &Experiment) -> bool {
    let sources = trial.scheme.original().event_type_sources();
    let mut headers = sources.iter().filter_map(EventTypeSource::header);
    headers.any(|name| trial.request.values(name).next().is_some())
}

/// Whether one header may contain signatures of both schemes under different keys.
fn may_stand_beside(one: &Scheme, other: &Scheme) -> bool {
    let (SignatureLayout::Pairs { key: own, .. }, SignatureLayout::Pairs { key, .. }) =
        (one.signature_format().layout(), other.signature_format().layout())
    else {
        return false;
    };
    let header = |scheme: &Scheme| scheme.signature_format().header().map(str::to_ascii_lowercase);
    own != key && header(one).is_some() && header(one) == header(other)
}
