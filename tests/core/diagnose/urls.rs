//! Causes in the signed URL.

use countersign::diagnose::{CapturedRequest, CauseKind};
use countersign::{PublicUrl, RequestHead, Scheme, Secret, Signer, Verifier, schemes};
use proptest::prelude::*;

use super::writers::config;
use super::{assert_certain, diagnose};
use fixtures::delivery::{NOW_MS, all_schemes, in_form_of};

const BODY: &str = "a=1&b=2";

/// Whether the scheme distinguishes this URL from the signed one. If so, checks that the diagnosis
/// finds it.
fn is_found(scheme: &Scheme, signed: &str, headers: &[(&str, &str)], url: &str) -> bool {
    let secret = || Secret::new("a secret").unwrap();
    let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(NOW_MS);
    let signer = signer.with_url(PublicUrl::new(signed).unwrap());
    let own = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = in_form_of(scheme, BODY.as_bytes());
    let sent = signer.sign_with(&own, &body).unwrap();
    let sent = sent.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let sent = sent.chain(headers.iter().copied()).chain(own);
    let request = CapturedRequest::new(sent, body).with_url(url);
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
fn every_url_change_by_a_proxy_is_found() {
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
        // Contentful does not sign the host, and Twilio does not sign the port.
        let schemes = all_schemes().filter(Scheme::signs_url);
        let found = schemes.filter(|scheme| is_found(scheme, signed, headers, url)).count();
        assert!(found >= 5, "{found}: {signed}");
    }
}

