//! The fields of a form are sorted as by a simple parser.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("forms").plant(), |input: &[u8]| Target::named("forms").run(input));
