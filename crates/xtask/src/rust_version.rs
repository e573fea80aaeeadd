//! Checks that the workspace compiles with the lowest version of Rust that its manifest names.

use std::fs;
use std::path::Path;

use crate::{run, tools};

/// Installs that version by rustup if it is missing. Its results are removed afterwards: no other
/// step uses them.
pub(crate) fn check() -> Result<(), String> {
    let root = Path::new(run::ROOT);
    let toolchain = toolchain(root)?;
    tools::ensure_toolchain(&toolchain)?;
    let target = root.join("target/rust-version");
    let mut check = run::cargo_of(&toolchain, "check --locked --workspace --all-features");
    run::checked(check.env("CARGO_TARGET_DIR", &target))?;
    fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))
}

/// The `rust-version` of the workspace's manifest.
fn toolchain(root: &Path) -> Result<String, String> {
    let path = root.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \""));
    match line.and_then(|rest| rest.strip_suffix('"')) {
        Some(version) => Ok(version.to_owned()),
        None => Err(format!("{} has no line `rust-version = \"…\"`", path.display())),
    }
}
