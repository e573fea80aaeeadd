//! The thread that writes captured deliveries into their folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Entry;
use super::file::{self, Json};
use super::folder::Folder;
use super::known_secrets::KnownSecrets;
use super::name::Kind;
use super::{inspected, redaction};
use crate::inspect::Ring;
use crate::output;
use crate::queue::Queue;

/// The state of the thread.
pub(super) struct Writer {
    /// `None` if deliveries are only inspected.
    folder: Option<(Folder, PathBuf)>,
    ring: Option<Ring>,
    hidden: Arc<KnownSecrets>,
    is_broken: bool,
    /// When dropped deliveries were last reported.
    noted: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        folder: Option<(Folder, PathBuf)>,
        ring: Option<Ring>,
        hidden: Arc<KnownSecrets>,
    ) -> Self {
        Self { folder, ring, hidden, is_broken: false, noted: None }
    }

    pub(super) fn write_all(&mut self, entries: &Queue<Entry, 2>, dropped: &[AtomicU64; 2]) {
        while let Some(mut entry) = entries.next() {
            self.inspect(&mut entry);
            match (self.write(&entry), self.is_broken) {
                (Ok(()), true) => {
                    self.is_broken = false;
                    output::note("deliveries are captured again");
                }
                (Err(error), false) => {
                    self.is_broken = true;
                    output::note(&format!(
                        "deliveries cannot be captured in `{}`: {error}. They are still handled",
                        self.folder
                            .as_ref()
                            .map_or_else(String::new, |(_, path)| path.display().to_string())
                    ));
                }
                _ => {}
            }
            if self.noted.is_none_or(|noted| noted.elapsed() >= BETWEEN_NOTES) {
                self.report_dropped(dropped);
            }
        }
        self.report_dropped(dropped);
    }

    fn report_dropped(&mut self, dropped: &[AtomicU64; 2]) {
        for kind in [Kind::Verified, Kind::Rejected] {
            let dropped = dropped[kind as usize].swap(0, Ordering::Relaxed);
            if dropped > 0 {
                self.noted = Some(Instant::now());
                self.ring.iter().for_each(|ring| ring.add_dropped(dropped));
                output::note(&format!(
                    "{dropped} {} deliveries were not captured: they arrive faster than they are \
                     written",
                    kind.as_str()
                ));
            }
        }
    }

    /// Adds the delivery to the ring of the inspector.
    fn inspect(&self, entry: &mut Entry) {
        if let (Some(ring), Some(delivery)) = (&self.ring, entry.inspected.take()) {
            ring.push(inspected::recorded(entry, *delivery, &self.hidden));
        }
    }

    fn write(&mut self, entry: &Entry) -> std::io::Result<()> {
        let Some((folder, _)) = self.folder.as_mut().filter(|_| entry.is_captured) else {
            return Ok(());
        };
        let Entry { of, seen, body, decoded, .. } = entry;
        let hidden = &self.hidden;
        let bodies = || [Some(body), decoded.as_ref()].into_iter().flatten();
        if !bodies().all(|body| of.redaction.allows_body(body, hidden)) {
            of.report_not_captured();
            return Ok(());
        }
        let headers = redaction::with_plain_names(&seen.headers, hidden);
        let left_out = of.redaction.headers(&headers, hidden);
        let (url, mut redacted) = of.redaction.url(seen.url(of.url.as_ref()), hidden);
        redacted.extend(left_out.iter().map(|name| format!("header:{name}")));
        if headers.len() < seen.headers.len() {
            redacted.push("header".to_owned());
        }
        of.report_left_out(&redacted);
        let [headers, headers_base64] = file::headers(&headers, &left_out);
        let shown = |text: &str| !hidden.is_in(text.as_bytes());
        let path = Some(&*of.path).filter(|path| shown(path));
        let json = Json {
            received_at_ms: seen.at_ms,
            endpoint: path,
            scheme: of.scheme.name(),
            code: entry.code,
            status: entry.status,
            event_id: entry.event_id.as_deref().filter(|id| shown(id)),
            body_complete: entry.is_whole,
            redacted,
            method: seen.method.as_str(),
            url,
            headers,
            headers_base64,
            body_base64: body,
        };
        let name = of.name(seen.stamp, entry.kind, hidden)?;
        folder.put(name, entry.kind, |file| json.write(file))
    }
}

const BETWEEN_NOTES: Duration = Duration::from_secs(1);
