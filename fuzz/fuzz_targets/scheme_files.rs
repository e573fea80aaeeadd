//! A scheme file can be read, written and used, or causes an error that says what to fix.
#![no_main]

use countersign_fuzz::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: Target::named("scheme_files").plant(), |input: &[u8]| Target::named("scheme_files").run(input));
