//! Captures deliveries as files, as they arrived, for `verify`, `diagnose` and `send`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `copy.rs`, `queue_limit.rs` | copies of bodies, and limits on their size |
//! | `escapes.rs`, `known_secrets.rs` | finds the secrets of the program |
//! | `credential_names.rs`, `credential_values.rs` | finds other credentials |
//! | `redaction.rs` | redaction of both |
//! | `file.rs` | the contents of a file |
//! | `writer.rs` | the thread that writes the files |
//! | `inspected.rs`, `stopwatch.rs` | the same deliveries for the inspector, and their times |
//! | `folder.rs`, `name.rs` | the folder, and the names and number of files |

mod copy;
mod credential_names;
mod credential_values;
mod escapes;
mod file;
mod folder;
mod inspected;
mod known_secrets;
mod name;
mod queue_limit;
mod redaction;
mod stopwatch;
mod writer;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use countersign::scheme::BodyView;
use countersign::serve::RequestBody;
use countersign::{Clock, EarlyResponse, Scheme, SystemClock, Verified};
use http::header::{CONTENT_ENCODING, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

pub(super) use copy::Copied;
pub(super) use known_secrets::KnownSecrets;
pub(super) use name::{Kind, Namer};
pub(super) use redaction::is_secret_in_body;
pub(super) use stopwatch::Stopwatch;

use super::config::CapturePlan;
use super::short_id::short_id;
use crate::inspect::{Delivery, Ring};
use crate::output;
use crate::queue::Queue;
use crate::random;
use crate::usage_error::UsageError;
use copy::{BodyCopy, Came};
use folder::Folder;
use name::{Name, Stamp};
use queue_limit::{QueueLimit, QueuePermit};
use redaction::Redaction;
use writer::Writer;

/// Writes deliveries into a folder from a background thread, so that no delivery waits for it.
#[derive(Clone)]
pub(super) struct Captures {
    waiting: Arc<Waiting>,
    namer: Arc<Mutex<Namer>>,
    hidden: Arc<KnownSecrets>,
    dropped: Arc<[AtomicU64; 2]>,
    /// For bodies that are still being received and not verified yet.
    arriving: Arc<QueueLimit>,
    /// Separate, so that rejected requests cannot displace verified deliveries.
    verified: Arc<QueueLimit>,
    rejected: Option<Arc<QueueLimit>>,
    has_folder: bool,
    /// Whether the folder also gets rejected deliveries.
    captures_rejected: bool,
    is_inspected: bool,
}

/// The queue of deliveries to write. It has a lane for each kind; verified deliveries go first.
struct Waiting(Arc<Queue<Entry, 2>>);

/// Captures the deliveries of one endpoint.
pub(super) struct Capture {
    captures: Captures,
    of: Arc<Of>,
    body_limit: usize,
    /// How long to wait for the rest of a body that was rejected because of its headers.
    patience: Duration,
}

/// The properties of an endpoint that its files contain.
struct Of {
    path: Arc<str>,
    scheme: Scheme,
    url: Option<PublicUrl>,
    redaction: Redaction,
    is_left_out_reported: AtomicBool,
    is_not_captured_reported: AtomicBool,
}

/// The configured public URL, which the provider calls.
pub(super) enum PublicUrl {
    Whole(String),
    /// Path and query are taken from the request.
    Origin(String),
}

/// The properties of a received request that a file contains.
pub(super) struct Seen {
    at_ms: i64,
    stamp: Stamp,
    since: Instant,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    copy: Option<BodyCopy>,
    stopwatch: Option<Stopwatch>,
}

struct Entry {
    of: Arc<Of>,
    kind: Kind,
    code: &'static str,
    status: u16,
    /// Only for a verified delivery.
    event_id: Option<String>,
    seen: Seen,
    body: Bytes,
    /// The verified body, if it differs from the received one.
    decoded: Option<Bytes>,
    is_whole: bool,
    /// Whether it is written to the folder.
    is_captured: bool,
    /// What the inspector shows beside the request.
    inspected: Option<Box<Delivery>>,
    /// The headers of the response, for the inspector.
    answered: Option<HeaderMap>,
    _reserved: QueuePermit,
}

/// Resolves when all files are written.
pub(super) struct Written(oneshot::Receiver<()>);

impl Captures {
    /// Starts the thread, which writes to a folder, or the ring of the inspector, or both. It ends, and
    /// [`Written`] resolves, when all clones are dropped and every file is written.
    pub(super) fn start(
        plan: Option<CapturePlan>,
        ring: Option<Ring>,
        hidden: Arc<KnownSecrets>,
    ) -> Result<(Self, Written), UsageError> {
        let namer = Namer::of(program_number()?);
        let captures_rejected = plan.as_ref().is_some_and(|plan| plan.rejected);
        let folder = plan.map(|CapturePlan { folder: path, at, files, rejected }| {
            let folder = Folder::open(path.clone(), files, rejected, &namer)
                .map_err(|error| super::folders::unwritable(&path, &at, error))?;
            Ok::<_, UsageError>((folder, path))
        });
        let folder = folder.transpose()?;
        let (has_folder, is_inspected) = (folder.is_some(), ring.is_some());
        let queue = Queue::new(MAX_QUEUE);
        let entries = Arc::clone(&queue);
        let dropped = Arc::<[AtomicU64; 2]>::default();
        let (finished, written) = oneshot::channel();
        let counter = Arc::clone(&dropped);
        let mut writer = Writer::new(folder, ring, Arc::clone(&hidden));
        let thread = thread::Builder::new().name("captures".to_owned());
        let started = thread.spawn(move || {
            writer.write_all(&entries, &counter);
            let _ = finished.send(());
        });
        started.map_err(|error| UsageError::because("deliveries cannot be captured", error))?;
        let [arriving, verified] = [(); 2].map(|()| QueueLimit::of(LARGEST_WAITING));
        let takes_rejected = captures_rejected || is_inspected;
        let rejected = takes_rejected.then(|| QueueLimit::of(LARGEST_WAITING));
        let waiting = Arc::new(Waiting(queue));
        let namer = Arc::new(Mutex::new(namer));
        let captures = Self {
            waiting,
            namer,
            hidden,
            dropped,
            arriving,
            verified,
            rejected,
            has_folder,
            captures_rejected,
            is_inspected,
        };
        Ok((captures, Written(written)))
    }

    fn stamp(&self, unix_ms: i64) -> Stamp {
        self.namer.lock().unwrap_or_else(PoisonError::into_inner).stamp(unix_ms)
    }

    fn push(&self, entry: Entry) {
        let kind = entry.kind;
        if self.waiting.0.push(kind as usize, entry).is_err() {
            self.drop_one(kind);
        }
    }

    fn drop_one(&self, kind: Kind) {
        self.dropped[kind as usize].fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A random number that distinguishes the files of this program from those of other programs in the
/// same folder.
pub(super) fn program_number() -> Result<u32, UsageError> {
    let random = random::hex_128()?;
    Ok(u32::from_str_radix(&random[..8], 16).unwrap_or_default())
}

impl Capture {
    /// Returns `None` if every delivery of the scheme contains the secret in its body, unless it is
    /// inspected.
    pub(super) fn new(
        captures: &Captures,
        path: &Arc<str>,
        scheme: &Scheme,
        url: Option<PublicUrl>,
        body_limit: usize,
        patience: Duration,
    ) -> Option<Self> {
        let redaction = Redaction::of(scheme);
        if redaction.leaves_nothing() && captures.has_folder {
            output::note(&format!(
                "`{path}`: no delivery is captured: deliveries of scheme `{}` contain the secret \
                 in their body",
                scheme.name()
            ));
        }
        if redaction.leaves_nothing() && !captures.is_inspected {
            return None;
        }
        if captures.has_folder
            && redaction.shows_query()
            && url.as_ref().is_none_or(PublicUrl::has_query)
        {
            output::note(&format!(
                "`{path}`: scheme `{}` signs the URL, so deliveries are captured with its whole \
                 query: do not put credentials into it",
                scheme.name()
            ));
        }
        let of = Of {
            path: Arc::clone(path),
            scheme: scheme.clone(),
            url,
            redaction,
            is_left_out_reported: AtomicBool::new(false),
            is_not_captured_reported: AtomicBool::new(false),
        };
        Some(Self { captures: captures.clone(), of: Arc::new(of), body_limit, patience })
    }

    /// Returns the request to process, and the facts to capture about it.
    pub(super) fn see(&self, request: Request<RequestBody>) -> (Request<Copied>, Seen) {
        let (parts, body) = request.into_parts();
        let (body, copy) = match self.room_for_copies(&parts.method) {
            Some(room) => {
                let (body, copy) = Copied::new(body, self.body_limit, room);
                (body, Some(copy))
            }
            None => (Copied::not(body), None),
        };
        let stopwatch = self.captures.is_inspected.then(Stopwatch::start);
        let body = body.timed(stopwatch.clone());
        let at_ms = SystemClock::new().now_unix_ms();
        let seen = Seen {
            at_ms,
            stamp: self.captures.stamp(at_ms),
            since: Instant::now(),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            copy,
            stopwatch,
        };
        (Request::from_parts(parts, body), seen)
    }

    /// The name of the file of a verified delivery, unless it is dropped or contains a secret.
    pub(super) fn name_if_verified(&self, seen: &Seen) -> Option<String> {
        self.has_file().then(|| self.name(seen, Kind::Verified)).flatten()
    }

    /// The same for a rejected delivery. `None` if rejected deliveries are not captured.
    pub(super) fn name_if_rejected(&self, seen: &Seen) -> Option<String> {
        let is_captured =
            self.has_file() && self.captures.captures_rejected && seen.method == Method::POST;
        is_captured.then(|| self.name(seen, Kind::Rejected)).flatten()
    }

    fn name(&self, seen: &Seen, kind: Kind) -> Option<String> {
        let name = self.of.name(seen.stamp, kind, &self.captures.hidden).ok()?;
        Some(name.as_str().to_owned())
    }

    /// The room for a copy of the body. A body is copied only if the verified delivery will not
    /// contain it as it arrived.
    fn room_for_copies(&self, method: &Method) -> Option<&Arc<QueueLimit>> {
        let Captures { arriving, rejected, .. } = &self.captures;
        let is_decoded = self.of.scheme.body_view() == BodyView::Decoded;
        // A request with another method is a handshake, or not a delivery at all.
        let is_copied = method == Method::POST && (is_decoded || rejected.is_some());
        is_copied.then_some(arriving)
    }

    fn has_file(&self) -> bool {
        self.captures.has_folder && !self.of.redaction.leaves_nothing()
    }

    /// Captures the request, after its response is known, if it was a delivery. `inspected` is what
    /// the inspector shows beside the request: it also shows requests that are no deliveries.
    pub(super) async fn take<B>(
        &self,
        seen: Seen,
        response: &Response<B>,
        code: &'static str,
        verified: Option<&Verified>,
        inspected: Option<Delivery>,
    ) {
        let status = response.status().as_u16();
        let answer = response.extensions().get::<EarlyResponse>();
        let inspected = inspected.map(Box::new);
        let answered = inspected.is_some().then(|| response.headers().clone());
        let rest = Rest { code, status, inspected, answered };
        match (verified, answer) {
            (Some(verified), _) => self.take_verified(seen, verified, rest),
            (None, Some(EarlyResponse::Rejected(_))) if seen.method == Method::POST => {
                self.take_rejected(seen, rest).await;
            }
            // A handshake is not a delivery, and may contain a key.
            _ if rest.inspected.is_some() => self.take_other(seen, rest),
            _ => {}
        }
    }

    fn take_verified(&self, mut seen: Seen, verified: &Verified, rest: Rest) {
        let proved = verified.body();
        let is_as_it_arrived = verified.scheme().body_view() == BodyView::Raw
            || !seen.headers.contains_key(CONTENT_ENCODING);
        // The copy may hold a second body, which is no longer needed.
        let copy = seen.copy.take();
        let (body, decoded) = match is_as_it_arrived {
            true => (Some(proved.clone()), None),
            false => (copy.and_then(BodyCopy::so_far).map(|came| came.bytes), Some(proved.clone())),
        };
        let held = |body: &Bytes| body.len() + decoded.as_ref().map_or(0, Bytes::len);
        let mut reserved = QueueLimit::nothing(&self.captures.verified);
        let body = body.filter(|body| reserved.grow(held(body) + seen.head_length()));
        let Some(body) = body else { return self.captures.drop_one(Kind::Verified) };
        let event_id = Some(short_id(verified.event_id()).into_owned());
        let is_captured = self.has_file();
        let entry = self.entry(Kind::Verified, seen, rest, (body, reserved));
        self.captures.push(Entry { event_id, decoded, is_captured, ..entry });
    }

    /// Most rejected requests are rejected before their body is read. The rest of the body is read
    /// here, because without it the reason for the rejection could not be found.
    async fn take_rejected(&self, mut seen: Seen, rest: Rest) {
        let Some(room) = &self.captures.rejected else { return };
        let Some(copy) = seen.copy.take() else { return };
        let left = self.patience.saturating_sub(seen.since.elapsed());
        let mut reserved = QueueLimit::nothing(room);
        let came = copy.whole(left).await;
        let came = came.filter(|came| reserved.grow(came.bytes.len() + seen.head_length()));
        let Some(Came { bytes, is_whole, .. }) = came else {
            return self.captures.drop_one(Kind::Rejected);
        };
        let is_captured = self.has_file() && self.captures.captures_rejected;
        let entry = self.entry(Kind::Rejected, seen, rest, (bytes, reserved));
        self.captures.push(Entry { is_whole, is_captured, ..entry });
    }

    /// Records a handshake, or a request that was not verified, for the inspector only.
    fn take_other(&self, mut seen: Seen, rest: Rest) {
        let Some(room) = &self.captures.rejected else { return };
        let came = seen.copy.take().and_then(BodyCopy::so_far);
        let (body, is_whole) =
            came.map_or_else(Default::default, |came| (came.bytes, came.is_whole));
        let mut reserved = QueueLimit::nothing(room);
        if !reserved.grow(body.len() + seen.head_length()) {
            return self.captures.drop_one(Kind::Rejected);
        }
        let entry = self.entry(Kind::Rejected, seen, rest, (body, reserved));
        self.captures.push(Entry { is_whole, ..entry });
    }

    /// An entry that is not written to the folder.
    fn entry(
        &self,
        kind: Kind,
        seen: Seen,
        Rest { code, status, inspected, answered }: Rest,
        (body, reserved): (Bytes, QueuePermit),
    ) -> Entry {
        Entry {
            of: Arc::clone(&self.of),
            kind,
            code,
            status,
            event_id: None,
            seen,
            body,
            decoded: None,
            is_whole: true,
            is_captured: false,
            inspected,
            answered,
            _reserved: reserved,
        }
    }
}

/// What is known of a request once it has a response.
struct Rest {
    code: &'static str,
    status: u16,
    inspected: Option<Box<Delivery>>,
    answered: Option<HeaderMap>,
}

impl Written {
    /// Waits until all files are written, until `by` at the latest.
    pub(super) async fn finished(self, by: Instant) {
        if timeout_at(by, self.0).await.is_err() {
            output::note("not all deliveries were captured: the folder is too slow");
        }
    }
}

impl Of {
    /// The name of a file. A path that contains a secret is not in it.
    fn name(&self, stamp: Stamp, kind: Kind, hidden: &KnownSecrets) -> io::Result<Name> {
        let path = Some(&*self.path).filter(|path| !hidden.is_in(path.as_bytes()));
        stamp.name(kind, path.unwrap_or_default())
    }

    /// Reports the redacted parts, only for the first delivery that has any.
    fn report_left_out(&self, redacted: &[String]) {
        if !redacted.is_empty() && !self.is_left_out_reported.swap(true, Ordering::Relaxed) {
            output::note(&format!(
                "`{}`: deliveries are captured without {}, which may contain a secret: each file \
                 lists its redacted parts",
                self.path,
                redacted.iter().map(|what| format!("`{what}`")).collect::<Vec<_>>().join(", ")
            ));
        }
    }

    fn report_not_captured(&self) {
        if !self.is_not_captured_reported.swap(true, Ordering::Relaxed) {
            output::note(&format!(
                "`{}`: a delivery whose body contains a secret is not captured; this is not \
                 reported again",
                self.path
            ));
        }
    }
}

impl PublicUrl {
    /// Whether captures can contain a query.
    fn has_query(&self) -> bool {
        match self {
            Self::Whole(url) => url.contains('?'),
            Self::Origin(_) => true,
        }
    }
}

impl Seen {
    pub(super) fn stopwatch(&self) -> Option<&Stopwatch> {
        self.stopwatch.as_ref()
    }

    fn head_length(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        headers.sum()
    }

    /// The configured URL, or else the URL of the request.
    fn url(&self, public: Option<&PublicUrl>) -> String {
        let target = self.uri.path_and_query().map_or("/", |target| target.as_str());
        let host = || self.headers.get(HOST).map(HeaderValue::to_str).and_then(Result::ok);
        let host = self.uri.authority().map(|authority| authority.as_str()).or_else(host);
        match (public, host) {
            (Some(PublicUrl::Whole(url)), _) => url.clone(),
            (Some(PublicUrl::Origin(origin)), _) => format!("{origin}{target}"),
            (None, Some(host)) => format!("http://{host}{target}"),
            (None, None) => target.to_owned(),
        }
    }
}

/// The maximum number of queued deliveries of each kind.
const MAX_QUEUE: usize = 1024;
/// The maximum total size of the bodies being received, and of the queued bodies of each kind.
const LARGEST_WAITING: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests;
