//! Installs the tools of `cargo xtask ci` and `cargo xtask fuzz`. Any installed version is used.

use crate::run;

/// Installs a component of the toolchain, `rustfmt` or `clippy`, if it is missing.
pub(crate) fn ensure_component(name: &str) -> Result<(), String> {
    let subcommand = name.trim_start_matches("rust");
    if is_there(subcommand) {
        return Ok(());
    }
    run::checked(run::program("rustup").args(["component", "add", name])).map_err(|message| {
        format!("{name} is missing and rustup could not add it: {message}\nInstall it manually.")
    })
}

pub(crate) fn ensure_cargo_hack() -> Result<(), String> {
    if is_there("hack") {
        return Ok(());
    }
    install("cargo-hack@0.6.46")
}

pub(crate) fn ensure_cargo_deny() -> Result<(), String> {
    if is_there("deny") {
        return Ok(());
    }
    install("cargo-deny@0.20.2")
}

pub(crate) fn ensure_cargo_machete() -> Result<(), String> {
    if is_there("machete") {
        return Ok(());
    }
    install("cargo-machete@0.9.2")
}

/// Installs a nightly toolchain if it is missing: the fuzzers use nightly compiler features.
pub(crate) fn ensure_nightly() -> Result<(), String> {
    if run::succeeds(&mut run::nightly("--version")) {
        return Ok(());
    }
    let args = ["toolchain", "install", "nightly", "--profile", "minimal"];
    run::checked(run::program("rustup").args(args))
        .map_err(|message| format!("rustup could not add a nightly toolchain: {message}"))
}

pub(crate) fn ensure_cargo_fuzz() -> Result<(), String> {
    if is_there("fuzz") {
        return Ok(());
    }
    install("cargo-fuzz@0.13.2")
}

fn is_there(subcommand: &str) -> bool {
    run::succeeds(run::cargo(subcommand).arg("--version"))
}

/// Installs a tool, built in the dev profile: the tools run for seconds, and an optimised build takes
/// minutes longer.
fn install(package: &str) -> Result<(), String> {
    let args = "install --locked --debug --config profile.dev.debug=false";
    run::checked(run::cargo(args).arg(package))
        .map_err(|message| format!("{package} could not be installed: {message}"))
}
