//! `cargo xtask dependencies`: writes `docs/DEPENDENCIES.md`, the dependencies with `unsafe` code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{self, ROOT};

/// Reads the sources of every dependency of the published crates, with all features, and lists those
/// that contain `unsafe`, with the reason why they are there.
pub(crate) fn dependencies() -> Result<(), String> {
    let mut metadata = run::cargo("metadata --format-version 1 --all-features --locked");
    let metadata = run::output(metadata.args(["--filter-platform", PLATFORM]))?;
    let metadata: Value = serde_json::from_slice(&metadata).map_err(|error| error.to_string())?;
    let graph = Graph::read(&metadata);
    let reasons: BTreeMap<&str, &str> =
        REASONS.lines().filter_map(|line| line.split_once(": ")).collect();
    let page = page(&graph, &reasons)?;
    let path = Path::new(ROOT).join("docs/DEPENDENCIES.md");
    fs::write(&path, page).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// The normal dependencies of the published crates: what runs in a user's process.
#[derive(Default)]
struct Graph {
    /// The external packages by id: name, version, folder.
    packages: BTreeMap<String, (String, String, String)>,
    /// The packages that each package needs.
    needs: BTreeMap<String, Vec<String>>,
    /// The external packages that a manifest of ours names, with those manifests' crates.
    direct: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(metadata: &Value) -> Self {
        let mut graph = Self::default();
        let list = |value: &Value, name: &str| -> Vec<Value> {
            value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let mut published = BTreeMap::new();
        let mut own = BTreeSet::new();
        for package in list(metadata, "packages") {
            let (id, name) = (text(&package, "id"), text(&package, "name"));
            if package.get("source").is_some_and(Value::is_string) {
                let manifest = text(&package, "manifest_path");
                let folder = manifest.trim_end_matches("Cargo.toml").to_owned();
                graph.packages.insert(id, (name, text(&package, "version"), folder));
            } else {
                own.insert(id.clone());
                if package.get("publish").is_none_or(Value::is_null) {
                    published.insert(id, name);
                }
            }
        }
        for node in metadata.get("resolve").map(|it| list(it, "nodes")).unwrap_or_default() {
            let id = text(&node, "id");
            let is_normal = |dependency: &Value| {
                list(dependency, "dep_kinds")
                    .iter()
                    .any(|kind| kind.get("kind").is_none_or(Value::is_null))
            };
            let needs = list(&node, "deps");
            let needs = needs.iter().filter(|it| is_normal(it)).map(|it| text(it, "pkg"));
            let needs: Vec<String> = needs.collect();
            if let Some(name) = published.get(&id) {
                for need in needs.iter().filter(|need| !own.contains(*need)) {
                    graph.direct.entry(need.clone()).or_default().insert(name.clone());
                }
            }
            graph.needs.insert(id, needs);
        }
        graph
    }

    /// All packages below this one, itself included.
    fn below<'a>(&'a self, id: &'a str, found: &mut BTreeSet<&'a str>) {
        if found.insert(id) {
            for need in self.needs.get(id).into_iter().flatten() {
                self.below(need, found);
            }
        }
    }
}

fn page(graph: &Graph, reasons: &BTreeMap<&str, &str>) -> Result<String, String> {
    // For each package, the direct dependencies that bring it.
    let mut through: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for direct in graph.direct.keys() {
        let mut below = BTreeSet::new();
        graph.below(direct, &mut below);
        for id in below {
            through.entry(id).or_default().insert(graph.packages[direct].0.as_str());
        }
    }
    let (mut direct_rows, mut other_rows) = (String::new(), String::new());
    let (mut with, mut without) = (0, BTreeSet::new());
    let mut missing = Vec::new();
    for (id, (name, version, folder)) in &graph.packages {
        let Some(through) = through.get(id.as_str()) else { continue };
        let count = unsafe_in(&Path::new(folder).join("src"))?;
        if count == 0 {
            without.insert(name.as_str());
            continue;
        }
        with += 1;
        // Writing to a string does not fail.
        if let Some(crates) = graph.direct.get(id) {
            let Some(reason) = reasons.get(name.as_str()) else {
                missing.push(name.as_str());
                continue;
            };
            let crates: Vec<&str> =
                crates.iter().map(|it| it.trim_start_matches("countersign-")).collect();
            let crates = crates.join(", ");
            let _ = writeln!(direct_rows, "| {name} {version} | {count} | {crates} | {reason} |");
        } else {
            let through: Vec<&str> = through.iter().copied().collect();
            let _ = writeln!(other_rows, "| {name} {version} | {count} | {} |", through.join(", "));
        }
    }
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(format!("write in {REASONS_FILE} why there are: {missing}"));
    }
    let all = with + without.len();
    let without: Vec<&str> = without.into_iter().collect();
    Ok(format!(
        "{HEAD}{all} packages, {with} of them with `unsafe`.\n\n## Direct dependencies\n\n\
         | package | places | crates | why it is there |\n| --- | --- | --- | --- |\n{direct_rows}\n\
         ## What these need\n\n| package | places | needed by |\n| --- | --- | --- |\n{other_rows}\n\
         ## Without `unsafe`\n\n{}.\n",
        without.join(", ")
    ))
}

/// The number of blocks, functions and implementations that are `unsafe`.
fn unsafe_in(folder: &Path) -> Result<usize, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut count = 0;
    // Some packages have their sources elsewhere.
    if !folder.is_dir() {
        return Ok(0);
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            count += unsafe_in(&path)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read(&path).map_err(failed)?;
            count += String::from_utf8_lossy(&text).lines().map(unsafe_in_line).sum::<usize>();
        }
    }
    Ok(count)
}

fn unsafe_in_line(line: &str) -> usize {
    let code = line.split("//").next().unwrap_or_default();
    let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.by_ref().filter(|word| *word == "unsafe").count()
}

/// The lists are of one platform: others need other packages.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

const REASONS_FILE: &str = "crates/xtask/src/dependencies/reasons.txt";
const REASONS: &str = include_str!("dependencies/reasons.txt");

const HEAD: &str = "\
<!-- Generated by `cargo xtask dependencies`. Do not edit. -->

# Dependencies with `unsafe`

The crates of this project forbid `unsafe`. This page lists what they need that contains it: all
published crates, with all features, on x86_64 and Linux, without what only tests and build scripts need.
*places* is the number of times that the keyword is in the sources, also for code of other platforms. A
project that uses few features needs few of these packages: `cargo tree --edges normal` shows which.

";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_is_counted_outside_of_comments_and_longer_names() {
        assert_eq!(unsafe_in_line("    unsafe { f() }"), 1);
        assert_eq!(unsafe_in_line("pub unsafe fn f() { unsafe { g() } }"), 2);
        assert_eq!(unsafe_in_line("#![forbid(unsafe_code)] // unsafe"), 0);
    }
}
