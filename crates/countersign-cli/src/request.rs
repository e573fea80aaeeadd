//! A request, given as arguments (headers and body) or as one file.

mod file;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::{ArgAction, ArgGroup, Args};
use countersign::custom::SignedRequest;
use countersign::diagnose::CapturedRequest;
use countersign::{PublicUrl, RequestHead, Scheme};

use crate::files::{FileKind, read_or_stdin};
use crate::output;
use crate::possible_secret::shown_path;
use crate::usage_error::UsageError;

#[derive(Args)]
#[group(skip)]
#[command(group = ArgGroup::new("whole_or_pieces").args(["body", "request"]).required(true))]
pub(crate) struct RequestArgs {
    /// HTTP method
    #[arg(long, default_value = "POST", conflicts_with = "request")]
    method: String,
    /// Public URL that the provider calls, for schemes that sign it
    #[arg(long, conflicts_with = "request")]
    url: Option<String>,
    /// Header of the request; repeatable. `@FILE` reads header lines from a file, `@-` from
    /// standard input
    #[arg(
        short = 'H',
        long = "header",
        value_name = "NAME: VALUE",
        action = ArgAction::Append,
        conflicts_with = "request"
    )]
    headers: Vec<String>,
    /// File with the exact body; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// File with the complete request, as written by `serve --capture`: JSON with `method`, `url`,
    /// `headers` (each name with a value or an array of values), `headers_base64` (the same for
    /// values that are not text) and `body_base64`; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
}

/// A request that was received or will be sent.
#[derive(Clone)]
pub(crate) struct Request {
    method: String,
    url: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl RequestArgs {
    /// Reads the request.
    pub(crate) fn read(&self) -> Result<Request, UsageError> {
        if let Some(path) = &self.request {
            return Request::from_file(path);
        }
        self.check_standard_input()?;
        let headers = self.read_headers()?;
        let body = match &self.body {
            Some(path) => {
                let what = format!("the body's file `{}`", shown_path(path));
                read_or_stdin(path, FileKind::Body, &what)?.into()
            }
            None => Bytes::new(),
        };
        Ok(Request { method: self.method.clone(), url: self.url.clone(), headers, body })
    }

    /// The file with the complete request.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.request.as_deref()
    }

    /// A request with this body and, unless the user gives others, these headers.
    pub(crate) fn with_event(
        &self,
        event_headers: impl Iterator<Item = (&'static str, String)>,
        body: String,
    ) -> Result<Request, UsageError> {
        let mut headers = self.read_headers()?;
        let added = event_headers
            .filter(|(name, _)| !headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)));
        let added: Vec<_> =
            added.map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
        headers.extend(added);
        let (method, url) = (self.method.clone(), self.url.clone());
        Ok(Request { method, url, headers, body: body.into() })
    }

    fn read_headers(&self) -> Result<Vec<(String, Vec<u8>)>, UsageError> {
        let mut headers = Vec::new();
        for header in &self.headers {
            match header.strip_prefix('@') {
                Some(path) => {
                    let path = Path::new(path);
                    let what = format!("the headers' file `{}`", shown_path(path));
                    let lines = read_or_stdin(path, FileKind::Headers, &what)?;
                    headers.extend(header_lines(&lines, &what)?);
                }
                None => headers.push(parse_header(header.as_bytes()).ok_or_else(|| {
                    UsageError::new("the value of `-H` is not a header: use `-H 'Name: value'`")
                })?),
            }
        }
        Ok(headers)
    }

    /// Rejects two readers of standard input: the second one would read nothing.
    fn check_standard_input(&self) -> Result<(), UsageError> {
        let headers = self.headers.iter().filter(|header| *header == "@-").count();
        let body = self.body.iter().filter(|path| path.as_os_str() == "-").count();
        if headers + body > 1 {
            return Err(UsageError::new(
                "standard input can be read only once: use a file for either `--body` or `-H`",
            ));
        }
        Ok(())
    }
}

impl Request {
    /// A request with these parts.
    pub(crate) fn new(
        method: String,
        url: Option<String>,
        headers: Vec<(String, Vec<u8>)>,
        body: Bytes,
    ) -> Self {
        Self { method, url, headers, body }
    }

    /// Parses the contents of a request's file. `what` names it in errors.
    pub(crate) fn parse(json: &[u8], what: &str) -> Result<Self, UsageError> {
        file::parse(json, what).map(|(request, _)| request)
    }

    /// Reads a request's file, or standard input if the path is `-`.
    pub(crate) fn from_file(path: &Path) -> Result<Self, UsageError> {
        let what = format!("the request's file `{}`", shown_path(path));
        let (request, lacks) = file::parse(&read_or_stdin(path, FileKind::Request, &what)?, &what)?;
        lacks.iter().for_each(|lack| output::note(&format!("{what} {lack}")));
        Ok(request)
    }

