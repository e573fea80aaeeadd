//! One provider file.

use countersign_core::Scheme;
use toml::{Table, Value};

use crate::Result;
use crate::vectors::{self, HandshakeVector, Vector};

/// A scheme with what only the file of a built-in scheme has.
pub(crate) struct Provider {
    /// The keys of the scheme, in the order of the file.
    pub(crate) scheme: Table,
    pub(crate) function: String,
    pub(crate) code: Option<String>,
    pub(crate) secret_location: String,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) vectors: Vec<Vector>,
    pub(crate) handshakes: Vec<HandshakeVector>,
    /// The format of the signature header, for display.
    pub(crate) signature: String,
}

/// A product that signs as the scheme does.
pub(crate) struct Alias {
    pub(crate) name: String,
    pub(crate) function: String,
    /// The keys in which it differs; lists are in addition to those of the scheme.
    pub(crate) facts: Table,
    pub(crate) secret_location: String,
}

/// An event as the provider sends it, with placeholders for fresh ids and times.
pub(crate) struct Sample {
    pub(crate) event: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Provider {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut scheme: Table = toml::from_str(text).map_err(|error| error.to_string())?;
        let code = take_text(&mut scheme, "code")?;
        let function = take_text(&mut scheme, "function")?;
        let secret_location = take_secret_location(&mut scheme)?;
        let aliases = take_tables(&mut scheme, "alias")?;
        let aliases = aliases.into_iter().map(Alias::read).collect::<Result<Vec<_>>>()?;
        let samples = take_tables(&mut scheme, "sample")?;
        let samples = samples.into_iter().map(Sample::read).collect::<Result<Vec<_>>>()?;
        check_samples(&samples)?;
        let name = required(&scheme, "name")?;
        let vectors = vectors::read(&name, &aliases, take_tables(&mut scheme, "vector")?)?;
        let handshakes = take_tables(&mut scheme, "handshake_vector")?;
        let handshakes = vectors::read_handshakes(&name, handshakes)?;
        required(&scheme, "title")?;
        required(&scheme, "evidence")?;
        let function = function.unwrap_or_else(|| function_name(&name));
        let signature = match &code {
            None => checked(&scheme)?.signature_format().to_string(),
            // Only the whole, with its code, can be checked: by a test of `countersign-schemes`.
            Some(_) => match scheme.get("signature_header").and_then(Value::as_str) {
                Some(header) => header.to_owned(),
                None => "in the body".to_owned(),
            },
        };
        Ok(Self {
            scheme,
            function,
            code,
            secret_location,
            aliases,
            samples,
            vectors,
            handshakes,
            signature,
        })
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.scheme, "name")
    }

    pub(crate) fn title(&self) -> &str {
        text(&self.scheme, "title")
    }

    /// Whether it sends a token, and signs nothing.
    pub(crate) fn is_token(&self) -> bool {
        text(&self.scheme, "algorithm") == "token"
    }

    /// Whether a recorded delivery is accepted at any later time.
    pub(crate) fn is_undated(&self) -> bool {
        let states_time = |key: &String| key.starts_with("timestamp_");
        // The claims of a signed JWT contain its time.
        text(&self.scheme, "algorithm") != "jwt" && !self.scheme.keys().any(states_time)
    }
}

impl Alias {
    fn read(mut facts: Table) -> Result<Self> {
        let name = take_text(&mut facts, "name")?.ok_or("`alias`: set its `name`")?;
        let function = take_text(&mut facts, "function")?;
        let function = function.unwrap_or_else(|| function_name(&name));
        let secret_location = take_secret_location(&mut facts)
            .map_err(|problem| format!("alias `{name}`: {problem}"))?;
        Ok(Self { name, function, facts, secret_location })
    }
}

impl Sample {
    fn read(mut keys: Table) -> Result<Self> {
        let mut take = |key: &str| {
            take_text(&mut keys, key)?.ok_or_else(|| format!("`sample`: set its `{key}`"))
        };
        let (event, body) = (take("event")?, take("body")?);
        let mut headers = Vec::new();
        match keys.remove("headers") {
            None => {}
            Some(Value::Table(pairs)) => {
                for (name, value) in pairs {
                    let value = value.as_str().map(str::to_owned);
                    let value = value.ok_or_else(|| format!("`{name}`: must be a text"))?;
                    headers.push((name, value));
                }
            }
            Some(_) => return Err("`headers`: must be a table".to_owned()),
        }
        if let Some((key, _)) = keys.iter().next() {
            return Err(format!("`sample`: unknown key `{key}`"));
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            let is_json = body.starts_with(['{', '[']);
            let content = if is_json { "json" } else { "x-www-form-urlencoded" };
            headers.insert(0, ("Content-Type".to_owned(), format!("application/{content}")));
        }
        Ok(Self { event, headers, body })
    }
}

fn check_samples(samples: &[Sample]) -> Result<()> {
    if samples.is_empty() {
        return Err("`sample`: at least one is required".to_owned());
    }
    for (number, sample) in samples.iter().enumerate() {
        if samples[..number].iter().any(|other| other.event == sample.event) {
            return Err(format!("`sample`: there are two of the event `{}`", sample.event));
        }
    }
    Ok(())
}

/// The scheme of these keys, if they are consistent.
fn checked(scheme: &Table) -> Result<Scheme> {
    let text = toml::to_string(scheme).map_err(|error| error.to_string())?;
    Scheme::from_toml(&text).map_err(|error| error.to_string())
}

fn take_secret_location(table: &mut Table) -> Result<String> {
    take_text(table, "secret_location")?.ok_or_else(|| "`secret_location`: required".to_owned())
}

fn take_tables(table: &mut Table, key: &str) -> Result<Vec<Table>> {
    let wrong = || format!("`{key}`: write `[[{key}]]`");
    let tables = match table.remove(key) {
        None => Vec::new(),
        Some(Value::Array(tables)) => tables,
        Some(_) => return Err(wrong()),
    };
    let table = |value| match value {
        Value::Table(table) => Ok(table),
        _ => Err(wrong()),
    };
    tables.into_iter().map(table).collect()
}

fn take_text(table: &mut Table, key: &str) -> Result<Option<String>> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}`: must be a text")),
    }
}

fn required(table: &Table, key: &str) -> Result<String> {
    let text = table.get(key).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("`{key}`: required"))
}

fn text<'a>(table: &'a Table, key: &str) -> &'a str {
    table.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn function_name(name: &str) -> String {
    name.replace(['-', '.'], "_")
}
