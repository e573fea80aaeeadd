//! A diagnosis is certain only after a successful trial, and shows no secret.

use countersign::diagnose::{CapturedRequest, CauseKind, Diagnose};
use countersign::schemes;

use super::Target;
use super::endpoints::{ENDPOINTS, Endpoint};
use super::input::Input;
use super::parties::{PARTIES, Party};

pub const TARGET: Target = Target { name: "diagnose", run, seeds };

/// One byte chooses whether the receiver has the right secret; the rest is the same as for
/// `verify`.
fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let is_odd = input.byte() % 2 == 1;
    let (endpoint, request) = Endpoint::read(input);
    let is_stranger = is_odd && !endpoint.is_of_party();
    let (scheme, name) = (endpoint.scheme(), &endpoint.name);
    let mut captured = CapturedRequest::new(request.headers.clone(), request.body.clone())
        .with_method(request.method.as_str());
    if let Some(url) = &endpoint.url {
        captured = captured.with_url(url.as_str());
    }
    let now = endpoint.now_unix_ms;
    let party = &PARTIES[usize::from(Party::number_of(scheme.name()))];
    let secrets = if is_stranger { party.keys.receivers().into() } else { endpoint.secrets() };
    let diagnosis = Diagnose::new(scheme.clone(), secrets)
        .with_known_schemes(schemes::all())
        .with_clock(move || now)
        .diagnose(&captured);
    let diagnosis = diagnosis.expect("the secret is one of the scheme's");

    let causes = diagnosis.causes();
    assert_eq!(causes.is_empty(), diagnosis.is_verified(), "{diagnosis:?}");
    let verdict = if is_stranger { &party.verifier } else { &endpoint.verifier };
    let verdict = verdict.clone().with_clock(move || now);
    let rejection = verdict.verify(request.head(), request.body.clone()).err();
    if endpoint.url.is_none() || !is_stranger {
        let kind = |error: &countersign::VerifyError| error.kind();
        assert_eq!(diagnosis.rejection().map(kind), rejection.as_ref().map(kind), "{name}");
    }
    // An unsigned handshake is recognised with any secret.
    let mut signed = causes.iter().filter(|cause| cause.kind() != CauseKind::Handshake);
    let is_certain = signed.any(|cause| cause.is_certain());
    assert!(!is_stranger || !is_certain, "{name}: this was never signed: {diagnosis:?}");
    assert!(causes.iter().all(|cause| !cause.detail().is_empty() && !cause.fix().is_empty()));

    let said = format!("{diagnosis:?}");
    let strangers = String::from_utf8_lossy(party.keys.receivers().dangerous_reveal()).into_owned();
    for secret in endpoint.secret_texts.iter().chain([&strangers]) {
        // A shorter secret can occur in a text by chance.
        assert!(secret.len() < 8 || !said.contains(secret.as_str()), "{name}: {said}");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let genuine = ENDPOINTS.iter().zip(0_u8..=255);
    let both = genuine.flat_map(|(endpoint, number)| {
        let request = endpoint.genuine.written();
        [0, 1].map(|byte| [&[byte, number][..], &request].concat())
    });
    both.collect()
}
