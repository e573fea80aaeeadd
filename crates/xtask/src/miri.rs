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

/// Tests that take a millisecond or more natively, and one that took minutes under Miri.
const TOO_SLOW: [&str; 21] = [
    "body::decoding::inflate::",
    "body::tests::a_body_with_a_content_length_uses_no_more",
    "body::tests::the_capacity_of_a_growing_body",
    "crypto::mac::tests::a_base64_tag",
    "handshake::tests::a_delivery_with_a_signature_is_verified",
    "idempotency::memory::tests::a_full_store_never_grants",
    "idempotency::memory::tests::a_large_store_holds_its_capacity",
    "idempotency::memory::tests::a_poisoned_lock",
    "idempotency::memory::tests::expired_records_are_removed",
    "idempotency::memory::tests::it_agrees_with_a_naive_model",
    "idempotency::memory::tests::slots_are_reused",
    "idempotency::memory::tests::the_index_has_no_trace",
    "json::member::tests::a_missing_or_repeated_member",
    "json::scan::tests::the_scanner_",
    "json::tests::",
    "json::unverified::tests::",
    "scheme::handshake::distinct::tests::a_value_that_",
    "secret::asymmetric_text::tests::",
    "secret::read::tests::one_trailing_line_break",
    "secret::tenants::from::tests::a_function_that_panics",
    "telemetry::metrics::series::tests::a_series_keeps_its_key",
];
