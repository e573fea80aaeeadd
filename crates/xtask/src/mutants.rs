//! `cargo xtask mutants`: changes the code of core in small ways, and checks that a test notices.

use std::fs;
use std::path::Path;

use crate::run::{self, ROOT};
use crate::tools;

/// Tests the mutants of the files; of the files that decide most, if none is given.
///
/// In two stages: all mutants against core's own unit tests, which takes seconds for each; the
/// survivors against the tests of `tests/core`. Interrupted runs continue where they stopped,
/// because what was caught before is not tested again.
pub(crate) fn mutants(shard: Option<&str>, files: &[&str]) -> Result<(), String> {
    tools::ensure_cargo_mutants()?;
    let output = format!("target/mutants/{}", shard.map_or("all".to_owned(), in_a_path));
    let folder = Path::new(ROOT).join(&output);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files = if files.is_empty() { DECIDING.as_slice() } else { files };
    let unit = ["--test-package", "countersign-core"];
    let integration = ["--test-package", "countersign-core,countersign-tests-core"];
    for (stage, tests) in [("unit tests", unit), ("unit tests and tests/core", integration)] {
        println!("\n=== mutants against the {stage} ===");
        let mut command = run::cargo("mutants --iterate --no-shuffle --jobs 1 --baseline skip");
        command.args(["--timeout", "120", "--package", "countersign-core", "--all-features"]);
        command.args(["--output", &output]).args(tests);
        if let Some(shard) = shard {
            command.args(["--shard", shard]);
        }
        for file in files {
            command.args(["--file", file]);
        }
        // The exit status 2 means that there are survivors, which the next stage tests.
        let ended = run::checked(&mut command);
        let survivors = missed(&output);
        if ended.is_err() && survivors.is_none() {
            return ended;
        }
        if survivors.as_deref().unwrap_or_default().is_empty() {
            return Ok(());
        }
    }
    let survivors = missed(&output).unwrap_or_default();
    Err(format!("no test notices these mutants:\n{survivors}"))
}

/// The list of the survivors, if the run has written it.
fn missed(output: &str) -> Option<String> {
    fs::read_to_string(Path::new(ROOT).join(output).join("mutants.out/missed.txt")).ok()
}

fn in_a_path(shard: &str) -> String {
    shard.replace('/', "-of-")
}

/// In these, a wrong comparison loses an event, or accepts a forged one.
const DECIDING: [&str; 7] = [
    "crates/countersign-core/src/crypto/mac.rs",
    "crates/countersign-core/src/time/timestamp.rs",
    "crates/countersign-core/src/time/tolerance.rs",
    "crates/countersign-core/src/idempotency/protocol.rs",
    "crates/countersign-core/src/idempotency/key.rs",
    "crates/countersign-core/src/body/budget.rs",
    "crates/countersign-core/src/scheme/profile.rs",
];
