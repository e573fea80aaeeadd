//! A description that is read can be written and used, or says what to mend.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("scheme_files").plant(), |input: &[u8]| Target::named("scheme_files").run(input));
