//! Dead letters: writes each event that exceeded the maximum number of crashed attempts to a file,
//! which stays until the user removes it.
//!
//! The file is a request that `send --verbatim` can send to the application. It contains the
//! verified body and the `countersign-*` headers of the event, but not the sender's headers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::outcome::DeadLetters;
use countersign::{Clock, SystemClock, Verified};
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use super::capture::Namer;
use super::config::DeadLetterPlan;
use super::forward::add_event;
use super::short_id::short_id;
use crate::output;
use crate::usage_error::UsageError;

/// The folder for the dead letters of all endpoints.
#[derive(Clone)]
pub(super) struct DeadLetterFolder(Arc<Inner>);

struct Inner {
    path: PathBuf,
    namer: Mutex<Namer>,
}

/// The dead letters of one endpoint.
pub(super) struct EndpointDeadLetters {
    pub(super) folder: DeadLetterFolder,
    pub(super) endpoint: Arc<str>,
}

impl DeadLetterFolder {
    /// Creates the folder if it does not exist, and checks that files can be written into it.
    pub(super) fn open(plan: DeadLetterPlan) -> Result<Self, UsageError> {
        let DeadLetterPlan { folder: path, at } = plan;
        let namer = Namer::of(super::capture::program_number()?);
        prepare(&path, &namer.probe())
            .map_err(|error| super::folders::unwritable(&path, &at, error))?;
        Ok(Self(Arc::new(Inner { path, namer: Mutex::new(namer) })))
    }

    fn put(&self, endpoint: &str, verified: &Verified) -> io::Result<PathBuf> {
        let Inner { path, namer } = &*self.0;
        let now_ms = SystemClock::new().now_unix_ms();
        let name = {
            let mut namer = namer.lock().unwrap_or_else(PoisonError::into_inner);
            namer.next_dead_letter(now_ms, endpoint)?
        };
        let part = path.join(name.part());
        let whole = path.join(name.as_str());
        let written = write(&part, &DeadLetter::of(endpoint, verified, now_ms))
            .and_then(|()| fs::rename(&part, &whole))
            .and_then(|()| sync_folder(path));
        if written.is_err() {
            // The sender keeps the event and retries it: a file left here would be a second copy.
            let _ = fs::remove_file(&part);
            let _ = fs::remove_file(&whole);
        }
        written.map(|()| whole)
    }
}

/// Writing blocks until the file is on the disk. Other workers of the runtime take over this
/// worker's tasks.
impl DeadLetters for EndpointDeadLetters {
    fn take(&self, verified: &Verified) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let Self { folder, endpoint } = self;
        match off_the_workers(|| folder.put(endpoint, verified)) {
            Ok(path) => {
                output::note(&format!(
                    "{endpoint}: the event `{}` exceeded the maximum number of crashed attempts: \
                     it was written to `{}`, and the sender will not retry it",
                    short_id(verified.event_id()),
                    path.display()
                ));
                Ok(())
            }
            Err(error) => {
                output::error(&format!(
                    "{endpoint}: the dead letter of the event `{}` cannot be written, so the \
                     sender will retry it: {error}",
                    short_id(verified.event_id())
                ));
                Err(error.into())
            }
        }
    }
}

/// Runs a blocking function without blocking other tasks. On a single-threaded runtime it blocks
/// them, as there is no other worker.
fn off_the_workers<T>(blocking: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    match flavor {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(blocking),
        _ => blocking(),
    }
}

fn prepare(path: &Path, probe: &str) -> io::Result<()> {
    if !path.is_dir() {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
    }
    let probe = path.join(probe);
    new_file(&probe)?;
    fs::remove_file(probe)
}

/// Writes and syncs the file. After this returns, the sender no longer keeps the event.
fn write(path: &Path, letter: &DeadLetter<'_>) -> io::Result<()> {
    let mut file = BufWriter::new(new_file(path)?);
    serde_json::to_writer_pretty(&mut file, letter)?;
    file.write_all(b"\n")?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

/// A renamed file survives a power failure only if its folder is synced, too.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows cannot sync a folder.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Creates a new file that only its owner can read.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The stable format of a file: these keys in this order; null if a value is not known.
#[derive(Serialize)]
struct DeadLetter<'a> {
    kept_at_ms: i64,
    endpoint: &'a str,
    scheme: &'a str,
    code: &'static str,
    event_id: Cow<'a, str>,
    event_type: Option<Cow<'a, str>>,
    tenant: Option<&'a str>,
    method: &'static str,
    url: &'a str,
    headers: BTreeMap<String, String>,
    body_base64: String,
}

