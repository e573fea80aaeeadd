//! The other built-in schemes.

use super::cause::{Cause, CauseKind};
use super::trial::{Trial, Tries, Try};
use crate::scheme::Scheme;

/// Each of them, for the same request.
pub(super) fn others(trial: &Trial) -> Tries<'_> {
    let others = Scheme::names().filter(|name| *name != trial.scheme.name());
    let others = others.filter_map(|name| Scheme::named(name).ok());
    Box::new(others.map(|scheme| {
        let name = scheme.name();
        let cause = Cause::tried(
            CauseKind::WrongScheme,
            format!("by the scheme `{name}` it verifies, with the secrets at hand"),
        )
        .with_mend(format!("configure the scheme `{name}`"));
        Try { cause, trial: trial.with_scheme(scheme) }
    }))
}
