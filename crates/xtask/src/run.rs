//! Runs other programs in the root of the workspace, and prints their command lines.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Prints the command and runs it with the input and output of this process.
///
/// # Errors
///
/// If the command cannot be started or does not succeed.
pub(crate) fn checked(command: &mut Command) -> Result<(), String> {
    let line = as_typed(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}`: {status}")),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// Like [`checked`], and calls `seen` with each line of the output as it is written.
pub(crate) fn watched(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<(), String> {
    let line = as_typed(command);
    println!("$ {line}");
    let not_started = |error| format!("`{line}` could not be started: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(not_started)?;
    let copied = child.stdout.take().map_or(Ok(()), |stdout| copy_lines(stdout, &mut seen));
    let status = child.wait().map_err(|error| format!("`{line}`: {error}"))?;
    copied.map_err(|error| format!("the output of `{line}` could not be read: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}`: {status}")) }
}

/// Copies each line to the output of this process immediately and unchanged.
fn copy_lines(from: impl io::Read, seen: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        let mut out = io::stdout().lock();
        out.write_all(&line)?;
        out.flush()?;
        seen(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(())
}

/// Prints the command, runs it, and returns its standard output.
///
/// # Errors
///
/// If the command cannot be started or does not succeed.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let line = as_typed(command);
    println!("$ {line}");
    match command.stderr(Stdio::inherit()).output() {
        Ok(output) if output.status.success() => Ok(output.stdout),
        Ok(output) => Err(format!("`{line}`: {}", output.status)),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// Runs the command without any output, and returns whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The cargo that runs this program, with the words of `args` as arguments, in the environment of a
/// shell.
///
/// The variables that `cargo run` set about this package are removed from the environment. Build
/// scripts such as that of `ring` run again when those variables change, so `cargo test` and
/// `cargo xtask test` would invalidate each other's builds.
pub(crate) fn cargo(args: &str) -> Command {
    let mut command = program(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(args.split_whitespace());
    without_cargo_variables(command)
}

/// Like [`cargo`], on a nightly toolchain.
pub(crate) fn nightly(args: &str) -> Command {
    cargo_of(NIGHTLY, args)
}

/// Like [`cargo`], on this toolchain. rustup selects the toolchain, so this is the `cargo` of rustup.
pub(crate) fn cargo_of(toolchain: &str, args: &str) -> Command {
    let mut command = program("cargo");
    command.arg(format!("+{toolchain}")).args(args.split_whitespace());
    without_cargo_variables(command)
}

pub(crate) const NIGHTLY: &str = "nightly";

pub(crate) fn without_cargo_variables(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// A program of the system.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(ROOT);
    command
}

/// The command line as typed in a shell.
fn as_typed(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={:?}", name.display(), value?)));
    let program = Path::new(command.get_program()).file_name();
    let words = program.into_iter().chain(command.get_args());
    variables.chain(words.map(|word| word.display().to_string())).collect::<Vec<_>>().join(" ")
}

/// The root of the workspace, two folders above this package.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
