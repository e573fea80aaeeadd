//! Writes one line for each delivery to standard output: for people on a terminal, else JSON.
//!
//! | file | what it is |
//! | --- | --- |
//! | `log/json.rs` | lines of JSON |
//! | `log/human.rs` | lines for people |
//! | `log/kept_file.rs` | reports lines as unwritten if their file was deleted |

mod human;
mod json;
mod kept_file;

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use countersign::{Clock, Grant, SystemClock, Verified, VerifyError};
use http::Method;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use self::kept_file::KeptFile;
use super::capture::KnownSecrets;
use crate::inspect::{JobAttempt, Ring};
use crate::output::{self, LineWriter};
use crate::usage_error::UsageError;

/// Prints lines from a background thread, so that requests never wait for it.
#[derive(Debug, Clone)]
pub(super) struct Log {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
    format: Format,
    /// `None` if bodies are not printed.
    bodies: Option<PrintedBodies>,
    /// Where the inspector shows attempts at jobs.
    ring: Option<Ring>,
}

/// What bodies that are printed need.
#[derive(Clone)]
struct PrintedBodies {
    /// The total size of the queued lines with a body.
    queued: Arc<AtomicUsize>,
    /// A body that contains one of these is not printed.
    hidden: Arc<KnownSecrets>,
    is_hidden_reported: Arc<AtomicBool>,
}

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    /// For people, in columns as wide as the terminal.
    Human {
        /// Whether there are several endpoints to tell apart.
        has_endpoint: bool,
    },
}

/// The facts about a request once it has a response.
pub(super) struct Line<'a> {
    /// `None` if the path is not one of an endpoint.
    pub(super) endpoint: Option<&'a str>,
    pub(super) scheme: Option<&'a str>,
    pub(super) code: &'a str,
    pub(super) status: u16,
    /// Why it was rejected.
    pub(super) reason: Option<&'a VerifyError>,
    pub(super) verified: Option<&'a Verified>,
    pub(super) grant: Option<Grant>,
    /// The name of the handshake, if it was one.
    pub(super) handshake: Option<&'a str>,
    /// The name of the file with the captured delivery.
    pub(super) capture: Option<&'a str>,
    /// Method and path of a request that no endpoint takes.
    pub(super) unrouted: Option<(&'a Method, &'a str)>,
    /// The job of the queue, if the delivery was accepted.
    pub(super) job: Option<i64>,
    /// Whether the endpoint rejects what fails verification.
    pub(super) is_enforced: bool,
    /// When its headers had arrived.
    pub(super) since: Instant,
}

/// An attempt at a job of the queue.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(super) struct JobLine<'a> {
    pub(super) endpoint: &'a str,
    pub(super) scheme: &'a str,
    pub(super) code: &'a str,
    pub(super) job: i64,
    pub(super) event_id: &'a str,
    pub(super) event_type: Option<&'a str>,
    pub(super) tenant: Option<&'a str>,
    pub(super) attempt: u32,
    pub(super) possible_duplicate: bool,
    /// The target's status, if it responded.
    pub(super) status: Option<u16>,
    /// What went wrong.
    pub(super) reason: Option<&'a str>,
    /// The time until the next attempt.
    pub(super) retry_in: Option<Duration>,
    /// When the attempt began.
    pub(super) since: Instant,
}

impl JobLine<'_> {
    fn inspected(&self) -> JobAttempt {
        let at_ms = SystemClock::new().now_unix_ms();
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        JobAttempt {
            at_ms,
            code: self.code.to_owned(),
            status: self.status,
            reason: self.reason.map(str::to_owned),
            attempt: self.attempt,
            ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            retry_at_ms: self.retry_in.map(|wait| at_ms.saturating_add(millis(wait))),
        }
    }
}

impl<'a> Line<'a> {
    /// The line of a request of which nothing else is known.
    pub(super) fn new(code: &'a str, status: u16, since: Instant) -> Self {
        Self {
            endpoint: None,
            scheme: None,
            code,
            status,
            reason: None,
            verified: None,
            grant: None,
            handshake: None,
            capture: None,
            unrouted: None,
            job: None,
            is_enforced: true,
            since,
        }
    }
}

