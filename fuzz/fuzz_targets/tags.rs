//! A tag is decoded as strictly as by simple decoders.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("tags").plant(), |input: &[u8]| Target::named("tags").run(input));
