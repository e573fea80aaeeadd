//! The URL that was signed is another.

use countersign::diagnose::{CapturedRequest, CauseKind};
use countersign::{PublicUrl, Scheme, Secret, Signer};

use super::{assert_certain, diagnose};
use crate::delivery::{NOW_MS, all_schemes};

const BODY: &str = "a=1&b=2";

/// Whether this URL is another one to the scheme; it is then found.
fn is_found(scheme: &Scheme, signed: &str, headers: &[(&str, &str)], url: &str) -> bool {
    let secret = || Secret::new("a secret").unwrap();
    let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(NOW_MS);
    let signer = signer.with_url(PublicUrl::new(signed).unwrap());
    let own = [("Content-Type", "application/x-www-form-urlencoded")];
    let sent = signer.sign(&own, BODY.as_bytes()).unwrap();
    let sent = sent.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = sent.chain(headers.iter().copied()).chain(own);
    let request = CapturedRequest::new(sent, BODY).with_url(url);
    let found = diagnose(scheme, secret()).diagnose(&request).unwrap();
    if found.is_verified() {
        return false;
    }
    let which = format!("{}: {signed} and {url}", scheme.name());
    assert_certain(&found, CauseKind::UrlMismatch, &which);
    let shown = format!("{found:?}");
    assert!(!shown.contains("hooks.example") && !shown.contains("t0ken"), "{shown}");
    true
}

#[test]
fn every_part_of_a_url_that_a_proxy_changes_is_found() {
    for (signed, headers, url) in [
        ("https://hooks.example/in?k=t0ken", &[][..], "http://hooks.example/in?k=t0ken"),
        ("https://hooks.example/in", &[], "https://hooks.example/in/"),
        ("https://hooks.example/in/", &[], "https://hooks.example/in"),
        (
            "https://hooks.example:8443/in",
            &[("X-Forwarded-Port", "8443")],
            "https://hooks.example/in",
        ),
        (
            "https://hooks.example/in?k=t0ken",
            &[("X-Original-Host", "hooks.example")],
            "http://10.0.0.7/in?k=t0ken",
        ),
        (
            "https://hooks.example/in",
            &[("X-Forwarded-Host", "hooks.example"), ("Host", "app:8080")],
            "http://app:8080/in",
        ),
        (
            "https://hooks.example/v1/in",
            &[("X-Forwarded-Prefix", "/v1")],
            "https://hooks.example/in",
        ),
        ("https://hooks.example/in", &[], "https://hooks.example/in?k=t0ken"),
    ] {
        // To Contentful the host is no part of it, to Twilio no port is.
        let schemes = all_schemes().filter(Scheme::signs_url);
        let found = schemes.filter(|scheme| is_found(scheme, signed, headers, url)).count();
        assert!(found >= 5, "{found}: {signed}");
    }
}
