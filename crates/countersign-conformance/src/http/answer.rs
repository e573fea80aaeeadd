//! A response as it was received.

use std::fmt;

use super::adapter::CODE_HEADER;
use super::context::{Failure, TestResult, same, wrong};
use super::script::{HandlerAnswer, OWN_HEADER};

/// A response, without the headers that the server adds itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status_line: String,
    pub(super) status: u16,
    /// Names in lower case, sorted.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The value of [`CODE_HEADER`].
    pub(super) code: Option<String>,
}

impl Answer {
    pub(super) fn new(
        status_line: String,
        status: u16,
        headers: impl IntoIterator<Item = (String, String)>,
        body: Vec<u8>,
    ) -> Self {
        let mut headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .filter(|(name, _)| !OF_THE_SERVER.contains(&name.as_str()))
            .collect();
        headers.sort();
        let code = headers.iter().position(|(name, _)| name == CODE_HEADER);
        let code = code.map(|at| headers.remove(at).1);
        Self { status_line, status, headers, body, code }
    }

    /// Checks that the adapter itself responded: with a status, no body, and no
    /// header except `Retry-After`, if a retry can succeed.
    #[track_caller]
    pub(super) fn is_given(
        &self,
        status: u16,
        code: &str,
        retry_after: Option<&str>,
    ) -> TestResult {
        self.is(status, Some(code), b"")?;
        let expected = retry_after.map(|seconds| ("retry-after", seconds));
        self.has_headers(expected.as_slice())
    }

    #[track_caller]
    pub(super) fn is_rejected(&self, status: u16, code: &str) -> TestResult {
        self.is_given(status, code, None)
    }

    #[track_caller]
    pub(super) fn is_duplicate(&self) -> TestResult {
        self.is_given(200, "duplicate", None)
    }

    /// Checks that it is the response of a handler that received this body.
    #[track_caller]
    pub(super) fn is_handled(&self, body: &[u8]) -> TestResult {
        self.is_of_handler(&HandlerAnswer::to_body(body))
    }

    /// Checks that it is exactly this response of the handler.
    #[track_caller]
    pub(super) fn is_of_handler(&self, answer: &HandlerAnswer) -> TestResult {
        self.is(answer.status, None, &answer.body)?;
        self.has_headers(&answer.headers)
    }

    /// Checks that it is the response to a handshake.
    #[track_caller]
    pub(super) fn is_handshake(&self, body: &str, headers: &[(&str, &str)]) -> TestResult {
        self.is(200, Some("handshake"), body.as_bytes())?;
        self.has_headers(headers)
    }

    /// Whether the handler sent it.
    pub(super) fn is_the_handlers(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == OWN_HEADER.0)
    }

    #[track_caller]
    fn is(&self, status: u16, code: Option<&str>, body: &[u8]) -> TestResult {
        let must_be = Self { status, body: body.to_vec(), ..self.clone() };
        let must_be = Self { code: code.map(str::to_owned), ..must_be };
        if *self == must_be {
            return Ok(());
        }
        let code = code.unwrap_or("none");
        Err(wrong(
            &self.to_string(),
            &format!("{status}, code {code}, body \"{}\"", body.escape_ascii()),
        ))
    }

    /// Checks that it has exactly these headers, and a correct
    /// `Content-Length`, if any.
    #[track_caller]
    fn has_headers(&self, expected: &[(&str, &str)]) -> TestResult {
        let mut expected: Vec<_> = expected.to_vec();
        expected.sort_unstable();
        let is = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (length, others): (Vec<_>, Vec<_>) =
            is.partition(|(name, _)| *name == "content-length");
        if length.iter().any(|(_, value)| *value != self.body.len().to_string()) {
            return Err(wrong(&self.to_string(), "a correct Content-Length"));
        }
        same(&others, &expected)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status_line)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        if let Some(code) = &self.code {
            writeln!(f, "({code})")?;
        }
        write!(f, "\n{}", self.body.escape_ascii())
    }
}

/// The head of an HTTP/1.1 response. The body is added later.
#[derive(Debug)]
pub(super) struct AnswerHead {
    pub(super) status_line: String,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
}

impl AnswerHead {
    pub(super) fn parse(head: &[u8]) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(head);
        let not_http = || Failure::new(&format!("not an HTTP/1.1 response: {text:?}"));
        let mut lines = text.split("\r\n").take_while(|line| !line.is_empty());
        let status_line = lines.next().ok_or_else(not_http)?;
        let status = status_line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status = status.and_then(|digits| digits.parse().ok()).ok_or_else(not_http)?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':').ok_or_else(not_http)?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        Ok(Self { status_line: status_line.to_owned(), status, headers })
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn with_body(self, body: Vec<u8>) -> Answer {
        Answer::new(self.status_line, self.status, self.headers, body)
    }
}

/// The headers that the server adds: the time, and the state of the connection.
/// The chunks of a body are joined before it is compared.
const OF_THE_SERVER: [&str; 4] = ["connection", "date", "keep-alive", "transfer-encoding"];
