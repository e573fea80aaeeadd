//! The key that a provider sends in a handshake. It is saved in a file and is the endpoint's secret
//! from then on.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::secrets::SecretsHandle;
use countersign::{Scheme, Secret, Secrets, Verifier};

use super::capture::KnownSecrets;
use super::config::{KeyDigest, Source, all_keys};
use crate::output;
use crate::random;
use crate::secrets::Place;
use crate::usage_error::UsageError;

/// The key of one endpoint.
pub(super) struct HandshakeSecret {
    endpoint: String,
    scheme: Scheme,
    file: PathBuf,
    handle: SecretsHandle,
    /// The other secrets of the configuration. Locked while the key or they are replaced.
    others: Mutex<Vec<Source>>,
    /// The secrets to redact in captures; the key is added to them.
    hidden: Arc<KnownSecrets>,
    /// The keys that became active since they were last taken, as digests: for a reload, which
    /// otherwise knows only the keys that it read itself.
    received: Mutex<BTreeSet<KeyDigest>>,
}

impl HandshakeSecret {
    pub(super) fn new(
        endpoint: &str,
        file: PathBuf,
        handle: SecretsHandle,
        others: Vec<Source>,
        (scheme, hidden): (Scheme, Arc<KnownSecrets>),
    ) -> Arc<Self> {
        let endpoint = endpoint.to_owned();
        let (others, received) = (Mutex::new(others), Mutex::default());
        Arc::new(Self { endpoint, scheme, file, handle, others, hidden, received })
    }

    /// The verifier, configured to save the key here.
    pub(super) fn kept_by(self: &Arc<Self>, verifier: Verifier) -> Verifier {
        let kept = Arc::clone(self);
        verifier.with_handshake_secret_store(move |key: Secret| {
            kept.keep(&key).map_err(|fix| {
                let said = fix.to_string();
                output::error(&said);
                said.into()
            })
        })
    }

    /// Arms the verifier for the handshake, unless there is a key already: a restart must not
    /// replace it.
    pub(super) fn open_window(&self, verifier: &Verifier, within: Duration) {
        let Self { endpoint, file, .. } = self;
        let file = file.display();
        if is_there(&self.file) {
            verifier.close_handshake_window();
            output::note(&format!(
                "the handshake window of `{endpoint}` is closed, because its key is in `{file}`: to receive a new key, \
                 move that file away and send SIGHUP"
            ));
            return;
        }
        verifier.open_handshake_window(within);
        let within = humantime::format_duration(within);
        output::note(&format!(
            "the handshake window of `{endpoint}` is open for {within}: the first key that the provider sends is saved \
             in `{file}`"
        ));
    }

    /// Replaces the other secrets with those of a reloaded configuration, and reads the key from
    /// its file again.
    pub(super) fn replace_with(&self, fresh: &Self) -> Result<(), UsageError> {
        let fresh = mem::take(&mut *fresh.others.lock().unwrap_or_else(PoisonError::into_inner));
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match is_there(&self.file) {
            true => Some(Place::File(self.file.clone()).read()?),
            false => None,
        };
        if let Some(key) = &key {
            self.hidden.add(key);
            self.note_received(key);
        }
        if key.is_some() {
            self.handle.replace(all(key, &fresh)?)?;
        } else {
            // The key was revoked, and the next one is expected.
            self.handle.replace_even_if_none_is_valid(all(key, &fresh)?)?;
        }
        *others = fresh;
        Ok(())
    }

    /// The active secrets, read from the key's file.
    pub(super) fn current(&self) -> Result<Secrets, UsageError> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match is_there(&self.file) {
            true => Some(Place::File(self.file.clone()).read()?),
            false => None,
        };
        all(key, &others)
    }

    /// The keys that became active since the last call.
    pub(super) fn take_received(&self) -> BTreeSet<KeyDigest> {
        mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note_received(&self, key: &Secret) {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        received.extend(all_keys(&[key], &self.scheme));
    }

    fn keep(&self, key: &Secret) -> Result<(), UsageError> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let Self { endpoint, file, .. } = self;
        let cannot = |error: &dyn Display| {
            let what = format!(
                "the key that the provider sent to `{endpoint}` was not saved in `{}`, and not \
                 acknowledged: fix the problem, and send SIGHUP to open the window again",
                file.display()
            );
            UsageError::because(what, error)
        };
        self.hidden.add(key);
        write_new(file, key.dangerous_reveal()).map_err(|error| cannot(&error))?;
        // Read it as after a restart.
        let kept = Place::File(file.clone()).read();
        let replaced = kept.and_then(|key| {
            self.note_received(&key);
            Ok(self.handle.replace(all(Some(key), &others)?)?)
        });
        replaced.map_err(|fix| {
            // The file could not be used after a restart either.
            let _ = fs::remove_file(file);
            cannot(&fix)
        })?;
        output::note(&format!(
            "`{endpoint}` received its key: it is saved in `{}`, and deliveries signed with it \
             are accepted from now on",
            file.display()
        ));
        Ok(())
    }
}

/// A random secret for an endpoint that has no key yet. It is never valid, so that deliveries are
/// answered 503 and the sender retries them.
pub(super) fn unknown() -> Result<Secret, UsageError> {
    Ok(Secret::new(random::hex_128()?)?.valid_until_unix_ms(NEVER_VALID_UNIX_MS))
}

pub(super) fn is_there(file: &Path) -> bool {
    // If this cannot be determined, the file must not be overwritten.
    file.try_exists().unwrap_or(true)
}

/// The key, or a random placeholder, followed by the other secrets.
fn all(key: Option<Secret>, others: &[Source]) -> Result<Secrets, UsageError> {
    let first = match key {
        Some(key) => key,
        None => unknown()?,
    };
    let with = |secrets: Secrets, other: &Source| Ok(secrets.with_previous(other.secret()?));
    others.iter().try_fold(Secrets::new(first), with)
}

/// Writes a new file that only its owner can read.
fn write_new(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut new = options.open(file)?;
    new.write_all(bytes).and_then(|()| new.sync_all()).inspect_err(|_| {
        let _ = fs::remove_file(file);
    })
}

/// The end of a validity that is over at any time.
pub(super) const NEVER_VALID_UNIX_MS: i64 = 0;
