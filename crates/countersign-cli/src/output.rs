//! What is printed, and the exit status.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

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
    /// To the byte as it is.
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
        let written = match self.reader {
            Reader::Person => write(&mut anstream::stdout().lock(), &self.text),
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

/// `text` in a style, and whatever follows it without.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Text of a delivery, fit for a terminal, which would obey control characters.
pub(crate) fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            harmless.extend(character.escape_default());
        } else {
            harmless.push(character);
        }
    }
    harmless
}

fn complain(label: &str, text: &str) {
    // Where standard error is closed there is nobody left to tell.
    let _ = writeln!(anstream::stderr().lock(), "{label}: {text}");
}

fn write(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
