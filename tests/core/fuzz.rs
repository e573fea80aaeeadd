//! Runs the fuzz targets of `fuzz/` on their seeds and on inputs near them, so that the targets
//! stay correct even if no fuzzer runs.

#[allow(unreachable_pub, reason = "to the fuzzers it is a library")]
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::thread;

use targets::{TARGETS, Target};

#[test]
fn every_fuzz_target_passes_for_its_seeds_and_mutations_of_them() {
    thread::scope(|scope| {
        for target in &TARGETS {
            scope.spawn(|| {
                let seeds = target.seeds();
                assert!(seeds.len() > 4, "{} has next to no seeds", target.name);
                let mut random = Random(42);
                for seed in &seeds {
                    assert_holds(target, seed);
                    for _ in 0..NEAR {
                        assert_holds(target, &random.near(seed));
                    }
                }
                for input in [&b""[..], b"\0", b"\n", &[255; 64]] {
                    assert_holds(target, input);
                }
            });
        }
    });
}

#[test]
fn every_fuzz_target_has_a_fuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let fuzzers: BTreeSet<String> = fs::read_dir(folder.join("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = TARGETS.iter().map(|target| format!("{}.rs", target.name)).collect();
    assert_eq!(fuzzers, expected);
    for Target { name, .. } in &TARGETS {
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\""))
        );
        let fuzzer = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        let named = format!("Target::named(\"{name}\")");
        assert_eq!(fuzzer.matches(&named).count(), 2, "{fuzzer}");
    }
}

/// Runs a target. The input in the panic message is the start of a fix.
fn assert_holds(target: &'static Target, input: &[u8]) {
    if catch_unwind(|| target.run(input)).is_err() {
        panic!("{} does not hold for b\"{}\"", target.name, input.escape_ascii());
    }
}

/// How many inputs are tried near each seed.
const NEAR: usize = 3;

/// The same numbers in every run, so that a failure is reproducible.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // Xorshift, 64 bits.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    /// An input with one to four bytes changed, removed or inserted.
    fn near(&mut self, input: &[u8]) -> Vec<u8> {
        let mut near = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(near.len() + 1);
            match self.below(4) {
                0 | 1 if at < near.len() => near[at] ^= 1 << self.below(8),
                2 if at < near.len() => drop(near.remove(at)),
                _ => near.insert(at, self.below(256) as u8),
            }
        }
        near
    }
}
