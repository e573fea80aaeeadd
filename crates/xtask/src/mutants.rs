//! `cargo xtask mutants`: changes the code of core in small ways, and checks that a test notices.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, ROOT};
use crate::{sim, tools};

/// Tests the mutants of the files; of the files that decide most, if none is given.
///
/// In two stages: all mutants against core's own unit tests, which takes seconds for each; the
/// survivors against the tests of `tests/core`. Interrupted runs continue where they stopped,
/// because what was caught before is not tested again. One mutant is tested at a time, in a copy of
/// the workspace, so that the workspace can change meanwhile.
pub(crate) fn mutants(shard: Option<&str>, files: &[&str]) -> Result<(), String> {
    tools::ensure_cargo_mutants()?;
    let folder = format!("target/mutants/{}", shard.map_or("all".to_owned(), in_a_path));
    let folder = Path::new(ROOT).join(folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.canonicalize().map_err(|error| error.to_string())?;
    let copy = folder.join("workspace");
    sim::copy_workspace(&copy)?;
    without_dev_dependencies(&copy.join("crates/countersign-core/Cargo.toml"))?;

    let files = if files.is_empty() { DECIDING.as_slice() } else { files };
    for stage in STAGES {
        println!("\n=== mutants against the {} ===", stage.name);
        let mut command = cargo_mutants(&folder, &copy, &stage);
        if let Some(shard) = shard {
            command.args(["--shard", shard]);
        }
        for file in files {
            command.args(["--file", file]);
        }
        command.arg("--").args(stage.targets);
        // The exit status 2 means that there are survivors, which the next stage tests.
        let ended = run::checked(&mut command);
        let survivors = missed(&folder);
        if ended.is_err() && survivors.is_none() {
            return ended;
        }
        if survivors.as_deref().unwrap_or_default().is_empty() {
            return Ok(());
        }
    }
    let survivors = missed(&folder).unwrap_or_default();
    Err(format!("no test notices these mutants:\n{survivors}"))
}

struct Stage {
    name: &'static str,
    packages: &'static str,
    /// Which tests of the packages.
    targets: &'static [&'static str],
    /// For one mutant, in seconds, with the compilation.
    limit: &'static str,
}

const STAGES: [Stage; 2] = [
    Stage { name: "unit tests", packages: "countersign-core", targets: &["--lib"], limit: "120" },
    Stage {
        name: "unit tests and tests/core",
        packages: "countersign-core,countersign-tests-core",
        targets: &["--tests"],
        limit: "600",
    },
];

/// `--iterate` omits what an earlier run or stage has caught.
fn cargo_mutants(folder: &Path, copy: &Path, stage: &Stage) -> Command {
    let mut command = run::cargo("mutants --in-place --iterate --baseline skip");
    command.current_dir(copy);
    command.args(["--package", "countersign-core", "--all-features"]);
    command.args(["--test-package", stage.packages, "--timeout", stage.limit]);
    command.arg("--output").arg(folder);
    // The compiled dependencies are those of the tests. Unoptimised code and no debug information: the
    // compiler is most of the time.
    command.env("CARGO_TARGET_DIR", Path::new(ROOT).join("target"));
    command.envs([("CARGO_PROFILE_TEST_OPT_LEVEL", "0"), ("CARGO_PROFILE_TEST_DEBUG", "0")]);
    command.args(["--jobserver-tasks", "1"]).env("CARGO_INCREMENTAL", "1");
    command
}

/// Removes core's dependency on the crate of the schemes, which depends on core and would be compiled
/// for each mutant. Only the examples in the documentation need it.
fn without_dev_dependencies(manifest: &Path) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", manifest.display());
    let text = fs::read_to_string(manifest).map_err(failed)?;
    let without: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("countersign-schemes = ")).collect();
    fs::write(manifest, without.join("\n") + "\n").map_err(failed)
}

/// The list of the survivors, if the run has written it.
fn missed(folder: &Path) -> Option<String> {
    let file: PathBuf = folder.join("mutants.out/missed.txt");
    fs::read_to_string(file).ok()
}

fn in_a_path(shard: &str) -> String {
    shard.replace('/', "-of-")
}

/// In these, a wrong comparison loses an event, or accepts a forged one: the comparison of tags, the
/// timestamps and their tolerance, leases, retention, the identity of events, the limits of bodies.
const DECIDING: [&str; 18] = [
    "crates/countersign-core/src/crypto/mac.rs",
    "crates/countersign-core/src/crypto/inline_buf.rs",
    "crates/countersign-core/src/time/timestamp.rs",
    "crates/countersign-core/src/time/tolerance.rs",
    "crates/countersign-core/src/time/unit.rs",
    "crates/countersign-core/src/time/validity.rs",
    "crates/countersign-core/src/idempotency/protocol.rs",
    "crates/countersign-core/src/idempotency/bounded.rs",
    "crates/countersign-core/src/idempotency/key.rs",
    "crates/countersign-core/src/scheme/profile.rs",
    "crates/countersign-core/src/scheme/identity.rs",
    "crates/countersign-core/src/scheme/constant_id.rs",
    "crates/countersign-core/src/verify/event.rs",
    "crates/countersign-core/src/verify/event_digest.rs",
    "crates/countersign-core/src/verify/body_verifier.rs",
    "crates/countersign-core/src/body.rs",
    "crates/countersign-core/src/body/budget.rs",
    "crates/countersign-core/src/scheme/builder/limits.rs",
];
