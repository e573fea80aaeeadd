//! How many connections the process can have open: each is a file.

use crate::output;

/// Connections that clients may open: for all requests, and those kept for health checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) connections: usize,
    pub(super) reserve: usize,
}

/// As many of them as the process can have open, beside the connections to so many targets. If the
/// limit can be raised far enough, it is; if not, that is noted.
pub(super) fn places(asked: Places, targets: usize) -> Places {
    let needed = needed(asked, targets);
    let Some(limit) = raised_to(needed).filter(|limit| *limit < needed) else { return asked };
    let fitting = fitting(asked, targets, limit);
    output::note(&format!(
        "at most {} connections are open at once, in place of {}: the process may open {limit} \
         files, and needs {needed}. Raise that limit (`ulimit -n`, or `LimitNOFILE` of systemd), or \
         lower `connections`",
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

/// A delivery in progress has one, and each target has a maximum.
fn to_targets(asked: Places, targets: usize) -> usize {
    targets.saturating_mul(MAX_PER_TARGET).min(asked.connections)
}

fn fitting(asked: Places, targets: usize, limit: usize) -> Places {
    let left = limit.saturating_sub(OTHERS);
    let reserve = asked.reserve.min(left / 8).max(1);
    let to_targets = to_targets(asked, targets).min(left / 4);
    let connections = left.saturating_sub(reserve + to_targets);
    Places { connections: connections.clamp(1, asked.connections), reserve }
}

/// How many files the process may open, once the limit is raised to so many if it can be.
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

/// As `forward.rs` limits them.
const MAX_PER_TARGET: usize = 64;
/// Standard streams, the runtime, the store's connections, captured files and what is read again.
const OTHERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Places = Places { connections: 512, reserve: 64 };

    #[test]
    fn what_is_open_at_once_fits_into_the_limit_and_each_kind_has_a_part() {
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
