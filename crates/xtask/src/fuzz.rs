//! `cargo xtask fuzz`: the fuzzers of `fuzz/`, one after another.

use std::fs;
use std::path::Path;

use crate::run::{self, ROOT};
use crate::tools;

/// Runs every fuzzer for the given number of seconds, and stops at the first that finds a fault.
///
/// Not a part of `ci`, because it needs a nightly toolchain, a C++ compiler and minutes. The tests
/// run the targets on their seeds.
pub(crate) fn fuzz(seconds: &str) -> Result<(), String> {
    if seconds.parse::<u32>().is_err() {
        return Err(format!("`{seconds}` is not a number of seconds"));
    }
    tools::ensure_nightly()?;
    tools::ensure_cargo_fuzz()?;
    // The fuzzers use the same versions of the dependencies as the tests.
    let lock = |folder: &str| Path::new(ROOT).join(folder).join("Cargo.lock");
    fs::copy(lock("."), lock("fuzz"))
        .map_err(|error| format!("fuzz/Cargo.lock cannot be written: {error}"))?;
    let targets = run::output(&mut run::nightly("fuzz list"))?;
    for target in String::from_utf8_lossy(&targets).split_whitespace() {
        let limits = [format!("-max_total_time={seconds}"), "-timeout=20".to_owned()];
        run::checked(run::nightly("fuzz run").args([target, "--"]).args(limits))?;
    }
    Ok(())
}