impl<'a> DeadLetter<'a> {
    fn of(endpoint: &'a str, verified: &'a Verified, kept_at_ms: i64) -> Self {
        let mut headers = HeaderMap::new();
        add_event(&mut headers, verified);
        let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
        Self {
            kept_at_ms,
            endpoint,
            scheme: verified.scheme().name(),
            code: "exhausted",
            event_id: short_id(verified.event_id()),
            event_type: verified.event_type().map(|kind| short_id(kind.name)),
            tenant: verified.tenant(),
            method: "POST",
            url: endpoint,
            headers: headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body_base64: STANDARD.encode(verified.body()),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign::schemes;

    use countersign::store::{
        Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome,
        RenewOutcome, StoreError,
    };
    use countersign::{EarlyResponse, EventKey, MemoryStore, Receiver, Secret, Signer, Verifier};
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;

    /// A store in which every event has exceeded the maximum number of crashed attempts.
    struct Exhausted(MemoryStore);

    impl IdempotencyStore for Exhausted {
        async fn claim(&self, _: &EventKey, _: &Attempt) -> Result<ClaimOutcome, StoreError> {
            Ok(ClaimOutcome::Exhausted { crashes: 5 })
        }

        async fn complete(
            &self,
            key: &EventKey,
            attempt: &Attempt,
        ) -> Result<CompleteOutcome, StoreError> {
            self.0.complete(key, attempt).await
        }

        async fn renew(
            &self,
            key: &EventKey,
            attempt: &Attempt,
        ) -> Result<RenewOutcome, StoreError> {
            self.0.renew(key, attempt).await
        }

        async fn release(
            &self,
            key: &EventKey,
            attempt: &Attempt,
        ) -> Result<ReleaseOutcome, StoreError> {
            self.0.release(key, attempt).await
        }

        async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
            self.0.forget(key).await
        }

        async fn probe(&self) -> Result<Health, StoreError> {
            self.0.probe().await
        }
    }

    async fn claim(folder: &DeadLetterFolder) -> EarlyResponse {
        claim_event(folder, "evt 1").await
    }

    async fn claim_event(folder: &DeadLetterFolder, id: &str) -> EarlyResponse {
        let (scheme, text) = (schemes::jupiter(), "the secret");
        let body = &format!(r#"{{"event_id":"{id}","type":"t"}}"#);
        let signer = Signer::new(scheme.clone(), Secret::new(text).unwrap()).unwrap();
        let headers = signer.sign_with(&[("content-type", "application/json")], body.as_bytes());
        let verifier = Verifier::new(scheme, Secret::new(text).unwrap()).unwrap();
        let verified = verifier.verify(&headers.unwrap(), body.clone()).unwrap();
        let store = Exhausted(MemoryStore::new());
        let letters = EndpointDeadLetters { folder: folder.clone(), endpoint: "/in".into() };
        let receiver = Receiver::new(verifier.with_endpoint("/in"), store);
        let receiver = receiver.with_dead_letters(letters);
        receiver.claim(&verified, &countersign::TokioRuntime).await.err().unwrap()
    }

    fn open(path: PathBuf) -> Result<DeadLetterFolder, UsageError> {
        let at = crate::serve::config::Place::option("--dead-letters");
        DeadLetterFolder::open(DeadLetterPlan { folder: path, at })
    }

    #[tokio::test]
    async fn an_exhausted_event_is_stored_as_a_request_for_the_application() {
        let dir = TempDir::new().unwrap();
        let folder = open(dir.path().join("dead")).unwrap();
        for _ in 0..2 {
            let answer = claim(&folder).await;
            assert!(
                matches!(answer, EarlyResponse::Exhausted { dead_lettered: true, .. }),
                "{answer:?}"
            );
        }
        let files: Vec<_> = fs::read_dir(dir.path().join("dead")).unwrap().collect();
        assert_eq!(files.len(), 2);
        let text = fs::read(files[0].as_ref().unwrap().path()).unwrap();
        let json: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!((&json["code"], &json["event_id"]), (&"exhausted".into(), &"evt 1".into()));
        assert_eq!(json["headers"]["countersign-event-id"], "evt%201");
        let request = crate::request::Request::parse(&text, "the dead letter").unwrap();
        assert_eq!(&request.body()[..], br#"{"event_id":"evt 1","type":"t"}"#);
    }

    #[tokio::test]
    async fn an_event_whose_dead_letter_cannot_be_written_is_not_acknowledged() {
        let dir = TempDir::new().unwrap();
        let folder = open(dir.path().join("dead")).unwrap();
        fs::remove_dir(dir.path().join("dead")).unwrap();
        let answer = claim(&folder).await;
        assert!(
            matches!(answer, EarlyResponse::Exhausted { dead_lettered: false, .. }),
            "{answer:?}"
        );
        let missing = dir.path().join("a/b");
        assert!(open(missing).is_err_and(|error| error.to_string().contains("--dead-letters")));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_dead_letter_is_written_on_a_multithreaded_runtime_under_a_unique_name() {
        let dir = TempDir::new().unwrap();
        let folder = open(dir.path().join("dead")).unwrap();
        let long = "a".repeat(100_000);
        let claimed = tokio::spawn({
            let folder = folder.clone();
            async move { claim_event(&folder, &long).await }
        });
        let answer = claimed.await.unwrap();
        assert!(
            matches!(answer, EarlyResponse::Exhausted { dead_lettered: true, .. }),
            "{answer:?}"
        );
        let file = fs::read_dir(dir.path().join("dead")).unwrap().next().unwrap().unwrap();
        let name = file.file_name().into_string().unwrap();
        assert!(name.ends_with("-deadletter-in.json"), "{name}");
        let json: Value = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
        let id = json["event_id"].as_str().unwrap();
        assert!(id.starts_with("sha256:") && id.len() == 71, "{} bytes", id.len());
        assert_eq!(json["headers"]["countersign-event-id"], id);
    }
}
