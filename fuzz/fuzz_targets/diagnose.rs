//! Nothing is certain that no trial has proved, and no secret is told.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("diagnose").plant(), |input: &[u8]| Target::named("diagnose").run(input));
