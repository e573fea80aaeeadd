//! Writes complete lines to an output that can fail in the middle of a line.

use std::io::{self, ErrorKind, Write};
use std::thread;
use std::time::Duration;

/// Writes lines, and never continues an incomplete line with the next one.
///
/// If the output is not ready (a pipe in non-blocking mode), the writer waits until the reader
/// reads, as with a pipe in blocking mode.
pub(crate) struct LineWriter<W> {
    out: W,
    /// The bytes that still have to be written to end an incomplete line.
    missing: Vec<u8>,
    pause: fn(Duration),
}

impl<W: Write> LineWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, missing: Vec::new(), pause: thread::sleep }
    }

    /// Writes a line. `line` ends with a line feed.
    ///
    /// # Errors
    ///
    /// If the line was not written, or only in part. A partial line is not completed later: the
    /// next call marks it as incomplete and ends it, so that it does not parse as JSON.
    pub(crate) fn write(&mut self, line: &str) -> io::Result<()> {
        while !self.missing.is_empty() {
            let written = write_some(&mut self.out, &self.missing, self.pause)?;
            self.missing.drain(..written.min(self.missing.len()));
        }
        let mut written = 0;
        while let Some(left @ [_, ..]) = line.as_bytes().get(written..) {
            match write_some(&mut self.out, left, self.pause) {
                Ok(more) => written += more,
                Err(error) => {
                    self.break_off(line, written);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn break_off(&mut self, line: &str, written: usize) {
        if written == 0 {
            return;
        }
        // Complete the character, so that the output stays valid UTF-8.
        let end = (written..line.len()).find(|at| line.is_char_boundary(*at));
        let character = line.as_bytes().get(written..end.unwrap_or(line.len()));
        self.missing.extend_from_slice(character.unwrap_or_default());
        self.missing.extend_from_slice(INCOMPLETE);
    }
}

/// Writes at least one byte, and returns how many.
fn write_some(out: &mut impl Write, bytes: &[u8], pause: fn(Duration)) -> io::Result<usize> {
    let mut time = MIN_PAUSE;
    loop {
        match out.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                pause(time);
                time = MAX_PAUSE.min(time * 2);
            }
            written => return written,
        }
    }
}

/// Ends an incomplete line. With it, even a line that lacks only its line feed is not JSON.
const INCOMPLETE: &[u8] = b" (incomplete)\n";
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Each step accepts this many bytes or fails. After the last step it accepts everything.
    struct Scripted {
        steps: VecDeque<Result<usize, ErrorKind>>,
        taken: Vec<u8>,
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = self.steps.pop_front().unwrap_or(Ok(bytes.len()))?.min(bytes.len());
            self.taken.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn writer(steps: impl IntoIterator<Item = Result<usize, ErrorKind>>) -> LineWriter<Scripted> {
        let out = Scripted { steps: steps.into_iter().collect(), taken: Vec::new() };
        LineWriter { out, missing: Vec::new(), pause: |_| {} }
    }

    fn text(writer: &LineWriter<Scripted>) -> &str {
        std::str::from_utf8(&writer.out.taken).unwrap()
    }

    #[test]
    fn a_line_is_completed_once_a_blocked_output_is_ready() {
        let not_yet = Err(ErrorKind::WouldBlock);
        let mut writer =
            writer([not_yet, Ok(3), not_yet, not_yet, Err(ErrorKind::Interrupted), Ok(2)]);
        writer.write("{\"a\":1}\n").unwrap();
        writer.write("{\"b\":2}\n").unwrap();
        assert_eq!(text(&writer), "{\"a\":1}\n{\"b\":2}\n");
    }

    #[test]
    fn a_line_after_a_partial_line_is_readable_and_the_partial_one_is_not() {
        let (first, second) = ("{\"a\":\"é\"}\n", "{\"b\":2}\n");
        for taken in 1..first.len() {
            let full = Err(ErrorKind::StorageFull);
            let mut writer = writer([Ok(taken), full, full, Ok(1), full]);
            assert!(writer.write(first).is_err());
            // Both fail: the end of the incomplete line has to be written first.
            assert!(writer.write(second).is_err());
            assert!(writer.write(second).is_err());
            writer.write(second).unwrap();
            let lines: Vec<&str> = text(&writer).lines().collect();
            let [broken, whole] = lines[..] else { panic!("{taken}: {lines:?}") };
            assert!(serde_json::from_str::<serde_json::Value>(broken).is_err(), "{broken}");
            assert!(broken.ends_with(" (incomplete)"), "{broken}");
            assert_eq!(whole, second.trim_end(), "{taken}");
        }
    }

    #[test]
    fn a_line_that_failed_before_its_first_byte_leaves_no_output() {
        let mut writer = writer([Err(ErrorKind::StorageFull), Ok(0)]);
        assert!(writer.write("{}\n").is_err());
        assert_eq!(writer.write("{}\n").unwrap_err().kind(), ErrorKind::WriteZero);
        writer.write("[]\n").unwrap();
        assert_eq!(text(&writer), "[]\n");
    }
}
