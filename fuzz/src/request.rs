//! A request, and its format in an input.

use countersign::{RequestHead, Scheme};
use countersign_conformance::Vector;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::input::Input;

#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Reads a format similar to HTTP: method and target, the headers, an empty line, and the body.
    pub fn read(mut input: Input<'_>) -> Self {
        let first = input.text();
        let (method, target) = first.split_once(' ').unwrap_or((&first, "/"));
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = input.line();
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            let value = value.strip_prefix(b": ").unwrap_or_default();
            headers.push((String::from_utf8_lossy(name).into_owned(), value.to_vec()));
        }
        Self { method, target, headers, body: input.rest().to_vec() }
    }

    pub fn written(&self) -> Vec<u8> {
        let mut written = format!("{} {}\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            written.extend([name.as_bytes(), b": ", value, b"\n"].concat());
        }
        written.push(b'\n');
        written.extend(&self.body);
        written
    }

    pub fn of(vector: &Vector) -> Self {
        let head = vector.head();
        let headers = vector.headers.iter();
        Self {
            method: head.method().to_owned(),
            target: head.target().unwrap_or("/").to_owned(),
            headers: headers.map(|(name, value)| (name.clone(), value.clone().into())).collect(),
            body: vector.body.clone(),
        }
    }

    pub fn head(&self) -> RequestHead<'_> {
        RequestHead::new(&self.method, &self.target, &self.headers)
    }

    /// The request with its headers in reverse order and with their names in upper case.
    pub fn turned_about(&self) -> Self {
        let headers = self.headers.iter().rev();
        let headers = headers.map(|(name, value)| (name.to_ascii_uppercase(), value.clone()));
        Self { headers: headers.collect(), ..self.clone() }
    }

    /// The headers as a map of the crate `http`, or `None` if it does not accept them.
    pub fn header_map(&self) -> Option<HeaderMap> {
        let headers = self.headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value).ok()?))
        });
        // Appended one by one: `collect` would keep only the last value of each name.
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header?;
            map.append(name, value);
        }
        Some(map)
    }

    /// The values of the headers that the scheme's template signs.
    pub fn signed_headers(&self, scheme: &Scheme) -> Vec<Vec<u8>> {
        let named = |name: &str| {
            let mut headers = self.headers.iter();
            let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        signed_header_names(scheme).map(named).collect()
    }
}

/// The headers that a scheme's template signs.
pub fn signed_header_names(scheme: &Scheme) -> impl Iterator<Item = &str> {
    let placeholders = scheme.signed().split("{header:").skip(1);
    placeholders.filter_map(|text| text.split_once('}')).map(|(name, _)| name)
}
