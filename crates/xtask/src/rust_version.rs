//! Checks that the workspace compiles with the lowest version of Rust that its manifest names.

use std::fs;
use std::io;
use std::path::Path;

use crate::run;

/// Installs that version by rustup if it is missing. Its results are removed afterwards: no other
/// step uses them.
pub(crate) fn check() -> Result<(), String> {
    let root = Path::new(run::ROOT);
    let toolchain = toolchain(root)?;
    ensure(&toolchain)?;
    let target = root.join("target/rust-version");
    // rustup selects the toolchain, so this is the `cargo` of rustup.
    let mut check = run::program("cargo");
    check.arg(format!("+{toolchain}")).args(CHECK.split_whitespace());
    run::checked(run::without_cargo_variables(check).env("CARGO_TARGET_DIR", &target))?;
    match fs::remove_dir_all(&target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", target.display()))
        }
        _ => Ok(()),
    }
}

const CHECK: &str = "check --locked --workspace --all-features";

/// The `rust-version` of the workspace's manifest.
fn toolchain(root: &Path) -> Result<String, String> {
    let path = root.join("Cargo.toml");
    let manifest = fs::read_to_string(&path).map_err(|error| format!("Cargo.toml: {error}"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \""));
    match line.and_then(|rest| rest.strip_suffix('"')) {
        Some(version) => Ok(version.to_owned()),
        None => Err(format!("{} has no line `rust-version = \"…\"`", path.display())),
    }
}

fn ensure(toolchain: &str) -> Result<(), String> {
    let mut version = run::program("cargo");
    version.arg(format!("+{toolchain}")).arg("--version");
    if run::succeeds(&mut run::without_cargo_variables(version)) {
        return Ok(());
    }
    let install = ["toolchain", "install", toolchain, "--profile", "minimal", "--no-self-update"];
    run::checked(run::program("rustup").args(install)).map_err(|message| {
        format!("Rust {toolchain} is missing and rustup could not install it: {message}")
    })
}
