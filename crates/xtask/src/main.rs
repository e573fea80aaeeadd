//! The project's development commands: `cargo xtask test`, `ci`, `docs` and `fuzz`.
//!
//! They need a Rust toolchain and a package manager. What else is missing they install, and say so
//! before they do.

mod ci;
mod docs;
mod fuzz;
mod package;
mod redis;
mod run;
mod tally;
mod test;
mod tools;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();

    let result = match (command.as_str(), rest.as_slice()) {
        ("test", cargo_test_args) => test::test(cargo_test_args),
        ("ci", []) => ci::ci(),
        ("docs", []) => docs::docs(),
        ("fuzz", []) => fuzz::fuzz("60"),
        ("fuzz", [seconds]) => fuzz::fuzz(seconds),
        ("help" | "--help" | "-h", []) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };

    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

  test [ARGS]  runs every test of the workspace, doctests included, and ends with one line: how
               many passed and failed; ARGS go to `cargo test`, as in
               `cargo xtask test -- timestamp`
  ci           runs all that must pass before a change is merged: formatting, what the packages
               hold, lints, each feature on its own, rustdoc, every test, and the checks of the
               dependencies
  docs         writes docs/SCHEMES.md anew, after a scheme was added or changed
  fuzz [SECS]  runs every fuzzer of `fuzz/` for so many seconds, 60 by default

Tools that are missing are installed: redis-server by apt-get, dnf, apk or brew; rustfmt and
clippy by rustup; cargo-hack and cargo-deny by cargo; for `fuzz` a nightly toolchain by rustup
and cargo-fuzz by cargo.";
