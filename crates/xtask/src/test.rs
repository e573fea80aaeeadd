//! `cargo xtask test`: every test of the workspace.

use crate::{redis, run};

/// Runs every test, doctests included, and skips none. Tests of the Redis store start a server of
/// their own, so the program has to be there first.
pub(crate) fn test(cargo_test_args: &[String]) -> Result<(), String> {
    redis::ensure_installed()?;
    run::checked(run::cargo("test --workspace --all-features").args(cargo_test_args))
}
