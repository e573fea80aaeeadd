//! A request's file: JSON with `method`, `url`, `headers` and `body_base64`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;

use super::Request;
use crate::mend::Mend;

/// Reads the file; `what` names it in errors. Fields beyond the four are a vector's, and ignored.
pub(super) fn parse(json: &[u8], what: &str) -> Result<Request, Mend> {
    let fields: Fields =
        serde_json::from_slice(json).map_err(|error| Mend::because(what, unreadable(&error)))?;
    fields.request().map_err(|problem| Mend::because(what, problem))
}

/// Where it is not JSON, serde's own words; where it is not this JSON they would show what stands
/// there instead, and it can be anything.
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

/// The fields as they stand in the file. None has a type yet, so that the error of a wrong one can
/// name it.
#[derive(Deserialize)]
struct Fields {
    method: Option<Value>,
    url: Option<Value>,
    headers: Option<Pairs>,
    body_base64: Option<Value>,
}

impl Fields {
    fn request(self) -> Result<Request, String> {
        let method = text("method", self.method)?.ok_or_else(|| missing("method"))?;
        let url = text("url", self.url)?;
        let mut headers = Vec::new();
        for (name, value) in self.headers.ok_or_else(|| missing("headers"))?.0 {
            let values = match value {
                Value::String(value) => vec![value],
                Value::Array(values) => {
                    let values = values.into_iter().map(|value| value.as_str().map(str::to_owned));
                    values.collect::<Option<_>>().ok_or_else(|| not_header(&name))?
                }
                _ => return Err(not_header(&name)),
            };
            headers.extend(values.into_iter().map(|value| (name.clone(), value.into_bytes())));
        }
        let body = text("body_base64", self.body_base64)?.ok_or_else(|| missing("body_base64"))?;
        let body = STANDARD.decode(body).map(Bytes::from).map_err(|_| {
            "`body_base64` is not base64: write the body's bytes in the standard alphabet, padded"
                .to_owned()
        })?;
        Ok(Request { method, url, headers, body })
    }
}

/// A field that is text; `null` is as good as absent.
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

fn not_header(name: &str) -> String {
    format!("`headers`: the value of `{name}` must be text, or an array of texts")
}

/// The pairs of an object in their order, none of which replaces another: a header that stands in
/// the file twice was sent twice.
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
