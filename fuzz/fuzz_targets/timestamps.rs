//! Timestamps are read as by a simple parser, and checked to the millisecond.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("timestamps").plant(), |input: &[u8]| Target::named("timestamps").run(input));
