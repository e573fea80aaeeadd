//! A line of JSON for each delivery, on standard output.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Grant, Verified};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

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
    waiter: Option<Waiter>,
}

/// Who waits for a line to be written, as the writer knows them.
struct Waiter {
    fate: Arc<AtomicU8>,
    /// Dropped where the line could not be written.
    written: oneshot::Sender<()>,
}

/// A line that is waited for. Dropped before the writer has begun with it, it is never written.
struct Awaited {
    fate: Arc<AtomicU8>,
    written: oneshot::Receiver<()>,
}

/// What becomes of a line that somebody waits for: either side decides it once.
const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

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
        self.push(Entry { text: self.json(line), waiter: None });
    }

    /// Prints the line, and says whether that was done. It is not printed if this is over before
    /// the writer has come to it: because `give_up` has ended, or this future is dropped.
    pub(super) async fn print_now(
        &self,
        line: &Line<'_>,
        give_up: impl Future<Output = ()>,
    ) -> bool {
        let fate = Arc::new(AtomicU8::new(WAITING));
        let (writer, written) = oneshot::channel();
        let mut awaited = Awaited { fate: Arc::clone(&fate), written };
        self.push(Entry { text: self.json(line), waiter: Some(Waiter { fate, written: writer }) });
        tokio::select! {
            biased;
            written = &mut awaited.written => return written.is_ok(),
            () = give_up => {}
        }
        // What the writer has begun with will be read: it is as good as printed, however late.
        !awaited.give_up() && (&mut awaited.written).await.is_ok()
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
        output::escape_json(&serde_json::to_string(&json).unwrap_or_default()) + "\n"
    }
}

impl Waiter {
    /// Whether the line is still wanted; then it is the writer's.
    fn begin(&self) -> bool {
        self.fate.compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Awaited {
    /// Whether the line will not be written any more.
    fn give_up(&self) -> bool {
        self.fate.compare_exchange(WAITING, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl Printed {
    /// Waits until everything is printed, but not long for a reader who does not read.
    pub(super) async fn finished(self, by: Instant) {
        let _ = timeout_at(by, self.0).await;
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
    for Entry { text, waiter } in entries {
        if waiter.as_ref().is_some_and(|waiter| !waiter.begin()) {
            continue;
        }
        match out.write_all(text.as_bytes()) {
            Ok(()) => {
                is_broken = false;
                waiter.map(|waiter| waiter.written.send(()));
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
