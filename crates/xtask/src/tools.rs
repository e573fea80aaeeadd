//! Installs the tools of `cargo xtask ci` and `cargo xtask fuzz`. Any installed version is used.

use std::env::consts::EXE_SUFFIX;
use std::path::Path;
use std::process::{Child, Command, Stdio};

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
    ensure_cargo("hack", "cargo-hack@0.6.46")
}

/// An installation of cargo-deny and cargo-machete at low priority, while the steps that use one
/// processor or wait for servers run.
#[derive(Default)]
pub(crate) struct Background {
    /// `None` before the start, after the end, and if both tools are there.
    install: Option<Child>,
}

impl Background {
    /// Starts the installation of those that are missing.
    pub(crate) fn start(&mut self) -> Result<(), String> {
        let missing = [("deny", "cargo-deny@0.20.2"), ("machete", "cargo-machete@0.9.2")]
            .into_iter()
            .filter(|(subcommand, _)| !is_there(subcommand))
            .map(|(_, package)| package)
            .collect::<Vec<_>>();
        if missing.is_empty() {
            return Ok(());
        }
        let cargo = run::cargo(INSTALL);
        let mut command = run::program("nice");
        command.args(["-n", "19"]).arg(cargo.get_program()).args(cargo.get_args());
        command.arg("--quiet").args(&missing);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        println!("installing {} in the background", missing.join(" and "));
        let child = run::without_cargo_variables(command)
            .spawn()
            .map_err(|error| format!("`nice cargo install` could not be started: {error}"))?;
        self.install = Some(child);
        Ok(())
    }

    /// Waits for the end of the installation. Its errors are in the message.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        let Some(child) = self.install.take() else { return Ok(()) };
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let messages = String::from_utf8_lossy(&output.stderr);
        Err(format!("cargo-deny or cargo-machete could not be installed:\n{messages}"))
    }
}

impl Drop for Background {
    /// After a failed step: no process is left behind.
    fn drop(&mut self) {
        if let Some(child) = &mut self.install {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Returns the spell checker `typos`, and installs it if it is missing: with Python's package
/// manager, which has it as a program, or with cargo, which compiles it for minutes.
pub(crate) fn ensure_typos() -> Result<Command, String> {
    if run::succeeds(run::program("typos").arg("--version")) {
        return Ok(run::program("typos"));
    }
    let environment = Path::new(run::ROOT).join("target/typos");
    let installed = || run::program(environment.join("bin/typos"));
    if run::succeeds(installed().arg("--version")) {
        return Ok(installed());
    }
    println!("the spell checker typos is missing: installing it");
    let is_there = run::succeeds(run::program("python3").args(["-m", "venv"]).arg(&environment))
        && run::succeeds(run::program(environment.join("bin/pip")).args(["install", TYPOS_OF_PIP]))
        && run::succeeds(installed().arg("--version"));
    if is_there {
        return Ok(installed());
    }
    install(TYPOS)?;
    Ok(run::program("typos"))
}

/// Installs a nightly toolchain if it is missing: the fuzzers use nightly compiler features.
pub(crate) fn ensure_nightly() -> Result<(), String> {
    ensure_toolchain(run::NIGHTLY)
}

/// Installs a toolchain of rustup, `nightly` or a version of Rust, if it is missing.
pub(crate) fn ensure_toolchain(name: &str) -> Result<(), String> {
    if run::succeeds(&mut run::cargo_of(name, "--version")) {
        return Ok(());
    }
    let args = ["toolchain", "install", name, "--profile", "minimal"];
    run::checked(run::program("rustup").args(args))
        .map_err(|message| format!("rustup could not install the toolchain {name}: {message}"))
}

pub(crate) fn ensure_cargo_fuzz() -> Result<(), String> {
    ensure_cargo("fuzz", "cargo-fuzz@0.13.2")
}

pub(crate) fn ensure_cargo_mutants() -> Result<(), String> {
    ensure_cargo("mutants", "cargo-mutants@27.1.0")
}

pub(crate) fn ensure_cargo_llvm_cov() -> Result<(), String> {
    ensure_cargo("llvm-cov", "cargo-llvm-cov@0.6.21")
}

/// Installs the component of the toolchain that reads what instrumented code wrote.
pub(crate) fn ensure_llvm_tools() -> Result<(), String> {
    let folder = run::output(run::program("rustc").args(["--print", "target-libdir"]))?;
    let folder = Path::new(String::from_utf8_lossy(&folder).trim()).join("../bin");
    if folder.join(format!("llvm-cov{EXE_SUFFIX}")).is_file() {
        return Ok(());
    }
    run::checked(run::program("rustup").args(["component", "add", "llvm-tools"]))
        .map_err(|message| format!("rustup could not add llvm-tools: {message}"))
}

/// Installs Miri, and the sources of the standard library, which it compiles for each target.
pub(crate) fn ensure_miri() -> Result<(), String> {
    ensure_nightly()?;
    let args = ["component", "add", "--toolchain", "nightly", "miri", "rust-src"];
    run::checked(run::program("rustup").args(args))
        .map_err(|message| format!("rustup could not add miri: {message}"))
}

pub(crate) fn ensure_cargo_cyclonedx() -> Result<(), String> {
    ensure_cargo("cyclonedx", "cargo-cyclonedx@0.5.7")
}

pub(crate) fn ensure_cargo_auditable() -> Result<(), String> {
    ensure_cargo("auditable", "cargo-auditable@0.7.0")
}

/// Installs the package of a subcommand of cargo, if it is missing.
fn ensure_cargo(subcommand: &str, package: &str) -> Result<(), String> {
    if is_there(subcommand) { Ok(()) } else { install(package) }
}

fn is_there(subcommand: &str) -> bool {
    run::succeeds(run::cargo(subcommand).arg("--version"))
}

fn install(package: &str) -> Result<(), String> {
    run::checked(run::cargo(INSTALL).arg(package))
        .map_err(|message| format!("{package} could not be installed: {message}"))
}

const TYPOS: &str = "typos-cli@1.52.0";
const TYPOS_OF_PIP: &str = "typos==1.52.0";

/// In the dev profile: the tools run for seconds, and an optimised build takes minutes longer.
const INSTALL: &str = "install --locked --debug --config profile.dev.debug=false";
