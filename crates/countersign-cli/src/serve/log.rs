//! Writes one line of JSON for each delivery to standard output.

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
use crate::output::{self, LineWriter};
use crate::usage_error::UsageError;

/// Prints lines from a background thread, so that requests never wait for it.
#[derive(Debug, Clone)]
pub(super) struct Log {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    /// The total size of the queued lines with a body; `None` if bodies are not printed.
    bodies: Option<Arc<AtomicUsize>>,
}

/// The facts about a delivery once it has a response.
pub(super) struct Line<'a> {
    pub(super) endpoint: &'a str,
    pub(super) code: &'a str,
    pub(super) status: u16,
    pub(super) verified: Option<&'a Verified>,
    pub(super) grant: Option<Grant>,
    /// The name of the handshake, if it was one.
    pub(super) handshake: Option<&'a str>,
    /// When its headers had arrived.
    pub(super) since: Instant,
}

struct Entry {
    text: String,
    waiter: Option<Waiter>,
    _held: Option<Held>,
}

/// The reserved bytes of a line with a body; released on drop.
struct Held {
    bodies: Arc<AtomicUsize>,
    bytes: usize,
}

/// How a line shows the body.
enum ShownBody<'a> {
    Nothing,
    /// Omitted, because the queue has no room for it.
    Dropped,
    Whole(&'a [u8]),
}

/// The writer's half of a line that a request waits for.
struct Waiter {
    fate: Arc<AtomicU8>,
    /// Dropped if the line could not be written.
    written: oneshot::Sender<()>,
}

/// The request's half of such a line. If it is dropped before the writer begins, the line is never
/// written.
struct Awaited {
    fate: Arc<AtomicU8>,
    written: oneshot::Receiver<()>,
}

/// The state of a line that a request waits for. Either side changes it once.
const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const GIVEN_UP: u8 = 2;

/// Resolves when all lines are printed.
#[derive(Debug)]
pub(super) struct Printed(oneshot::Receiver<()>);

impl Log {
    /// Starts the thread. It ends, and [`Printed`] resolves, when all clones are dropped and every
    /// line is written.
    pub(super) fn start(show_body: bool) -> Result<(Self, Printed), UsageError> {
        let cannot = |error| UsageError::because("standard output cannot be used", error);
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

    /// Queues the line for printing. If the queued bodies exceed the maximum, the line is printed
    /// without its body. If the queue is full, the line is dropped, and the number of dropped lines
    /// is reported on standard error.
    pub(super) fn print(&self, line: &Line<'_>) {
        let without_body = || (json(line, &ShownBody::Dropped), None);
        let (text, held) = self.whole(line).unwrap_or_else(without_body);
        self.push(Entry { text, waiter: None, _held: held });
    }

    /// Prints the line, and returns whether it was printed.
    ///
    /// It is not printed if `give_up` completes or this future is dropped before the writer begins
    /// with it. It is also not printed if there is no room for its body: printing the line handles
    /// the event, and the reader needs the complete line.
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
        // If the writer has begun, the line will be read: it counts as printed, even if it is late.
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

    /// The line with its body, if bodies are printed. `None` if there is no room for the body.
    fn whole(&self, line: &Line<'_>) -> Option<(String, Option<Held>)> {
        let (Some(bodies), Some(verified)) = (&self.bodies, line.verified) else {
            return Some((json(line, &ShownBody::Nothing), None));
        };
        let body = verified.body();
        // A line is at least as long as its body: this check avoids encoding most lines that do not
        // fit.
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
        attempt: line.grant.map(|grant| grant.attempt),
        possible_duplicate: line.grant.is_some_and(|grant| grant.possible_duplicate),
        ms: u64::try_from(line.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        body,
        body_dropped: matches!(shown, ShownBody::Dropped),
        body_base64,
    };
    // Serializing text and numbers with text keys does not fail.
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

/// The reserved bytes after adding `more`, if there is room for them. A line longer than the limit
/// fits if no other line is queued: otherwise its event could never be handled.
fn with_room(held: usize, more: usize) -> Option<usize> {
    let sum = held.checked_add(more)?;
    (held == 0 || sum <= MAX_BODY_BYTES).then_some(sum)
}

impl Waiter {
    /// Begins with the line, unless the request has given up. Returns whether to write it.
    fn begin(&self) -> bool {
        self.fate.compare_exchange(WAITING, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Awaited {
    /// Gives up the line, unless the writer has begun. Returns whether it will not be written.
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
    /// Waits until all lines are printed, until `by` at the latest.
    pub(super) async fn finished(self, by: Instant) {
        let _ = timeout_at(by, self.0).await;
    }
}

/// The stable format of a line: these keys in this order; null if a value is not known.
#[derive(Serialize)]
struct Json<'a> {
    endpoint: &'a str,
    code: &'a str,
    status: u16,
    /// Only for a handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    handshake: Option<&'a str>,
    event_id: Option<&'a str>,
    event_type: Option<&'a str>,
    secret: Option<usize>,
    /// Only for an endpoint with tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'a str>,
    attempt: Option<u32>,
    /// Only for a possible duplicate that was handled.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    possible_duplicate: bool,
    ms: u64,
    /// Null if the body was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Option<&'a str>>,
    /// Only if there was no room for the body.
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

/// Rejects a standard output that discards what is written: the null device, which the standard
/// library also opens if the descriptor was closed, other such devices, a deleted file, and a
/// datagram socket. To be called if the printed line is the handling of an event: the sender would
/// be answered 200, and the event would be lost.
pub(super) fn reject_discarding_output(endpoint: &str) -> Result<(), UsageError> {
    let unusable = |error| UsageError::because("standard output cannot be used", error);
    let out = standard_output().map_err(unusable)?;
    if !may_discard(&out).map_err(unusable)? {
        return Ok(());
    }
    Err(UsageError::new(format!(
        "`{endpoint}`: standard output is closed or the null device, another device that is not a \
         terminal, a deleted file or a datagram socket, so events would be acknowledged and lost: \
         send it to a program or a file that handles the events, or forward them with `forward` in \
         the file, or `--forward URL`"
    )))
}

/// Whether the output accepts everything and may keep nothing:
///
/// - a character device other than a terminal, as `/dev/null` and `/dev/zero`. Its path is not
///   compared, because a container may have no `/dev/null`, or another one
/// - the controlling side of a pseudoterminal, which becomes the input of the other side
/// - a file that was deleted: no program can open it
/// - a socket for datagrams, which can be lost
#[cfg(unix)]
fn may_discard(out: &File) -> io::Result<bool> {
    use std::io::IsTerminal;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::net::SocketType;
    use rustix::net::sockopt::socket_type;

    let metadata = out.metadata()?;
    let kind = metadata.file_type();
    if kind.is_socket() {
        return Ok(![SocketType::STREAM, SocketType::SEQPACKET].contains(&socket_type(out)?));
    }
    let is_controlling = cfg!(target_os = "linux") && metadata.rdev() == LINUX_PTMX;
    Ok((kind.is_char_device() && (!out.is_terminal() || is_controlling))
        || (kind.is_file() && metadata.nlink() == 0))
}

/// The device `/dev/ptmx` of Linux, 5:2.
#[cfg(unix)]
const LINUX_PTMX: u64 = 0x502;

/// Windows does not state the device of a file.
#[cfg(windows)]
fn may_discard(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// Standard output without the standard library's lock, so that a blocked write blocks no other
/// thread.
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

/// Without a body, a line has about 200 bytes.
const MAX_LINES: usize = 1024;
/// The maximum total size of the queued lines with a body, as JSON.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests;
