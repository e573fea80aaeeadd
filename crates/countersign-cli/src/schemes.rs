//! `countersign schemes`: lists the built-in schemes, or describes one.

mod description;
mod facts;
mod json;
mod markdown;
mod samples;

use countersign::{Scheme, schemes};

use crate::cli::{SchemesArgs, SchemesForm};
use crate::output::Report;
use crate::table::Table;
use crate::usage_error::UsageError;
use crate::{event, scheme};
use description::describe;
use facts::short_signed_payload;
use json::SchemeJson;

pub(crate) fn run(args: &SchemesArgs) -> Result<Report, UsageError> {
    let Some(name) = &args.name else { return print_all(args, &all()?) };
    if is_search(args, name) {
        let found = search(name)?;
        if !found.is_empty() {
            return print_all(args, &found);
        }
    }
    let scheme = scheme::load(name)?;
    if args.samples {
        let samples = event::samples(name, &scheme)?;
        return match args.form.json {
            true => json(&samples::json(samples)?),
            false => Ok(samples::list(&scheme, samples)?),
        };
    }
    match &args.form {
        SchemesForm { json: true, .. } => json(&SchemeJson::new(&scheme)),
        SchemesForm { toml: true, .. } => Ok(Report::machine(scheme.to_toml()?)),
        SchemesForm { markdown: true, .. } => Ok(markdown::section(&scheme)),
        _ => Ok(describe(&scheme)),
    }
}

fn print_all(args: &SchemesArgs, schemes: &[Scheme]) -> Result<Report, UsageError> {
    match &args.form {
        SchemesForm { json: true, .. } => {
            json(&schemes.iter().map(SchemeJson::new).collect::<Vec<_>>())
        }
        SchemesForm { markdown: true, .. } => Ok(markdown::page(schemes)),
        _ if args.wide => Ok(wide_list(schemes)),
        _ => Ok(list(schemes)),
    }
}

fn all() -> Result<Vec<Scheme>, UsageError> {
    Ok(schemes::names().map(schemes::named).collect::<Result<_, _>>()?)
}

/// Whether this is a search term: not the name of a scheme or of a file, and the output can list
/// several schemes.
fn is_search(args: &SchemesArgs, name: &str) -> bool {
    let needs_one = args.samples || args.form.toml || args.form.markdown;
    !needs_one && !scheme::is_file(name) && schemes::named(name).is_err()
}

/// The schemes with this text in their name, an alias, their title or a header.
fn search(term: &str) -> Result<Vec<Scheme>, UsageError> {
    let term = term.to_lowercase();
    let mut found = all()?;
    found.retain(|scheme| {
        let texts = [scheme.name(), scheme.title()].into_iter().chain(aliases(scheme));
        let mut texts = texts.chain(scheme.headers());
        texts.any(|text| text.to_lowercase().contains(&term))
    });
    Ok(found)
}

/// The schemes in columns that fit the terminal.
fn list(schemes: &[Scheme]) -> Report {
    let mut table = Table::new(["NAME", "TITLE", "SIGNATURE"]);
    for scheme in schemes {
        table.push([
            scheme.name().into(),
            scheme.title().into(),
            scheme.signature_format().to_string().into(),
        ]);
    }
    Report::human(table.render())
}

/// The schemes with all columns, as wide as they are.
fn wide_list(schemes: &[Scheme]) -> Report {
    let head = ["NAME", "TITLE", "SIGNATURE", "SIGNED BYTES", "EVIDENCE", "ALIASES"];
    let mut table = Table::new(head);
    for scheme in schemes {
        table.push([
            scheme.name().into(),
            scheme.title().into(),
            scheme.signature_format().to_string().into(),
            short_signed_payload(scheme).into(),
            scheme.evidence().to_string().into(),
            aliases(scheme).join(", ").into(),
        ]);
    }
    Report::wide(table.render_wide())
}

/// The other names of a built-in scheme.
fn aliases(scheme: &Scheme) -> Vec<&'static str> {
    let is_own = |(alias, name): (&'static str, &str)| (name == scheme.name()).then_some(alias);
    schemes::aliases().filter_map(is_own).collect()
}

fn json(value: &impl serde::Serialize) -> Result<Report, UsageError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| UsageError::because("the schemes cannot be written as JSON", error))?;
    Ok(Report::machine(text + "\n"))
}
