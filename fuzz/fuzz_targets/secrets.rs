//! A secret is decoded as strictly as by simple decoders, and never shown.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("secrets").plant(), |input: &[u8]| Target::named("secrets").run(input));
