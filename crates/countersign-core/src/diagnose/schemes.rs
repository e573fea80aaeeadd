//! The other built-in schemes.

use super::cause::{Cause, CauseKind};
use super::looks;
use super::trial::{Trial, Tries, Try};
use crate::scheme::{Algorithm, Grammar, Scheme, TypePlace};

/// The same request by each of the others.
///
/// `is_mismatched` says that it has a signature of its own scheme, which is
/// wrong: then one of an older version beside it, which signs less, explains
/// nothing. Nor does a header that merely shows the secret, where the request has
/// a signature of its own scheme at all.
pub(super) fn others(trial: &Trial, is_mismatched: bool) -> impl Iterator<Item = Trial> {
    let others = Scheme::names().filter(|name| *name != trial.scheme.name());
    let others = others.filter_map(|name| Scheme::named(name).ok());
    let others =
        others.filter(move |scheme| !is_mismatched || !may_stand_beside(scheme, &trial.scheme));
    let is_signed = looks::has_own_signature(trial);
    let others = others.filter(move |it| !is_signed || it.algorithm() != Algorithm::Token);
    others.map(|scheme| trial.with_scheme(scheme))
}

/// The same request by those whose headers it has, where it has not those of its
/// own.
pub(super) fn by_their_headers(trial: &Trial) -> Tries<'_> {
    let others = looks::schemes_of_its_headers(trial);
    Box::new(others.into_iter().map(|scheme| {
        let cause = cause(&[scheme.name()]);
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}

/// By these schemes it verifies.
pub(super) fn cause(names: &[&str]) -> Cause {
    let all = names.join("`, `");
    let (detail, mend) = match names {
        [_] => {
            (format!("by the scheme `{all}` it verifies"), format!("configure the scheme `{all}`"))
        }
        _ => (
            format!("by each of the schemes `{all}` it verifies: they sign alike"),
            format!("configure the scheme of the provider that sends it: one of `{all}`"),
        ),
    };
    Cause::tried(CauseKind::WrongScheme, detail).with_fix(mend)
}

/// Whether the request has the header in which the scheme's provider, and few
/// others, name the event's type.
pub(super) fn is_named_for(trial: &Trial) -> bool {
    trial.scheme.event_type.iter().any(|source| match &source.0 {
        TypePlace::Header(name) => trial.request.values(name.lower()).next().is_some(),
        TypePlace::Body(_) => false,
    })
}

/// Whether one header may hold signatures of both, told apart by their keys.
fn may_stand_beside(one: &Scheme, other: &Scheme) -> bool {
    let (Grammar::List { key: own, .. }, Grammar::List { key, .. }) =
        (&one.grammar, &other.grammar)
    else {
        return false;
    };
    let header = |scheme: &Scheme| scheme.families[0].signatures.first().cloned();
    own != key && header(one).is_some() && header(one) == header(other)
}
