//! A signed delivery verifies, and fails verification if one bit is flipped.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("sign_then_verify").plant(), |input: &[u8]| Target::named("sign_then_verify").run(input));
