//! `cargo xtask coverage`: the lines and regions of core, the schemes and the stores that tests run.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{self, ROOT};
use crate::{servers, tools};

/// Runs the tests of the crates with instrumented code, and prints a table.
pub(crate) fn coverage() -> Result<(), String> {
    servers::ensure_installed()?;
    tools::ensure_cargo_llvm_cov()?;
    tools::ensure_llvm_tools()?;
    // The profile `dev` has optimised hashes, and no other optimised code, which takes long to compile.
    let mut test =
        run::cargo("llvm-cov test --no-report --no-fail-fast --all-features --profile dev");
    for package in PACKAGES.into_iter().chain(CRATES) {
        test.args(["--package", package]);
    }
    run::checked(&mut test)?;

    let file = Path::new(ROOT).join("target/coverage.json");
    let mut report =
        run::cargo("llvm-cov report --profile dev --json --summary-only --output-path");
    run::checked(report.arg(&file))?;
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let report = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    print!("{}", Table::of(&report));
    Ok(())
}

/// The figures of each crate, and of the files that are covered least.
#[derive(Default)]
struct Table {
    crates: BTreeMap<String, Figures>,
    files: Vec<(String, Figures)>,
}

#[derive(Default, Clone, Copy)]
struct Figures {
    lines: u64,
    covered_lines: u64,
    regions: u64,
    covered_regions: u64,
}

impl Table {
    fn of(report: &Value) -> Self {
        let mut table = Self::default();
        let files = report.pointer("/data/0/files").and_then(Value::as_array);
        for file in files.into_iter().flatten() {
            let name = file.get("filename").and_then(Value::as_str).unwrap_or_default();
            let Some((_, name)) = name.split_once("/crates/") else { continue };
            let (package, _) = name.split_once('/').unwrap_or((name, ""));
            if !CRATES.contains(&package) || name.ends_with("/tests.rs") {
                continue;
            }
            let number = |path: &str| {
                file.pointer(&format!("/summary/{path}")).and_then(Value::as_u64).unwrap_or(0)
            };
            let figures = Figures {
                lines: number("lines/count"),
                covered_lines: number("lines/covered"),
                regions: number("regions/count"),
                covered_regions: number("regions/covered"),
            };
            table.crates.entry(package.to_owned()).or_default().add(figures);
            table.files.push((name.to_owned(), figures));
        }
        table.files.sort_by_key(|(_, it)| std::cmp::Reverse(it.lines - it.covered_lines));
        table
    }
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.covered_lines += other.covered_lines;
        self.regions += other.regions;
        self.covered_regions += other.covered_regions;
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let per_cent = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        writeln!(f, "\n| crate | lines | covered | regions | covered |")?;
        writeln!(f, "| --- | --- | --- | --- | --- |")?;
        for (name, it) in &self.crates {
            writeln!(
                f,
                "| `{name}` | {} | {:.1} % | {} | {:.1} % |",
                it.lines,
                per_cent(it.covered_lines, it.lines),
                it.regions,
                per_cent(it.covered_regions, it.regions)
            )?;
        }
        writeln!(f, "\nThe files with most lines that no test runs:\n")?;
        for (name, it) in self.files.iter().take(25) {
            writeln!(f, "{:>5} of {:>5} lines  {name}", it.lines - it.covered_lines, it.lines)?;
        }
        Ok(())
    }
}

/// What the table shows.
const CRATES: [&str; 5] = [
    "countersign-core",
    "countersign-schemes",
    "countersign-redis",
    "countersign-sqlite",
    "countersign-postgres",
];

/// The packages that only have tests.
const PACKAGES: [&str; 2] = ["countersign-tests-core", "countersign-tests-stores"];
