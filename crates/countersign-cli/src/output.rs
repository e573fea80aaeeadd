//! Output of the commands, and the exit status.
//!
//! | file | what it is |
//! | --- | --- |
//! | `output/escape.rs` | escapes control characters |
//! | `output/line_writer.rs` | writes complete lines |
//! | `output/style.rs` | styled text; data cannot inject styles |
//! | `output/wrap.rs` | wraps text at the width of the terminal |
//! | `output/standard_error.rs` | notes and errors; never blocks a server |

mod escape;
mod line_writer;
mod standard_error;
mod style;
mod wrap;

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

pub(crate) use escape::{escape_control_chars, escape_json, escape_lines};
pub(crate) use line_writer::LineWriter;
pub(crate) use standard_error::{flush_notes, note_in_background};
#[cfg(test)]
pub(crate) use style::plain;
pub(crate) use style::{BAD, BOLD, DIM, GOOD, WARN, paint};
pub(crate) use wrap::width;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};

use crate::usage_error::UsageError;
use escape::escape_for_terminal;

/// A command's output and exit status.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) text: String,
    reader: Reader,
    pub(crate) status: ExitCode,
    /// What to do next, on standard error.
    advice: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Reader {
    /// With colours, if the terminal supports them, and wrapped at its width.
    Person,
    /// The same with whole lines.
    PersonOfWideLines,
    /// Byte for byte, except control characters if the output is a terminal.
    Program,
}

impl Report {
    /// Human-readable text, which may be styled.
    pub(crate) fn human(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Person, status: ExitCode::SUCCESS, advice: None }
    }

    /// Human-readable text whose lines may be wider than the terminal.
    pub(crate) fn wide(text: impl Into<String>) -> Self {
        Self { reader: Reader::PersonOfWideLines, ..Self::human(text) }
    }

    /// Machine-readable text.
    pub(crate) fn machine(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Program, status: ExitCode::SUCCESS, advice: None }
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

    /// Adds what to do next: lines for standard error, after the text.
    #[must_use]
    pub(crate) fn followed_by(mut self, advice: String) -> Self {
        self.advice = Some(advice);
        self
    }

    /// Prints the text and returns the exit status. A reader that closes the pipe early does not
    /// change the status.
    pub(crate) fn print(&self) -> ExitCode {
        if self.text.is_empty() {
            return self.status;
        }
        let written = match self.reader {
            Reader::Person => write_styled(&wrap::wrap(&self.text, width(), 0)),
            Reader::PersonOfWideLines => write_styled(&self.text),
            Reader::Program if io::stdout().is_terminal() => {
                write(&mut io::stdout().lock(), &escape_for_terminal(&self.text))
            }
            Reader::Program => write(&mut io::stdout().lock(), &self.text),
        };
        match unless_closed(written) {
            Err(error) => error.print(),
            Ok(()) => {
                self.advice.iter().for_each(|advice| usage(advice));
                self.status
            }
        }
    }
}

/// Human-readable text for standard output, as it is written to a terminal: with styles if the user
/// wants them.
pub(crate) fn for_terminal(text: &str) -> String {
    let text = style::render(text);
    match AutoStream::choice(&io::stdout()) {
        ColorChoice::Never => strip_str(&text).to_string(),
        _ => text,
    }
}

/// The text with its lines wrapped at this width.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    wrap::wrap(text, Some(width), 0)
}

/// Prints human-readable text before the command has ended.
pub(crate) fn print_now(text: &str) -> Result<(), UsageError> {
    unless_closed(write_styled(&wrap::wrap(text, width(), 0)))
}

fn write_styled(text: &str) -> io::Result<()> {
    write(&mut anstream::stdout().lock(), &style::render(text))
}

/// A reader that closes the pipe early is not an error.
fn unless_closed(written: io::Result<()>) -> Result<(), UsageError> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(UsageError::because("cannot write to standard output", error))
        }
        _ => Ok(()),
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

/// Prints lines that are wrapped already: an error about the arguments, or a command to run.
pub(crate) fn usage(text: &str) {
    standard_error::write_lines(text.trim_end());
}

/// Prints lines without a label, all or none of them.
pub(crate) fn announce(lines: &[String]) {
    let lines: Vec<String> = lines.iter().map(|line| escape_control_chars(line)).collect();
    standard_error::write_lines(&lines.join("\n"));
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}
