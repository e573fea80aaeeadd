//! Limits connections to the number of files that the process can open.

use super::forward;
use crate::output;

/// The connections for clients: for all requests, and those reserved for health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) connections: usize,
    pub(super) reserve: usize,
}

/// The number of connections that the process can open in addition to those to `targets` targets.
/// The limit on open files is raised if possible; otherwise a note is printed.
pub(super) fn places(asked: Places, targets: usize) -> Places {
    let needed = needed(asked, targets);
    let Some(limit) = raised_to(needed).filter(|limit| *limit < needed) else { return asked };
    let fitting = fitting(asked, targets, limit);
    output::note(&format!(
        "at most {} connections can be open, instead of {}: the process may open {limit} files, \
         and needs {needed}. Raise that limit (`ulimit -n`, or `LimitNOFILE` of systemd), or lower \
         `connections`",
        fitting.connections, asked.connections
    ));
    fitting
}

fn needed(asked: Places, targets: usize) -> usize {
    let Places { connections, reserve } = asked;
    [reserve, to_targets(asked, targets), OTHERS]
        .into_iter()
        .fold(connections, usize::saturating_add)
}

/// Each delivery in progress uses one connection, up to a maximum for each target.
fn to_targets(asked: Places, targets: usize) -> usize {
    targets.saturating_mul(forward::MAX_CONNECTIONS).min(asked.connections)
}

fn fitting(asked: Places, targets: usize, limit: usize) -> Places {
    let left = limit.saturating_sub(OTHERS);
    let reserve = asked.reserve.min(left / 8).max(1);
    let to_targets = to_targets(asked, targets).min(left / 4);
    let connections = left.saturating_sub(reserve + to_targets);
    Places { connections: connections.clamp(1, asked.connections), reserve }
}

/// The number of files that the process may open, after raising the limit to `needed` if possible.
#[cfg(unix)]
fn raised_to(needed: usize) -> Option<usize> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    if current < needed {
        let wanted = maximum.map_or(needed, |maximum| maximum.min(needed));
        let raised = Rlimit { current: Some(wanted), maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return usize::try_from(wanted).ok();
        }
    }
    usize::try_from(current).ok()
}

#[cfg(not(unix))]
fn raised_to(_needed: usize) -> Option<usize> {
    None
}

/// For standard streams, the runtime, the store's connections, captures, and reloaded files.
const OTHERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Places = Places { connections: 512, reserve: 64 };

    #[test]
    fn open_files_fit_into_the_limit_and_each_kind_has_a_share() {
        for limit in [64, 100, 128, 256, 512, 671] {
            for targets in [0, 1, 100] {
                let Places { connections, reserve } = fitting(ASKED, targets, limit);
                assert!(connections >= 20 && reserve >= 4, "{limit}: {connections} {reserve}");
                let to_targets = to_targets(ASKED, targets).min((limit - OTHERS) / 4);
                assert!(connections + reserve + to_targets + OTHERS <= limit, "{limit} {targets}");
            }
        }
    }

    #[test]
    fn any_number_of_connections_and_any_limit_give_some_connections() {
        for asked in [1, usize::MAX] {
            let asked = Places { connections: asked, reserve: 64 };
            assert!(needed(asked, usize::MAX) > 1);
            for limit in [0, 1, 32, 33, usize::MAX] {
                assert!(fitting(asked, 3, limit).connections >= 1);
            }
        }
    }
}
