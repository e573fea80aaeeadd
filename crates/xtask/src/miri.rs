//! `cargo xtask miri`: core's unit tests in an interpreter that reports undefined behaviour.

use crate::{run, tools};

/// Runs core's unit tests whose names contain one of `filter`, or all, under Miri, for each target or the
/// one named.
///
/// Core forbids `unsafe`: this is about the dependencies that it passes bytes to, and about whether the
/// tests hold on other processors.
pub(crate) fn miri(target: Option<&str>, filter: &[&str]) -> Result<(), String> {
    tools::ensure_miri()?;
    for target in target.map_or(TARGETS.to_vec(), |target| vec![target]) {
        println!("\n=== {target} ===");
        let mut command = run::nightly("miri test --package countersign-core --lib");
        command.args(["--features", FEATURES, "--target", target]);
        // Some tests read files.
        command.env("MIRIFLAGS", "-Zmiri-disable-isolation");
        command.arg("--").args(filter);
        if filter.is_empty() {
            command.args(TOO_SLOW.map(|name| format!("--skip={name}")));
        }
        run::checked(&mut command)?;
    }
    Ok(())
}

/// The second has 32 bits; the third has the other order of bytes.
const TARGETS: [&str; 3] =
    ["x86_64-unknown-linux-gnu", "i686-unknown-linux-gnu", "s390x-unknown-linux-gnu"];

/// All but `asymmetric`, which is C and assembly that Miri cannot run, and the web frameworks, which core
/// only implements traits of.
const FEATURES: &str = "http,serde,compression,metrics,tracing,tokio";

/// Tests that take 8 ms and more natively, or did not end within 25 s under Miri.
const TOO_SLOW: [&str; 16] = [
    "body::decoding::inflate::",
    "body::tests::a_body_with_a_content_length_uses_no_more",
    "body::tests::the_capacity_of_a_growing_body",
    "idempotency::memory::tests::a_full_store_never_grants",
    "idempotency::memory::tests::a_large_store_holds_its_capacity",
    "idempotency::memory::tests::it_agrees_with_a_naive_model",
    "idempotency::memory::tests::slots_are_reused",
    "idempotency::memory::tests::the_index_has_no_trace",
    "json::scan::tests::the_scanner_",
    "json::unverified::tests::objects_on_the_path",
    "secret::asymmetric_text::tests::a_key_",
    "secret::asymmetric_text::tests::a_random_secret_",
    "secret::asymmetric_text::tests::a_secret_that_is_too_long",
    "secret::read::tests::one_trailing_line_break",
    "telemetry::metrics::series::tests::a_series_keeps_its_key",
    "idempotency::memory::tests::a_poisoned_lock",
];