/// The part of a URL that changes, and how a proxy, a framework or a person changes it.
type Change = (&'static str, fn(&str) -> String);

const CHANGES: [Change; 9] = [
    ("scheme", |url| url.replacen("https", "http", 1)),
    ("scheme", |url| url.replacen("https", "wss", 1)),
    ("authority", |url| url.replacen("hooks.example", "hooks.example:443", 1)),
    ("authority", |url| url.replacen("hooks.example", "HOOKS.example", 1)),
    ("path", |url| url.replacen("/in/", "/v1/in/", 1)),
    ("path", |url| url.replacen('?', "/?", 1)),
    ("query", |url| url.replace('+', "%20")),
    ("escapes", |url| url.replace('\'', "%27")),
    ("fragment", |url| format!("{url}#rc=1&rp=all")),
];

proptest! {
    #![proptest_config(config())]

    /// If the fix of a certain cause is followed exactly, the delivery verifies.
    #[test]
    fn a_url_with_the_suggested_fix_verifies(
        chosen in proptest::sample::subsequence((0..CHANGES.len()).collect::<Vec<_>>(), 1..=2),
    ) {
        let parts: Vec<&str> = chosen.iter().map(|at| CHANGES[*at].0).collect();
        prop_assume!(parts.len() < 2 || parts[0] != parts[1]);
        let signed = "https://hooks.example/in/a'b?k=t0ken&m=b+c";
        let received = chosen.iter().fold(signed.to_owned(), |url, at| (CHANGES[*at].1)(&url));
        let found: Vec<String> = all_schemes()
            .filter(Scheme::signs_url)
            .filter_map(|scheme| verified_with_suggested_url(&scheme, signed, &received))
            .collect();
        // Some schemes ignore a port, a host or an escape.
        prop_assert!(found.len() >= 3, "{found:?}: {received}");
    }
}

/// Diagnoses a delivery that was signed for another URL, applies the fixes, and verifies it.
/// Returns the scheme's name; `None` if it verifies without a fix.
fn verified_with_suggested_url(scheme: &Scheme, signed: &str, received: &str) -> Option<String> {
    let secret = || Secret::new("a secret").unwrap();
    let body = in_form_of(scheme, BODY.as_bytes());
    let own = [("Content-Type", "application/x-www-form-urlencoded")];
    let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(NOW_MS);
    let signer = signer.with_url(PublicUrl::new(signed).unwrap());
    let sent = signer.sign_with(&own, &body).unwrap();
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let sent: Vec<(String, String)> = sent.into_iter().chain(own).collect();
    let request = CapturedRequest::new(sent.clone(), body.clone()).with_url(received);
    let found = diagnose(scheme, secret()).diagnose(&request).unwrap();
    if found.is_verified() {
        return None;
    }
    let which = format!("{}: {received}: {found:?}", scheme.name());
    let url = found.causes().iter().fold(received.to_owned(), |url, cause| {
        assert!(cause.is_certain() && cause.kind() == CauseKind::UrlMismatch, "{which}");
        done(cause.detail(), &url)
    });
    let target = received.split('#').next().unwrap().split_once("example").unwrap().1;
    let target = target.strip_prefix(":443").unwrap_or(target);
    let verifier =
        Verifier::with_public_url(PublicUrl::new(url).unwrap(), scheme.clone(), secret()).unwrap();
    let verified =
        verifier.with_clock(|| NOW_MS).verify(RequestHead::new("POST", target, &sent), body);
    assert!(verified.is_ok(), "{which}");
    Some(scheme.name().to_owned())
}

/// Changes a URL as a cause describes, from the cause's text alone.
fn done(detail: &str, url: &str) -> String {
    let changes = detail.strip_prefix("it was signed for the URL ").unwrap();
    if let Some(escapes) = changes.strip_prefix("with other percent-escapes: ") {
        let (wanted, given) = escapes.split_once(" instead of ").unwrap();
        let marks = |text: &str| -> Vec<String> {
            text.split(' ').map(|mark| mark.trim_matches('`').to_owned()).collect()
        };
        let pairs = marks(given).into_iter().zip(marks(wanted));
        return pairs.fold(url.to_owned(), |url, (given, wanted)| url.replace(&given, &wanted));
    }
    let (scheme, rest) = url.split_once("://").unwrap();
    let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let [mut scheme, mut authority, mut path, mut query, mut fragment] =
        [scheme, authority, path, query, fragment].map(str::to_owned);
    for change in changes.split(", and ") {
        match change {
            "without its port" => authority = authority.split(':').next().unwrap().to_owned(),
            "with the port 443" => authority += ":443",
            "with the port 80" => authority += ":80",
            "with its host in lower case" => authority = authority.to_ascii_lowercase(),
            "without the slash at the end of its path" => {
                path = path.strip_suffix('/').unwrap().to_owned();
            }
            "with a slash at the end of its path" => path += "/",
            "without the first segment of its path" => {
                path = path[path[1..].find('/').unwrap() + 1..].to_owned();
            }
            "with `+` instead of `%20` in its query" => query = query.replace("%20", "+"),
            "with the escapes of its path decoded" => path = path.replace("%27", "'"),
            "without its query" => query.clear(),
            "without its fragment" => fragment.clear(),
            change => {
                let words: Vec<&str> = change.split('`').collect();
                let ["with ", wanted, " instead of ", given, ""] = words[..] else {
                    panic!("{change}")
                };
                assert_eq!(scheme, given);
                scheme = wanted.to_owned();
            }
        }
    }
    format!("{scheme}://{authority}{path}{query}{fragment}")
}

#[test]
fn a_fragment_and_a_websocket_scheme_are_named_in_the_cause() {
    let twilio = schemes::twilio();
    let reported = |signed: &str, received: &str| {
        let secret = || Secret::new("a secret").unwrap();
        let signer = Signer::new(twilio.clone(), secret()).unwrap();
        let signer = signer.with_url(PublicUrl::new(signed).unwrap());
        let sent = signer.sign(BODY.as_bytes()).unwrap();
        let request = CapturedRequest::new(sent, BODY).with_url(received);
        let found = diagnose(&twilio, secret()).diagnose(&request).unwrap();
        assert_certain(&found, CauseKind::UrlMismatch, received);
        let details: Vec<&str> = found.causes().iter().map(|cause| cause.detail()).collect();
        details.join("; ")
    };
    let url = "https://hooks.example/in?k=t0ken";
    for (received, expected) in [
        (format!("{url}#rc=1"), "it was signed for the URL without its fragment"),
        (url.replace("https", "wss"), "it was signed for the URL with `https` instead of `wss`"),
        (
            url.replace("https", "ws") + "#rc=1",
            "it was signed for the URL with `https` instead of `ws`, and without its fragment",
        ),
    ] {
        assert_eq!(reported(url, &received), expected);
    }
    let stream = url.replace("https", "wss");
    assert_eq!(reported(&stream, url), "it was signed for the URL with `wss` instead of `https`");
}
