//! The Rust file.

use std::collections::BTreeMap;

use crate::Result;
use crate::calls::of_scheme;
use crate::provider::{Alias, Provider, Sample};

/// Writes the file: the tables, the constructors, the descriptions.
pub(crate) fn write(providers: &[Provider]) -> Result<String> {
    let (mut schemes, mut samples) = (String::new(), String::new());
    let mut secret_locations = BTreeMap::new();
    let mut aliases = BTreeMap::new();
    let mut constructors = BTreeMap::new();
    let mut descriptions = BTreeMap::new();
    for provider in providers {
        let (name, function) = (provider.name(), &provider.function);
        schemes.push_str(&format!("    ({name:?}, describe::{function}),\n"));
        samples.push_str(&samples_of(provider));
        secret_locations.insert(name, &provider.secret_location);
        constructors.insert(function.clone(), constructor(function, &docs(provider)));
        let described = describe(provider).map_err(|problem| format!("{name}.toml: {problem}"))?;
        if descriptions.insert(function.clone(), described).is_some() {
            return Err(format!("{name}.toml: there is another `{function}`: set `function`"));
        }
    }
    for provider in providers {
        for alias in &provider.aliases {
            let Alias { name, function, .. } = alias;
            let row = format!("    ({name:?}, {:?}, describe::{function}),\n", provider.name());
            aliases.insert(name.clone(), row);
            secret_locations.insert(name, &alias.secret_location);
            constructors
                .insert(function.clone(), constructor(function, &alias_docs(provider, alias)));
            let described = describe_alias(provider, alias).map_err(|problem| {
                format!("{}.toml: alias `{name}`: {problem}", provider.name())
            })?;
            if descriptions.insert(function.clone(), described).is_some() {
                return Err(format!(
                    "alias `{name}`: there is another `{function}`: set `function`"
                ));
            }
        }
    }
    let aliases: String = aliases.into_values().collect();
    let secret_locations: String = secret_locations
        .iter()
        .map(|(name, location)| format!("    ({name:?}, {location:?}),\n"))
        .collect();
    let constructors: String = constructors.into_values().collect();
    let descriptions: String = descriptions.into_values().collect();
    Ok(format!(
        "\
//! The constructors of the built-in schemes.
//!
//! Generated from `providers/` by `cargo xtask schemes`. Do not edit.

use countersign_core::{{Scheme, SchemeBuilder}};

use crate::samples::SampleEvent;

/// The description of a scheme.
pub(crate) type Describe = fn() -> SchemeBuilder;

/// All schemes, each with its description. Sorted by name.
pub(crate) const SCHEMES: &[(&str, Describe)] = &[
{schemes}];

/// All aliases, each with its scheme and its description. Sorted by name.
pub(crate) const ALIASES: &[(&str, &str, Describe)] = &[
{aliases}];

/// How a user finds the secret of each scheme and alias. Sorted by name.
pub(crate) const SECRET_LOCATIONS: &[(&str, &str)] = &[
{secret_locations}];

/// The sample events of each scheme. Sorted by name.
pub(crate) const SAMPLES: &[(&str, &[SampleEvent])] = &[
{samples}];

fn build(description: SchemeBuilder) -> Scheme {{
    description.build().expect(\"a test builds every scheme\")
}}
{constructors}
mod describe {{
    use std::time::Duration;

    use countersign_core::{{
        Algorithm, BodyView, Encoding, Evidence, Handshake, Identity, Interactive, Retries,
        RetrySignature, Scheme, SchemeBuilder, SchemeField, SecretFormat, TimestampUnit, Tolerance,
    }};

    use crate::code;
{descriptions}
    const fn seconds(seconds: u64) -> Duration {{
        Duration::from_secs(seconds)
    }}

    const fn minutes(minutes: u64) -> Duration {{
        seconds(60 * minutes)
    }}

    const fn hours(hours: u64) -> Duration {{
        minutes(60 * hours)
    }}

    const fn days(days: u64) -> Duration {{
        hours(24 * days)
    }}
}}
"
    ))
}

fn samples_of(provider: &Provider) -> String {
    let samples = provider.samples.iter().map(|Sample { event, headers, body }| {
        format!("        SampleEvent::new({event:?}, &{headers:?}, {}),\n", raw(body))
    });
    format!("    ({:?}, &[\n{}    ]),\n", provider.name(), samples.collect::<String>())
}

/// A raw string literal, so that a body can be read.
fn raw(text: &str) -> String {
    let mut marks = "#".to_owned();
    while text.contains(&format!("\"{marks}")) {
        marks.push('#');
    }
    format!("r{marks}\"{text}\"{marks}")
}

fn constructor(function: &str, docs: &str) -> String {
    format!(
        "\n{docs}#[must_use]\npub fn {function}() -> Scheme {{\n    build(describe::{function}())\n}}\n"
    )
}

fn describe(provider: &Provider) -> Result<String> {
    let Provider { scheme, function, code, .. } = provider;
    let name = provider.name();
    let mut calls = of_scheme(scheme)?;
    if let Some(code) = code {
        calls.push_str(&format!("        .rule(code::{code}())\n"));
    }
    for note in common_notes(provider) {
        calls.push_str(&format!("        .note({note:?})\n"));
    }
    Ok(description(function, &format!("Scheme::builder({name:?})"), &calls))
}

fn describe_alias(provider: &Provider, alias: &Alias) -> Result<String> {
    let scheme = format!("{}()", provider.function);
    Ok(description(&alias.function, &scheme, &of_scheme(&alias.facts)?))
}

fn description(function: &str, start: &str, calls: &str) -> String {
    let calls: String = calls.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "\n    pub(super) fn {function}() -> SchemeBuilder {{\n        {start}\n{calls}    }}\n"
    )
}

