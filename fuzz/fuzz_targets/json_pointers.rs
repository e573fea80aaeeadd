//! A JSON pointer finds the same value as `serde_json`.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("json_pointers").plant(), |input: &[u8]| Target::named("json_pointers").run(input));
