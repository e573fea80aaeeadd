//! Properties that hold for every input. A fuzzer searches for a counterexample.
//!
//! | file | property |
//! | --- | --- |
//! | `verify.rs` | a verified delivery has the contents that were signed, for any change to a request |
//! | `sign_then_verify.rs` | a signed delivery verifies, and fails verification if one bit is flipped |
//! | `split_body.rs` | a body gives the same result in pieces as in one piece, encoded or not |
//! | `signature_lists.rs` | a list of signatures is read as by a simple parser |
//! | `timestamps.rs` | timestamps are read as by a simple parser, and checked to the millisecond |
//! | `forms.rs` | the fields of a form are sorted as by a simple parser |
//! | `json_pointers.rs` | a JSON pointer finds the same value as `serde_json` |
//! | `tags.rs` | a tag is decoded as strictly as by simple decoders |
//! | `secrets.rs` | a secret is decoded in the same way; an unusable one causes a typed error that does not show it |
//! | `scheme_files.rs` | a scheme file can be read, written and used, or causes an error that says what to fix |
//! | `protocol.rs` | no event has two active holders, and a completed event stays completed |
//! | `diagnose.rs` | a diagnosis is certain only after a successful trial, and shows no secret |
//!
//! Helpers: `input.rs` parses an input, `request.rs` and `endpoints.rs` make a request and its
//! receiver from it, `parties.rs` contains keys for every scheme, and `plain.rs` the simple
//! parsers.
//!
//! An input is text if possible, so that crashes are easy to read and to write. The tests of the
//! project run every target on its seeds, in `tests/core/fuzz.rs`.

mod diagnose;
mod endpoints;
mod forms;
mod input;
mod json_pointers;
mod parties;
mod plain;
mod protocol;
mod request;
mod scheme_files;
mod secrets;
mod sign_then_verify;
mod signature_lists;
mod split_body;
mod tags;
mod timestamps;
mod verify;

/// All targets, in the order of the steps of verification.
pub const TARGETS: [Target; 12] = [
    verify::TARGET,
    sign_then_verify::TARGET,
    split_body::TARGET,
    signature_lists::TARGET,
    timestamps::TARGET,
    forms::TARGET,
    json_pointers::TARGET,
    tags::TARGET,
    secrets::TARGET,
    scheme_files::TARGET,
    protocol::TARGET,
    diagnose::TARGET,
];

/// A property, and the first inputs for its fuzzer.
pub struct Target {
    /// The name of its file in `fuzz_targets`.
    pub name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Checks the property for this input.
    ///
    /// # Panics
    ///
    /// If the property does not hold.
    pub fn run(&self, input: &[u8]) {
        (self.run)(input);
    }

    /// The inputs that a fuzzer starts from.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }
}

/// Functions for the fuzzers, each of which runs one target.
#[cfg(not(test))]
impl Target {
    /// Returns the target with this name.
    pub fn named(name: &str) -> &'static Self {
        TARGETS.iter().find(|target| target.name == name).expect("the target is in the list")
    }

    /// Writes the seeds into the folder in which `cargo fuzz` keeps the target's corpus. They are
    /// generated each time: most come from the test vectors, which are already in the repository.
    pub fn plant(&self) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
        let folder = std::path::Path::new(folder).join(self.name);
        std::fs::create_dir_all(&folder).expect("the folder of the corpus can be made");
        for (number, seed) in self.seeds().iter().enumerate() {
            let file = folder.join(format!("seed-{number:03}"));
            std::fs::write(file, seed).expect("a seed can be written");
        }
    }
}
