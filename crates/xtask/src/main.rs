//! The project's development commands: `cargo xtask test`, `ci` and others; `cargo xtask help`.
//!
//! They need a Rust toolchain and a package manager. They install other missing tools, and announce
//! each installation first.

mod bench;
mod ci;
mod ct;
mod dependencies;
mod foreign_types;
mod fuzz;
mod interop;
mod language;
mod minimal_versions;
mod mutants;
mod package;
mod run;
mod rust_version;
mod schemes;
mod servers;
mod sim;
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
        ("schemes", []) => schemes::schemes(),
        ("language", []) => language::check(),
        ("foreign-types", []) => foreign_types::check(),
        ("minimal-versions", []) => minimal_versions::check(),
        ("rust-version", []) => rust_version::check(),
        ("bench", []) => bench::bench(""),
        ("bench", [part]) => bench::bench(part),
        ("ct", []) => ct::ct(),
        ("dependencies", []) => dependencies::dependencies(),
        ("interop", []) => interop::interop(""),
        ("interop", [part]) => interop::interop(part),
        ("fuzz", []) => fuzz::fuzz("60"),
        ("fuzz", [seconds]) => fuzz::fuzz(seconds),
        ("mutants", args) => {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            match args.as_slice() {
                ["--shard", shard, files @ ..] => mutants::mutants(Some(shard), files),
                files => mutants::mutants(None, files),
            }
        }
        ("sim", args) => {
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            match args.as_slice() {
                [] => sim::for_seconds("30"),
                ["--mutants"] => sim::mutants(None),
                ["--mutants", name] => sim::mutants(Some(name)),
                ["--sweep"] => sim::sweep("100"),
                ["--sweep", scenarios] => sim::sweep(scenarios),
                ["--seed", seed] => sim::seed(seed),
                ["--seeds", first, count] => sim::seeds(first, count),
                [seconds] => sim::for_seconds(seconds),
                _ => return usage(),
            }
        }
        ("help" | "--help" | "-h", []) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => return usage(),
    };

    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nerror: {message}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

const USAGE: &str = "\
Usage: cargo xtask <COMMAND>

  test [ARGS]  runs all tests of the workspace, doctests included; the last line counts passed and
               failed tests; ARGS are passed to `cargo test`, for example
               `cargo xtask test -- timestamp`
  ci           runs all checks that must pass before a change is merged: formatting, language,
               spelling, package contents, lints, each feature alone, foreign types, lowest versions,
               lowest Rust, rustdoc, all tests, and the checks of the dependencies
  language     rejects words of the old dialect in comments, names, Markdown and printed
               texts
  schemes      writes the constructors of countersign-schemes, the test vectors, docs/SCHEMES.md
               and docs/FIDELITY.md, after a file in crates/countersign-schemes/providers/ was added or changed
  foreign-types
               compares the types of other crates in the public API of each library with the list in
               its manifest
  minimal-versions
               checks that the workspace compiles with the lowest versions that its manifests allow
  rust-version
               checks that the workspace compiles with the lowest version of Rust that its manifest
               names
  bench [PART]
               prints the tables of docs/BENCHMARKS.md, or those whose names contain PART
  sim [SECS]   runs the deterministic simulation with fresh seeds for SECS seconds, 30 by default
  sim --seed N replays a seed, and prints its history
  sim --seeds FIRST COUNT
               runs COUNT seeds
  sim --sweep [COUNT]
               lets each call of the store fail in each way, in COUNT scenarios
  sim --mutants [NAME]
               checks that the simulation catches each fault in sim/mutants
  mutants [--shard K/N] [FILE...]
               changes core in small ways and checks that a test notices; continues an
               interrupted run
  ct           checks under valgrind that no branch and no index depends on a secret
  interop [PART]
               runs the official SDKs of npm and PyPI against the program, for the schemes whose names
               contain PART, or all; the results of all are written to tests/interop/results.json
  dependencies writes docs/DEPENDENCIES.md: the dependencies with `unsafe` code
  fuzz [SECS]  runs every fuzzer of `fuzz/` for SECS seconds, 60 by default

Missing tools are installed: redis-server, Postgres, PgBouncer and valgrind with apt-get, dnf, apk or brew;
rustfmt and clippy with rustup; cargo-hack, cargo-deny and cargo-mutants with cargo; for `fuzz`, a nightly toolchain with rustup and
cargo-fuzz with cargo.";
