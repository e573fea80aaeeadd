//! `cargo xtask coverage`: the lines and regions of core, the schemes and the stores that tests run.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{self, ROOT};
use crate::{servers, tools};

/// Runs the tests of the crates with instrumented code, prints a table, and writes the lines that no
/// test runs to `target/coverage.txt`.
pub(crate) fn coverage() -> Result<(), String> {
    servers::ensure_installed()?;
    tools::ensure_cargo_llvm_cov()?;
    tools::ensure_llvm_tools()?;
    // Without the counts of an earlier run.
    run::checked(&mut run::cargo("llvm-cov clean --profraw-only"))?;
    // The profile `dev` has optimised hashes, and no other optimised code, which takes long to compile.
    let mut test =
        run::cargo("llvm-cov test --no-report --no-fail-fast --all-features --profile dev");
    for package in PACKAGES.into_iter().chain(CRATES) {
        test.args(["--package", package]);
    }
    let skipped = TOO_SLOW.map(|name| format!("--skip={name}"));
    run::checked(test.arg("--").args(skipped))?;
    report()
}

/// Reads what an earlier run of the tests has written.
pub(crate) fn report() -> Result<(), String> {
    let mut table = Table::default();
    let mut sources = HashMap::new();
    // One format has the lines, the other the regions.
    for line in written("lcov")?.lines() {
        table.read_line(line, &mut sources);
    }
    let regions: Value =
        serde_json::from_str(&written("json")?).map_err(|error| error.to_string())?;
    table.read_regions(&regions, &mut sources);
    let list = Path::new(ROOT).join("target/coverage.txt");
    fs::write(&list, table.missing()).map_err(|error| format!("{}: {error}", list.display()))?;
    print!("{table}");
    Ok(())
}

