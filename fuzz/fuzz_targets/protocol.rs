//! No event has two live holders, and what is done stays done.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("protocol").plant(), |input: &[u8]| Target::named("protocol").run(input));
