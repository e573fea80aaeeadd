//! Reads the configuration again while the program runs, and takes from it what can change.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::capture::Hidden;
use super::config::{Changes, EndpointPlan, Fixed, Plan, ServeArgs};
use super::live::Live;
use crate::mend::Mend;
use crate::output;

/// What is served, as far as it has to be known to tell what has changed.
pub(super) struct Reload {
    args: ServeArgs,
    fixed: Fixed,
    hidden: Arc<Hidden>,
    endpoints: HashMap<String, Served>,
}

struct Served {
    fixed: Fixed,
    live: Live,
    arm_for: Option<Duration>,
}

impl Reload {
    pub(super) fn new(args: ServeArgs, fixed: Fixed, hidden: Arc<Hidden>) -> Self {
        Self { args, fixed, hidden, endpoints: HashMap::new() }
    }

    pub(super) fn add(&mut self, path: String, changes: Changes) {
        let Changes { fixed, live, arm_for, .. } = changes;
        self.endpoints.insert(path, Served { fixed, live, arm_for });
    }

    /// Has the endpoints wait for the handshakes that have to be armed for.
    pub(super) fn arm(&self) {
        for Served { live, arm_for, .. } in self.endpoints.values() {
            live.arm(*arm_for);
        }
    }

    /// Does so whenever the program is asked to.
    pub(super) async fn run(self, mut asked: Asked) {
        loop {
            asked.next().await;
            let args = self.args.clone();
            // Files may be slow, or pipes that nobody writes to.
            let read = tokio::task::spawn_blocking(move || Plan::of(&args));
            match read.await {
                Ok(Ok(plan)) => self.take(plan),
                Ok(Err(mend)) => stays_as_it_was(&mend),
                Err(_) => output::error("the configuration was not read again"),
            }
        }
    }

    fn take(&self, plan: Plan) {
        // Before one of them can be accepted.
        self.hidden.add_all(&plan.hidden);
        for key in changed(&self.fixed, &plan.fixed) {
            output::note(&format!(
                "`{key}` has changed, which takes a restart: it stays as it was"
            ));
        }
        let mut replaced = 0;
        let mut there = Vec::new();
        for (EndpointPlan { path, .. }, changes) in plan.endpoints {
            let Some(Served { fixed, live, .. }) = self.endpoints.get(&path) else {
                output::note(&format!("`{path}` is new, which takes a restart: it is not served"));
                continue;
            };
            let changed = changed(fixed, &changes.fixed);
            for key in &changed {
                output::note(&format!(
                    "`{key}` of `{path}` has changed, which takes a restart: it stays as it was"
                ));
            }
            if ["scheme", "tenants", "keep_secret"].iter().any(|key| changed.contains(key)) {
                output::note(&format!("with that, the secrets of `{path}` stay as they were"));
            } else if let Err(error) = live.replace(changes.fresh) {
                stays_as_it_was(&Mend::because(format!("`{path}`"), error));
            } else {
                live.arm(changes.arm_for);
                replaced += 1;
            }
            there.push(path);
        }
        for path in self.endpoints.keys().filter(|path| !there.contains(path)) {
            output::note(&format!("`{path}` is gone, which takes a restart: it is still served"));
        }
        output::note(&format!("read the configuration again: secrets of {replaced} endpoints"));
    }
}

fn stays_as_it_was(mend: &Mend) {
    output::error(&format!("everything stays as it was: {mend}"));
}

fn changed(before: &Fixed, after: &Fixed) -> Vec<&'static str> {
    let pairs = before.iter().zip(after);
    pairs.filter(|(before, after)| before != after).map(|((key, _), _)| *key).collect()
}

/// SIGHUP. Elsewhere, nobody asks.
pub(super) struct Asked {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Asked {
    /// From now on the signal does not end the program.
    pub(super) fn listen() -> Result<Self, Mend> {
        Self::try_listen().map_err(|error| Mend::because("signals cannot be listened to", error))
    }

    #[cfg(unix)]
    fn try_listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { hangup: signal(SignalKind::hangup())? })
    }

    #[cfg(not(unix))]
    fn try_listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if self.hangup.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
