//! `countersign schemes`: lists the built-in schemes, or describes one.

mod description;
mod facts;
mod json;
mod markdown;

use countersign::{Scheme, schemes};

use crate::cli::{SchemesArgs, SchemesForm};
use crate::output::Report;
use crate::scheme;
use crate::table::Table;
use crate::usage_error::UsageError;
use description::describe;
use facts::signed_bytes_in_short;
use json::SchemeJson;

pub(crate) fn run(args: &SchemesArgs) -> Result<Report, UsageError> {
    match &args.name {
        Some(name) => {
            let scheme = scheme::load(name)?;
            match &args.form {
                SchemesForm { json: true, .. } => json(&SchemeJson::new(&scheme)),
                SchemesForm { toml: true, .. } => Ok(Report::machine(scheme.to_toml()?)),
                SchemesForm { markdown: true, .. } => Ok(markdown::section(&scheme)),
                _ => Ok(describe(&scheme)),
            }
        }
        None => {
            let schemes = schemes::names().map(schemes::named).collect::<Result<Vec<_>, _>>()?;
            match &args.form {
                SchemesForm { json: true, .. } => {
                    json(&schemes.iter().map(SchemeJson::new).collect::<Vec<_>>())
                }
                SchemesForm { markdown: true, .. } => Ok(markdown::page(&schemes)),
                _ => Ok(list(&schemes)),
            }
        }
    }
}

fn list(schemes: &[Scheme]) -> Report {
    let head = ["NAME", "TITLE", "SIGNATURE", "SIGNED BYTES", "EVIDENCE", "ALIASES"];
    let mut table = Table::new(head);
    for scheme in schemes {
        table.push([
            scheme.name().into(),
            scheme.title().into(),
            scheme.signature_format().to_string().into(),
            signed_bytes_in_short(scheme).into(),
            scheme.evidence().to_string().into(),
            aliases(scheme).join(", ").into(),
        ]);
    }
    Report::human(table.render())
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
