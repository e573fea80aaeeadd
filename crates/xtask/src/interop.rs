//! `cargo xtask interop`: the official SDKs of npm and PyPI, in both directions.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::run::{self, ROOT};

/// Installs the SDKs that `tests/interop` names into `target/interop`, in the newest versions that it
/// allows, and runs them. Writes the results if all schemes are run.
pub(crate) fn interop(part: &str) -> Result<(), String> {
    run::checked(&mut run::cargo("build --quiet --package countersign-cli"))?;
    let program = Path::new(ROOT).join("target/debug/countersign");
    let program = program.canonicalize().map_err(|error| error.to_string())?;
    let mut results = with_npm(&program, part)?;
    results.extend(with_pip(&program, part)?);

    let mut failed = Vec::new();
    for result in &mut results {
        let verdict = verdict(result);
        println!("{}", described(result, verdict));
        if verdict != "agrees" {
            failed.push(described(result, verdict));
        }
        result["verdict"] = verdict.into();
    }
    println!("{} SDKs, {} agree", results.len(), results.len() - failed.len());
    if part.is_empty() {
        write(&results)?;
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!("{} SDKs do not agree:\n{}", failed.len(), failed.join("\n")))
}

fn with_npm(program: &Path, part: &str) -> Result<Vec<Value>, String> {
    let folder = folder("npm", &["run.mjs", "sdks.mjs"])?;
    let list = fs::read_to_string(folder.join("sdks.mjs")).map_err(|error| error.to_string())?;
    let mut packages: Vec<&str> = quoted_after(&list, "package: ");
    packages.extend(EXTRA_NPM);
    packages.sort_unstable();
    packages.dedup();
    let versions: serde_json::Map<String, Value> =
        packages.into_iter().map(|name| (name.to_owned(), version_of(name).into())).collect();
    let manifest = json!({ "private": true, "type": "module", "dependencies": versions });
    fs::write(folder.join("package.json"), manifest.to_string()).map_err(|e| e.to_string())?;
    let mut install = run::program("npm");
    // No code of a package runs before it is called.
    install.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"]);
    run::checked(install.current_dir(&folder))?;
    let mut node = run::program("node");
    node.arg("run.mjs").arg(part).current_dir(&folder).env("COUNTERSIGN_PROGRAM", program);
    lines_of_json(&run::output(&mut node)?)
}

fn with_pip(program: &Path, part: &str) -> Result<Vec<Value>, String> {
    let folder = folder("pip", &["run.py", "sdks.py"])?;
    let list = fs::read_to_string(folder.join("sdks.py")).map_err(|error| error.to_string())?;
    let mut packages: Vec<&str> = quoted_after(&list, "\"package\": ");
    packages.sort_unstable();
    packages.dedup();
    let environment = folder.join("environment");
    let python = environment.join("bin/python");
    if !run::succeeds(run::program(&python).arg("--version")) {
        run::checked(run::program("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut install = run::program(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--prefer-binary",
    ]);
    run::checked(install.args(packages))?;
    let mut run = run::program(&python);
    run.arg("run.py").arg(part).current_dir(&folder).env("COUNTERSIGN_PROGRAM", program);
    lines_of_json(&run::output(run.stdin(Stdio::null()))?)
}

/// A folder with copies of these files of `tests/interop`.
fn folder(name: &str, files: &[&str]) -> Result<PathBuf, String> {
    let folder = Path::new(ROOT).join("target/interop").join(name);
    let failed = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for file in files {
        let from = Path::new(ROOT).join("tests/interop").join(file);
        fs::copy(from, folder.join(file)).map_err(failed)?;
    }
    Ok(folder)
}

fn quoted_after<'t>(text: &'t str, key: &str) -> Vec<&'t str> {
    let values = text.split(key).skip(1);
    values.filter_map(|rest| rest.strip_prefix('"')?.split('"').next()).collect()
}

fn lines_of_json(output: &[u8]) -> Result<Vec<Value>, String> {
    // An SDK may print something.
    let lines = String::from_utf8_lossy(output).into_owned();
    let lines = lines.lines().filter(|line| line.starts_with("{\"scheme\""));
    lines.map(|line| serde_json::from_str(line).map_err(|error| error.to_string())).collect()
}

/// Whether both sides accept what the other signed, and reject what was changed.
fn verdict(result: &Value) -> &'static str {
    let is = |key: &str, expected: &str| result.get(key).is_none_or(|it| it == expected);
    if result.get("error").is_some() || result.get("they_verify").is_none() {
        return "was not run";
    }
    let agrees = is("they_verify", "accepts")
        && is("they_verify_changed", "rejects")
        && is("before", "rejects")
        && is("we_verify", "accepts")
        && is("we_verify_changed", "rejects");
    if agrees { "agrees" } else { "DIFFERS" }
}

fn described(result: &Value, verdict: &str) -> String {
    let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut line = format!("{:<20} {} {}: {verdict}", text("scheme"), text("sdk"), text("version"));
    for key in ["error", "why", "they_verify", "they_verify_changed", "we_verify"] {
        if !text(key).is_empty() && verdict != "agrees" {
            // Writing to a string does not fail.
            let _ = write!(line, "; {key}: {}", text(key));
        }
    }
    line
}

/// Writes what `docs/FIDELITY.md` shows, one result a line.
fn write(results: &[Value]) -> Result<(), String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let lines: Vec<String> = results
        .iter()
        .filter(|result| result.get("verdict").is_some_and(|it| it != "was not run"))
        .map(|result| {
            let mut kept = serde_json::Map::new();
            for key in ["scheme", "registry", "sdk", "version", "verdict"] {
                kept.insert(key.to_owned(), result.get(key).cloned().unwrap_or_default());
            }
            let signs = result.get("we_verify").is_some();
            kept.insert("directions".to_owned(), if signs { 2 } else { 1 }.into());
            Value::Object(kept).to_string()
        })
        .collect();
    let date = date(since.as_secs() / 86_400);
    let text = format!("{{\"date\":\"{date}\",\"results\":[\n{}\n]}}\n", lines.join(",\n"));
    let path = Path::new(ROOT).join("tests/interop/results.json");
    fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// The date of a day, counted from 1970-01-01.
fn date(day: u64) -> String {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let (mut year, mut day) = (1970, day);
    while day >= 365 + u64::from(is_leap(year)) {
        day -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

/// What an SDK needs that it does not install by itself.
const EXTRA_NPM: [&str; 3] = ["@moralisweb3/api-utils", "@moralisweb3/common-core", "undici"];

/// The newest, unless an SDK needs an older one on Node.js 20.
fn version_of(package: &str) -> &'static str {
    if package == "undici" { "6" } else { "*" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_date() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(11_016), "2000-02-29");
        assert_eq!(date(20_788), "2026-12-01");
        assert_eq!(date(20_818), "2026-12-31");
    }

    #[test]
    fn an_sdk_agrees_only_if_it_rejects_what_was_changed() {
        let result = json!({ "they_verify": "accepts", "they_verify_changed": "rejects" });
        assert_eq!(verdict(&result), "agrees");
        let result = json!({ "they_verify": "accepts", "they_verify_changed": "accepts" });
        assert_eq!(verdict(&result), "DIFFERS");
        assert_eq!(verdict(&json!({ "error": "it cannot be loaded" })), "was not run");
    }
}
