//! A body gives the same result in pieces as in one piece, encoded or not.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("split_body").plant(), |input: &[u8]| Target::named("split_body").run(input));
