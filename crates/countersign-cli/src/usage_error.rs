//! Errors in usage or configuration that the user has to fix.

use std::fmt::{self, Display};
use std::process::ExitCode;

use countersign::ConfigError;

use crate::output;

/// An error in usage or configuration, with a fix. The program exits with status 2.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl UsageError {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// An error about something that could not be read or started: `what` names it.
    pub(crate) fn because(what: impl Display, error: impl Display) -> Self {
        Self(format!("{what}: {error}"))
    }

    pub(crate) fn print(&self) -> ExitCode {
        output::error(&self.0);
        ExitCode::from(2)
    }
}

impl Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ConfigError> for UsageError {
    fn from(error: ConfigError) -> Self {
        Self(error.to_string())
    }
}
