//! No event has two active holders, and a completed event stays completed.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("protocol").plant(), |input: &[u8]| Target::named("protocol").run(input));
