//! `cargo xtask test`: every test of the workspace.

use crate::tally::Tally;
use crate::{redis, run};

/// Runs every test, doctests included, skips none, and ends with one line: how many passed and
/// failed. Tests of the Redis store start a server of their own, so the program has to be there
/// first.
///
/// Without `--no-fail-fast` cargo would stop behind the first package with a failure, and the last
/// line would count that package's failures alone.
pub(crate) fn test(cargo_test_args: &[String]) -> Result<(), String> {
    redis::ensure_installed()?;
    let mut tally = Tally::default();
    let mut command = run::cargo("test --workspace --all-features --no-fail-fast");
    let result = run::watched(command.args(cargo_test_args), |line| tally.add(line));
    println!("\n{tally}");
    result
}
