//! `cargo xtask ci`: all checks that must pass before a change is merged.

use std::time::{Duration, Instant};

use crate::tools::{self, Background};
use crate::{foreign_types, language, minimal_versions, package, run, rust_version, sim, test};

/// Runs the steps in order, stops at the first failure, and prints the duration of each step.
pub(crate) fn ci() -> Result<(), String> {
    let mut done = Vec::new();
    let mut background = Background::default();
    let mut result = Ok(());

    for (name, step) in STEPS {
        println!("\n=== {name} ===");
        let started = Instant::now();
        result =
            step(&mut background).map_err(|message| format!("the step `{name}` failed: {message}"));
        let took = started.elapsed();
        println!("=== {name}: {} in {} ===", verdict(&result), seconds(took));
        done.push((name, took, verdict(&result)));
        if result.is_err() {
            break;
        }
    }

    println!("\n{:<20} {:>9}", "step", "took");
    for (name, took, verdict) in &done {
        println!("{name:<20} {:>9}  {verdict}", seconds(*took));
    }
    let total = done.iter().map(|(_, took, _)| took).sum();
    println!("{:<20} {:>9}", "all", seconds(total));
    result
}

type Step = fn(&mut Background) -> Result<(), String>;

/// The steps that fail soonest come first. A tool is installed right before its step, in a separate
/// step, so that the summary shows its time separately. Those of the last two steps take longest:
/// they are installed in the background.
const STEPS: [(&str, Step); 19] = [
    ("install rustfmt", |_| tools::ensure_component("rustfmt")),
    ("formatting", |_| formatting()),
    ("language", |_| language::check()),
    ("spelling", |_| run::checked(&mut tools::ensure_typos()?)),
    ("packages", |_| package::packages()),
    ("install clippy", |_| tools::ensure_component("clippy")),
    ("lints", |_| lints()),
    ("install cargo-hack", |_| tools::ensure_cargo_hack()),
    ("start other tools", Background::start),
    ("each feature", |_| each_feature()),
    ("foreign types", |_| foreign_types::check()),
    ("lowest versions", |_| minimal_versions::check()),
    ("lowest Rust", |_| rust_version::check()),
    ("documentation", |_| documentation()),
    ("tests", |_| test::test(&[])),
    ("simulation", |_| sim::ci()),
    ("await other tools", Background::wait),
    ("dependencies", |_| dependencies()),
    ("unused dependencies", |_| unused_dependencies()),
];

fn formatting() -> Result<(), String> {
    run::checked(&mut run::cargo("fmt --all -- --check"))
}

/// `--all-targets` includes the examples, the tests and the benchmarks.
fn lints() -> Result<(), String> {
    run::checked(&mut run::cargo("clippy --workspace --all-targets --all-features -- -D warnings"))
}

/// Checks each published crate without features, with each feature alone, and with all features.
///
/// `-D warnings` after the `--` does not change `RUSTFLAGS`, so the dependencies are not built a
/// second time. `--no-dev-deps`, which rewrites the manifests while it runs, is not needed: a check
/// of the library does not enable features that only a dev-dependency requires (resolver 2 and
/// later).
fn each_feature() -> Result<(), String> {
    run::checked(&mut run::cargo(
        "hack clippy --workspace --ignore-private --each-feature -- -D warnings",
    ))
}

fn documentation() -> Result<(), String> {
    run::checked(
        run::cargo("doc --workspace --no-deps --all-features").env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Checks the dependencies against the rules of `deny.toml`: bans, licences, sources.
fn dependencies() -> Result<(), String> {
    run::checked(&mut run::cargo("deny check bans licenses sources"))
}

/// Fails if a crate has a dependency whose name is nowhere in its source.
fn unused_dependencies() -> Result<(), String> {
    run::checked(&mut run::cargo("machete"))
}

fn verdict(result: &Result<(), String>) -> &'static str {
    if result.is_ok() { "ok" } else { "FAILED" }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
