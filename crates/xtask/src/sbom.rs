//! `cargo xtask sbom`: what the program is built from.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{self, ROOT};
use crate::{sim, tools};

/// Writes the bill of materials of the program with all features, in the format CycloneDX.
pub(crate) fn sbom() -> Result<(), String> {
    tools::ensure_cargo_cyclonedx()?;
    // The tool writes a file beside the manifest of each package, so it runs in a copy.
    let copy = Path::new(ROOT).join("target/sbom-workspace");
    sim::copy_workspace(&copy)?;
    let copy = copy.canonicalize().map_err(|error| error.to_string())?;
    let mut command = run::cargo("cyclonedx --format json --all-features --spec-version 1.5");
    command.current_dir(&copy).env("SOURCE_DATE_EPOCH", "0");
    command.args(["--manifest-path", "crates/countersign-cli/Cargo.toml"]);
    run::checked(command.args(["--override-filename", "sbom"]))?;

    let from = copy.join("crates/countersign-cli/sbom.json");
    let text = fs::read_to_string(&from).map_err(|error| format!("{}: {error}", from.display()))?;
    // The packages of the workspace are identified by the folder of the copy.
    let text = text.replace(&copy.display().to_string(), "/countersign");
    fs::write(Path::new(ROOT).join(SBOM), &text).map_err(|error| format!("{SBOM}: {error}"))?;
    let bill: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    println!("{}", summary(&bill)?);
    Ok(())
}

/// Counts the components. A component without a version, a license or a digest is an error, except
/// that the packages of this project have no digest.
fn summary(bill: &Value) -> Result<String, String> {
    let components =
        bill.get("components").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut own = 0;
    for component in components {
        let text = |key: &str| component.get(key).and_then(Value::as_str).unwrap_or_default();
        let has = |key: &str| {
            component.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        };
        let is_own = text("bom-ref").starts_with("path+file:");
        own += usize::from(is_own);
        if text("version").is_empty() || !has("licenses") || !(is_own || has("hashes")) {
            return Err(format!("{SBOM}: `{}` is incomplete", text("name")));
        }
    }
    if own == 0 || own == components.len() {
        return Err(format!("{SBOM} does not list the dependencies"));
    }
    Ok(format!("{} components in {SBOM}, {own} of them of this project", components.len()))
}

const SBOM: &str = "target/countersign.cdx.json";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_component_without_a_digest_is_an_error() {
        let own =
            json!({"bom-ref": "path+file:///a", "name": "a", "version": "1", "licenses": [1]});
        let mut other = own.clone();
        other["bom-ref"] = json!("registry+b");
        let bill = |other: &Value| json!({"components": [own, other]});
        assert!(summary(&bill(&other)).is_err());
        other["hashes"] = json!([1]);
        let counted = summary(&bill(&other)).unwrap();
        assert!(counted.starts_with("2 components"), "{counted}");
        assert!(summary(&json!({})).is_err());
    }
}