    pub(crate) fn head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, self.target(), &self.headers)
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The values of a header. The name is case-insensitive.
    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let named = self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice())
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    pub(crate) fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The request, for a diagnosis.
    pub(crate) fn captured(&self) -> CapturedRequest {
        let captured = CapturedRequest::new(self.headers.clone(), self.body.clone());
        let captured = captured.with_method(self.method.as_str());
        match &self.url {
            Some(url) => captured.with_url(url.as_str()),
            None => captured,
        }
    }

    /// The signed request: headers with the names of the signature headers are replaced, or the
    /// body is replaced.
    pub(crate) fn signed(&self, signed: &SignedRequest) -> Self {
        let is_new = |name: &str| {
            signed.headers().iter().any(|(signed, _)| signed.eq_ignore_ascii_case(name))
        };
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| !is_new(name));
        let added = signed.headers().iter();
        headers.extend(added.map(|(name, value)| (name.clone(), value.clone().into_bytes())));
        let body = signed.body().map_or_else(|| self.body.clone(), Bytes::copy_from_slice);
        Self { method: self.method.clone(), url: self.url.clone(), headers, body }
    }

    /// The request that is sent to this URL, which is public unless the user gives another one.
    pub(crate) fn sent(&self, sent: &http::Request<Bytes>, to: &str) -> Self {
        let headers = sent.headers().iter();
        Self {
            method: sent.method().to_string(),
            url: Some(self.url.as_deref().unwrap_or(to).to_owned()),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: sent.body().clone(),
        }
    }

    /// The request of a message in the queue.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn of_message(message: &countersign::queue::Message) -> Self {
        Self {
            method: message.method().to_owned(),
            url: Some(message.target().to_owned()),
            headers: message.headers().to_vec(),
            body: message.body().clone(),
        }
    }

    /// The contents of a request file.
    pub(crate) fn to_file(&self) -> Result<String, UsageError> {
        file::write(self)
            .map_err(|error| UsageError::because("the request cannot be written as JSON", error))
    }

    /// The signed URL; `None` if the scheme signs no URL.
    pub(crate) fn signed_url(&self, scheme: &Scheme) -> Result<Option<PublicUrl>, UsageError> {
        match &self.url {
            _ if !scheme.signs_url() => Ok(None),
            Some(url) => Ok(Some(PublicUrl::new(url)?)),
            None => Err(UsageError::new(format!(
                "scheme `{}` signs the URL: give the URL that the provider calls with `--url`, or \
                 as `url` in the request's file",
                scheme.name()
            ))),
        }
    }

    /// Path and query. A request line has no fragment.
    fn target(&self) -> &str {
        let url = self.url.as_deref().unwrap_or_default();
        let url = url.split('#').next().unwrap_or_default();
        let behind_scheme = url.find("://").map_or(0, |at| at + "://".len());
        match url[behind_scheme..].find(['/', '?']) {
            Some(at) => &url[behind_scheme + at..],
            None => "/",
        }
    }
}

/// Parses header lines. Empty lines are skipped.
fn header_lines(text: &[u8], what: &str) -> Result<Vec<(String, Vec<u8>)>, UsageError> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines
        .map(|(index, line)| {
            // The line is not shown, because it may contain a signature.
            parse_header(line).ok_or_else(|| {
                let line = index + 1;
                UsageError::new(format!("{what}: line {line} is not a header: use `Name: value`"))
            })
        })
        .collect()
}

/// Parses `Name: value`, without the whitespace around the value.
fn parse_header(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = http::HeaderName::from_bytes(&line[..colon]).ok()?;
    let value = http::HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
    Some((name.to_string(), value.as_bytes().to_vec()))
}

#[cfg(test)]
impl Request {
    /// A POST request, for tests.
    pub(crate) fn post(headers: Vec<(String, Vec<u8>)>, body: &'static str) -> Self {
        Self { method: "POST".to_owned(), url: None, headers, body: Bytes::from(body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_at_its_first_colon() {
        let (name, value) = parse_header(b"X-Sig:  t=1,v1=a:b \r").unwrap();
        assert_eq!((name.as_str(), value.as_slice()), ("x-sig", &b"t=1,v1=a:b"[..]));
        for bad in ["", "X-Sig", ": a", "X Sig: a", "X-Sig: a\nb"] {
            assert!(parse_header(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_target_is_what_follows_the_host() {
        for (url, target) in [
            (Some("https://a.example/x?y=1"), "/x?y=1"),
            (Some("https://a.example?y=1"), "?y=1"),
            (Some("https://a.example/x?y=1#/z?"), "/x?y=1"),
            (Some("https://a.example#/z?"), "/"),
            (Some("https://a.example"), "/"),
            (Some("://"), "/"),
            (Some(""), "/"),
            (None, "/"),
        ] {
            let request = Request {
                method: "POST".to_owned(),
                url: url.map(str::to_owned),
                headers: Vec::new(),
                body: Bytes::new(),
            };
            assert_eq!(request.target(), target, "{url:?}");
        }
    }
}
