//! The test vectors, and the handshakes, of a provider file, and their JSON.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::ser::{PrettyFormatter, Serializer};
use toml::{Table, Value};

use crate::Result;
use crate::provider::Alias;

/// A delivery with a known result, with the keys of the JSON file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Vector {
    pub(crate) provider: String,
    name: String,
    secret: Option<Secret>,
    method: String,
    url: Option<String>,
    headers: BTreeMap<String, String>,
    body_base64: String,
    now_unix_ms: i64,
    expect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) official_sdk: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A handshake and its response, with the keys of the JSON file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct HandshakeVector {
    provider: String,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    note: String,
    request: Request,
    expect_response: Response,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Request {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body_base64: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Secret {
    Text(String),
    Parts(BTreeMap<String, String>),
}

/// Reads the `[[vector]]` tables of a provider.
pub(crate) fn read(provider: &str, aliases: &[Alias], tables: Vec<Table>) -> Result<Vec<Vector>> {
    let mut vectors: Vec<Vector> = Vec::new();
    for table in tables {
        let keys: VectorKeys = parse("vector", table)?;
        let name = keys.name.clone();
        let vector = keys.vector(provider, aliases, &vectors);
        vectors.push(vector.map_err(|problem| format!("vector `{name}`: {problem}"))?);
    }
    Ok(vectors)
}

/// Reads the `[[handshake_vector]]` tables of a provider.
pub(crate) fn read_handshakes(provider: &str, tables: Vec<Table>) -> Result<Vec<HandshakeVector>> {
    let read = |table| {
        let keys: HandshakeKeys = parse("handshake_vector", table)?;
        keys.vector(provider)
    };
    tables.into_iter().map(read).collect()
}

/// The content of a JSON file.
pub(crate) fn json(vectors: &impl Serialize) -> Result<String> {
    let mut json = Vec::new();
    let mut writer = Serializer::with_formatter(&mut json, PrettyFormatter::with_indent(b" "));
    vectors.serialize(&mut writer).map_err(|error| error.to_string())?;
    json.push(b'\n');
    String::from_utf8(json).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VectorKeys {
    name: String,
    alias: Option<String>,
    like: Option<String>,
    secret: Option<Secret>,
    method: Option<String>,
    url: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    body_base64: Option<String>,
    now_unix_ms: Option<i64>,
    reason: Option<String>,
    origin: Option<String>,
    official_sdk: Option<String>,
    note: Option<String>,
}

impl VectorKeys {
    /// The vector; what these keys leave out is as in the vector that it is like, or the default.
    fn vector(self, scheme: &str, aliases: &[Alias], before: &[Vector]) -> Result<Vector> {
        let provider = match self.alias {
            None => scheme.to_owned(),
            Some(alias) if aliases.iter().any(|known| known.name == alias) => alias,
            Some(alias) => return Err(format!("`alias`: there is no alias `{alias}`")),
        };
        let find = |name: &str| before.iter().find(|it| it.provider == provider && it.name == name);
        if find(&self.name).is_some() {
            return Err("there is another one of this name".to_owned());
        }
        let (base, derived) = match self.like {
            None => (Vector::default(), None),
            Some(like) => match find(&like) {
                Some(base) => (base.clone(), Some(format!("derived from \"{like}\""))),
                None => return Err(format!("`like`: there is no `{like}` before it")),
            },
        };
        Ok(Vector {
            provider,
            name: self.name,
            secret: Some(self.secret.or(base.secret).ok_or("`secret`: required")?),
            method: self.method.unwrap_or(base.method),
            url: self.url.or(base.url),
            headers: self.headers.unwrap_or(base.headers),
            body_base64: body(self.body, self.body_base64)?.unwrap_or(base.body_base64),
            now_unix_ms: self.now_unix_ms.unwrap_or(base.now_unix_ms),
            expect: if self.reason.is_some() { "invalid" } else { "valid" },
            reason: self.reason,
            origin: self.origin.or(derived).ok_or("`origin`: required")?,
            official_sdk: self.official_sdk,
            note: self.note,
        })
    }
}

impl Default for Vector {
    fn default() -> Self {
        Self {
            provider: String::new(),
            name: String::new(),
            secret: None,
            method: POST.to_owned(),
            url: None,
            headers: BTreeMap::new(),
            body_base64: String::new(),
            now_unix_ms: NOW_UNIX_MS,
            expect: "valid",
            reason: None,
            origin: String::new(),
            official_sdk: None,
            note: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandshakeKeys {
    kind: String,
    secret: Option<String>,
    note: String,
    method: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
    response: Response,
}

impl HandshakeKeys {
    fn vector(self, provider: &str) -> Result<HandshakeVector> {
        let body = body(self.body, self.body_base64)?;
        let request = Request {
            method: self.method.unwrap_or_else(|| POST.to_owned()),
            url: self.url.unwrap_or_else(|| URL.to_owned()),
            headers: self.headers,
            body_base64: body.unwrap_or_default(),
        };
        let Self { kind, secret, note, response: expect_response, .. } = self;
        Ok(HandshakeVector {
            provider: provider.to_owned(),
            kind,
            secret,
            note,
            request,
            expect_response,
        })
    }
}

fn parse<T: DeserializeOwned>(key: &str, table: Table) -> Result<T> {
    let name = table.get("name").or(table.get("kind")).and_then(Value::as_str).map(str::to_owned);
    let problem = |error: toml::de::Error| {
        format!("{key} `{}`: {}", name.unwrap_or_default(), error.message())
    };
    table.try_into().map_err(problem)
}

/// The body in base64, from one of the two keys.
fn body(text: Option<String>, base64: Option<String>) -> Result<Option<String>> {
    match (text, base64) {
        (Some(_), Some(_)) => Err("`body`: set it or `body_base64`, not both".to_owned()),
        (Some(text), None) => Ok(Some(STANDARD.encode(text))),
        (None, Some(base64)) if STANDARD.decode(&base64).is_err() => {
            Err("`body_base64`: not base64".to_owned())
        }
        (None, base64) => Ok(base64),
    }
}

const POST: &str = "POST";
const URL: &str = "https://receiver.example/hook";
/// The clock of a vector that sets none: 9 October 2025.
const NOW_UNIX_MS: i64 = 1_760_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "
        [[vector]]
        name = 'first'
        secret = 'secret'
        headers = { b = '2', a = '1' }
        body = '{}'
        origin = 'acme-sdk 1.0.0'
    ";

    #[test]
    fn a_vector_is_like_another_except_for_its_own_keys() {
        let read = vectors(
            "[[vector]]\nname = 'stale'\nlike = 'first'\nnow_unix_ms = 1\nreason = 'stale'",
        );
        let [first, stale] = &read.unwrap()[..] else { panic!() };
        assert_eq!((first.expect, first.now_unix_ms), ("valid", NOW_UNIX_MS));
        assert_eq!(first.body_base64, "e30=");
        let expected = Vector {
            name: "stale".to_owned(),
            now_unix_ms: 1,
            expect: "invalid",
            reason: Some("stale".to_owned()),
            origin: "derived from \"first\"".to_owned(),
            ..first.clone()
        };
        assert_eq!(*stale, expected);
    }

    #[test]
    fn what_is_wrong_with_a_vector_is_reported_with_its_name() {
        for (more, problem) in [
            ("name = 'first'", "there is another one of this name"),
            ("name = 'a'\nlike = 'b'", "`like`: there is no `b` before it"),
            ("name = 'a'\nlike = 'first'\nalias = 'b'", "`alias`: there is no alias `b`"),
            ("name = 'a'\norigin = 'b'", "`secret`: required"),
            ("name = 'a'\nsecret = 'b'", "`origin`: required"),
            ("name = 'a'\nlike = 'first'\nbody_base64 = '*'", "`body_base64`: not base64"),
            ("name = 'a'\nlike = 'first'\nbody = ''\nbody_base64 = ''", "not both"),
            ("name = 'a'\nlike = 'first'\ntime = 1", "unknown field `time`"),
            ("name = 'a'\nlike = 'first'\nheaders = { a = 1 }", "expected a string"),
        ] {
            let shown = vectors(&format!("[[vector]]\n{more}")).unwrap_err();
            let name = if more.contains("'a'") { "a" } else { "first" };
            assert!(shown.starts_with(&format!("vector `{name}`: ")), "{shown}");
            assert!(shown.contains(problem), "{shown}");
        }
    }

    fn vectors(more: &str) -> Result<Vec<Vector>> {
        let mut file: Table = toml::from_str(&format!("{FIRST}{more}")).unwrap();
        let tables = file.remove("vector").unwrap();
        read("acme", &[], tables.try_into().unwrap())
    }
}
