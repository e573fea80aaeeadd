//! `cargo xtask test`: runs all tests of the workspace.

use crate::tally::Tally;
use crate::{redis, run};

/// Runs all tests, doctests included, and prints the number of passed and failed tests in the last
/// line. No test is skipped. The tests of the Redis store start `redis-server`, so it is installed
/// first.
///
/// Without `--no-fail-fast` cargo would stop after the first package with a failure, and the last
/// line would count only the failures of that package.
pub(crate) fn test(cargo_test_args: &[String]) -> Result<(), String> {
    redis::ensure_installed()?;
    let mut tally = Tally::default();
    let mut command = run::cargo("test --workspace --all-features --no-fail-fast");
    let result = run::watched(command.args(cargo_test_args), |line| tally.add(line));
    println!("\n{tally}");
    result
}
