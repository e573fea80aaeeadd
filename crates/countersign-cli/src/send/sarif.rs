//! The report of `--attack all` as SARIF 2.1.0.

use serde_json::{Value, json};

use super::report::{Results, answers, expected};
use crate::usage_error::UsageError;

/// One run, with a rule for each kind of attack and a result for each that failed.
pub(super) fn report(results: &Results<'_>) -> Result<String, UsageError> {
    let rules = results.iter().map(|(attack, _)| {
        let kind = attack.kind();
        json!({
            "id": kind.name(),
            "shortDescription": { "text": kind.sent() },
            "fullDescription": { "text": kind.why() },
            "defaultConfiguration": { "level": "error" },
        })
    });
    let failed = results.failed().map(|(attack, attempt)| {
        let kind = attack.kind();
        let (answers, expected) = (answers(attempt), expected(&attempt.expected));
        let text =
            format!("{}: response {answers}, expected {expected}: {}", kind.sent(), kind.why());
        json!({
            "ruleId": kind.name(),
            "level": "error",
            "message": { "text": text },
            "locations": [{
                "physicalLocation": { "artifactLocation": { "uri": results.target } },
            }],
        })
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Value>(),
            }},
            "results": failed.collect::<Value>(),
        }],
    });
    let text = serde_json::to_string_pretty(&log);
    let text =
        text.map_err(|error| UsageError::because("the report cannot be written as SARIF", error))?;
    Ok(text + "\n")
}
