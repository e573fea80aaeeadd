//! What holds for every input, for a fuzzer to search for one for which it does not.
//!
//! | file | what it holds to |
//! | --- | --- |
//! | `verify.rs` | what is proved is what was signed, however a request was changed |
//! | `sign_then_verify.rs` | what is signed verifies, and with one bit flipped does not |
//! | `split_body.rs` | a body is the same in pieces as whole, encoded or not |
//! | `signature_lists.rs` | a list of signatures is read as a plain reader reads it |
//! | `timestamps.rs` | timestamps are read as a plain reader reads them, and judged to the millisecond |
//! | `forms.rs` | the fields of a form are sorted as by a plain parser |
//! | `json_pointers.rs` | what stands at a pointer is what `serde_json` finds there |
//! | `tags.rs` | a tag is decoded as strictly as by plain decoders |
//! | `secrets.rs` | so is a secret; one that is of no use gets a typed error that does not show it |
//! | `scheme_files.rs` | a description that is read can be written and used, or says what to mend |
//! | `protocol.rs` | no event has two live holders, and what is done stays done |
//! | `diagnose.rs` | nothing is certain that no trial has proved, and no secret is told |
//!
//! Beside them: `input.rs` takes an input apart, `request.rs` and `endpoints.rs` make a request and
//! its receiver of it, `parties.rs` holds keys for every scheme, and `plain.rs` the plain readers.
//!
//! An input is text where it can be, so that a crash can be read and written by hand. The tests of
//! the project run every target over its seeds, in `tests/it/fuzz.rs`.

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

/// All targets, in the order of the path.
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

/// A property, and inputs to begin with.
pub struct Target {
    /// The name of its file in `fuzz_targets`.
    pub name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
}

impl Target {
    /// Panics where the property does not hold for this input.
    pub fn run(&self, input: &[u8]) {
        (self.run)(input);
    }

    /// Inputs from which a fuzzer goes on.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }
}

/// For the fuzzers, each of which runs one target.
#[cfg(not(test))]
impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> &'static Self {
        TARGETS.iter().find(|target| target.name == name).expect("the target is in the list")
    }

    /// Puts the seeds into the folder in which `cargo fuzz` keeps the target's corpus. They are made
    /// anew each time: most come from the test vectors, which are in the repository already.
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
