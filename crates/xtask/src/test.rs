//! `cargo xtask test`: runs all tests of the workspace.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use crate::tally::Tally;
use crate::{run, servers};

/// Runs all tests, doctests included, and prints the number of passed and failed tests in the last
/// line. No test is skipped. The tests of the stores start their own servers, whose programs are
/// installed first.
///
/// Arguments are passed to `cargo test`. Without them, two test programs run at the same time:
/// those with servers mostly wait.
pub(crate) fn test(cargo_test_args: &[String]) -> Result<(), String> {
    servers::ensure_installed()?;
    let mut tally = Tally::default();
    let result = match cargo_test_args {
        [] => {
            let programs = run_programs(&test_programs()?, &mut tally);
            // Also if a program failed, so that the tally is complete.
            let doctests = cargo_test(&["--doc".to_owned()], &mut tally);
            programs.and(doctests)
        }
        args => cargo_test(args, &mut tally),
    };
    println!("\n{tally}");
    result
}

/// Without `--no-fail-fast` cargo would stop after the first package with a failure, and the last
/// line would count only the failures of that package.
fn cargo_test(args: &[String], tally: &mut Tally) -> Result<(), String> {
    let mut command = run::cargo(TEST);
    run::watched(command.arg("--no-fail-fast").args(args), |line| tally.add(line))
}

struct TestProgram {
    /// Relative to the root of the workspace, if it is inside of it.
    name: String,
    executable: PathBuf,
    /// The folder of its package, which `cargo test` runs it in.
    folder: PathBuf,
}

/// Builds the test programs. The one that needs the most processor time comes first.
fn test_programs() -> Result<Vec<TestProgram>, String> {
    let mut command = run::cargo(TEST);
    command.args(["--no-run", "--message-format=json-render-diagnostics"]);
    let output = run::output(&mut command)?;
    let messages = output.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut programs = Vec::new();
    for message in messages {
        let message: Value = serde_json::from_slice(message)
            .map_err(|error| format!("the messages of cargo cannot be read: {error}"))?;
        programs.extend(program(&message));
    }
    if programs.is_empty() {
        return Err("cargo has built no test program".to_owned());
    }
    programs.sort_by_key(|program| !program.folder.ends_with(SLOWEST));
    Ok(programs)
}

/// The test program of a message of cargo, if the message is about one.
fn program(message: &Value) -> Option<TestProgram> {
    let executable = PathBuf::from(message["executable"].as_str()?);
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let source = Path::new(message["target"]["src_path"].as_str()?);
    let package = folder.file_name()?.to_string_lossy();
    let within = source.strip_prefix(&folder).unwrap_or(source);
    let name = format!("{package}/{}", within.display());
    is_test.then_some(TestProgram { name, executable, folder })
}

/// Runs the programs, two at a time, and prints the output of each as a whole.
fn run_programs(programs: &[TestProgram], tally: &mut Tally) -> Result<(), String> {
    let waiting = Mutex::new(programs.iter());
    let results = Mutex::new((tally, Vec::new()));
    let lane = || {
        while let Some(program) = next(&waiting) {
            let output = run::without_cargo_variables(Command::new(&program.executable))
                .current_dir(&program.folder)
                .output();
            let mut results = lock(&results);
            let (tally, failed) = &mut *results;
            println!("\nRunning {}", program.name);
            match output {
                Ok(output) => {
                    let stdout = String::from_utf8_lossy(&output.stdout);
                    print!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
                    stdout.lines().for_each(|line| tally.add(line));
                    if !output.status.success() {
                        failed.push(format!("{}: {}", program.name, output.status));
                    }
                }
                Err(error) => failed.push(format!("{}: {error}", program.name)),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(lane);
        }
    });
    let (_, failed) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn next<'a, I: Iterator<Item = &'a TestProgram>>(waiting: &Mutex<I>) -> Option<&'a TestProgram> {
    lock(waiting).next()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const TEST: &str = "test --workspace --all-features";
const LANES: usize = 2;
/// The package whose tests need the most processor time.
const SLOWEST: &str = "tests/core";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(is_test: bool, executable: Option<&str>) -> Value {
        json!({
            "reason": "compiler-artifact",
            "manifest_path": "/w/tests/core/Cargo.toml",
            "target": { "src_path": "/w/tests/core/main.rs" },
            "profile": { "test": is_test },
            "executable": executable,
        })
    }

    #[test]
    fn only_test_programs_are_run_and_each_in_the_folder_of_its_package() {
        let found = program(&message(true, Some("/w/target/core"))).unwrap();
        assert_eq!(found.name, "core/main.rs");
        assert_eq!(found.folder, Path::new("/w/tests/core"));
        assert!(program(&message(false, Some("/w/target/core"))).is_none());
        assert!(program(&message(true, None)).is_none());
        assert!(program(&json!({ "reason": "build-finished", "success": true })).is_none());
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_its_name_and_the_others_run() {
        let shell = |script: &str| {
            let folder = tempfile(script);
            TestProgram { name: script.to_owned(), executable: folder.join("run"), folder }
        };
        let programs = [shell("exit 1"), shell("echo 'test result: ok. 3 passed; 0 failed'")];
        let mut tally = Tally::default();
        let failed = run_programs(&programs, &mut tally).unwrap_err();
        assert_eq!(failed, "failed: exit 1: exit status: 1");
        assert_eq!(tally.to_string(), "tests: 3 passed, 0 failed");
        for program in programs {
            std::fs::remove_dir_all(program.folder).unwrap();
        }
    }

    /// A folder with a script `run`.
    fn tempfile(script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let name = format!("xtask-test-{}-{}", std::process::id(), script.len());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("run");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }
}