/// The notes that follow from the other facts.
fn common_notes(provider: &Provider) -> Vec<&'static str> {
    match provider {
        _ if provider.is_token() => vec![TOKEN],
        _ if provider.is_undated() => vec![UNDATED],
        _ => Vec::new(),
    }
}

const UNDATED: &str =
    "No timestamp is signed: a recorded delivery can be replayed once its event is forgotten.";
const TOKEN: &str = "Nothing is signed, so the body is not authenticated: anyone who knows the token, or has seen one delivery, can send any body.";

/// The documentation of a constructor.
fn docs(provider: &Provider) -> String {
    let mut lines = vec![sentence(provider.title()), String::new()];
    facts(provider, &provider.secret_location, &mut lines);
    lines.extend(notes(&provider.scheme).map(|note| format!("- {note}")));
    lines.extend(common_notes(provider).iter().map(|note| format!("- {note}")));
    doc_comment(&lines)
}

fn alias_docs(provider: &Provider, alias: &Alias) -> String {
    let title = alias.facts.get("title").and_then(toml::Value::as_str).unwrap_or(&alias.name);
    let scheme = format!("Signs as [`{0}`]({0}) does: see there.", provider.function);
    let mut lines = vec![sentence(title), String::new(), scheme, String::new()];
    facts(provider, &alias.secret_location, &mut lines);
    lines.extend(notes(&alias.facts).map(|note| format!("- {note}")));
    doc_comment(&lines)
}

fn facts(provider: &Provider, secret_location: &str, lines: &mut Vec<String>) {
    lines.push(format!("- **Signature**: `{}`", provider.signature));
    if let Some(signed) = provider.scheme.get("signed_payload").and_then(toml::Value::as_str) {
        // A line break is written as in TOML.
        lines.push(format!("- **Signed payload**: `{}`", signed.replace('\n', "\\n")));
    }
    lines.push(format!("- **Secret**: {secret_location}"));
}

fn notes(facts: &toml::Table) -> impl Iterator<Item = &str> {
    let notes = facts.get("note").and_then(toml::Value::as_array);
    notes.into_iter().flatten().filter_map(toml::Value::as_str)
}

fn sentence(text: &str) -> String {
    format!("{text}{}", if text.ends_with('.') { "" } else { "." })
}

fn doc_comment(lines: &[String]) -> String {
    lines.iter().map(|line| format!("/// {line}").trim_end().to_owned() + "\n").collect()
}
