//! A line of JSON for each delivery, on standard output.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Grant, Verified};
use serde::Serialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::short_id::short_id;
use crate::mend::Mend;
use crate::output::{self, LineWriter};

/// Prints lines without ever keeping a request waiting: a thread of its own writes them.
#[derive(Debug, Clone)]
pub(super) struct Log {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    /// How many bytes the lines have that wait with a body; `None` if bodies are not shown.
    bodies: Option<Arc<AtomicUsize>>,
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
    _held: Option<Held>,
}

/// The bytes of a line with a body; released when it is dropped.
struct Held {
    bodies: Arc<AtomicUsize>,
    bytes: usize,
}

/// What a line says of a body.
enum ShownBody<'a> {
    Nothing,
    /// There was no room for it.
    Dropped,
    Whole(&'a [u8]),
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
        let (queue, entries) = sync_channel(MAX_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let (finished, printed) = oneshot::channel();
        let counter = Arc::clone(&dropped);
        let writer = thread::Builder::new().name("lines".to_owned());
        writer
            .spawn(move || {
                write_all(LineWriter::new(out), &entries, &counter);
                let _ = finished.send(());
            })
            .map_err(cannot)?;
        let bodies = show_body.then(Arc::default);
        Ok((Self { queue, dropped, bodies }, Printed(printed)))
    }

    /// Prints the line when standard output takes it. If too many bytes of bodies wait already, it
    /// is printed without its body; if too many lines wait, it is dropped, and their number is
    /// reported on standard error.
    pub(super) fn print(&self, line: &Line<'_>) {
        let without_body = || (json(line, &ShownBody::Dropped), None);
        let (text, held) = self.whole(line).unwrap_or_else(without_body);
        self.push(Entry { text, waiter: None, _held: held });
    }

    /// Prints the line, and says whether that was done. It is not printed if this is over before
    /// the writer has come to it: because `give_up` has ended, or this future is dropped. Nor is it
    /// if there is no room for its body: the line is the event's handling, and its reader needs all
    /// of it.
    pub(super) async fn print_now(
        &self,
        line: &Line<'_>,
        give_up: impl Future<Output = ()>,
    ) -> bool {
        let Some((text, held)) = self.whole(line) else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        };
        let fate = Arc::new(AtomicU8::new(WAITING));
        let (writer, written) = oneshot::channel();
        let mut awaited = Awaited { fate: Arc::clone(&fate), written };
        let waiter = Some(Waiter { fate, written: writer });
        self.push(Entry { text, waiter, _held: held });
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

    /// The line with its body, if bodies are shown. `None` if there is no room for it.
    fn whole(&self, line: &Line<'_>) -> Option<(String, Option<Held>)> {
        let (Some(bodies), Some(verified)) = (&self.bodies, line.verified) else {
            return Some((json(line, &ShownBody::Nothing), None));
        };
        let body = verified.body();
        // A line has no fewer bytes than its body: most that do not fit are not written for nothing.
        with_room(bodies.load(Ordering::Relaxed), body.len())?;
        let mut text = json(line, &ShownBody::Whole(body));
        text.shrink_to_fit();
        let held = Held::take(bodies, text.len())?;
        Some((text, Some(held)))
    }
}

fn json(line: &Line<'_>, shown: &ShownBody<'_>) -> String {
    let (body, body_base64) = match shown {
        ShownBody::Nothing => (None, None),
        ShownBody::Dropped => (Some(None), None),
        ShownBody::Whole(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => (Some(Some(text)), None),
            Err(_) => (None, Some(STANDARD.encode(bytes))),
        },
    };
    let event_id = line.verified.map(|verified| short_id(verified.event_id()));
    let event_type = line.verified.and_then(Verified::event_type);
    let event_type = event_type.map(|kind| short_id(kind.name));
    let json = Json {
        endpoint: line.endpoint,
        code: line.code,
        status: line.status,
        handshake: line.handshake,
        event_id: event_id.as_deref(),
        event_type: event_type.as_deref(),
        secret: line.verified.map(Verified::secret_index),
        tenant: line.verified.and_then(Verified::tenant),
        attempt: line.grant.map(|grant| grant.epoch),
        possible_duplicate: line.grant.is_some_and(|grant| grant.possible_duplicate),
        ms: u64::try_from(line.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        body,
        body_dropped: matches!(shown, ShownBody::Dropped),
        body_base64,
    };
    // Text and numbers under text keys can always be written as JSON.
    output::escape_json(&serde_json::to_string(&json).unwrap_or_default()) + "\n"
}

impl Held {
    fn take(bodies: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let more = |held| with_room(held, bytes);
        bodies.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self { bodies: Arc::clone(bodies), bytes })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How many bytes are held with so many more, if there is room for them. A line that is longer than
/// the limit has room while no other waits: otherwise its event could never be handled.
fn with_room(held: usize, more: usize) -> Option<usize> {
    let sum = held.checked_add(more)?;
    (held == 0 || sum <= MAX_BODY_BYTES).then_some(sum)
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
    /// Null if it was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Option<&'a str>>,
    /// Only if there was no room for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    body_dropped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

fn write_all(mut out: LineWriter<impl io::Write>, entries: &Receiver<Entry>, dropped: &AtomicU64) {
    let mut is_broken = false;
    for Entry { text, waiter, _held } in entries {
        if waiter.as_ref().is_some_and(|waiter| !waiter.begin()) {
            continue;
        }
        match out.write(&text) {
            Ok(()) => {
                is_broken = false;
                waiter.map(|waiter| waiter.written.send(()));
            }
            Err(error) if !is_broken => {
                is_broken = true;
                output::note(&format!(
                    "standard output cannot be written: {error}. Deliveries are still forwarded; \
                     endpoints that do not forward answer 503"
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
const MAX_LINES: usize = 1024;
/// Of the lines that wait with a body, as JSON.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests;
