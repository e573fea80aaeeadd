//! `cargo xtask bench`: prints the tables of `docs/BENCHMARKS.md`.

use std::env;
use std::path::Path;

use crate::{run, servers};

/// Runs all benchmarks, or those whose names contain `part`, each after a heading
/// with its command. For figures that mean something, nothing else may run.
pub(crate) fn bench(part: &str) -> Result<(), String> {
    servers::ensure_installed()?;
    let selected = || BENCHES.iter().filter(|(name, _)| name.contains(part));
    if selected().next().is_none() {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        return Err(format!("no benchmark `{part}`; there are {}", names.join(", ")));
    }
    println!("{}\n", hash_instructions());
    for (name, command) in selected() {
        let mut command = run::cargo(command);
        if *name == "growth" {
            run::checked(&mut run::cargo("build --release -p countersign-cli"))?;
            let folder = env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned());
            let program = Path::new(run::ROOT).join(&folder).join("release/countersign");
            let program = program.canonicalize().map_err(|error| error.to_string())?;
            command.env("COUNTERSIGN_PROGRAM", program);
        }
        println!("\n## {name}\n");
        run::checked(&mut command)?;
    }
    Ok(())
}

/// The processor and its instructions that hashes use, because the figures depend on them.
fn hash_instructions() -> String {
    let file = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |name: &str| {
        let line = file.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or("", |(_, value)| value.trim()).to_owned()
    };
    let (model, flags) = (of("model name"), of("flags"));
    let found: Vec<&str> =
        flags.split(' ').filter(|flag| ["sha_ni", "avx2", "avx512f"].contains(flag)).collect();
    if model.is_empty() {
        return "Processor: unknown".to_owned();
    }
    format!("Processor: {model}; hash instructions: {}", found.join(", "))
}

const BENCHES: [(&str, &str); 11] = [
    ("verification", "bench --manifest-path benches/libraries/Cargo.toml --bench ratios"),
    ("unauthenticated", "bench -p countersign-benches --bench unauthenticated"),
    ("memory-store", "bench -p countersign-benches --bench memory_store"),
    ("redis-store", "bench -p countersign-benches --bench redis_store"),
    ("sqlite-store", "bench -p countersign-benches --bench sqlite_store"),
    ("sqlite-queue", "bench -p countersign-benches --bench sqlite_queue"),
    ("postgres-store", "bench -p countersign-benches --bench postgres_store"),
    ("handoffs", "bench -p countersign-benches --bench handoffs"),
    ("adapters", "bench -p countersign-benches --bench http"),
    ("growth", "bench -p countersign-benches --bench growth"),
    ("watching", "bench -p countersign-watching-benches"),
];