impl fmt::Debug for PrintedBodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrintedBodies").field("queued", &self.queued).finish_non_exhaustive()
    }
}

struct Entry {
    text: String,
    waiter: Option<Waiter>,
    _queued: Option<QueuedBytes>,
}

/// The reserved bytes of a line with a body; released on drop.
struct QueuedBytes {
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
const STARTED: u8 = 1;
const ABANDONED: u8 = 2;

/// Resolves when all lines are printed.
#[derive(Debug)]
pub(super) struct Printed(oneshot::Receiver<()>);

impl Log {
    /// Starts the thread. It ends, and [`Printed`] resolves, when all clones are dropped and every
    /// line is written.
    pub(super) fn start(
        hidden: Option<Arc<KnownSecrets>>,
        format: Format,
    ) -> Result<(Self, Printed), UsageError> {
        let cannot = |error| UsageError::because("standard output cannot be used", error);
        let out = standard_output().map_err(cannot)?;
        let (queue, entries) = sync_channel(MAX_LINES);
        let dropped = Arc::new(AtomicU64::new(0));
        let (finished, printed) = oneshot::channel();
        let counter = Arc::clone(&dropped);
        let writer = thread::Builder::new().name("lines".to_owned());
        writer
            .spawn(move || {
                write_all(LineWriter::new(KeptFile(out)), &entries, &counter);
                let _ = finished.send(());
            })
            .map_err(cannot)?;
        let bodies = hidden.map(|hidden| PrintedBodies {
            queued: Arc::default(),
            hidden,
            is_hidden_reported: Arc::default(),
        });
        Ok((Self { queue, dropped, format, bodies, ring: None }, Printed(printed)))
    }

    /// Also records attempts at jobs for the inspector.
    pub(super) fn inspected(mut self, ring: Option<Ring>) -> Self {
        self.ring = ring;
        self
    }

    /// Queues the line for printing. If the queued bodies exceed the maximum, the line is printed
    /// without its body. If the queue is full, the line is dropped, and the number of dropped lines
    /// is reported on standard error.
    pub(super) fn print(&self, line: &Line<'_>) {
        let without_body = || (self.text(line, &ShownBody::Dropped), None);
        let (text, held) = self.whole(line).unwrap_or_else(without_body);
        self.push(Entry { text, waiter: None, _queued: held });
    }

    /// Queues the line of an attempt at a job, as [`print`](Self::print) does.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        allow(dead_code, reason = "there is no queue")
    )]
    pub(super) fn print_job(&self, line: &JobLine<'_>) {
        self.ring.iter().for_each(|ring| ring.push_attempt(line.job, line.inspected()));
        let text = match self.format {
            Format::Json => json::job_line(line),
            Format::Human { has_endpoint } => human::job_line(line, has_endpoint),
        };
        self.push(Entry { text, waiter: None, _queued: None });
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
        self.push(Entry { text, waiter, _queued: held });
        tokio::select! {
            biased;
            written = &mut awaited.written => return written.is_ok(),
            () = give_up => {}
        }
        // If the writer has begun, the line will be read: it counts as printed, even if it is late.
        !awaited.give_up() && (&mut awaited.written).await.is_ok()
    }

    fn text(&self, line: &Line<'_>, shown: &ShownBody<'_>) -> String {
        match self.format {
            Format::Json => json::line(line, shown),
            Format::Human { has_endpoint } => human::line(line, shown, has_endpoint),
        }
    }

    fn push(&self, entry: Entry) {
        match self.queue.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The line with its body, if bodies are printed. `None` if there is no room for the body, or if it
    /// contains a secret.
    fn whole(&self, line: &Line<'_>) -> Option<(String, Option<QueuedBytes>)> {
        let (Some(bodies), Some(verified)) = (&self.bodies, line.verified) else {
            return Some((self.text(line, &ShownBody::Nothing), None));
        };
        let body = verified.body();
        // A line is at least as long as its body: this check avoids encoding most lines that do not
        // fit.
        with_room(bodies.queued.load(Ordering::Relaxed), body.len())?;
        if bodies.hidden.is_in(body) {
            if !bodies.is_hidden_reported.swap(true, Ordering::Relaxed) {
                output::note("a body that contains a secret is not printed");
            }
            return None;
        }
        let mut text = self.text(line, &ShownBody::Whole(body));
        text.shrink_to_fit();
        let held = QueuedBytes::take(&bodies.queued, text.len())?;
        Some((text, Some(held)))
    }
}

