//! A diagnosis is certain only after a successful trial, and shows no secret.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("diagnose").plant(), |input: &[u8]| Target::named("diagnose").run(input));
