//! Timestamps are read as a plain reader reads them, and judged to the millisecond.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("timestamps").plant(), |input: &[u8]| Target::named("timestamps").run(input));
