//! The calls of the builder, one for each key of a provider file.

use std::fmt::{Debug, Write};
use std::time::Duration;

use toml::{Table, Value};

use crate::Result;

/// The calls that set these keys on a `SchemeBuilder`, one on each line.
pub(crate) fn of_scheme(keys: &Table) -> Result<String> {
    let mut calls = String::new();
    for (key, value) in keys {
        let call = call(keys, key, value).map_err(|problem| format!("`{key}`: {problem}"))?;
        calls.push_str(&call);
    }
    Ok(calls)
}

fn call(keys: &Table, key: &str, value: &Value) -> Result<String> {
    use countersign_core as core;
    let variant = || text(value);
    match key {
        // The name is the argument of the builder; the others belong to the key before them.
        "name" | "timestamp_unit" | "tolerance_future" => Ok(String::new()),
        "title" | "signature_header" | "signature_prefix" | "signed_payload" | "id_header"
        | "body_begins_with" | "identity_basis" => Ok(line(key, &format!("{:?}", text(value)?))),
        "source" | "note" | "event_id" | "event_type" => each(key, value),
        "fallback_signature_headers" => each("fallback_signature_header", value),
        "algorithm" => Ok(line(key, &named("Algorithm", core::Algorithm::ALL, variant()?)?)),
        "encoding" => Ok(line(key, &named("Encoding", core::Encoding::ALL, variant()?)?)),
        "secret_format" => {
            Ok(line(key, &named("SecretFormat", core::SecretFormat::ALL, variant()?)?))
        }
        "body_view" => Ok(line(key, &named("BodyView", core::BodyView::ALL, variant()?)?)),
        "fallback_identity" => Ok(line(key, &named("Identity", core::Identity::ALL, variant()?)?)),
        "interactive" => Ok(line(key, &named("Interactive", core::Interactive::ALL, variant()?)?)),
        "evidence" => Ok(line(key, &named("Evidence", core::Evidence::ALL, variant()?)?)),
        "retry_signature" => {
            Ok(line(key, &named("RetrySignature", core::RetrySignature::ALL, variant()?)?))
        }
        "unconfirmed" => {
            let fields = texts(value)?.into_iter();
            let fields = fields.map(|field| named("SchemeField", core::SchemeField::ALL, field));
            let fields = fields.collect::<Result<Vec<_>>>()?;
            Ok(line(key, &format!("[{}]", fields.join(", "))))
        }
        "id_excluded_char" => Ok(line(key, &format!("{:?}", character(text(value)?)?))),
        "alternate_header_prefix" => match texts(value)?[..] {
            [prefix, alternate] => Ok(line(key, &format!("{prefix:?}, {alternate:?}"))),
            _ => Err("must be two prefixes".to_owned()),
        },
        "signature_pairs" => pairs(table(value)?),
        "timestamp_header" | "timestamp_field" | "timestamp_body" => {
            let unit = keys.get("timestamp_unit").ok_or("set `timestamp_unit`, too")?;
            let unit = named("TimestampUnit", core::TimestampUnit::ALL, text(unit)?)?;
            Ok(line(key, &format!("{:?}, {unit}", text(value)?)))
        }
        "tolerance_past" => {
            let future = keys.get("tolerance_future").ok_or("set `tolerance_future`, too")?;
            let (past, future) = (duration(value)?, duration(future)?);
            Ok(line("tolerances", &format!("Tolerance::new({past}, {future})")))
        }
        "key_length" | "body_limit" => Ok(line(key, &number(value)?.to_string())),
        "tolerance" | "ack_deadline" | "retention" => Ok(line(key, &duration(value)?)),
        "retries" => match &list(value)?[..] {
            [] => Ok(line(key, "Retries::Never")),
            delays => {
                let delays = delays.iter().map(duration).collect::<Result<Vec<_>>>()?;
                Ok(line(key, &format!("Retries::After(vec![{}])", delays.join(", "))))
            }
        },
        "retries_within" => Ok(line("retries", &format!("Retries::Within({})", duration(value)?))),
        "handshake" => list(value)?.iter().map(|value| handshake(table(value)?)).collect(),
        _ => Err("unknown key".to_owned()),
    }
}

