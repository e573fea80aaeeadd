//! The contents of a file: the request, which `--request` reads, and the result.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

use super::redaction::REDACTED;

/// The stable format of a file: these keys in this order; null if a value is not known.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    pub(super) received_at_ms: i64,
    pub(super) endpoint: Option<&'a str>,
    pub(super) scheme: &'a str,
    pub(super) code: &'a str,
    pub(super) status: u16,
    pub(super) event_id: Option<&'a str>,
    pub(super) body_complete: bool,
    /// The redacted parts: `url`, `query`, `query:NAME`, `header:NAME`; `header` for headers whose
    /// name contains a secret.
    pub(super) redacted: Vec<String>,
    pub(super) method: &'a str,
    pub(super) url: String,
    pub(super) headers: BTreeMap<&'a str, Values>,
    /// The headers with a value that is not text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers_base64: BTreeMap<&'a str, Values>,
    #[serde(serialize_with = "base64")]
    pub(super) body_base64: &'a [u8],
}

/// The value of a header, or all its values in order.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Values {
    One(String),
    Several(Vec<String>),
}

impl Json<'_> {
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

/// The headers whose values are all text, and the other headers, which are encoded in base64. All
/// values of a header are in the same map, because their order matters.
pub(super) fn headers<'a>(
    headers: &'a HeaderMap,
    left_out: &[HeaderName],
) -> [BTreeMap<&'a str, Values>; 2] {
    let [mut texts, mut others] = [BTreeMap::new(), BTreeMap::new()];
    for name in headers.keys() {
        let values = || headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let text = |value| std::str::from_utf8(value).map(str::to_owned);
        if left_out.contains(name) {
            texts.insert(name.as_str(), Values::One(REDACTED.to_owned()));
        } else if let Ok(values) = values().map(text).collect() {
            texts.insert(name.as_str(), Values::of(values));
        } else {
            let values = values().map(|value| Base64Display::new(value, &STANDARD).to_string());
            others.insert(name.as_str(), Values::of(values.collect()));
        }
    }
    [texts, others]
}

impl Values {
    fn of(mut values: Vec<String>) -> Self {
        match values.len() {
            1 => Self::One(values.remove(0)),
            _ => Self::Several(values),
        }
    }
}

/// Encodes while writing, without a buffer for the whole text.
fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}
