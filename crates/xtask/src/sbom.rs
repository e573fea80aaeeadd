//! `cargo xtask sbom`: what the program is built from.

use std::collections::BTreeSet;
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
    command.current_dir(&copy).args(["--manifest-path", "crates/countersign-cli/Cargo.toml"]);
    run::checked(command.args(["--override-filename", "sbom"]))?;
    let mut tree = run::cargo("tree --locked --package countersign-cli --all-features");
    let tree = run::output(tree.args(["--edges", "normal,build", "--prefix", "none"]))?;

    let from = copy.join("crates/countersign-cli/sbom.json");
    let text = fs::read_to_string(&from).map_err(|error| format!("{}: {error}", from.display()))?;
    // The packages of the workspace are identified by the folder of the copy.
    let text = text.replace(&copy.display().to_string(), "/countersign");
    let mut bill: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    reduce(&mut bill, &packages(&String::from_utf8_lossy(&tree)));
    let counted = summary(&bill)?;
    let text = serde_json::to_string_pretty(&bill).map_err(|error| error.to_string())?;
    fs::write(Path::new(ROOT).join(SBOM), text).map_err(|error| format!("{SBOM}: {error}"))?;
    println!("{counted}");
    Ok(())
}

/// The packages in the output of `cargo tree`: `name v1.2.3`.
fn packages(tree: &str) -> BTreeSet<(&str, &str)> {
    let package = |line| {
        let mut words = str::split_whitespace(line);
        Some((words.next()?, words.next()?.strip_prefix('v')?))
    };
    tree.lines().filter_map(package).collect()
}

/// Removes what is not among the packages: the tool also lists what only other members of the workspace
/// need.
fn reduce(bill: &mut Value, packages: &BTreeSet<(&str, &str)>) {
    let mut removed = BTreeSet::new();
    if let Some(components) = bill.get_mut("components").and_then(Value::as_array_mut) {
        components.retain(|component| {
            let is_kept = packages.contains(&(text(component, "name"), text(component, "version")));
            if !is_kept {
                removed.insert(text(component, "bom-ref").to_owned());
            }
            is_kept
        });
    }
    let is_removed = |name: Option<&str>| name.is_some_and(|name| removed.contains(name));
    if let Some(dependencies) = bill.get_mut("dependencies").and_then(Value::as_array_mut) {
        dependencies.retain(|it| !is_removed(it.get("ref").and_then(Value::as_str)));
        for it in dependencies {
            if let Some(on) = it.get_mut("dependsOn").and_then(Value::as_array_mut) {
                on.retain(|name| !is_removed(name.as_str()));
            }
        }
    }
}

/// Counts the components. A component without a version, a license or a digest is an error, except
/// that the packages of this project have no digest.
fn summary(bill: &Value) -> Result<String, String> {
    let components = bill.get("components").and_then(Value::as_array);
    let components = components.map_or(&[][..], Vec::as_slice);
    let (mut own, mut build) = (0, 0);
    for component in components {
        let has = |key: &str| {
            component.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        };
        let is_own = text(component, "bom-ref").starts_with("path+file:");
        own += usize::from(is_own);
        build += usize::from(text(component, "scope") == "excluded");
        if text(component, "version").is_empty() || !has("licenses") || !(is_own || has("hashes")) {
            return Err(format!("`{}` is incomplete", text(component, "name")));
        }
    }
    if own == 0 || own == components.len() {
        return Err("the dependencies are not listed".to_owned());
    }
    let count = components.len();
    Ok(format!("{count} components in {SBOM}: {own} of this project, {build} that only builds use"))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

const SBOM: &str = "target/countersign.cdx.json";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_program_does_not_need_is_removed() {
        let package = |name: &str| json!({"bom-ref": name, "name": name, "version": "1.0.0"});
        let mut bill = json!({
            "components": [package("a"), package("b")],
            "dependencies": [{"ref": "a", "dependsOn": ["a", "b"]}, {"ref": "b", "dependsOn": []}],
        });
        reduce(&mut bill, &packages("a v1.0.0 (*)\nb v2.0.0\n\n"));
        assert_eq!(
            bill,
            json!({
                "components": [package("a")],
                "dependencies": [{"ref": "a", "dependsOn": ["a"]}],
            })
        );
    }

    #[test]
    fn a_component_without_a_digest_is_an_error() {
        let own = json!({
            "bom-ref": "path+file:///a", "name": "a", "version": "1", "licenses": [1],
        });
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
