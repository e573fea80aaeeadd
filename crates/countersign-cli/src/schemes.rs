//! `countersign schemes`.

mod description;
mod json;

use countersign::Scheme;

use crate::cli::SchemesArgs;
use crate::mend::Mend;
use crate::output::Report;
use crate::scheme;
use crate::table::Table;
use description::describe;
use json::SchemeJson;

pub(crate) fn run(args: &SchemesArgs) -> Result<Report, Mend> {
    match &args.name {
        Some(name) => {
            let scheme = scheme::load(name)?;
            if args.json { json(&SchemeJson::new(&scheme)) } else { Ok(describe(&scheme)) }
        }
        None => {
            let schemes = Scheme::names().map(Scheme::named).collect::<Result<Vec<_>, _>>()?;
            if args.json {
                json(&schemes.iter().map(SchemeJson::new).collect::<Vec<_>>())
            } else {
                Ok(list(&schemes))
            }
        }
    }
}

fn list(schemes: &[Scheme]) -> Report {
    let mut table = Table::new(["NAME", "TITLE", "SIGNATURE", "SIGNED BYTES", "EVIDENCE"]);
    for scheme in schemes {
        table.push([
            scheme.name().into(),
            scheme.title().into(),
            scheme.signature_grammar().into(),
            scheme.signed().into(),
            scheme.evidence().to_string().into(),
        ]);
    }
    Report::for_people(table.render())
}

fn json(value: &impl serde::Serialize) -> Result<Report, Mend> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Mend::because("the schemes cannot be written as JSON", error))?;
    Ok(Report::for_programs(text + "\n"))
}
