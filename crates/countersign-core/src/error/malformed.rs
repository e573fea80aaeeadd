//! Errors in the JSON of a verified body.

use std::error::Error;
use std::fmt;

use serde_json::error::Category;

/// The body of a verified delivery is not the JSON that the handler expects.
///
/// The error contains the position, and no text of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedJson {
    line: usize,
    column: usize,
    problem: JsonProblem,
}

impl MalformedJson {
    /// Keeps the position. The text can quote the body, so it is dropped.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let problem = match error.classify() {
            Category::Data => JsonProblem::Type,
            Category::Eof => JsonProblem::CutShort,
            Category::Io | Category::Syntax => JsonProblem::Syntax,
        };
        Self { line: error.line(), column: error.column(), problem }
    }

    /// The stable name of the error, for logs and metrics (`malformed_json`).
    #[must_use]
    pub fn code(&self) -> &'static str {
        "malformed_json"
    }

    /// The HTTP status to respond with.
    #[must_use]
    pub fn status(&self) -> u16 {
        400
    }

    /// The line where reading stopped, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column where reading stopped, in bytes, counted from 1; 0 if it stopped
    /// at the beginning of the line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong at that position.
    #[must_use]
    pub fn problem(&self) -> JsonProblem {
        self.problem
    }
}

impl fmt::Display for MalformedJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, problem } = self;
        write!(f, "the body {problem}: line {line}, column {column}")
    }
}

impl Error for MalformedJson {}

/// What is wrong with the JSON of a body. The text completes "the body …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonProblem {
    /// It is not JSON.
    Syntax,
    /// It is JSON that ends too early.
    CutShort,
    /// It is JSON that does not fit the handler's type.
    Type,
}

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "is not JSON",
            Self::CutShort => "is JSON that ends too early",
            Self::Type => "is JSON that does not fit the handler's type",
        })
    }
}
