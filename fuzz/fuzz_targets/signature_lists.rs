//! A list of signatures is read as by a simple parser.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("signature_lists").plant(), |input: &[u8]| Target::named("signature_lists").run(input));
