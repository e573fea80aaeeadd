//! Reloads the configuration while the program runs, and applies the parts that can change.

use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::capture::KnownSecrets;
use super::config::{Changes, EndpointPlan, Fixed, FormerSecrets, Plan, SecretUsers, ServeArgs};
use super::inspected_secrets::SecretCopies;
use super::secrets_source::SecretsSource;
use crate::output;
use crate::usage_error::UsageError;

/// The running configuration, for a comparison with a reloaded one.
pub(super) struct Reload {
    args: ServeArgs,
    fixed: Fixed,
    hidden: Arc<KnownSecrets>,
    endpoints: BTreeMap<String, Served>,
    /// The keys that were replaced.
    former: FormerSecrets,
}

struct Served {
    fixed: Fixed,
    live: SecretsSource,
    /// The users of the active secrets.
    users: SecretUsers,
    handshake_window: Option<Duration>,
    /// For the inspector.
    copies: Arc<SecretCopies>,
}

impl Reload {
    pub(super) fn new(args: ServeArgs, fixed: Fixed, hidden: Arc<KnownSecrets>) -> Self {
        Self { args, fixed, hidden, endpoints: BTreeMap::new(), former: FormerSecrets::new() }
    }

    /// Adds an endpoint. Returns copies of its secrets, which follow every reload.
    pub(super) fn add(&mut self, path: String, changes: Changes) -> Arc<SecretCopies> {
        let Changes { fixed, live, fresh, users, handshake_window } = changes;
        users.note_if_none_is_valid();
        let copies = SecretCopies::of(&live, &fresh);
        let served = Served { fixed, live, users, handshake_window, copies: Arc::clone(&copies) };
        self.endpoints.insert(path, served);
        copies
    }

    /// Arms the endpoints for the handshakes that require it.
    pub(super) fn set_handshake_windows(&self) {
        for Served { live, handshake_window, .. } in self.endpoints.values() {
            live.set_handshake_window(*handshake_window);
        }
    }

    /// Reloads the configuration on every request to do so.
    pub(super) async fn run(mut self, mut asked: Asked) {
        asked.next().await;
        loop {
            let (args, hidden) = (self.args.clone(), self.hidden.for_reload());
            // A file may be slow, or a pipe without a writer.
            let reading = tokio::task::spawn_blocking(move || Plan::reloaded(&args, hidden));
            let read = note_if_slow(reading);
            let read = tokio::select! {
                read = read => read,
                // The next signal does not wait for a blocked read. The reading thread is
                // abandoned, and its result is ignored.
                () = asked.next() => continue,
            };
            match read {
                Ok(Ok(plan)) => self.take(plan),
                Ok(Err(fix)) => report_not_reloaded(&fix),
                Err(_) => output::error("the configuration was not reloaded"),
            }
            asked.next().await;
        }
    }

    fn take(&mut self, plan: Plan) {
        for Served { live, users, .. } in self.endpoints.values_mut() {
            users.add_received(&live.take_received());
        }
        self.former = match self.check_secrets(&plan) {
            Ok(former) => former,
            Err(fix) => return report_not_reloaded(&fix),
        };
        // Before any of them can be accepted.
        self.hidden.add_all(&plan.hidden);
        for key in changed(&self.fixed, &plan.fixed) {
            output::note(&format!(
                "`{key}` has changed, which needs a restart: the old value is still used"
            ));
        }
        let mut replaced = 0;
        let mut there = Vec::new();
        for (EndpointPlan { path, sign, .. }, changes) in plan.endpoints {
            let Some(Served { fixed, live, users, copies, .. }) = self.endpoints.get_mut(&path)
            else {
                output::note(&format!("`{path}` is new, which needs a restart: it is not served"));
                continue;
            };
            let changed = changed(fixed, &changes.fixed);
            for key in &changed {
                output::note(&format!(
                    "`{key}` of `{path}` has changed, which needs a restart: the old value is \
                     still used"
                ));
            }
            if sign.is_some() {
                output::note(&format!(
                    "the secret of `sign` of `{path}` is not reloaded: a new one needs a restart"
                ));
            }
            let copied = SecretCopies::copy_of(&changes.fresh);
            if keeps_secrets(&changed) {
                output::note(&format!("so the secrets of `{path}` are not changed"));
            } else if let Err(error) = live.replace(changes.fresh) {
                output::error(&format!("the secrets of `{path}` were not replaced: {error}"));
            } else {
                *users = changes.users;
                copies.replace(copied);
                users.note_if_none_is_valid();
                live.set_handshake_window(changes.handshake_window);
                replaced += 1;
            }
            there.push(path);
        }
        for path in self.endpoints.keys().filter(|path| !there.contains(path)) {
            output::note(&format!("`{path}` is gone, which needs a restart: it is still served"));
        }
        output::note(&format!("reloaded the secrets of {replaced} endpoints"));
    }

    /// Checks the secrets of the plan together with those that stay active, and with all that were
    /// active since the start: what was signed with a secret stays valid after it is replaced. An
    /// endpoint that was removed from the file, or whose scheme has changed, keeps its secrets until
    /// a restart. The file itself was checked when it was read.
    ///
    /// Returns the former keys, including those that the plan replaces.
    fn check_secrets(&self, plan: &Plan) -> Result<FormerSecrets, UsageError> {
        let mut active = SecretUsers::default();
        let mut former = self.former.clone();
        for (path, Served { fixed, users, .. }) in &self.endpoints {
            active.extend(users);
            let fresh = plan.endpoints.iter().find(|(plan, _)| plan.path == *path);
            if let Some((_, changes)) = fresh
                && !keeps_secrets(&changed(fixed, &changes.fixed))
            {
                active.extend(&changes.users);
                former.add(users, &changes.users);
            }
        }
        former.check_number()?;
        self.former.check(&active).map_err(|fix| {
            let what = "together with the secrets since the start, which only a restart forgets";
            UsageError::because(what, fix)
        })?;
        Ok(former)
    }
}

/// Whether an endpoint keeps its secrets until a restart, because one of these keys changed.
fn keeps_secrets(changed: &[&str]) -> bool {
    ["scheme", "tenants", "handshake_secret_file"].iter().any(|key| changed.contains(key))
}

/// Waits for the configuration, and prints a note if that takes long: a file may be a pipe that
/// nothing is written to.
pub(super) async fn note_if_slow<T>(read: impl Future<Output = T>) -> T {
    let mut read = pin!(read);
    if let Ok(read) = timeout(SLOW, &mut read).await {
        return read;
    }
    output::note(&format!(
        "reading the configuration and its secrets takes longer than {}: is one of the files a \
         pipe that nothing is written to?",
        humantime::format_duration(SLOW)
    ));
    read.await
}

fn report_not_reloaded(fix: &UsageError) {
    output::error(&format!("the configuration was not reloaded: {fix}"));
}

fn changed(before: &Fixed, after: &Fixed) -> Vec<&'static str> {
    let pairs = before.iter().zip(after);
    pairs.filter(|(before, after)| before != after).map(|((key, _), _)| *key).collect()
}

/// Requests to reload: SIGHUP. On other systems than Unix there are none.
pub(super) struct Asked {
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
}

impl Asked {
    /// From now on, the signal does not terminate the program.
    pub(super) fn listen() -> Result<Self, UsageError> {
        Self::try_listen()
            .map_err(|error| UsageError::because("signals cannot be listened to", error))
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

const SLOW: Duration = Duration::from_secs(5);
