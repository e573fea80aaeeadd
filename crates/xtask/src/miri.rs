//! `cargo xtask miri`: core's unit tests in an interpreter that reports undefined behaviour.

use crate::{run, tools};

/// Runs core's unit tests under Miri, whose names contain `filter`, for each target or the one named.
///
/// Core forbids `unsafe`: this is about the dependencies that it passes bytes to, and about tests that
/// hold on other processors. Without the features that need foreign code or a socket: `asymmetric` is
/// ring, which is C and assembly.
pub(crate) fn miri(target: Option<&str>, filter: &[&str]) -> Result<(), String> {
    tools::ensure_miri()?;
    for target in target.map_or(TARGETS.to_vec(), |target| vec![target]) {
        println!("\n=== {target} ===");
        let mut command = run::nightly("miri test --package countersign-core --lib");
        command.args(["--features", FEATURES, "--target", target]);
        command.arg("--").args(filter);
        run::checked(&mut command)?;
    }
    Ok(())
}

/// The second has 32 bits, the third the other order of bytes.
const TARGETS: [&str; 3] =
    ["x86_64-unknown-linux-gnu", "i686-unknown-linux-gnu", "s390x-unknown-linux-gnu"];

const FEATURES: &str = "http,serde,compression,metrics,tracing,tokio";
