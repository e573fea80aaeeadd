//! Errors in usage or configuration that the user has to fix.

use std::fmt::{self, Display};
use std::io;
use std::process::ExitCode;

use countersign::ConfigError;

use crate::output;

/// An error in usage or configuration, with a fix. The program exits with status 2.
#[derive(Debug)]
pub(crate) struct UsageError {
    what: String,
    /// What to do next, in lines of its own.
    advice: Option<String>,
}

impl UsageError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), advice: None }
    }

    /// An error about something that could not be read or started: `what` names it.
    pub(crate) fn because(what: impl Display, error: impl Display) -> Self {
        Self::new(format!("{what}: {error}"))
    }

    /// An address at which a server cannot listen. `example` is one that is right.
    pub(crate) fn cannot_listen(what: &str, example: &str, error: io::Error) -> Self {
        let fix = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another program uses the address: stop that one, or use another port"
            }
            io::ErrorKind::PermissionDenied => {
                "use a port from 1024 on, or get the right to use it"
            }
            io::ErrorKind::AddrNotAvailable => "use an address of this machine",
            _ => {
                return Self::because(format!("{what} (use an address such as {example})"), error);
            }
        };
        Self::because(what, format_args!("{fix} ({error})"))
    }

    /// Adds what to do next: lines that are printed after the error.
    #[must_use]
    pub(crate) fn followed_by(mut self, advice: String) -> Self {
        self.advice = Some(advice);
        self
    }

    pub(crate) fn print(&self) -> ExitCode {
        output::error(&self.what);
        self.advice.iter().for_each(|advice| output::usage(advice));
        ExitCode::from(2)
    }
}

impl Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<ConfigError> for UsageError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}