impl Format {
    /// For people on a terminal, unless they want JSON.
    pub(super) fn of_output(is_json: bool, endpoints: usize) -> Self {
        match is_json || !io::stdout().is_terminal() {
            true => Self::Json,
            false => Self::Human { has_endpoint: endpoints > 1 },
        }
    }
}

impl QueuedBytes {
    fn take(bodies: &Arc<AtomicUsize>, bytes: usize) -> Option<Self> {
        let more = |held| with_room(held, bytes);
        bodies.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self { bodies: Arc::clone(bodies), bytes })
    }
}

impl Drop for QueuedBytes {
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
        self.fate.compare_exchange(WAITING, STARTED, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Awaited {
    /// Gives up the line, unless the writer has begun. Returns whether it will not be written.
    fn give_up(&self) -> bool {
        self.fate.compare_exchange(WAITING, ABANDONED, Ordering::AcqRel, Ordering::Acquire).is_ok()
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

fn write_all(mut out: LineWriter<impl io::Write>, entries: &Receiver<Entry>, dropped: &AtomicU64) {
    let mut is_broken = false;
    for Entry { text, waiter, _queued } in entries {
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
/// library also opens if the descriptor was closed, other such devices, a deleted file, a datagram
/// socket, and a pipe or socket that this program itself reads. To be called if the printed line is
/// the handling of an event: the sender would be answered 200, and the event would be lost.
pub(super) fn reject_discarding_output(endpoint: &str) -> Result<(), UsageError> {
    let unusable = |error| UsageError::because("standard output cannot be used", error);
    let out = standard_output().map_err(unusable)?;
    let is_unread = || standard_input().and_then(|input| is_read_here(&out, &input));
    if !may_discard(&out).map_err(unusable)? && !is_unread().map_err(unusable)? {
        return Ok(());
    }
    Err(UsageError::new(format!(
        "`{endpoint}`: standard output is closed or the null device, another device that is not a \
         terminal, a deleted file, a datagram socket, or a pipe or socket that this program itself \
         reads, so events would be acknowledged and lost: send it to a program or a file that \
         handles the events, or forward them with `forward` in the file, or `--forward URL`"
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
        || kept_file::is_deleted(out)?)
}

/// Whether this program holds the reading end of its own output, so that a write succeeds although
/// no other program reads:
///
/// - a pipe that was opened for reading and writing
/// - a pipe that is also standard input
/// - a socket that is connected to itself
#[cfg(unix)]
fn is_read_here(out: &File, input: &File) -> io::Result<bool> {
    use std::net::TcpStream;
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use rustix::fs::{OFlags, fcntl_getfl};

    let (metadata, input) = (out.metadata()?, input.metadata()?);
    let kind = metadata.file_type();
    if kind.is_socket() {
        // Other sockets than those of TCP have no such addresses.
        let socket = TcpStream::from(OwnedFd::from(out.try_clone()?));
        let addresses = socket.local_addr().ok().zip(socket.peer_addr().ok());
        return Ok(addresses.is_some_and(|(own, peer)| own == peer));
    }
    if !kind.is_fifo() {
        return Ok(false);
    }
    let is_both_ways = fcntl_getfl(out)? & OFlags::RWMODE == OFlags::RDWR;
    // Some systems do not number pipes.
    let is_input =
        metadata.ino() != 0 && (metadata.dev(), metadata.ino()) == (input.dev(), input.ino());
    Ok(is_both_ways || is_input)
}

#[cfg(windows)]
fn is_read_here(_: &File, _: &File) -> io::Result<bool> {
    Ok(false)
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

#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdout().as_handle().try_clone_to_owned()?))
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// Without a body, a line has about 200 bytes.
const MAX_LINES: usize = 1024;
/// The maximum total size of the queued lines with a body, as JSON.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

#[cfg(test)]
mod tests;
