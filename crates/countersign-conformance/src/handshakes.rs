//! The test vectors of handshakes: the requests that a provider sends to check
//! an endpoint, and the responses that it expects.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::vectors::{Disagreement, base64, pairs};

/// All handshakes, in alphabetical order of their providers.
#[must_use]
pub fn handshake_vectors() -> &'static [HandshakeVector] {
    &VECTORS
}

/// A handshake and its response.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HandshakeVector {
    /// The name of the scheme.
    pub provider: String,
    /// The name of this handshake, unique within its provider.
    pub kind: String,
    /// The secret from which the response is computed, as a user would paste
    /// it: the signing secret, or with `meta` the verify token. `None` if the
    /// response needs no secret.
    pub secret: Option<String>,
    /// A common mistake.
    pub note: String,
    /// The provider's request. If the provider signs it, the signature is
    /// included only if everything it depends on is included, too.
    pub request: HandshakeRequest,
    /// The response that the provider expects.
    #[serde(rename = "expect_response")]
    pub expect: HandshakeResponse,
}

/// The request of a [`HandshakeVector`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HandshakeRequest {
    /// The method.
    pub method: String,
    /// The public URL.
    pub url: String,
    /// The relevant headers, each once.
    #[serde(deserialize_with = "pairs")]
    pub headers: Vec<(String, String)>,
    /// The exact body.
    #[serde(rename = "body_base64", deserialize_with = "base64")]
    pub body: Vec<u8>,
}

/// The response that a [`HandshakeVector`] requires.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HandshakeResponse {
    /// The status.
    pub status: u16,
    /// The body, if it is text.
    pub body: Option<String>,
    /// The body, if it is JSON. White space and order may differ.
    pub json: Option<Value>,
    /// Required headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The key in the request, if it is in the body.
    pub capture: Option<String>,
}

impl HandshakeVector {
    /// Whether a response matches the vector. Additional headers are allowed.
    ///
    /// # Errors
    ///
    /// [`Disagreement`] if it does not match.
    pub fn check_response<'h>(
        &self,
        status: u16,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
        body: &[u8],
    ) -> Result<(), Disagreement> {
        let expect = &self.expect;
        let disagree = |problem: String| Err(Disagreement::new(self, problem));
        if status != expect.status {
            return disagree(format!("the status must be {}, was {status}", expect.status));
        }
        let is_right = match (&expect.body, &expect.json) {
            (Some(text), _) => body == text.as_bytes(),
            (None, Some(json)) => {
                serde_json::from_slice(body).is_ok_and(|body: Value| body == *json)
            }
            (None, None) => body.is_empty(),
        };
        if !is_right {
            // The body is not shown, because it can be computed from the
            // secret.
            return disagree("the body differs".to_owned());
        }
        let headers: Vec<_> = headers.into_iter().collect();
        for (name, value) in &expect.headers {
            let is_there = |(other, bytes): &(&str, &[u8])| {
                other.eq_ignore_ascii_case(name) && *bytes == value.as_bytes()
            };
            if !headers.iter().any(is_there) {
                return disagree(format!("the header `{name}` is missing or differs"));
            }
        }
        Ok(())
    }
}

impl fmt::Display for HandshakeVector {
    /// The vector's name and its note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.provider, self.kind, self.note)
    }
}

static VECTORS: LazyLock<Vec<HandshakeVector>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../vectors/handshakes.json"))
        .expect("the file is part of this crate, and a test has read it")
});

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_handshake_of_the_file_is_read() {
        let vectors = handshake_vectors();
        let providers: BTreeSet<_> = vectors.iter().map(|vector| &vector.provider).collect();
        // A new provider adds to these numbers.
        assert!(vectors.len() >= 13 && providers.len() >= 11, "{vectors:?}");
    }

    #[test]
    fn a_response_is_checked_by_status_body_and_the_named_headers() {
        let find = |kind| handshake_vectors().iter().find(|vector| vector.kind == kind).unwrap();
        let (text, json, key) = (find("dropbox"), find("discord-interaction"), find("asana"));
        let value = key.expect.headers["X-Hook-Secret"].as_bytes();
        assert_eq!(text.check_response(200, [("x-more", &b"a"[..])], b"abc123"), Ok(()));
        assert_eq!(json.check_response(200, [], b"{ \"type\": 1 }"), Ok(()));
        assert_eq!(key.check_response(200, [("x-hook-secret", value)], b""), Ok(()));
        for (wrong, problem) in [
            (text.check_response(204, [], b"abc123"), "the status must be 200, was 204"),
            (text.check_response(200, [], b"abc124"), "the body differs"),
            (json.check_response(200, [], b"type"), "the body differs"),
            (key.check_response(200, [("x-hook-secret", value)], b"{}"), "the body differs"),
            (
                key.check_response(200, [("x-hook-secret", &b"a"[..])], b""),
                "`X-Hook-Secret` is missing",
            ),
        ] {
            let shown = wrong.unwrap_err().to_string();
            assert!(shown.contains(problem), "{shown}");
        }
    }
}