fn written(format: &str) -> Result<String, String> {
    let file = Path::new(ROOT).join("target/coverage").with_extension(format);
    // Tests kill processes, and some files cannot grow: their counts are not whole.
    let mut report = run::cargo("llvm-cov report --profile dev --failure-mode all --output-path");
    run::checked(report.arg(&file).arg(format!("--{format}")))?;
    fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The lines of each file in a crate of the table.
#[derive(Default)]
struct Table {
    files: BTreeMap<String, File>,
    /// The file of the lines that are being read.
    current: Option<(String, usize)>,
}

#[derive(Default)]
struct File {
    /// Whether a line was run.
    lines: BTreeMap<usize, bool>,
    /// Whether a region was run: from a line and a column, to a line and a column.
    regions: BTreeMap<[usize; 4], bool>,
}

impl Table {
    /// Reads a line of the format of lcov.
    fn read_line(&mut self, line: &str, sources: &mut HashMap<String, Option<Source>>) {
        if let Some(path) = line.strip_prefix("SF:") {
            let source = sources.entry(path.to_owned()).or_insert_with(|| Source::of(path));
            self.current = source.as_ref().map(|it| (it.name.clone(), it.end));
        }
        let Some((name, end)) = &self.current else { return };
        let counted = line.strip_prefix("DA:").and_then(|counted| counted.split_once(','));
        let Some((Ok(line), count)) = counted.map(|(line, count)| (line.parse(), count)) else {
            return;
        };
        if line < *end {
            let file = self.files.entry(name.clone()).or_default();
            *file.lines.entry(line).or_default() |= count != "0";
        }
    }

    /// Reads the regions of all functions. A generic function has an entry for each type: a region counts
    /// as run if it was run for one of them.
    fn read_regions(&mut self, report: &Value, sources: &mut HashMap<String, Option<Source>>) {
        let functions = report.pointer("/data/0/functions").and_then(Value::as_array);
        for function in functions.into_iter().flatten() {
            let list = |key: &str| function.get(key).and_then(Value::as_array);
            let path = list("filenames").and_then(|names| names.first()?.as_str());
            let (Some(path), Some(regions)) = (path, list("regions")) else { continue };
            let source = sources.entry(path.to_owned()).or_insert_with(|| Source::of(path));
            let Some(source) = source else { continue };
            let file = self.files.entry(source.name.clone()).or_default();
            for region in regions {
                let numbers = region.as_array().into_iter().flatten().filter_map(Value::as_u64);
                let numbers: Vec<u64> = numbers.collect();
                // The last three: the file, the file of a macro, and the kind, which is 0 for code.
                let &[line, column, to, to_column, count, 0, _, 0] = numbers.as_slice() else {
                    continue;
                };
                let place =
                    [line, column, to, to_column].map(|it| usize::try_from(it).unwrap_or(0));
                if place[0] < source.end {
                    *file.regions.entry(place).or_default() |= count > 0;
                }
            }
        }
    }

    fn crates(&self) -> BTreeMap<&str, Figures> {
        let mut crates = BTreeMap::<&str, Figures>::new();
        for (name, file) in &self.files {
            let package = name.split('/').next().unwrap_or_default();
            crates.entry(package).or_default().add(file);
        }
        crates
    }

    /// The lines that were not run: `crate/src/file.rs: 3 of 90 lines: 7-8, 20`.
    fn missing(&self) -> String {
        let mut list = String::new();
        for (name, file) in &self.files {
            let missing: Vec<usize> =
                file.lines.iter().filter(|(_, is_run)| !**is_run).map(|(line, _)| *line).collect();
            if !missing.is_empty() {
                let (count, all) = (missing.len(), file.lines.len());
                list += &format!("{name}: {count} of {all} lines: {}\n", ranges(&missing));
            }
        }
        list
    }
}

/// `[7, 8, 20]` as `7-8, 20`.
fn ranges(lines: &[usize]) -> String {
    let range = |part: &[usize]| match part {
        [first, .., last] => format!("{first}-{last}"),
        _ => part.iter().map(usize::to_string).collect(),
    };
    let parts = lines.chunk_by(|line, next| line + 1 == *next);
    parts.map(range).collect::<Vec<_>>().join(", ")
}

/// A source file of a crate in the table.
struct Source {
    /// `countersign-core/src/body.rs`
    name: String,
    /// The first line of its unit tests, which are not counted.
    end: usize,
}

impl Source {
    /// `None` for the files of other crates, and of tests.
    fn of(path: &str) -> Option<Self> {
        let (_, name) = path.rsplit_once("/crates/")?;
        let (package, rest) = name.split_once('/')?;
        if !CRATES.contains(&package) || !rest.starts_with("src/") || rest.ends_with("/tests.rs") {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        Some(Self { name: name.to_owned(), end: start_of_tests(&text) })
    }
}

/// The line of the first module that only tests compile.
fn start_of_tests(source: &str) -> usize {
    let mut lines = source.lines().zip(1..).peekable();
    while let Some((line, number)) = lines.next() {
        let is_module = |next: &(&str, usize)| next.0.contains("mod ") && next.0.ends_with('{');
        if line == "#[cfg(test)]" && lines.peek().is_some_and(is_module) {
            return number;
        }
    }
    usize::MAX
}

#[derive(Default, Clone, Copy)]
struct Figures {
    lines: usize,
    run_lines: usize,
    regions: usize,
    run_regions: usize,
}

impl Figures {
    fn add(&mut self, file: &File) {
        self.lines += file.lines.len();
        self.run_lines += file.lines.values().filter(|is_run| **is_run).count();
        self.regions += file.regions.len();
        self.run_regions += file.regions.values().filter(|is_run| **is_run).count();
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In tenths, rounded down: a line that is not run never gives 100 %.
        let per_cent = |part: usize, whole: usize| {
            let tenths = part * 1000 / whole.max(1);
            format!("{}.{} %", tenths / 10, tenths % 10)
        };
        writeln!(f, "\n| crate | lines | run by a test | regions | run by a test |")?;
        writeln!(f, "| --- | --- | --- | --- | --- |")?;
        for (name, it) in self.crates() {
            let lines = per_cent(it.run_lines, it.lines);
            let regions = per_cent(it.run_regions, it.regions);
            writeln!(f, "| `{name}` | {} | {lines} | {} | {regions} |", it.lines, it.regions)?;
        }
        writeln!(f, "\nthe lines that no test runs are in target/coverage.txt")
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

/// Tests that take very long in such code: those of the diagnosis, whose crate is not in the table, and
/// those with thousands of random inputs.
const TOO_SLOW: [&str; 3] = ["diagnose::", "path::properties::", "fuzz::every_fuzz_target_passes"];

/// The packages that only have tests.
const PACKAGES: [&str; 2] = ["countersign-tests-core", "countersign-tests-stores"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sources() -> HashMap<String, Option<Source>> {
        let source = Source { name: "a/src/b.rs".to_owned(), end: 9 };
        HashMap::from([("b.rs".to_owned(), Some(source)), ("c.rs".to_owned(), None)])
    }

    #[test]
    fn a_line_that_no_test_runs_is_listed() {
        let (mut table, mut sources) = (Table::default(), sources());
        let report =
            "SF:b.rs\nDA:1,5\nDA:2,0\nDA:3,0\nDA:5,0\nDA:9,0\nend_of_record\nSF:c.rs\nDA:1,0";
        for line in report.lines() {
            table.read_line(line, &mut sources);
        }
        assert_eq!(table.missing(), "a/src/b.rs: 3 of 4 lines: 2-3, 5\n");
        assert!(table.to_string().contains("| `a` | 4 | 25.0 % |"));
    }

    #[test]
    fn a_region_counts_as_run_if_one_instance_was_run() {
        let (mut table, mut sources) = (Table::default(), sources());
        let function = |count: u64| {
            json!({
                "filenames": ["b.rs"],
                "regions": [[1, 1, 2, 9, count, 0, 0, 0], [2, 1, 2, 3, 0, 0, 0, 0], [9, 1, 9, 2, 0, 0, 0, 0]],
            })
        };
        let report = json!({"data": [{"functions": [function(0), function(3)]}]});
        table.read_regions(&report, &mut sources);
        assert!(table.to_string().contains("| 2 | 50.0 % |"));
    }

    #[test]
    fn unit_tests_are_not_counted() {
        assert_eq!(start_of_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n"), 2);
        assert_eq!(start_of_tests("#[cfg(test)]\nmod tests;\nfn a() {}\n"), usize::MAX);
    }
}
