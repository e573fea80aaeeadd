//! Output of the commands, and the exit status.
//!
//! | file | what it is |
//! | --- | --- |
//! | `output/escape.rs` | escapes control characters |
//! | `output/line_writer.rs` | writes complete lines |
//! | `output/style.rs` | styled text; data cannot inject styles |
//! | `output/standard_error.rs` | notes and errors; never blocks a server |

mod escape;
mod line_writer;
mod standard_error;
mod style;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

pub(crate) use escape::{escape_control_chars, escape_json, escape_lines};
pub(crate) use line_writer::LineWriter;
pub(crate) use standard_error::{flush_notes, note_in_background};
pub(crate) use style::{BAD, BOLD, DIM, GOOD, paint};

use escape::escape_for_terminal;

/// A command's output and exit status.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) text: String,
    reader: Reader,
    pub(crate) status: ExitCode,
}

#[derive(Debug, Clone, Copy)]
enum Reader {
    /// With colours, if the terminal supports them.
    Person,
    /// Byte for byte, except control characters if the output is a terminal.
    Program,
}

impl Report {
    /// Human-readable text, which may be styled.
    pub(crate) fn human(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Person, status: ExitCode::SUCCESS }
    }

    /// Machine-readable text.
    pub(crate) fn machine(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Program, status: ExitCode::SUCCESS }
    }

    /// Sets the exit status of a negative result.
    #[must_use]
    pub(crate) fn rejected(mut self) -> Self {
        self.status = ExitCode::FAILURE;
        self
    }

    /// Sets the exit status.
    #[must_use]
    pub(crate) fn ended_with(mut self, status: ExitCode) -> Self {
        self.status = status;
        self
    }

    /// Prints the text and returns the exit status. A reader that closes the pipe early does not
    /// change the status.
    pub(crate) fn print(&self) -> ExitCode {
        if self.text.is_empty() {
            return self.status;
        }
        let written = match self.reader {
            Reader::Person => write(&mut anstream::stdout().lock(), &style::render(&self.text)),
            Reader::Program if io::stdout().is_terminal() => {
                write(&mut io::stdout().lock(), &escape_for_terminal(&self.text))
            }
            Reader::Program => write(&mut io::stdout().lock(), &self.text),
        };
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self::error(&format!("cannot write to standard output: {error}"));
                ExitCode::from(2)
            }
            _ => self.status,
        }
    }
}

/// Prints a note about something unexpected to standard error.
pub(crate) fn note(text: &str) {
    complain(&paint(BOLD, "note"), text);
}

/// Prints the reason for a failure to standard error.
pub(crate) fn error(text: &str) {
    complain(&paint(BAD.bold(), "error"), text);
}

/// Always one line: line breaks in the text are escaped.
fn complain(label: &str, text: &str) {
    standard_error::write_line(&format!("{label}: {}", escape_control_chars(text)));
}

/// Prints an error about the arguments, which may have several lines.
pub(crate) fn usage(text: &str) {
    standard_error::write_line(text.trim_end());
}

/// Prints a line without a label.
pub(crate) fn announce(text: &str) {
    standard_error::write_line(&escape_control_chars(text));
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}
