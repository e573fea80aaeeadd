//! An error with its causes, in one line.

use std::error::Error;
use std::fmt;
use std::iter::successors;

/// Shows an error and its causes, separated by `: `.
///
/// For the `Debug` of errors at start-up, because a `main` that returns an error prints it with
/// `Debug`.
#[derive(Debug, Clone, Copy)]
pub struct Causes<'a>(
    /// The error.
    pub &'a dyn Error,
);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in successors(self.0.source(), |&cause| cause.source()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}
