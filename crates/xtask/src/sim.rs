//! `cargo xtask sim`: the deterministic simulation, and the mutants that it must catch.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, ROOT};

/// Runs fresh seeds for this many seconds.
pub(crate) fn for_seconds(seconds: &str) -> Result<(), String> {
    number(seconds)?;
    simulate(&[seconds])
}

/// Replays one seed, and prints its history.
pub(crate) fn seed(seed: &str) -> Result<(), String> {
    number(seed)?;
    simulate(&["--seed", seed])
}

/// Runs a number of seeds from the first on.
pub(crate) fn seeds(first: &str, count: &str) -> Result<(), String> {
    number(first)?;
    number(count)?;
    simulate(&["--seeds", first, count])
}

/// Runs the fault sweep.
pub(crate) fn sweep(scenarios: &str) -> Result<(), String> {
    number(scenarios)?;
    simulate(&["--sweep", scenarios])
}

/// The steps of `cargo xtask ci`.
pub(crate) fn ci() -> Result<(), String> {
    for_seconds("30")?;
    sweep("100")
}

/// Applies each patch of `sim/mutants` to a copy of the workspace, and checks that the simulation
/// finds a seed that fails.
pub(crate) fn mutants(chosen: Option<&str>) -> Result<(), String> {
    let mut survivors = Vec::new();
    let patches = patches(chosen)?;
    let copy = Path::new(ROOT).join("target/sim-mutants");
    copy_workspace(&copy)?;
    for patch in &patches {
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        run::checked(apply(&copy).arg(patch))?;
        let built = run::checked(build().current_dir(&copy));
        let program = Path::new(ROOT).join("target/debug/countersign-sim");
        let is_caught = built.is_ok()
            && !run::succeeds(run::program(program).args(["--seeds", "1", SEEDS_OF_A_MUTANT]));
        run::checked(apply(&copy).arg("--reverse").arg(patch))?;
        built.map_err(|message| format!("the mutant {name} does not compile: {message}"))?;
        println!("{} {name}", if is_caught { "caught" } else { "SURVIVED" });
        if !is_caught {
            survivors.push(name);
        }
    }
    // The program of the workspace, in place of that of the last mutant.
    run::checked(&mut build())?;
    if survivors.is_empty() {
        println!("all {} mutants were caught", patches.len());
        return Ok(());
    }
    Err(format!("the simulation does not catch {}", survivors.join(", ")))
}

fn simulate(args: &[&str]) -> Result<(), String> {
    run::checked(run::cargo("run --quiet --profile test --package countersign-sim --").args(args))
}

/// In the profile of the tests, in which the package is optimised.
fn build() -> Command {
    let mut command = run::cargo("build --quiet --profile test --package countersign-sim");
    command.env("CARGO_TARGET_DIR", Path::new(ROOT).join("target"));
    command
}

fn patches(chosen: Option<&str>) -> Result<Vec<PathBuf>, String> {
    let folder = Path::new(ROOT).join("sim/mutants");
    let entries = fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let mut patches = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if chosen.is_none_or(|chosen| chosen == name) {
            patches.push(path.canonicalize().map_err(|error| error.to_string())?);
        }
    }
    patches.sort();
    if patches.is_empty() {
        return Err(format!("there is no such mutant in {}", folder.display()));
    }
    Ok(patches)
}

/// Copies the files that are under version control.
pub(crate) fn copy_workspace(to: &Path) -> Result<(), String> {
    let files = run::output(run::program("git").args(["ls-files", "-z", "--cached"]))?;
    let failed = |path: &Path, error| format!("{} cannot be copied: {error}", path.display());
    for file in files.split(|byte| *byte == 0).filter(|file| !file.is_empty()) {
        let file = String::from_utf8_lossy(file).into_owned();
        let (from, to) = (Path::new(ROOT).join(&file), to.join(&file));
        let is_same = fs::read(&from).ok().is_some_and(|text| fs::read(&to).ok() == Some(text));
        // A file that is written again is compiled again.
        if is_same || !from.is_file() {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        }
        fs::copy(&from, &to).map_err(|error| failed(&from, error))?;
    }
    Ok(())
}

/// `git apply` in a folder that is in no repository, as it seems.
fn apply(folder: &Path) -> Command {
    let mut command = run::program("git");
    command.current_dir(folder).env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder));
    command.arg("apply");
    command
}

fn number(text: &str) -> Result<(), String> {
    text.parse::<u64>().map(drop).map_err(|_| format!("`{text}` is not a number"))
}

/// A mutant that survives these is not caught by a run in CI either.
const SEEDS_OF_A_MUTANT: &str = "60000";
