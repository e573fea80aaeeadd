//! Why an extractor refused a delivery, and what its sender is told of it.

use std::error::Error;
use std::fmt;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use countersign_core::{Answer, VerifyError};
use countersign_tower::{answer, refusal};
use http::StatusCode;
use serde_json::error::Category;

/// Why an extractor refused a delivery.
///
/// As a response it is a status and an empty body; the [`VerifyError`], the
/// [`MalformedJson`] or the [`Answer`] is in the response's extensions, for a
/// layer in front to log and count.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// The delivery must not be believed.
    Unverified(VerifyError),
    /// The delivery is genuine, and its body is not what the handler expects.
    MalformedJson(MalformedJson),
    /// The event is not to be handled now: it was handled before, another
    /// attempt is at it, or its claim cannot be held. Or there is none: a
    /// handshake is answered here too.
    Answered(Answer),
}

impl Rejection {
    /// The stable name of what was wrong, for logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unverified(error) => error.code(),
            Self::MalformedJson(_) => "malformed_json",
            Self::Answered(answer) => answer.code(),
        }
    }

    /// The HTTP status that is answered.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Unverified(error) => error.status(),
            Self::MalformedJson(_) => StatusCode::BAD_REQUEST.as_u16(),
            Self::Answered(answer) => answer.status(),
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        match self {
            Self::Unverified(error) => refusal(error),
            Self::MalformedJson(error) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response.extensions_mut().insert(error);
                response
            }
            Self::Answered(given) => answer(given),
        }
    }
}

impl From<VerifyError> for Rejection {
    fn from(error: VerifyError) -> Self {
        Self::Unverified(error)
    }
}

impl From<Answer> for Rejection {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Refused(error) => Self::Unverified(error),
            other => Self::Answered(other),
        }
    }
}

impl From<MalformedJson> for Rejection {
    fn from(error: MalformedJson) -> Self {
        Self::MalformedJson(error)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unverified(error) => error.fmt(f),
            Self::MalformedJson(error) => error.fmt(f),
            Self::Answered(answer) => answer.fmt(f),
        }
    }
}

impl Error for Rejection {}

/// The body of a genuine delivery is not the JSON that the handler expects.
///
/// It says where, and never what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedJson {
    line: usize,
    column: usize,
    problem: JsonProblem,
}

impl MalformedJson {
    /// Keeps the place. The text can quote the body, and is dropped.
    pub(crate) fn of(error: &serde_json::Error) -> Self {
        let problem = match error.classify() {
            Category::Data => JsonProblem::Type,
            Category::Eof => JsonProblem::CutShort,
            Category::Io | Category::Syntax => JsonProblem::Syntax,
        };
        Self { line: error.line(), column: error.column(), problem }
    }

    /// The line at which reading stopped, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column at which reading stopped, in bytes, counted from 1; 0 where it
    /// stopped at the beginning of the line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What is wrong there.
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

/// What is wrong with the JSON of a body; the text completes "the body …".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonProblem {
    /// It is not JSON.
    Syntax,
    /// It is JSON that ends too early.
    CutShort,
    /// It is JSON, and does not fit the handler's type.
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
