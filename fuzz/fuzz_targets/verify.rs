//! What is proved is what was signed, however a request was changed.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("verify").plant(), |input: &[u8]| Target::named("verify").run(input));