fn pairs(keys: &Table) -> Result<String> {
    let part = |key: &str| text(keys.get(key).ok_or_else(|| format!("set `{key}`"))?);
    let (separator, assign) = (character(part("separator")?)?, character(part("assign")?)?);
    let method = match keys.get("spaces").and_then(Value::as_bool) {
        Some(true) => "signature_pairs_with_spaces",
        _ => "signature_pairs",
    };
    Ok(line(method, &format!("{separator:?}, {assign:?}, {:?}", part("key")?)))
}

/// A handshake: its constructor is its rule.
fn handshake(keys: &Table) -> Result<String> {
    let of = |key: &str| text(keys.get(key).ok_or_else(|| format!("set its `{key}`"))?);
    let rule = of("rule")?.replace('-', "_");
    let mut calls =
        format!("        .handshake(\n            Handshake::{rule}({:?})", of("name")?);
    let mut add = |method: &str, arguments: String| {
        let _ = write!(calls, "\n                .{method}({arguments})");
    };
    for (key, value) in keys {
        match key.as_str() {
            "name" | "rule" => {}
            "method" | "verify_token" | "text" | "capture" => {
                add(key, format!("{:?}", text(value)?));
            }
            "present" | "absent" | "echo_header" => {
                texts(value)?.iter().for_each(|value| add(key, format!("{value:?}")));
            }
            "status" => add(key, number(value)?.to_string()),
            "when" | "header" => {
                for (name, value) in table(value)? {
                    add(key, format!("{name:?}, {:?}", text(value)?));
                }
            }
            "json" => {
                for (name, value) in table(value)? {
                    let (method, arguments) = field(value)?;
                    add(method, format!("{name:?}, {arguments}"));
                }
            }
            _ => return Err(format!("`{key}`: unknown key")),
        }
    }
    calls.push_str(",\n        )\n");
    Ok(calls)
}

/// A field of the JSON with which a handshake is answered.
fn field(value: &Value) -> Result<(&'static str, String)> {
    match value {
        Value::Integer(number) => Ok(("json_number", number.to_string())),
        Value::String(place) => Ok(("json_echo", format!("{place:?}"))),
        Value::Table(keys) => {
            let of = |key: &str| keys.get(key).map_or(Ok(""), text);
            let encoding = named("Encoding", countersign_core::Encoding::ALL, of("encoding")?)?;
            let prefix = of("prefix")?;
            Ok(("json_hmac", format!("{:?}, {encoding}, {prefix:?}", of("hmac_of")?)))
        }
        _ => Err("must be a number, a location or an HMAC".to_owned()),
    }
}

fn line(method: &str, arguments: &str) -> String {
    format!("        .{method}({arguments})\n")
}

fn each(method: &str, value: &Value) -> Result<String> {
    Ok(texts(value)?.iter().map(|text| line(method, &format!("{text:?}"))).collect())
}

/// The path of the variant with this text (`Algorithm::HmacSha1`).
fn named<T: Debug>(name: &str, all: &[(&str, T)], text: &str) -> Result<String> {
    let found = all.iter().find(|(known, _)| *known == text);
    let (_, variant) = found.ok_or_else(|| format!("`{text}` is not a value of `{name}`"))?;
    Ok(format!("{name}::{variant:?}"))
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| "must be a text".to_owned())
}

fn texts(value: &Value) -> Result<Vec<&str>> {
    list(value)?.iter().map(text).collect()
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().ok_or_else(|| "must be a list".to_owned())
}

fn table(value: &Value) -> Result<&Table> {
    value.as_table().ok_or_else(|| "must be a table".to_owned())
}

fn number(value: &Value) -> Result<i64> {
    value.as_integer().ok_or_else(|| "must be an integer".to_owned())
}

fn character(text: &str) -> Result<char> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(character),
        _ => Err("must be one character".to_owned()),
    }
}

/// A call with the largest unit in which the duration is an integer.
fn duration(value: &Value) -> Result<String> {
    let text = text(value)?;
    let parsed: Duration =
        humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a duration"))?;
    let (millis, unit) = (parsed.as_millis(), 1000);
    let found = UNITS.iter().find(|(_, length)| millis > 0 && millis.is_multiple_of(length * unit));
    match found {
        Some((name, length)) => Ok(format!("{name}({})", millis / (length * unit))),
        None if millis.is_multiple_of(unit) => Ok(format!("seconds({})", millis / unit)),
        None => Ok(format!("Duration::from_millis({millis})")),
    }
}

const UNITS: [(&str, u128); 4] =
    [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];
