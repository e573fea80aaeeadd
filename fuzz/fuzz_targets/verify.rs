//! A verified delivery has the contents that were signed, for any change to a request.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("verify").plant(), |input: &[u8]| Target::named("verify").run(input));
