//! A line of JSON for each delivery, on standard output.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Grant, Verified};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::mend::Mend;
use crate::output;

/// Prints lines without ever keeping a request waiting: a thread of its own writes them.
#[derive(Debug, Clone)]
pub(super) struct Log {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    show_body: bool,
}

/// What is known of a delivery once it has been answered.
pub(super) struct Line<'a> {
    pub(super) endpoint: &'a str,
    pub(super) code: &'a str,
    pub(super) status: u16,
    pub(super) verified: Option<&'a Verified>,
    pub(super) grant: Option<Grant>,
    /// Its name, where it was one.
    pub(super) handshake: Option<&'a str>,
    /// When its headers had come.
    pub(super) since: Instant,
}

struct Entry {
    text: String,
    /// Is told that the line is written; dropped where it could not be.
    written: Option<oneshot::Sender<()>>,
}

/// Learns when everything is printed.
#[derive(Debug)]
pub(super) struct Printed(oneshot::Receiver<()>);

impl Log {
    /// It ends, and says so, when all clones are gone and every line is written.
    pub(super) fn start(show_body: bool) -> Result<(Self, Printed), Mend> {
        let cannot = |error| Mend::because("standard output cannot be used", error);
        let out = standard_output().map_err(cannot)?;
        let (queue, entries) = sync_channel(LONGEST_QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let (finished, printed) = oneshot::channel();
        let counter = Arc::clone(&dropped);
        let writer = thread::Builder::new().name("lines".to_owned());
        writer
            .spawn(move || {
                write_all(out, &entries, &counter);
                let _ = finished.send(());
            })
            .map_err(cannot)?;
        Ok((Self { queue, dropped, show_body }, Printed(printed)))
    }

    /// Prints the line when standard output takes it. Where too many wait already, it is dropped,
    /// and their number is said on standard error.
    pub(super) fn print(&self, line: &Line<'_>) {
        self.push(Entry { text: self.json(line), written: None });
    }

    /// Prints the line, and says whether that was done.
    pub(super) async fn print_now(&self, line: &Line<'_>) -> bool {
        let (written, is_written) = oneshot::channel();
        self.push(Entry { text: self.json(line), written: Some(written) });
        is_written.await.is_ok()
    }

    fn push(&self, entry: Entry) {
        match self.queue.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn json(&self, line: &Line<'_>) -> String {
        let body = line.verified.filter(|_| self.show_body).map(Verified::body);
        let text = body.and_then(|body| std::str::from_utf8(body).ok());
        let json = Json {
            endpoint: line.endpoint,
            code: line.code,
            status: line.status,
            handshake: line.handshake,
            event_id: line.verified.map(Verified::event_id),
            event_type: line.verified.and_then(Verified::event_type).map(|kind| kind.name),
            secret: line.verified.map(Verified::secret_index),
            tenant: line.verified.and_then(Verified::tenant),
            attempt: line.grant.map(|grant| grant.epoch),
            possible_duplicate: line.grant.is_some_and(|grant| grant.possible_duplicate),
            ms: u64::try_from(line.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            body: text,
            body_base64: body.filter(|_| text.is_none()).map(|body| STANDARD.encode(body)),
        };
        // Text and numbers under text keys can always be written as JSON.
        serde_json::to_string(&json).unwrap_or_default() + "\n"
    }
}

impl Printed {
    /// Waits until everything is printed, but not long for a reader who does not read.
    pub(super) async fn finished(self) {
        let _ = timeout(LONGEST_FLUSH, self.0).await;
    }
}

/// The contract of a line: these keys, in this order, null for what is not known.
#[derive(Serialize)]
struct Json<'a> {
    endpoint: &'a str,
    code: &'a str,
    status: u16,
    /// Only of a handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<&'a str>,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    secret: Option<usize>,
    /// Only where there are tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    attempt: Option<u32>,
    /// Only of a repeat that was handled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    possible_duplicate: bool,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

fn write_all(mut out: File, entries: &Receiver<Entry>, dropped: &AtomicU64) {
    let mut is_broken = false;
    for Entry { text, written } in entries {
        match out.write_all(text.as_bytes()) {
            Ok(()) => {
                is_broken = false;
                written.map(|written| written.send(()));
            }
            Err(error) if !is_broken => {
                is_broken = true;
                output::note(&format!(
                    "standard output cannot be written: {error}. Deliveries are still forwarded; \
                     where nothing is forwarded they are answered 503, for nobody has them"
                ));
            }
            Err(_) => {}
        }
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            output::note(&format!("{dropped} lines were dropped: standard output is too slow"));
        }
    }
}

/// Without the lock of the standard library's: a writer that is stuck holds nobody else up.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

/// A line has some 200 bytes, without bodies.
const LONGEST_QUEUE: usize = 1024;
const LONGEST_FLUSH: Duration = Duration::from_secs(1);
