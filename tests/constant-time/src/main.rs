//! Verifies every test vector of every scheme with a shared secret under valgrind's memcheck, with the
//! key marked as undefined: memcheck reports each branch and each index that depends on it.
//!
//! The verdict depends on the key, so the branch on the verdict is reported. It is expected: without
//! it, the mark was lost on the way. `cargo xtask ct` runs this program, and rejects a report from
//! any other place. A line that begins with `###` says what the reports after it belong to.

mod memcheck;

use std::hint::black_box;
use std::process::ExitCode;

use countersign_conformance::{Expect, Vector, vectors};
use countersign_core::{
    Algorithm, ConfigError, PublicUrl, RequestHead, Scheme, Secret, Secrets, Verifier,
};

fn main() -> ExitCode {
    if !memcheck::is_running() {
        eprintln!("this program only works under valgrind: `cargo xtask ct`");
        return ExitCode::from(2);
    }
    // The preparation of keys may depend on them. It is not measured.
    memcheck::stop_reports();
    let mut problems = leaks_are_reported();
    let (mut checked, mut public) = (0, Vec::new());
    for scheme in countersign_schemes::all() {
        match check(&scheme) {
            Ok(Some(deliveries)) => {
                eprintln!("=== {}: {deliveries} deliveries", scheme.name());
                checked += 1;
            }
            Ok(None) => public.push(scheme.name().to_owned()),
            Err(problem) => problems.push(format!("{}: {problem}", scheme.name())),
        }
    }
    problems.extend(check_verify_token().err());
    eprintln!(
        "=== {checked} schemes with a shared secret; only public keys: {}",
        public.join(", ")
    );
    for problem in &problems {
        eprintln!("=== PROBLEM: {problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The negative controls: code that leaks, and must be reported.
fn leaks_are_reported() -> Vec<String> {
    let key = *b"0123456789abcdef";
    memcheck::mark(&key);
    let guess = *black_box(b"0123456789abcdxx");
    let table: [u8; 256] = black_box([7; 256]);
    let leaks: [(&str, &dyn Fn()); 3] = [
        ("a comparison that ends at the first difference", &|| {
            black_box(is_same_with_early_exit(&key, &guess));
        }),
        ("the comparison of slices", &|| {
            black_box(is_same_of_the_standard_library(&key, &guess));
        }),
        ("an index", &|| {
            black_box(looked_up(&table, key[0]));
        }),
    ];
    let mut missed = Vec::new();
    for (name, leak) in leaks {
        eprintln!("### control: {name}");
        let ((), reports) = memcheck::reported(leak);
        match reports {
            0 => missed.push(format!("{name} was not reported")),
            _ => eprintln!("=== control: {name} is reported"),
        }
    }
    missed
}

#[inline(never)]
fn is_same_with_early_exit(left: &[u8], right: &[u8]) -> bool {
    for (left, right) in left.iter().zip(right) {
        if black_box(*left) != *right {
            return false;
        }
    }
    true
}

#[inline(never)]
fn is_same_of_the_standard_library(left: &[u8], right: &[u8]) -> bool {
    match left == right {
        true => black_box(true),
        false => black_box(false),
    }
}

#[inline(never)]
fn looked_up(table: &[u8; 256], at: u8) -> u8 {
    table[usize::from(at)]
}

/// Verifies the vectors of a scheme, and returns their number; `None` if its keys are public.
fn check(scheme: &Scheme) -> Result<Option<usize>, String> {
    let (mut deliveries, mut has_verdict) = (0, false);
    for vector in vectors().iter().filter(|vector| vector.provider == scheme.name()) {
        for is_rotated in [false, true] {
            let Some(verifier) = verifier(scheme, vector, is_rotated)? else { continue };
            eprintln!("### {}: {}", scheme.name(), vector.name);
            let (head, body) = (vector.head(), vector.body.clone());
            let (verdict, reports) = memcheck::reported(|| verifier.verify(head, body));
            memcheck::publish(&verdict);
            let is_valid = verdict.is_ok();
            if vector.expect == Expect::Valid && !is_valid && vector.check(scheme).is_ok() {
                // The text holds several keys, of which only one is marked and used.
                eprintln!("=== {}: not with every key: {:?}", scheme.name(), vector.name);
                continue;
            }
            if vector.expect == Expect::Valid && !is_rotated {
                if !is_valid {
                    return Err(format!("{:?} was rejected", vector.name));
                }
                if reports == 0 {
                    return Err(format!("the mark of the key was lost in {:?}", vector.name));
                }
                has_verdict = true;
            }
            deliveries += 1;
        }
    }
    match (deliveries, has_verdict) {
        (0, _) => Ok(None),
        (_, false) => Err("no delivery reached the comparison".to_owned()),
        _ => Ok(Some(deliveries)),
    }
}

/// A verifier whose keys are marked; `None` if the vector has a public key, or no secret.
fn verifier(
    scheme: &Scheme,
    vector: &Vector,
    is_rotated: bool,
) -> Result<Option<Verifier>, String> {
    use Algorithm::{EcdsaP256, Ed25519, RsaSha256};
    if matches!(scheme.algorithm(), Ed25519 | EcdsaP256 | RsaSha256) {
        return Ok(None);
    }
    let texts = vector.secret_texts();
    // A JWK or a key in PEM. Some schemes accept either kind.
    if texts.iter().any(|text| text.is_empty() || text.starts_with('{') || text.contains("BEGIN")) {
        return Ok(None);
    }
    let failed = |error: ConfigError| format!("no verifier for {:?}: {error}", vector.name);
    let other = is_rotated.then(|| marked(OTHER_KEY)).transpose().map_err(failed)?;
    let mut secrets = other.map(Secrets::new);
    for text in texts {
        let given = Secret::new(text).map_err(failed)?;
        // Decoded before it is marked: an index of a decoder would remove the mark.
        let key = given.dangerous_key(scheme.secret_format());
        let key = key.map_err(|problem| format!("{:?}: {problem}", vector.name))?;
        let secret = marked(&key).map_err(failed)?;
        secrets = Some(match secrets {
            Some(secrets) => secrets.with_previous(secret),
            None => Secrets::new(secret),
        });
    }
    let Some(secrets) = secrets else { return Ok(None) };
    let made = (|| match &vector.url {
        Some(url) => {
            let url = PublicUrl::new(url.as_str())?;
            Verifier::with_public_url(url, scheme.clone(), secrets)
        }
        None => Verifier::new(scheme.clone(), secrets),
    })();
    match made {
        Ok(verifier) => {
            let now_unix_ms = vector.now_unix_ms;
            Ok(Some(verifier.with_clock(move || now_unix_ms)))
        }
        // Box has no room for a third key.
        Err(ConfigError::Secret { .. }) if is_rotated => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

fn marked(key: &[u8]) -> Result<Secret, ConfigError> {
    let key = key.to_vec();
    memcheck::mark(&key);
    Secret::from_bytes(key)
}

/// The token that Meta repeats in its handshake.
fn check_verify_token() -> Result<(), String> {
    let failed = |error: ConfigError| error.to_string();
    let scheme = countersign_schemes::named("meta").map_err(failed)?;
    let token = marked(b"a verify token").map_err(failed)?;
    let secret = Secret::new("a secret").map_err(failed)?;
    let verifier = Verifier::new(scheme, secret).map_err(failed)?;
    let verifier = verifier.with_verify_token(&token);
    for (shown, is_right) in [("a+verify+token", true), ("another+token", false)] {
        eprintln!("### meta: handshake with the token {shown:?}");
        let target = format!("/?hub.mode=subscribe&hub.verify_token={shown}&hub.challenge=1");
        let headers: [(&str, &str); 0] = [];
        let head = RequestHead::new("GET", &target, &headers);
        let (answer, reports) = memcheck::reported(|| verifier.handshake(head));
        memcheck::publish(&answer);
        if answer.is_some() != is_right || reports == 0 {
            return Err(format!("the handshake of meta with {shown:?} was not as expected"));
        }
    }
    Ok(())
}

const OTHER_KEY: &[u8] = b"another key, which is the current one";
