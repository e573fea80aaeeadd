//! Files that are too large or endless.
#![cfg(unix)]

use crate::program::{Files, countersign};

#[test]
fn an_endless_file_is_rejected_with_its_limit_by_every_option() {
    let files = Files::new().with("body", "{}");
    let body = files.arg("body");
    let sign = "sign --scheme github --secret-env S --body /dev/zero";
    let verify = "verify --scheme github --secret-env S";
    for (words, what, limit) in [
        (sign.to_owned(), "the body's file", "64 MiB"),
        (format!("{verify} --body /dev/zero"), "the body's file", "64 MiB"),
        (format!("{verify} --body {body} -H @/dev/zero"), "the headers' file", "1 MiB"),
        (format!("{verify} --request /dev/zero"), "the request's file", "96 MiB"),
        (format!("sign --scheme github --secret-file /dev/zero --body {body}"), "secret", "1 MiB"),
        (format!("sign --scheme /dev/zero --secret-env S --body {body}"), "the scheme's", "1 MiB"),
        ("schemes /dev/zero".to_owned(), "the scheme's file", "1 MiB"),
        ("serve --config /dev/zero".to_owned(), "the configuration", "16 MiB"),
        (
            format!(
                "diagnose --scheme github --secret-env S --other-endpoint-secret-file /dev/zero --body {body}"
            ),
            "secret",
            "1 MiB",
        ),
    ] {
        countersign(&words).env("S", "s").run().must_fix(&[what, "is too large", limit]);
    }
}
