//! Notes and errors on standard error. A command writes them directly. A server writes them in a
//! background thread, so that deliveries never wait for a slow reader.

use std::fs::File;
use std::io::{self, Write, stderr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice, StripStream};

use super::line_writer::LineWriter;
use super::style::render;
use super::wrap::{width_of_notes, wrap};
use crate::queue::Queue;

/// The background thread of a server, once it is started.
static BACKGROUND: OnceLock<Background> = OnceLock::new();

struct Background {
    lines: Arc<Queue<String, 1>>,
    dropped: Arc<AtomicU64>,
}

/// Writes a line that may be styled. In the background, the line is dropped and counted if too many
/// are queued.
pub(super) fn write_line(line: &str) {
    write_lines(&wrap(line, width_of_notes(), HANG));
}

/// The same for lines that are wrapped already.
pub(super) fn write_lines(lines: &str) {
    let line = render(lines) + "\n";
    match BACKGROUND.get() {
        Some(Background { lines, dropped }) => {
            if lines.push(0, line).is_err() {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        // If standard error is closed, the failure cannot be reported.
        None => drop(anstream::stderr().lock().write_all(line.as_bytes())),
    }
}

/// From now on, lines are written by a background thread.
pub(crate) fn note_in_background() -> io::Result<()> {
    let out = own_handle()?;
    let is_plain = AutoStream::choice(&stderr()) == ColorChoice::Never;
    let lines = Queue::new(MAX_WAITING);
    let dropped = Arc::new(AtomicU64::new(0));
    let (taken, counted) = (Arc::clone(&lines), Arc::clone(&dropped));
    thread::Builder::new().name("notes".to_owned()).spawn(move || {
        if is_plain {
            write_all(StripStream::new(out), &taken, &counted);
        } else {
            write_all(out, &taken, &counted);
        }
    })?;
    // A second server in this process uses the thread of the first.
    let _ = BACKGROUND.set(Background { lines, dropped });
    Ok(())
}

/// Waits until all lines are written, at most `within`.
pub(crate) fn flush_notes(within: Duration) {
    if let Some(Background { lines, .. }) = BACKGROUND.get() {
        lines.wait_until_done(within);
    }
}

fn write_all(out: impl Write, lines: &Queue<String, 1>, dropped: &AtomicU64) {
    let mut out = LineWriter::new(out);
    while let Some(line) = lines.next() {
        // If standard error is closed, no other output could report it.
        let _ = out.write(&line);
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let note = format!("note: {dropped} lines were dropped: standard error is too slow\n");
            let _ = out.write(&note);
        }
    }
}

/// A handle of standard error without the standard library's lock, so that a blocked write blocks
/// no other thread.
#[cfg(unix)]
fn own_handle() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(stderr().as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn own_handle() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(stderr().as_handle().try_clone_to_owned()?))
}

/// The indent of lines that continue a note.
const HANG: usize = 2;
const MAX_WAITING: usize = 256;
