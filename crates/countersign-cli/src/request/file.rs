//! Reads and writes a request file: JSON with `method`, `url`, `headers` and `body_base64`, and for a
//! captured request `headers_base64`, `redacted` and `body_complete`.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;

use super::Request;
use crate::output::escape_control_chars;
use crate::usage_error::UsageError;

/// Parses the file; `what` names it in errors. Returns the request, and notes about missing parts.
/// Other fields (of a test vector, or the result of a captured delivery) are ignored.
pub(super) fn parse(json: &[u8], what: &str) -> Result<(Request, Vec<String>), UsageError> {
    let fields: Fields = serde_json::from_slice(json)
        .map_err(|error| UsageError::because(what, unreadable(&error)))?;
    fields.request().map_err(|problem| UsageError::because(what, problem))
}

/// The message for a parse error: serde's own message if the file is not JSON. If the JSON has the
/// wrong shape, serde's message would quote its content, which may be secret.
fn unreadable(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!(
            "line {}, column {}: write an object with `method`, `url`, `headers` and \
             `body_base64`, each once, where `headers` is an object of names and values",
            error.line(),
            error.column()
        ),
        _ => error.to_string(),
    }
}

/// Writes the file of a request.
pub(super) fn write(request: &Request) -> serde_json::Result<String> {
    let mut file = WrittenFile {
        method: &request.method,
        url: request.url.as_deref(),
        headers: BTreeMap::new(),
        headers_base64: BTreeMap::new(),
        body_base64: STANDARD.encode(&request.body),
    };
    for (name, _) in &request.headers {
        let values = || request.values(name);
        match values().map(str::from_utf8).collect() {
            Ok(texts) => drop(file.headers.insert(name, texts)),
            Err(_) => {
                let encoded = values().map(|value| STANDARD.encode(value)).collect();
                file.headers_base64.insert(name, encoded);
            }
        }
    }
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// A request that is written, with all values of each header.
#[derive(Serialize)]
struct WrittenFile<'a> {
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    headers: BTreeMap<&'a str, Vec<&'a str>>,
    /// The headers with a value that is not text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers_base64: BTreeMap<&'a str, Vec<String>>,
    body_base64: String,
}

/// The fields of the file, untyped, so that the error for a wrong type can name the field.
#[derive(Deserialize)]
struct Fields {
    method: Option<Value>,
    url: Option<Value>,
    headers: Option<Pairs>,
    headers_base64: Option<Pairs>,
    body_base64: Option<Value>,
    body_complete: Option<Value>,
    redacted: Option<Value>,
}

impl Fields {
    fn request(self) -> Result<(Request, Vec<String>), String> {
        let method = text("method", self.method)?.ok_or_else(|| missing("method"))?;
        let mut url = text("url", self.url)?;
        let mut headers = Vec::new();
        for (name, value) in self.headers.ok_or_else(|| missing("headers"))?.0 {
            let values = values("headers", &name, value)?.into_iter();
            headers.extend(values.map(|value| (name.clone(), value.into_bytes())));
        }
        for (name, value) in self.headers_base64.into_iter().flat_map(|pairs| pairs.0) {
            for value in values("headers_base64", &name, value)? {
                let not_base64 =
                    |_| format!("`headers_base64`: the value of `{name}` is not base64");
                headers.push((name.clone(), STANDARD.decode(value).map_err(not_base64)?));
            }
        }
        let body = text("body_base64", self.body_base64)?.ok_or_else(|| missing("body_base64"))?;
        let body = STANDARD.decode(body).map(Bytes::from).map_err(|_| {
            "`body_base64` is not base64: write the body's bytes in the standard alphabet, padded"
                .to_owned()
        })?;
        let mut lacks = Vec::new();
        let redacted = redacted(self.redacted)?;
        if !redacted.is_empty() {
            url = url.filter(|_| !redacted.iter().any(|what| what == "url"));
            let is_redacted = |name: &str| {
                let mut left_out = redacted.iter().filter_map(|what| what.strip_prefix("header:"));
                left_out.any(|left_out| left_out.eq_ignore_ascii_case(name))
            };
            headers.retain(|(name, _)| !is_redacted(name));
            let redacted = redacted.iter().map(|what| format!("`{}`", escape_control_chars(what)));
            lacks.push(format!(
                "was captured without {}, which may contain a secret: checks that need it fail",
                redacted.collect::<Vec<_>>().join(", ")
            ));
        }
        match self.body_complete {
            None | Some(Value::Null | Value::Bool(true)) => {}
            Some(Value::Bool(false)) => lacks.push(
                "does not have the complete body: it was cut off, or rejected before it arrived"
                    .to_owned(),
            ),
            Some(_) => return Err("`body_complete` must be true or false".to_owned()),
        }
        Ok((Request { method, url, headers, body }, lacks))
    }
}

/// The parts that were redacted when the request was captured.
fn redacted(value: Option<Value>) -> Result<Vec<String>, String> {
    let texts = match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(values)) => texts(values),
        Some(_) => None,
    };
    texts.ok_or_else(|| "`redacted` must be an array of texts".to_owned())
}

/// The values of a header.
fn values(field: &str, name: &str, value: Value) -> Result<Vec<String>, String> {
    let texts = match value {
        Value::String(value) => Some(vec![value]),
        Value::Array(values) => texts(values),
        _ => None,
    };
    texts.ok_or_else(|| {
        format!("`{field}`: the value of `{name}` must be text, or an array of texts")
    })
}

fn texts(values: Vec<Value>) -> Option<Vec<String>> {
    let texts = values.into_iter().map(|value| match value {
        Value::String(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// A text field; `null` is the same as absent.
fn text(field: &str, value: Option<Value>) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{field}` must be text")),
    }
}

fn missing(field: &str) -> String {
    format!(
        "`{field}` is missing: a request has `method`, `headers` and `body_base64`, and may have `url`"
    )
}

/// The pairs of an object in order, with duplicate names: a header that is in the file twice was
/// sent twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
