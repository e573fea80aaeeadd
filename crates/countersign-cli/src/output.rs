//! What is printed, and the exit status.
//!
//! | file | what it is |
//! | --- | --- |
//! | `output/escape.rs` | control characters, shown and not obeyed |
//! | `output/line_writer.rs` | lines, each of them whole |
//! | `output/style.rs` | styled text, whose styles no data can forge |
//! | `output/standard_error.rs` | notes and errors, which nobody waits for while serving |

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

/// What a command has to say, and how it ended.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) text: String,
    reader: Reader,
    pub(crate) status: ExitCode,
}

#[derive(Debug, Clone, Copy)]
enum Reader {
    /// With colours where the terminal has them.
    Person,
    /// To the byte as it is, but for what a terminal would obey.
    Program,
}

impl Report {
    /// Text for people, which may be styled.
    pub(crate) fn for_people(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Person, status: ExitCode::SUCCESS }
    }

    /// Text that another program reads.
    pub(crate) fn for_programs(text: impl Into<String>) -> Self {
        Self { text: text.into(), reader: Reader::Program, status: ExitCode::SUCCESS }
    }

    /// The answer was no.
    #[must_use]
    pub(crate) fn refused(mut self) -> Self {
        self.status = ExitCode::FAILURE;
        self
    }

    /// An exit status of its own.
    #[must_use]
    pub(crate) fn ended_with(mut self, status: ExitCode) -> Self {
        self.status = status;
        self
    }

    /// Prints it, and gives the exit status. Whoever reads may stop early: the verdict stays what
    /// it was.
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

/// Says on standard error what the user may not expect.
pub(crate) fn note(text: &str) {
    complain(&paint(BOLD, "note"), text);
}

/// Says on standard error why the command has not done its work.
pub(crate) fn error(text: &str) {
    complain(&paint(BAD.bold(), "error"), text);
}

/// One line, whatever the text is made of.
fn complain(label: &str, text: &str) {
    standard_error::write_line(&format!("{label}: {}", escape_control_chars(text)));
}

/// Says what is wrong with the arguments, in lines that quote them.
pub(crate) fn usage(text: &str) {
    standard_error::write_line(text.trim_end());
}

/// A line of the program's own, without a label.
pub(crate) fn announce(text: &str) {
    standard_error::write_line(&escape_control_chars(text));
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}
